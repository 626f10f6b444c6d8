/*
 * What the report wants to know of a kept edit, put down with the edit itself.
 */
#ifndef PG409_EDIT_PARK_FACTS_H
#define PG409_EDIT_PARK_FACTS_H

#include "edit/save.h"

/*
 * Adds ", other_user, their_columns, by_program" as expressions: who saved what is there now as its
 * receipt says, which columns are not as the editor saw them, whether it came from a program. The
 * row as it is now is t, all NULL when it is gone.
 */
void park_facts(struct sql *sql, const struct change *change);

/* Whether t is a row at all. */
void park_row_is_there(struct sql *sql, const struct table *table);

#endif
