/*
 * A conflict or refusal as application/problem+json: contract, section 5.
 */
#ifndef PG409_API_CONFLICT_H
#define PG409_API_CONFLICT_H

#include "web/work.h"

/* Answers for an outcome that is a conflict or refused; the status is the problem's. */
void conflict_json(struct work *work, const struct save *save);

/* The members of that document alone, for one among several; work's table and key are its own. */
void conflict_members(struct work *work, const struct save *save);

#endif
