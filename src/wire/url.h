/*
 * Percent-encoding (RFC 3986, section 2.1) and the key encoding of the
 * contract, section 3, which survives web servers that decode or refuse %2F.
 */
#ifndef PG409_WIRE_URL_H
#define PG409_WIRE_URL_H

#include "base/err.h"
#include "base/str.h"

enum url_plus { URL_PLUS_IS_PLUS, URL_PLUS_IS_SPACE };

/*
 * Undoes percent-encoding; plus says what '+' means (a space in form data and
 * query strings, itself in paths). The result is in arena, or is in itself when
 * nothing was encoded (STR_NONE stays STR_NONE). ERR_SYNTAX for a '%' without
 * two hex digits, ERR_UTF8, ERR_NUL; *out is then as it was.
 */
enum err url_decode(struct arena *arena, struct str in, enum url_plus plus,
                    struct str *out) MUST_CHECK;

/* Percent-encodes all but the unreserved characters (RFC 3986, section 2.3). */
void url_encode(struct buf *buf, struct str text);

/*
 * One path segment: values joined by ',', every byte outside A-Z a-z 0-9 . _ -
 * as '~' and two upper-case hex digits, a leading '_' of the segment as ~5F;
 * a value that is "." or ".." has its first dot encoded too, for paths are
 * normalised on the way. An empty value is written as "~" alone, so that no part
 * between commas is ever empty and a comma only joins. count is at least 1. What
 * is written for values that are valid UTF-8 without NUL, url_key_parse gives
 * back exactly.
 */
void url_key(struct buf *buf, const struct str *values, size_t count);

/*
 * The values of a segment made by url_key, at most max; *count says how many.
 * Bytes that url_key would have encoded are accepted as they are, so that a
 * hand-written or percent-encoded address works (only ',' and '~' are special).
 * ERR_SYNTAX for a bad '~', an empty segment or an empty part ("a,"); ERR_TOO_MANY,
 * ERR_UTF8, ERR_NUL. On an error *count values before the fault are there. Values
 * are in arena.
 */
enum err url_key_parse(struct arena *arena, struct str segment, struct str *values, size_t max,
                       size_t *count) MUST_CHECK;

#endif
