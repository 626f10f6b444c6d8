/*
 * What the report wants to know of a kept edit, put down with the edit itself.
 */
#ifndef PG409_EDIT_PARK_FACTS_H
#define PG409_EDIT_PARK_FACTS_H

#include "edit/save.h"

/*
 * Adds ", other_user, their_columns, by_program" as expressions: who saved what is there now as its
 * receipt says, which columns are not as the editor saw them, whether it came from a program. base:
 * the number of the parameter that holds what the editor saw, a JSON object of texts.
 */
void park_facts(struct sql *sql, const struct change *change, size_t base);

#endif
