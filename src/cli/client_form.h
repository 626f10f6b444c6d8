/*
 * What is laid before a person's editor, and what comes back: a whole row, or one column of it.
 * Pure.
 */
#ifndef PG409_CLI_CLIENT_FORM_H
#define PG409_CLI_CLIENT_FORM_H

#include "cli/client_change.h"
#include "cli/client_row.h"

/* The row as a text, without its version, which nobody writes, and without "_" names. */
struct str form_of_row(struct arena *arena, const struct client_row *row, struct str head);

/*
 * The row as it is now (problem's current) with the wishes laid over it: what fits together is
 * merged, a text that clashes stands between markers, anything else that clashes stands twice.
 */
struct str form_of_conflict(struct arena *arena, const struct client_problem *problem,
                            const struct wishes *wishes);

/*
 * One text in conflict: yours, merged, or between markers, below a line that ends what is said
 * about it. STR_NONE when it is no text, or not a matter of conflict.
 */
struct str form_of_text(struct arena *arena, const struct client_problem *problem,
                        const struct wish *wish);

/* Without what was said about it, and without the carriage returns of an editor. */
struct str form_without_head(struct arena *arena, struct str text);

/*
 * What a person made of the row. ERR_NONE and the wishes, perhaps none; else *complaint, in arena,
 * says where and what is wrong, also when a marker is left in it and marked says that it had some.
 */
enum err form_read(struct arena *arena, struct str text, const struct client_row *row, bool marked,
                   struct wishes *wishes, struct str *complaint) MUST_CHECK;

/* Whether a line of text is a conflict's marker. */
bool form_has_marker(struct str text);

/* text with the complaint above it, in the place of an earlier one. */
struct str form_with_complaint(struct arena *arena, struct str text, struct str complaint);

#endif
