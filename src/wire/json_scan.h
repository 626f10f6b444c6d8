/*
 * The walk over JSON text that json.c is made of; nothing else includes this.
 * It checks and passes, and makes no values: a value costs nothing until it is
 * asked for.
 */
#ifndef PG409_WIRE_JSON_SCAN_H
#define PG409_WIRE_JSON_SCAN_H

#include "wire/json.h"

/* One walk over a text. A function that returns false has left err and fault behind. */
struct json_scan {
    struct arena *arena;
    const char *start;
    const char *ptr;
    const char *end;
    struct buf open; /* the arrays and objects around ptr, each as its opening bracket */
    size_t count;    /* how many children the outermost array or object had */
    enum err err;
    const char *fault;
};

/* Stands at the beginning of text; values may nest max_depth deep. */
void json_scan_init(struct json_scan *scan, struct arena *arena, struct str text, size_t max_depth);

/* Leaves err and fault behind; always false. */
bool json_fail(struct json_scan *scan, enum err err, const char *fault);

/* The same for whatever stands at ptr: ERR_NUL or ERR_SYNTAX. */
bool json_unexpected(struct json_scan *scan);

/* The next byte, or -1 at the end: a NUL byte must not look like the end. */
int json_peek(const struct json_scan *scan);

void json_skip_space(struct json_scan *scan);

/* Passes a member's name and its colon; *inner is what stands between the quotes. */
bool json_scan_name(struct json_scan *scan, struct str *inner);

/* Passes one value of any kind; count is then the number of its own children. */
bool json_scan_value(struct json_scan *scan);

/* The four hexadecimal digits at ptr, or -1. */
int json_hex4(const char *ptr, const char *end);

/* Whether a \u escape of that code is the first half of a pair. */
bool json_is_high(int code);

/* The second half of a pair at ptr, with its \u, or -1. */
int json_low_surrogate(const char *ptr, const char *end);

#endif
