/*
 * Bars as SVG, made here: no script, no style of their own. The numbers stand in a table as well.
 */
#ifndef PG409_PAGE_REPORT_CHART_H
#define PG409_PAGE_REPORT_CHART_H

#include "base/str.h"
#include "db/talk.h"

/*
 * One bar a row of answer: as high as the number in its second column, with the part in the third
 * column in another colour if parts. labels[row] says what the bar is, in its title. what: the
 * words for the whole picture. Nothing when all numbers are 0.
 */
void report_bars(struct buf *out, const struct answer *answer, const struct str *labels, bool parts,
                 struct str what);

/* A bar of part of whole, inside a line of text. */
void report_share(struct buf *out, uint64_t part, uint64_t whole);

#endif
