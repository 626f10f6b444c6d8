/*
 * The report of conflicts for programs. Contract, section 9.
 */
#ifndef PG409_API_REPORT_H
#define PG409_API_REPORT_H

#include "web/work.h"

/* GET /_conflicts as JSON: all figures, and the advice. */
void report_json(struct work *work);

/* The same as CSV: one group of figures, which the query parameter "by" names; "day" without it. */
void report_csv(struct work *work);

#endif
