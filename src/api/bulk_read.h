/*
 * A body of several rows as one JSON array, with the columns that it names.
 */
#ifndef PG409_API_BULK_READ_H
#define PG409_API_BULK_READ_H

#include "web/work.h"

/* Fills bulk from work's body and query string; false when the request was answered. */
bool bulk_read(struct work *work, struct bulk *bulk);

#endif
