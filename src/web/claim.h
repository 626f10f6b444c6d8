/*
 * Which version a write claims to be based on: contract, section 2.6. The same
 * for forms and JSON.
 */
#ifndef PG409_WEB_CLAIM_H
#define PG409_WEB_CLAIM_H

#include "web/work.h"

/* What the body said: STR_NONE where it said nothing. */
struct claim {
    struct str version; /* _version */
    struct str column;  /* the version column's own name */
    struct str beside;  /* beside the body: of one change in a batch */
};

/*
 * Puts the claimed version into change (versioned, version, any, strict), from
 * If-Match, the body's claim and the query parameter _version. False when it
 * cannot be read, two disagree, or "*" is not allowed: then the request is
 * answered.
 */
bool claim_version(struct work *work, const struct claim *claim, struct change *change);

/* Fills what every change has: table, key, user, receipts; claim_version does the rest. */
void change_start(struct work *work, enum change_op op, struct change *change);

/*
 * Takes the token of a write: the field _token, or the header Idempotency-Key; given is STR_NONE
 * without one. At most 255 printable ASCII characters; otherwise false, and the request is
 * answered.
 */
bool claim_token(struct work *work, struct str given, struct change *change);

/* What the log line needs of an outcome; and nothing of it any more, before the next. */
void claim_log(struct work *work, const struct change *change, const struct outcome *outcome);
void claim_forget(struct work *work);

/* ETag, PG409-Version and PG409-Outcome of an outcome, and what the log line needs. */
void claim_answer(struct work *work, const struct change *change, const struct outcome *outcome);

#endif
