/*
 * After a success: where to go, and what to say there.
 */
#ifndef PG409_PAGE_SAVED_H
#define PG409_PAGE_SAVED_H

#include "page/shell.h"

/* 303 to _next, or to the row (to the table after a delete), with ?_done= what was done. */
void saved_redirect(struct work *work, const struct save *save);

/* What ?_done= says, as a notice; nothing without. */
void saved_notice(struct work *work);

#endif
