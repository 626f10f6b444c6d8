/*
 * CSV out (RFC 4180): NULL is empty, an empty text is "".
 */
#ifndef PG409_WIRE_CSV_WRITE_H
#define PG409_WIRE_CSV_WRITE_H

#include "base/str.h"

/* One value of a line, with a comma before it unless it is the first; STR_NONE is NULL. */
void csv_value(struct buf *out, struct str value, bool first);

#endif
