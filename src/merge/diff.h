/*
 * The difference between two texts, by words. Pure: no I/O, nothing is
 * left behind but the pieces in the arena.
 */
#ifndef PG409_MERGE_DIFF_H
#define PG409_MERGE_DIFF_H

#include "base/str.h"

enum diff_kind { DIFF_SAME, DIFF_REMOVED, DIFF_ADDED };

struct diff_piece {
    enum diff_kind kind;
    struct str text; /* points into the old text (SAME, REMOVED) or the new one (ADDED) */
};

struct diff {
    struct diff_piece *pieces;
    size_t count;
    bool too_different; /* the cost cap was met: one REMOVED and one ADDED piece for the changed
                           middle */
};

/*
 * Myers' greedy O(ND) difference (Algorithmica 1986) over words: a run of
 * letters, digits and non-ASCII characters is a word, every other code point
 * stands alone, a run of blanks is one. Common beginning and end are cut off
 * first; the number of edits is capped (2,000), and so are the words to compare
 * (200,000 a side) and the steps (20 million): beyond that, too_different.
 * Neighbouring pieces of one kind are joined; REMOVED comes before ADDED; a
 * lone blank between two changes is swallowed into them, so that the picture
 * stays readable. Concatenating SAME+REMOVED gives old, SAME+ADDED gives new.
 * No piece is empty: two equal texts give one SAME piece, two empty ones none.
 * Both texts are valid UTF-8; STR_NONE counts as empty.
 */
void diff_words(struct arena *arena, struct str old_text, struct str new_text, struct diff *diff);

#endif
