/*
 * The body of a batch: its changes, each as a save that is ready to go.
 */
#ifndef PG409_API_BATCH_READ_H
#define PG409_API_BATCH_READ_H

#include "web/work.h"

struct part {
    unsigned method; /* HTTP_POST, HTTP_PATCH, HTTP_PUT or HTTP_DELETE */
    const struct table *table;
    struct str table_segment, key_segment; /* of its address; the key STR_NONE for POST */
    struct key key;
    struct str claimed; /* the version it says it is based on, for the log */
    struct save save;
};

/* Reads work's body; false when the request was answered. */
bool batch_read(struct work *work, struct part **parts, size_t *count);

/* Makes work's table and key those of a part; NULL: of none. */
void batch_enter(struct work *work, const struct part *part);

#endif
