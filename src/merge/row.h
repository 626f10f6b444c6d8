/*
 * Three states of a row, column by column: what only one side changed is
 * settled, what both changed differently is a clash.
 */
#ifndef PG409_MERGE_ROW_H
#define PG409_MERGE_ROW_H

#include "base/str.h"

enum row_merge {
    ROW_SAME,    /* yours and current agree: unchanged, or both made the same change */
    ROW_YOURS,   /* only you changed it */
    ROW_CURRENT, /* only they changed it */
    ROW_MERGED,  /* both did, and the changes fit together */
    ROW_CLASH    /* both did, differently; or, with no base, they differ */
};

/*
 * What happened to one column, from the three comparisons (each made by
 * PostgreSQL on the column's own type). Without a base (based is false) the two
 * comparisons with base do not count. Where the type's equality is so odd that
 * both equal base but not each other, nobody changed anything: ROW_SAME.
 */
enum row_merge row_merge(bool based, bool yours_is_base, bool current_is_base,
                         bool yours_is_current);

/* "same", "yours", "current", "merged", "clash": the word in a problem document. Static. */
const char *row_merge_name(enum row_merge merge);

#endif
