/*
 * The header block of one part of a form: what it is called, and what kind it is.
 */
#ifndef PG409_WIRE_MULTIPART_HEAD_H
#define PG409_WIRE_MULTIPART_HEAD_H

#include "wire/multipart.h"

/*
 * The parameter of that name behind the first ';' of a field value, decoded as browsers and curl
 * write it, in into. *found is STR_NONE without one. ERR_SYNTAX: not well formed, or twice;
 * ERR_TOO_LONG: more than size bytes.
 */
enum err multipart_parameter(struct str value, struct str name, char *into, size_t size,
                             struct str *found) MUST_CHECK;

/* Reads the head that has come together into part; on an error fault is a sentence. */
enum err multipart_read_head(struct multipart *multipart) MUST_CHECK;

#endif
