/*
 * The rows of a table in PostgREST's grammar, as JSON or CSV: one statement, its
 * rows sent on as they come, in constant memory.
 */
#ifndef PG409_API_LIST_H
#define PG409_API_LIST_H

#include "web/work.h"

void list_json(struct work *work); /* GET /T */
void list_csv(struct work *work);

#endif
