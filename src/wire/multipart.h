/*
 * multipart/form-data (RFC 7578; RFC 2046, section 5.1) as a stream: bytes come in pieces of any
 * size, events and slices of content go out. Memory does not grow with what comes.
 */
#ifndef PG409_WIRE_MULTIPART_H
#define PG409_WIRE_MULTIPART_H

#include "base/err.h"
#include "base/str.h"

#define MULTIPART_MAX_BOUNDARY 70
#define MULTIPART_MAX_HEAD 8192  /* bytes of one part's header block */
#define MULTIPART_MAX_NAME 1024  /* bytes of a name or filename, as sent */
#define MULTIPART_MAX_PARTS 1000 /* in one body */

struct multipart_part {
    struct str name;
    struct str filename;   /* STR_NONE: a field, not a file */
    struct str media_type; /* without parameters, in lower case; STR_NONE: not said */
};

enum multipart_event {
    MULTIPART_MORE,     /* the input is used up: give more */
    MULTIPART_PART,     /* part describes the one that begins */
    MULTIPART_DATA,     /* data is a slice of its content */
    MULTIPART_PART_END, /* it has ended */
    MULTIPART_END,      /* so has the form; what follows does not count */
    MULTIPART_FAULT     /* err and fault say why; nothing more comes */
};

enum multipart_state {
    MULTIPART_IN_PREAMBLE,
    MULTIPART_IN_LINE, /* what stands behind a delimiter on its line */
    MULTIPART_IN_HEAD,
    MULTIPART_IN_CONTENT,
    MULTIPART_IN_EPILOGUE,
    MULTIPART_IN_FAULT
};

struct multipart {
    struct multipart_part part; /* valid until the next part */
    struct str data;            /* valid until the next call */
    enum err err;
    const char *fault; /* a sentence */

    enum multipart_state state;
    char delimiter[MULTIPART_MAX_BOUNDARY + 4]; /* CRLF, two dashes, the boundary */
    size_t delimiter_len;
    size_t held; /* bytes at the end of the last input that may begin a delimiter */
    size_t line; /* bytes seen behind a delimiter */
    char line_last;
    size_t parts;
    size_t head_len;
    char head[MULTIPART_MAX_HEAD];
    char name[MULTIPART_MAX_NAME], filename[MULTIPART_MAX_NAME], media_type[128];
};

/* content_type is the whole value of Content-Type. ERR_SYNTAX: no form, or no usable boundary. */
enum err multipart_init(struct multipart *multipart, struct str content_type) MUST_CHECK;

/*
 * Takes from the front of *input what the next event needs. A body that ends before MULTIPART_END
 * was cut short: only the caller knows that it ended.
 */
enum multipart_event multipart_next(struct multipart *multipart, struct str *input);

#endif
