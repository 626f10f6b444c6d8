/*
 * How the files of a save call each other on its way. Not for anyone else.
 */
#ifndef PG409_EDIT_SAVE_STEPS_H
#define PG409_EDIT_SAVE_STEPS_H

#include "edit/receipt.h"

/* Sends the write; save goes on with what became of it. */
void save_write(struct save *save);

/* The end: calls save->done with this outcome. */
void save_finish(struct save *save, enum outcome_kind kind, enum reason reason);

/* The end with what the talk's last failure was: a conflict, or refused. */
void save_finish_failed(struct save *save);

/*
 * Who made that version of the row that was looked at (NULL: who deleted it) and when, into the
 * outcome: by a column, the receipt or the history; when also by the version itself. Returns the
 * receipt, if there is one.
 */
struct receipt save_who(struct save *save, const struct version *version);

/*
 * Makes of a stale change, whose fields were compared, one that holds what both sides want, if the
 * setting allows it, nothing clashes, and it is parked so that it can be undone. False: it stays as
 * it is.
 */
bool save_merge(struct save *save);

/*
 * Whether the table has a number of which both changes count. Then equal values do not say that a
 * change was made already: only its receipt does. Contract, section 4.
 */
bool save_counts(const struct change *change);

/* Makes it again what the editor sent; nothing when it was not merged. */
void save_unmerge(struct save *save);

/*
 * PostgreSQL said that a unique value is taken: by the row that this very create made before, or
 * by another one, which can perhaps be shown.
 */
void save_taken(struct save *save);

#endif
