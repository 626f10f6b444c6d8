/*
 * What the kept edits tell about conflicts: how many, where, between whom, what became of them.
 * Names of people, tables, columns and keys; never a value. Contract, section 9.
 */
#ifndef PG409_EDIT_REPORT_H
#define PG409_EDIT_REPORT_H

#include "edit/catalog.h"

#define REPORT_MOST_DAYS 366
#define REPORT_MOST_CONFLICTS 50000 /* the newest; what is older is not looked at */

/* What one report is about. */
struct report_scope {
    const struct catalog *catalog;
    const struct table *table; /* of one table only; NULL: of all that may be read */
    uint64_t days;             /* whole days of UTC up to now, 1 to REPORT_MOST_DAYS */
    uint64_t receipt_days;     /* so long saves can be counted */
};

/* One kind of figures: an answer with rows of text. */
enum report_group {
    REPORT_TOTALS,  /* one row, see enum report_total */
    REPORT_DAYS,    /* day, conflicts, of them merged at once */
    REPORT_TABLES,  /* see enum report_table */
    REPORT_COLUMNS, /* table, column, both changed it, only mine, only theirs */
    REPORT_PAIRS,   /* table, mine, theirs, conflicts */
    REPORT_ROWS,    /* table, key as a receipt keeps it, conflicts, the last one's instant */
    REPORT_PEOPLE,  /* user (NULL: not known), was refused, was first */
    REPORT_HOURS,   /* hour of UTC, conflicts */
    REPORT_ENDS,    /* what became of it, conflicts, median seconds until then (NULL: none) */
    REPORT_REASONS, /* another reason why an edit was refused, how many */
    REPORT_FIRSTS,  /* table, who was first, conflicts, the hour with most, how many in it */
    REPORT_GROUPS   /* how many there are */
};

enum report_total {
    TOTAL_CONFLICTS,
    TOTAL_MERGED,    /* saved at once, nobody was asked */
    TOTAL_RESOLVED,  /* by somebody who looked */
    TOTAL_DROPPED,   /* thrown away */
    TOTAL_OPEN,      /* neither, for less than a day, or not from a form */
    TOTAL_ABANDONED, /* from a form, for more than a day */
    TOTAL_MEDIAN,    /* seconds until it was resolved or dropped; NULL: never */
    TOTAL_ROUNDS,    /* how often all of them were refused */
    TOTAL_PROGRAMS,  /* sent by programs */
    TOTAL_RECENT,    /* conflicts of the days for which saves can be counted */
    TOTAL_SAVES      /* those saves */
};

enum report_table {
    TABLE_NAME,
    TABLE_CONFLICTS,
    TABLE_RECENT,    /* conflicts of the days for which saves can be counted */
    TABLE_SAVES,     /* those saves */
    TABLE_APART,     /* both sides are known and changed different columns */
    TABLE_ROUNDS,    /* how often all of them were refused */
    TABLE_PROGRAMS,  /* sent by programs */
    TABLE_ABANDONED, /* as of TOTAL_ABANDONED */
    TABLE_MERGED,    /* as of TOTAL_MERGED */
    TABLE_FORMS      /* sent by forms */
};

/*
 * Asks for all groups, in their order from answer 0 on. Tables that may not be read are left out;
 * of tables with row level security no row and no person is named. Needs catalog->reports.
 */
void report_ask(struct talk *talk, const struct report_scope *scope);

/* The name of a group, as the query parameter "by" and JSON have it; "" for one that is not shown.
 */
const char *report_name(enum report_group group);

/* A cell as a number; 0 for NULL. */
uint64_t report_number(const struct answer *answer, size_t row, size_t column);

/* The segment of an address for a key as a receipt keeps it; STR_NONE when it cannot be read. */
struct str report_key(struct arena *arena, struct str text);

#endif
