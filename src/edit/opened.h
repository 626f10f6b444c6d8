/*
 * Who opened the form of a row a little while ago: a note for the next one, nothing that holds
 * anybody up.
 */
#ifndef PG409_EDIT_OPENED_H
#define PG409_EDIT_OPENED_H

#include "edit/row.h"

/* Somebody who opened the row. */
struct opener {
    struct str name;
    struct str at; /* RFC 3339 */
    bool self;     /* user himself, within the last minute: that need not be noted again */
};

/*
 * Asks who opened the row in the last minutes and has not saved it since: user himself, then the
 * last three others. Returns the index of the answer.
 */
size_t opened_ask(struct talk *talk, const struct table *table, struct key key, struct str user,
                  uint64_t minutes);

/* A row of that answer. */
struct opener opened_take(const struct answer *answer, size_t row);

/* Asks for a note that user opened it now; nobody waits for it to reach the disk. */
void opened_note(struct talk *talk, const struct table *table, struct key key, struct str user);

/* Asks for notes that are older than a day to be deleted. */
void opened_expire(struct talk *talk);

#endif
