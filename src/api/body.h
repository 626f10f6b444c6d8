/*
 * A JSON body as a change.
 */
#ifndef PG409_API_BODY_H
#define PG409_API_BODY_H

#include "web/claim.h"
#include "wire/json.h"

/*
 * Reads work's body, one JSON object, into change: its columns, _version and
 * _base. With whole (PUT), columns that are absent get their default. False when
 * the request was answered.
 */
bool body_read(struct work *work, enum change_op op, bool whole, struct change *change);

#endif
