/*
 * What is shown when a save did not happen: the conflict page, or the form once
 * more with everything that was typed.
 */
#ifndef PG409_PAGE_CONFLICT_H
#define PG409_PAGE_CONFLICT_H

#include "page/edit.h"

/* Answers for an outcome that is a conflict or refused. */
void conflict_answer(struct work *work, struct save *save);

/*
 * The form with what was typed: heading above it, then message (STR_NONE: none). Asks for the
 * choices of its foreign keys first.
 */
void conflict_form(struct work *work, struct save *save, struct str heading, struct str message);

/* A conflict page was sent back with a choice missing: shows it again. */
void conflict_unresolved(struct work *work, struct save *save, const struct submitted *submitted);

/* The page for a stale row, column by column; message is said above it, STR_NONE without. */
void conflict_page(struct work *work, const struct save *save, struct str message);

/* The page for a deleted row: create it again, save a copy, let it go. */
void conflict_page_deleted(struct work *work, const struct save *save);

#endif
