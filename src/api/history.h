/*
 * GET /T/K/_history as JSON: an array of revisions, the newest first.
 */
#ifndef PG409_API_HISTORY_H
#define PG409_API_HISTORY_H

#include "web/work.h"

/* ?limit= (1 to 100, else 20) and ?before=, the number of a revision. */
void history_list(struct work *work);

#endif
