/*
 * Names of files: which are possible, and which to propose when one is taken. Contract, section 8.
 */
#ifndef PG409_WIRE_FILENAME_H
#define PG409_WIRE_FILENAME_H

#include "base/str.h"

#define FILENAME_MAX_BYTES 255

enum filename_fault {
    FILENAME_FINE,
    FILENAME_EMPTY,
    FILENAME_TOO_LONG, /* over FILENAME_MAX_BYTES */
    FILENAME_UTF8,
    FILENAME_SLASH,
    FILENAME_CONTROL, /* a control character, or one that turns the direction of writing */
    FILENAME_DOT      /* in front */
};

/* What is wrong with a name. */
enum filename_fault filename_check(struct str name);

/* A sentence about it that says what to do; static. */
const char *filename_words(enum filename_fault fault);

/* What stands behind the last slash or backslash: browsers of old sent whole paths. */
struct str filename_last(struct str path);

/*
 * "report (2).pdf" for "report.pdf" and 2, in arena; a number that stands there already is
 * replaced. At most FILENAME_MAX_BYTES: what is too long is cut in front of it, at a character.
 */
struct str filename_proposed(struct arena *arena, struct str name, unsigned number);

#endif
