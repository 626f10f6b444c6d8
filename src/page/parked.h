/*
 * Edits that were refused and are kept: to find, to take up again, to drop. Contract, section 5.
 */
#ifndef PG409_PAGE_PARKED_H
#define PG409_PAGE_PARKED_H

#include "page/edit.h"

/* GET /_conflicts/CODE: one of them, against what is there now; the same as JSON, as it is kept. */
void parked_show(struct work *work);
void parked_show_json(struct work *work);

/* POST /_conflicts/CODE: drops it; with ?undo=1 undoes the merge that saved it. */
void parked_drop(struct work *work);

/*
 * Shows what save's change wants against what is there now, without saving: a form where nothing
 * is in the way, else the page of its conflict. save lives in the request's arena.
 */
void parked_review(struct work *work, struct save *save);

/* The unfinished edits of that answer of park_ask_list, as a section with its heading, if any. */
void parked_section(struct work *work, const struct answer *answer);

/* Where the edit is kept, as sentences inside a paragraph; nothing when it is not. */
void parked_words(struct work *work, const struct save *save);

/* A button inside any form, with these words, that drops the edit instead of sending the form. */
void parked_drop_button(struct work *work, struct str code, struct str words);

/* href or formaction of a parked edit; name and rest are literals. */
#define parked_link(work, name, code, rest)                                                        \
    (html_raw(OUT(work), " " name "=\""), work_link((work), OUT(work), STR("_conflicts"), (code)), \
     html_raw(OUT(work), rest "\""))

#endif
