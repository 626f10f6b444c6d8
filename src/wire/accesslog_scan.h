/*
 * The values of one line of JSON, one after another, and their strings decoded into room that the
 * caller has. Only the readers of access logs include this.
 */
#ifndef PG409_WIRE_ACCESSLOG_SCAN_H
#define PG409_WIRE_ACCESSLOG_SCAN_H

#include "base/err.h"
#include "base/str.h"

/* Bytes that are read one after another; at == end: there are no more. */
struct scan {
    const char *at, *end;
};

struct room {
    char *ptr;
    size_t len, size;
};

/* Passes over blanks. */
void scan_blanks(struct scan *scan);

/* c comes next, behind blanks, and is passed. */
bool scan_take(struct scan *scan, char c);

/* The inside of a string, escapes as they are; *text stays as it is when none comes. */
bool scan_string(struct scan *scan, struct str *text);

/* Passes a value, whatever it is; false: it has no end, or is nested deeper than eight times. */
bool scan_skip(struct scan *scan);

/* False when there is no more room. */
bool room_add(struct room *room, unsigned byte);

/* As UTF-8; halves of pairs stay three bytes each, as nothing here depends on them. */
bool room_add_code(struct room *room, unsigned code);

/* The value of four hex digits, or a number above all of them. */
unsigned scan_hex4(struct str text);

#endif
