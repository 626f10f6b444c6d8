/*
 * multipart/form-data (RFC 7578; RFC 2046, section 5.1) as it arrives: the body
 * is given in pieces of any size and comes out as events. Nothing is collected
 * but the head of one part, so a body of any size takes the same memory.
 */
#ifndef PG409_WIRE_MULTIPART_H
#define PG409_WIRE_MULTIPART_H

#include "base/err.h"
#include "base/str.h"

#define MULTIPART_MAX_BOUNDARY 70 /* bytes, RFC 2046 */
#define MULTIPART_MAX_HEAD 8192   /* bytes of one part's header block, with the empty line */
#define MULTIPART_MAX_NAME 1024   /* bytes of a name or of a filename, decoded */
#define MULTIPART_MAX_PARTS 1000
#define MULTIPART_MAX_TYPE 255 /* bytes of a media type, RFC 6838 */

struct multipart_part {
    struct str name;
    struct str filename;   /* STR_NONE: a field, not a file; "" is a file input left empty */
    struct str media_type; /* without parameters, lower case; STR_NONE without a usable one */
};

enum multipart_event {
    MULTIPART_MORE,     /* the input is used up, give more */
    MULTIPART_PART,     /* part describes the part that begins */
    MULTIPART_DATA,     /* data is a slice of its content, never an empty one */
    MULTIPART_PART_END, /* its content is complete */
    MULTIPART_END,      /* the closing delimiter was seen; all that follows is passed over */
    MULTIPART_FAULT     /* err, fault; any further call says the same */
};

enum multipart_state {
    MULTIPART_IN_PREAMBLE,
    MULTIPART_IN_CONTENT,
    MULTIPART_IN_PADDING,  /* behind a boundary */
    MULTIPART_IN_LINE_END, /* behind the CR of a delimiter's line */
    MULTIPART_IN_HEAD,
    MULTIPART_CLOSED, /* MULTIPART_END is to be told */
    MULTIPART_IN_EPILOGUE,
    MULTIPART_FAILED
};

/* Must not be moved once parsing: part and data may point into it. */
struct multipart {
    struct multipart_part part; /* valid until the next MULTIPART_PART */
    struct str data;            /* valid until the next call, in the input or in here */
    enum err err;               /* ERR_NONE before a fault */
    const char *fault;          /* a sentence for who sent the body, static; "" before */

    /* The rest is for multipart_next alone. */
    enum multipart_state state;
    size_t parts;         /* begun so far */
    size_t matched;       /* bytes of delimiter seen and held back */
    size_t implied;       /* how many of these no content would have: they belong to the head */
    size_t delimiter_len; /* without the "--" that closes */
    char delimiter[4 + MULTIPART_MAX_BOUNDARY + 2]; /* CRLF "--" boundary "--" */
    size_t head_len;
    char head[2 + MULTIPART_MAX_HEAD]; /* begins with the CRLF of the delimiter's line */
};

/*
 * content_type is the whole value of the Content-Type field, of which nothing is
 * kept. ERR_SYNTAX unless it is multipart/form-data with one boundary, in quotes
 * or not, of 1 to MULTIPART_MAX_BOUNDARY printable ASCII characters, the last of
 * which is no space; fault then says so, and multipart_next says no more than that.
 */
enum err multipart_init(struct multipart *multipart, struct str content_type) MUST_CHECK;

/*
 * Takes from the front of *input as much as the next event needs; all of it
 * before MULTIPART_MORE. The events are PART, any number of DATA, PART_END, again
 * for each part, then END once, and MORE from there on. A body cut short just
 * never has its END: who knows that it ended must say so. The events are the
 * same however the body is cut, but for where one DATA ends and the next begins.
 *
 * Names: of Content-Disposition: form-data, quoted as browsers do it (%22, %0D
 * and %0A are decoded, and no other) or as older clients do (a backslash before a
 * quote or a backslash; before anything else, and at the end of the field, it is
 * just a backslash). filename* (RFC 8187, in UTF-8) goes before filename.
 *
 * What follows CRLF "--" boundary makes it a delimiter: a blank or a line end
 * for the next part, "--" for the last; before anything else it is content.
 *
 * Faults: ERR_SYNTAX, also for lines that do not end in CRLF and for a part
 * without name; ERR_DUPLICATE for a field or parameter that is there twice;
 * ERR_UNKNOWN for a Content-Transfer-Encoding other than 7bit, 8bit and binary;
 * ERR_TOO_LONG for a head or name beyond its limit, ERR_TOO_MANY for more than
 * MULTIPART_MAX_PARTS parts; ERR_UTF8 for a name, ERR_NUL for a head.
 */
enum multipart_event multipart_next(struct multipart *multipart, struct str *input) MUST_CHECK;

#endif
