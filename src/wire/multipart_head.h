/*
 * The pieces that multipart.c is made of; nothing else includes this.
 */
#ifndef PG409_WIRE_MULTIPART_HEAD_H
#define PG409_WIRE_MULTIPART_HEAD_H

#include "wire/multipart.h"

/* Ends the parsing with err and a static sentence. Returns false. */
bool multipart_fault(struct multipart *multipart, enum err err, const char *sentence);

struct multipart_parameter {
    struct str name;  /* STR_NONE: there is no further one */
    struct str value; /* as it is written, without the quotes */
    bool quoted;
};

/* What stands from the first ';' of a field value on. */
struct str multipart_parameters(struct str value);

/* Takes one parameter, with the ';' before it, from the front of *rest. ERR_SYNTAX. */
enum err multipart_parameter(struct str *rest, struct multipart_parameter *parameter) MUST_CHECK;

/*
 * Whether a backslash escapes what stands behind it at text[at]: only a quote and
 * a backslash, for browsers send it bare.
 */
bool multipart_escapes(struct str text, size_t at);

/* Fills part from the complete head, decoding in its place. False and a fault. */
bool multipart_head(struct multipart *multipart);

#endif
