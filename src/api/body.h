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

/*
 * The same from an object that is parsed already, about work's table and key;
 * version is a version claimed beside it (STR_NONE: none). Takes no token.
 */
bool body_take(struct work *work, enum change_op op, bool whole, const struct json_object *body,
               struct str version, struct change *change);

/* Gives a row that is created the key of its address, whatever the body says of it. */
void body_add_key(struct work *work, struct change *change);

#endif
