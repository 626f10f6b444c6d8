/*
 * What changed between two rows of tokens (words, lines). Pure.
 */
#ifndef PG409_MERGE_MYERS_H
#define PG409_MERGE_MYERS_H

#include "base/str.h"

struct token {
    struct str text;
    uint64_t hash; /* makes most comparisons one of two numbers */
};

struct tokens {
    struct token *items;
    bool *changed; /* for each: removed or added */
    int count;
};

/*
 * Cuts text into tokens, none changed, in arena; first gives the token at the
 * beginning of a text that is not empty. False when there are more than max.
 */
bool tokens_split(struct arena *arena, struct str text, struct str (*first)(struct str text),
                  size_t max, struct tokens *tokens);

/*
 * Marks what was removed from old_side and what was added in new_side: Myers'
 * O(ND) difference in linear space (Algorithmica 1986, section 4b), after common
 * beginning and end are cut off. False, with marks that mean nothing, when it
 * takes more than 2,000 edits or max_steps steps. arena holds its tables.
 */
bool tokens_compare(struct arena *arena, struct tokens *old_side, struct tokens *new_side,
                    size_t max_steps);

/*
 * Moves each run of changed tokens as far to the end as its text allows, joins
 * runs that meet on the way, and puts what was replaced where its replacement
 * stands: the same change always has the same place, so that two people's can
 * be compared. arena holds its tables.
 */
void tokens_settle(struct arena *arena, struct tokens *old_side, struct tokens *new_side);

/* The text of the tokens from to to, which stand behind each other in one text. */
struct str tokens_text(const struct tokens *side, int from, int to);

#endif
