/*
 * JSON (RFC 8259) in and out, strictly. A value keeps its own bytes, so that
 * numbers of any length stay exact: PostgreSQL reads and writes them.
 */
#ifndef PG409_WIRE_JSON_H
#define PG409_WIRE_JSON_H

#include "base/err.h"
#include "base/str.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    struct str raw;  /* the value as it stood, without spaces around it */
    struct str text; /* a string decoded; for the others the same as raw; null: STR_NONE */
};

struct json_member {
    struct str name; /* decoded */
    struct json_value value;
};

struct json_object {
    struct json_member *members;
    size_t count;
};

/*
 * Validates the whole of text as one JSON value. At most max_depth nested
 * arrays and objects (ERR_TOO_DEEP). Refused besides bad syntax (ERR_SYNTAX):
 * invalid UTF-8 and lone surrogates (ERR_UTF8), \u0000 and NUL (ERR_NUL), a
 * member name twice in the same object at the outermost level (ERR_DUPLICATE;
 * deeper ones are found by json_members). Names are compared decoded. With
 * max_depth 0 only a value that is no array and no object passes.
 * On a fault *at is its byte offset in text and *value is not touched.
 * raw points into text; so does a string without escapes, others are in arena.
 */
enum err json_parse(struct arena *arena, struct str text, unsigned max_depth,
                    struct json_value *value, size_t *at) MUST_CHECK;

/*
 * The members of a value of type JSON_OBJECT that json_parse accepted, at most
 * max (ERR_TOO_MANY), in their order; a name twice is ERR_DUPLICATE. Another
 * type is ERR_SYNTAX. *object is not touched on an error.
 */
enum err json_members(struct arena *arena, const struct json_value *value, size_t max,
                      struct json_object *object) MUST_CHECK;

/*
 * The items of a JSON_ARRAY that json_parse accepted, at most max (ERR_TOO_MANY);
 * *items in arena. Another type is ERR_SYNTAX.
 */
enum err json_items(struct arena *arena, const struct json_value *value, size_t max,
                    struct json_value **items, size_t *count) MUST_CHECK;

/* The member of that name, or NULL. */
const struct json_value *json_get(const struct json_object *object, struct str name);

/* text as a JSON string with its quotes; STR_NONE as null. '<', '>' and '&' as \u003c and so on. */
void json_string(struct buf *buf, struct str text);

/* Adds '"name":' with a comma before it unless it is the first behind '{'. The name is a literal.
 */
#define json_name(buf, name)                                                                       \
    (json_comma(buf), buf_add((buf), "\"" name "\":", sizeof("\"" name "\":") - 1))

/* A comma, unless buf is empty or ends in '{', '[' or ','. */
void json_comma(struct buf *buf);

#endif
