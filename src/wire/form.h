/*
 * application/x-www-form-urlencoded (WHATWG URL standard, section 5.1), for
 * bodies and query strings: a list of names and values in their order.
 */
#ifndef PG409_WIRE_FORM_H
#define PG409_WIRE_FORM_H

#include "base/err.h"
#include "base/str.h"

struct form_field {
    struct str name;
    struct str value; /* never STR_NONE: a name without '=' has the value "" */
};

struct form {
    struct form_field *fields;
    size_t count;
};

/*
 * Parses text into *form; names and values are in arena or point into text.
 * At most max_fields fields (else ERR_TOO_MANY), names of at most 256 bytes when
 * decoded (ERR_TOO_LONG). ERR_SYNTAX for a bad '%', ERR_UTF8, ERR_NUL. On an error
 * *form holds the fields before it and *bad the raw name of the field at fault
 * (else STR_NONE). Empty parts between two '&' are passed over.
 */
enum err form_parse(struct arena *arena, struct str text, size_t max_fields, struct form *form,
                    struct str *bad) MUST_CHECK;

/* The value of the first field of that name; STR_NONE when there is none. */
struct str form_get(const struct form *form, struct str name);

#endif
