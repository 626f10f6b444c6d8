/*
 * What answers of the JSON API have in common.
 */
#ifndef PG409_API_ANSWER_H
#define PG409_API_ANSWER_H

#include "page/shell.h"

/* The headers of a JSON answer that holds rows. */
void answer_json(struct work *work);

/* A list is sent on whenever so many bytes have come together, and counts as one answer, with its
 * time limit, up to so many rows. */
#define ANSWER_PIECE ((size_t)64 * 1024)
#define ANSWER_SHORT 1000

/* The database failed. Once a list has begun, its end says that it is not the end. */
void answer_broken(struct work *work);

/* A row as PostgreSQL wrote it, with its version as one member more. */
void answer_row(struct buf *out, struct str json, struct str token);

/* ETag and PG409-Version. */
void answer_version(struct work *work, struct str token);

/* Whether the client sent this preference (RFC 7240): "return=minimal". */
bool answer_prefers(const struct work *work, struct str what);

/* Location: the address of a row of work's table, by its key's segment. */
void answer_location(struct work *work, struct str key);

/* Preference-Applied (RFC 7240, section 3): those sent preferences that a write honours. */
void answer_applied(struct work *work);

/*
 * With handling=strict, a preference that is not known is a 400; so is tx=rollback always, for who
 * only wants to try must not have it done. False when it was answered.
 */
bool answer_strict(struct work *work);

#endif
