/*
 * The JSON API on one row and on the list of a table. Writes go the same way as
 * forms do: save_row.
 */
#ifndef PG409_API_ROWS_H
#define PG409_API_ROWS_H

#include "web/work.h"

void rows_create(struct work *work); /* POST /T */
void rows_show(struct work *work);   /* GET /T/K */
void rows_patch(struct work *work);  /* PATCH and POST /T/K */
void rows_put(struct work *work);    /* PUT /T/K */
void rows_delete(struct work *work); /* DELETE /T/K */

/* The same on /T?id=eq.1&updated_at=eq.…, answered as PostgREST does: 204, or an array. */
void rows_patch_where(struct work *work);
void rows_put_where(struct work *work);
void rows_delete_where(struct work *work);

#endif
