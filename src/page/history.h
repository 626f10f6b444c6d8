/*
 * The past of a row: who changed what and when, two versions side by side, one brought back.
 */
#ifndef PG409_PAGE_HISTORY_H
#define PG409_PAGE_HISTORY_H

#include "page/shell.h"

/*
 * GET /T/K/_history: the revisions; ?at=ID one of them, ?from=ID&to=ID what is different between
 * two, ?restore=ID one as a form over what the row holds now.
 */
void history_show(struct work *work);

/* A link to it, as a paragraph; nothing for a table without history. */
void history_link(struct work *work);

/* The same as a button, for a row that is not there: it may have been deleted. */
void history_button(struct work *work);

#endif
