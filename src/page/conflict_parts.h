/*
 * What the pages about conflicts have in common: who it was, and what changed.
 */
#ifndef PG409_PAGE_CONFLICT_PARTS_H
#define PG409_PAGE_CONFLICT_PARTS_H

#include "edit/save.h"
#include "page/shell.h"

/* Who saved the row, as the start of a sentence: a name, "You" or "Somebody". */
struct str conflict_who(const struct work *work, const struct outcome *outcome);

/* The words of the choice for what is stored now. In the work's arena. */
struct str conflict_take_words(struct work *work, const struct outcome *outcome);

/* Unchanged text; of a long stretch only what stands next to a change: not first, not last. */
void conflict_show_same(struct work *work, struct str text, bool first, bool last);

/* Two texts as one, the differences marked by word. */
void conflict_show_words(struct work *work, struct str old_text, struct str new_text);

/* What a field's value is, against its base where that is known. */
void conflict_show_change(struct work *work, const struct field *field, struct str value);

#endif
