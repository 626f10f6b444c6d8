/*
 * POST /T of several rows at once, as a JSON array or CSV, and of one row with
 * those preferences of PostgREST that only make sense there.
 */
#ifndef PG409_API_BULK_H
#define PG409_API_BULK_H

#include "web/work.h"

/* Whether this POST /T is for bulk_create(): not just one JSON object. */
bool bulk_is_meant(const struct work *work);

/* Creates the rows of the body, all or none. */
void bulk_create(struct work *work);

#endif
