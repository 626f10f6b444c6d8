/*
 * One pass of a merge over three texts, by lines or by words. For merge3 alone.
 */
#ifndef PG409_MERGE_MERGE3_PASS_H
#define PG409_MERGE_MERGE3_PASS_H

#include "merge/merge3.h"
#include "merge/myers.h"

/* Hunks as they are found; grows in its arena. */
struct merge_list {
    struct arena *arena;
    struct merge_hunk *items;
    size_t count, room;
};

/* Adds a hunk, unless it is empty; what nobody changed is joined to what stands before it. */
void merge_list_add(struct merge_list *list, struct merge_hunk hunk);

/* From base to one side: tokens [from, to) became [side_from, side_to). */
struct merge_change {
    int from, to, side_from, side_to;
};

struct merge_side {
    struct tokens base, own; /* the same base in both sides, with other marks */
    struct merge_change *changes;
    size_t count;
    size_t next; /* the first that the pass has not come to */
    int delta;   /* behind the last change: own position - base position */
};

struct merge_pass {
    struct arena *scratch;
    struct str (*first)(struct str text); /* cuts a token off */
    size_t max_tokens, max_steps;
    /* Whether two people's changes [.., to) and [from, ..), to <= from, come too close. */
    bool (*close)(const struct tokens *base, int to, int from, bool insertions);
    /* What becomes of a place that both changed differently: the tokens of each side. */
    void (*clash)(struct merge_pass *pass, struct merge_hunk hunk);
    struct merge_list *list;
    void *ctx; /* of clash */
    struct merge_side yours, current;
};

/* Runs it; false, with nothing added, when a cap was met. The pass's first members are set. */
bool merge_pass_run(struct merge_pass *pass, struct str base, struct str yours, struct str current);

/* A pass by words over one clash of lines, its hunks into list; false as merge_pass_run. */
bool merge_words(struct arena *scratch, const struct merge_hunk *hunk, struct merge_list *list);

#endif
