/*
 * Base64 (RFC 4648, section 4).
 */
#ifndef PG409_WIRE_BASE64_H
#define PG409_WIRE_BASE64_H

#include "base/err.h"
#include "base/str.h"

/*
 * The bytes that text stands for, in arena, with a NUL behind them; they may hold NULs
 * themselves. Only what base64_encode writes is read: padded, without blanks, with zeros for the
 * bits left over; all else is ERR_SYNTAX. STR_NONE is read as "".
 */
enum err base64_decode(struct arena *arena, struct str text, struct str *out) MUST_CHECK;

/* 4 characters for every 3 bytes begun. */
void base64_encode(struct buf *out, struct str bytes);

#endif
