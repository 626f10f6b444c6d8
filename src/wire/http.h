/*
 * The parts of HTTP semantics (RFC 9110) that are pure text: methods, status
 * lines, content negotiation, media types, entity tags, instants.
 */
#ifndef PG409_WIRE_HTTP_H
#define PG409_WIRE_HTTP_H

#include "base/err.h"
#include "base/str.h"

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64
};

/* The method of that name (case-sensitive, RFC 9110, section 9.1), or 0. */
unsigned http_method(struct str name);
/* Its name, static; "" for anything that is not one method. */
const char *http_method_name(unsigned method);
/* The methods of a mask as an Allow field value: "GET, HEAD, POST". */
void http_allow(struct buf *buf, unsigned methods);

/*
 * "409 Conflict" and the like, static; "500 Internal Server Error" for a status
 * unknown here. Known are the registered ones from 200 on, and tus's 460.
 */
const char *http_status(int status);

/*
 * The type of a Content-Type field value without its parameters, in lower case,
 * in arena; STR_NONE stays STR_NONE (RFC 9110, section 8.3.1).
 */
struct str http_media_type(struct arena *arena, struct str value);

#define HTTP_OFFERS_MAX 16

/*
 * Chooses by an Accept field value among count offers ("text/html"; HTTP_OFFERS_MAX
 * at most, more abort), RFC 9110
 * section 12.5.1: by quality, then specificity, then the order of the offers.
 * An absent or empty value, and a range of all types, mean the first offer. The
 * index of the offer, or count when none is acceptable. Parameters of a range
 * other than q do not count; a range that is not well formed is passed over; a
 * value without any well-formed one is taken as absent.
 */
size_t http_accept(struct str accept, const struct str *offers, size_t count);

struct http_tags {
    bool any; /* the value was *, without quotes; the tag "*" is just a tag */
    struct str *tags;
    size_t count;
};

/*
 * The entity tags of an If-Match or If-None-Match value (RFC 9110, section
 * 13.1), without quotes, in arena. What servers do to tags on the way is
 * undone: a W/ before, and -gzip -br -deflate -zstd -bzip2 or ;gzip at the end
 * inside the quotes. A bare tag without quotes is accepted. An absent or empty
 * value has no tags. At most 16 tags (ERR_TOO_MANY); ERR_SYNTAX, which includes
 * a * among tags and control characters; ERR_UTF8.
 */
enum err http_tags(struct arena *arena, struct str value, struct http_tags *tags) MUST_CHECK;

/*
 * An instant: microseconds since 1970-01-01T00:00:00Z, from RFC 3339 text with
 * 'T' or a space and an offset ("Z", "+01:00", "+01" as PostgreSQL writes it);
 * with naive the offset may be missing and UTC is meant. Offsets with seconds
 * ("+00:53:28"), which PostgreSQL writes for times before there were zones, are
 * read too. *digits is the number of digits behind the seconds; beyond six only
 * zeros are allowed. Years 0001 to 9999, as written and in UTC; leap second 60 is
 * not a time PostgreSQL keeps. All else is ERR_SYNTAX, and a text beyond 64 bytes.
 */
enum err http_instant(struct str text, bool naive, int64_t *micros, int *digits) MUST_CHECK;

/*
 * That instant as 2026-11-22T07:49:00.123456Z, always six digits. Outside the
 * years that http_instant reads, the year has a sign or more digits.
 */
void http_instant_write(struct buf *buf, int64_t micros);

#endif
