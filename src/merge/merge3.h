/*
 * Three states of a text: what only one side changed is settled, what both
 * changed in the same place is a clash. By lines first, by words inside lines
 * that clash. Pure; contract, section 6.
 */
#ifndef PG409_MERGE_MERGE3_H
#define PG409_MERGE_MERGE3_H

#include "base/str.h"

enum merge_kind {
    MERGE_SAME,    /* nobody changed it */
    MERGE_YOURS,   /* only you did */
    MERGE_CURRENT, /* only they did */
    MERGE_BOTH,    /* both did, in the same way */
    MERGE_CLASH    /* both did, differently */
};

/* One place. The places of a merge stand behind each other in all three texts. */
struct merge_hunk {
    enum merge_kind kind;
    struct str base, yours, current; /* of each text; empty where it has nothing there */
};

enum merge_depth {
    MERGE_PLACES, /* clashes are as small as they can be shown */
    MERGE_LINES   /* a clash is whole lines, as programs with markers want it */
};

struct merge {
    struct merge_hunk *hunks;
    size_t count;
    size_t clashes;
    bool too_different; /* a cap was met, and there is one clash about (nearly) everything */
    bool crlf;          /* the line ends of the merged text */
    bool ends;          /* it ends with a line end */
    struct str exact;   /* two of the three are the same: the text, to the byte; else STR_NONE */
};

/*
 * Merges what yours and current made of base. STR_NONE counts as empty. Bytes
 * from 0x80 on are only cut between UTF-8 sequences, when the texts are UTF-8.
 *
 * Lines: changes of different lines fit together, also next to each other; two
 * insertions in one place clash. Words: between two people's changes there has
 * to be a word that neither touched, or the end of a sentence or line.
 *
 * Line ends: the hunks have LF, and a line end behind the last line, whatever the texts have. The
 * style of the line ends, and whether the last line has one, are merged as values of their own,
 * and are in crlf and ends.
 *
 * The hunks are in arena and point into texts or copies there. Time is capped: texts of 1 MiB take
 * some tens of milliseconds or are too_different.
 */
void merge3(struct arena *arena, struct str base, struct str yours, struct str current,
            enum merge_depth depth, struct merge *merge);

/* The merged text, in arena or one of the three; STR_NONE where something clashes. */
struct str merge_text(struct arena *arena, const struct merge *merge);

/* Adds text, lines as hunks have them, with these line ends; ends: also behind the last line. */
void merge_lines(struct buf *buf, struct str text, bool crlf, bool ends);

/* What a hunk other than a clash becomes. */
struct str merge_chosen(const struct merge_hunk *hunk);

/* "same", "yours", "current", "both", "clash". Static. */
const char *merge_kind_name(enum merge_kind kind);

#endif
