/*
 * Which row a request is about, and what of it the answer shows: the address
 * /T/K with select, or /T?id=eq.1&select=… as clients of PostgREST write it.
 */
#ifndef PG409_API_TARGET_H
#define PG409_API_TARGET_H

#include "web/work.h"
#include "wire/query.h"

enum target {
    TARGET_NEW,   /* POST /T: no row yet, so no filter */
    TARGET_KEY,   /* /T/K: at most the version is a filter */
    TARGET_FILTER /* /T?…: filters pin the whole key; the key becomes work's */
};

/*
 * Reads the query string; *show is what the answer shows, in work's arena. passed
 * names further parameters that are the caller's. False when the request was
 * answered: an unknown name is a 400, a key that is not pinned a 428.
 */
bool target_read(struct work *work, enum target target, struct str passed, struct query *show);

#endif
