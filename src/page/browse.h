/*
 * The list of tables, and the rows of one: search, sort, pages.
 */
#ifndef PG409_PAGE_BROWSE_H
#define PG409_PAGE_BROWSE_H

#include "edit/list.h"
#include "page/shell.h"

/* GET /: the tables, with protected and unprotected. */
void browse_tables(struct work *work);

/* GET /T as a page. */
void browse_rows(struct work *work);

/*
 * What the address asks for: q, sort, desc, after or before with null. False
 * when it was answered: a column is unknown, a cursor cannot be read.
 */
bool browse_read(struct work *work, struct list *list);

#endif
