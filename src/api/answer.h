/*
 * What answers of the JSON API have in common.
 */
#ifndef PG409_API_ANSWER_H
#define PG409_API_ANSWER_H

#include "page/shell.h"

/* The headers of a JSON answer that holds rows. */
void answer_json(struct work *work);

/* A row as PostgreSQL wrote it, with its version as one member more. */
void answer_row(struct buf *out, struct str json, struct str token);

/* ETag and PG409-Version. */
void answer_version(struct work *work, struct str token);

/* Whether the client sent this preference (RFC 7240): "return=minimal". */
bool answer_prefers(const struct work *work, struct str what);

#endif
