/*
 * Names of files, as the contract allows them (section 8).
 */
#ifndef PG409_WIRE_FILENAME_H
#define PG409_WIRE_FILENAME_H

#include "base/str.h"

#define FILENAME_MAX_BYTES 255

enum filename_fault {
    FILENAME_FINE,
    FILENAME_EMPTY,    /* STR_NONE too */
    FILENAME_TOO_LONG, /* over FILENAME_MAX_BYTES */
    FILENAME_UTF8,
    FILENAME_SLASH,
    FILENAME_CONTROL, /* U+0000-001F, 007F-009F, 2028-202E, 2066-2069: line ends, turned text */
    FILENAME_DOT      /* begins with a dot */
};

/* The first of these faults that name has. Whether it is NFC is not looked at. */
enum filename_fault filename_check(struct str name);

/* A sentence for people that says what to do; static; never NULL. */
const char *filename_words(enum filename_fault fault);

/*
 * What stands behind the last '/' or '\', for some browsers send a whole path; STR_NONE
 * stays STR_NONE. May be empty.
 */
struct str filename_last(struct str path);

/* The number that filename_proposed replaces: 7 of "report (7).pdf"; 1 where there is none. */
unsigned filename_number(struct str name);

/*
 * Another name, for when name is taken: "report.pdf" and 2 give "report (2).pdf"; so does
 * "report (7).pdf", whose number (of up to three digits: 2024 is rather a year) is replaced. What
 * counts as an extension: up to 16 ASCII letters and digits, one letter at least, behind the
 * last dot, and .tar before them. At most FILENAME_MAX_BYTES, cut at a code point in front of
 * " (2)". In arena. A name that filename_check finds fine gives one that is fine too.
 */
struct str filename_proposed(struct arena *arena, struct str name, unsigned number);

#endif
