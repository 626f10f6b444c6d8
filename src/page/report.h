/*
 * The report of conflicts for people, below the unfinished edits of whoever looks. Contract,
 * section 9.
 */
#ifndef PG409_PAGE_REPORT_H
#define PG409_PAGE_REPORT_H

#include "edit/report.h"
#include "web/work.h"

/* GET /_conflicts */
void report_page(struct work *work);

/*
 * Reads the query parameters days (1 to REPORT_MOST_DAYS; 30) and table. False: the request was
 * answered, with what is wrong or that there is nothing to report from.
 */
bool report_read_scope(struct work *work, struct report_scope *scope);

#endif
