/*
 * Parking: a refused edit is kept under a code that nobody can guess, for whoever typed it, until
 * it is resolved, dropped or too old. Contract, section 5.
 */
#ifndef PG409_EDIT_PARK_H
#define PG409_EDIT_PARK_H

#include "edit/save.h"

#define PARK_CODE_CHARS 32 /* hex digits */

/* Whether text can be a code. */
bool park_is_code(struct str text);

/*
 * The code of a change whose digest is known: the same refused write that comes again, by a double
 * click or from a program that does not give up, is kept once. Nobody can guess it who does not
 * know the token of its form, or without one everything that it says.
 */
struct str park_code(struct arena *arena, const struct change *change);

/*
 * Asks for what change wants to be kept under change->park. reason: the name of what stood in the
 * way, as far as it is known; other_key: of "duplicate", the address segment of the row that has
 * the value, else STR_NONE. Under a code that is there already the newer one counts. The answer
 * has a row when it is kept: the code may be somebody else's. Returns the answer's index.
 */
size_t park_ask(struct talk *talk, const struct change *change, struct str reason,
                struct str other_key);

/* Asks for another reason of an edit that was kept before the reason was known. */
void park_ask_reason(struct talk *talk, const struct change *change, struct str reason);

/*
 * Adds ", p AS (...)" behind a write whose row is w: what becomes of the change's parked edit once
 * it is saved. Resolved, when it was taken up again or can be undone; unfinished again, when this
 * is the undoing; else it was none, and goes.
 */
void park_settle(struct sql *sql, const struct change *change);

/* The same as a statement of its own. */
void park_ask_settle(struct talk *talk, const struct change *change);

/* Asks for an edit of that user's to be marked as dropped. */
void park_ask_drop(struct talk *talk, struct str code, struct str user);

/* A value as text, also when a client sent it as nested JSON: what a form's control would hold. */
struct str park_text(struct arena *arena, bool nested, struct str text, struct str json);

/* A parked edit as it was stored. */
struct parked {
    bool found;
    struct str code;
    struct str table; /* the name, without its schema */
    struct str key;   /* the row's address segment; STR_NONE for a create */
    struct str op, reason, base, yours, current, base_version, current_version;
    struct str other_key, resolution;
    struct str at, resolved_at, expires_at; /* RFC 3339 */
    struct key row;                         /* the same as key, as values */
    size_t value_count;
};

/* Asks for one edit of that user's; kept says for how many days. The index of the answer. */
size_t park_ask_one(struct talk *talk, struct str code, struct str user, uint64_t days);

/* Asks for that user's unfinished edits in one schema, newest first, max at most. */
size_t park_ask_list(struct talk *talk, struct str user, struct str schema, size_t max,
                     uint64_t days);

/* One row of either answer; found is false when there is none, or it is of another schema. */
struct parked park_take(struct arena *arena, const struct answer *answer, size_t row,
                        struct str schema);

/*
 * The edit as a change again: op, key, version, fields with what was seen and what is wanted, as
 * far as the table still has the columns. change holds table, user and so on already; its fields
 * have room for all columns. False when what was stored cannot be read.
 */
bool park_change(struct arena *arena, const struct parked *parked, struct change *change);

/*
 * Asks for edits older than days to be deleted, a thousand at most, and for the oldest, those that
 * are resolved first, beyond so many bytes in all.
 */
void park_expire(struct talk *talk, uint64_t days, uint64_t bytes);

#endif
