/*
 * A save that was merged without asking (the setting auto_merge): what was merged is said, and one
 * button undoes it. Contract, section 6.
 */
#ifndef PG409_PAGE_MERGED_H
#define PG409_PAGE_MERGED_H

#include "edit/park.h"
#include "page/shell.h"

/*
 * What was merged, from that answer of park_ask_one, with the button; version is that of the row
 * as it is shown. Without the edit, or when it was undone since, a sentence at most.
 */
void merged_notice(struct work *work, const struct answer *answer, struct str version);

/*
 * Undoes a merge: an ordinary save of what the row held before, based on what the merge made of
 * it and on the field _version. Work's row is the edit's.
 */
void merged_undo(struct work *work, const struct parked *parked);

#endif
