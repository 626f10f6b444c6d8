/*
 * Base64 (RFC 4648, section 4), strictly: with its padding, without anything else.
 */
#ifndef PG409_WIRE_BASE64_H
#define PG409_WIRE_BASE64_H

#include "base/err.h"
#include "base/str.h"

/* The bytes, in arena. ERR_SYNTAX for any other character, wrong padding and stray bits. */
enum err base64_decode(struct arena *arena, struct str text, struct str *out) MUST_CHECK;

void base64_encode(struct buf *out, struct str bytes);

#endif
