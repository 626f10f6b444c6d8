/*
 * A text that two people changed in the same places, among others: each such place is chosen by
 * itself, where it stands. What fits together already travels with the form, cut at the places, so
 * that the answer needs nothing but the form to put the text together.
 */
#ifndef PG409_PAGE_PLACES_H
#define PG409_PAGE_PLACES_H

#include "merge/merge3.h"
#include "page/form_read.h"

/* A text, cut into what is settled and the places that clash. */
struct places {
    const struct merge_hunk *hunks;
    size_t count;
    size_t clashes;
    bool ends;              /* with a line end, which the last hunk has in any case */
    bool seen_base;         /* the hunks have the base */
    bool sent;              /* they are from a form: */
    struct str choices[20]; /* by place; STR_NONE where none was made */
    struct str own[20];     /* by place: their own wording, STR_NONE without */
    struct str whole;       /* the whole text as it came; STR_NONE without */
    bool whole_chosen;
};

/*
 * Cuts a field whose both sides and base are known. False: it is no text, cannot be merged inside,
 * nothing in it fits together, or it has too many places; then the whole of it is one choice.
 */
bool places_of(struct work *work, const struct field *field, struct places *places);

/* The same from the form that was sent; false when it does not ask by places for that column. */
bool places_sent(struct work *work, const struct column *column, struct places *places);

/* What was chosen, put together; line ends are LF. STR_NONE when a choice is missing. */
struct str places_chosen(struct work *work, const struct places *places);

/* The text with keep mine in each place. */
struct str places_yours(struct work *work, const struct places *places);

/* The places with their choices, and the whole text to change, as a part of the form. */
void places_show(struct work *work, const struct outcome *outcome, const struct field *field,
                 const struct places *places);

#endif
