/*
 * CSV (RFC 4180) in and out. NULL is an empty field, or NULL, without quotes; ""
 * is an empty text.
 */
#ifndef PG409_WIRE_CSV_H
#define PG409_WIRE_CSV_H

#define CSV_MAX_COLUMNS 1600 /* as many as a table of PostgreSQL can have */

#include "base/err.h"
#include "base/str.h"

/* One value of a line, with a comma before it unless it is the first; STR_NONE is NULL. */
void csv_value(struct buf *out, struct str value, bool first);

struct csv {
    struct str *names; /* of the first line */
    size_t columns;
    struct str **rows; /* of columns values each, STR_NONE is NULL */
    size_t row_count;
};

/*
 * Reads the whole of text, which begins with a line of names; at most max_rows
 * lines behind it and CSV_MAX_COLUMNS names (ERR_TOO_MANY). Lines end in CRLF or LF; a byte order
 * mark is passed over. ERR_SYNTAX for a quote in the wrong place, a line with more or fewer values
 * than names, an empty or repeated name; ERR_UTF8, ERR_NUL. On an error *line is the number of the
 * line at fault, from 1. Values are in arena or point into text.
 */
enum err csv_parse(struct arena *arena, struct str text, size_t max_rows, struct csv *csv,
                   size_t *line) MUST_CHECK;

#endif
