/*
 * From the figures of a report to what can be done about the worst of it. Pure.
 */
#ifndef PG409_EDIT_ADVICE_H
#define PG409_EDIT_ADVICE_H

#include "edit/report.h"

#define ADVICE_MOST 8

/* One thing to do, and the numbers it rests on. All in the arena it was made in. */
struct advice {
    const char *code; /* a stable name for programs: "column-ignore", "retry-loop", ... */
    const struct table *table;
    struct str text;      /* whole sentences for people */
    struct str cure;      /* SQL or a line of the settings; STR_NONE: nothing to copy */
    uint64_t part, whole; /* "part of whole conflicts" */
};

/*
 * Fills advice, the worst first, and returns how many there are. answers: those of report_ask, all
 * REPORT_GROUPS of them. Tables with fewer than five conflicts are not talked about: few numbers
 * say nothing. merges: whether auto_merge is on.
 */
size_t advice_find(struct arena *arena, const struct catalog *catalog, const struct answer *answers,
                   bool merges, struct advice advice[ADVICE_MOST]);

#endif
