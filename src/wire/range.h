/*
 * The Range field (RFC 9110, section 14): which bytes of a file are asked for.
 */
#ifndef PG409_WIRE_RANGE_H
#define PG409_WIRE_RANGE_H

#include "base/str.h"

/* Bytes first to last, both counted, from 0: first <= last < size. */
struct byte_range {
    uint64_t first, last;
};

enum range_answer {
    RANGE_WHOLE, /* 200: nothing asked for that is worth parts */
    RANGE_PARTS, /* 206: ranges[0] to ranges[*count - 1] */
    RANGE_NONE   /* 416: nothing of what is asked for is there */
};

/*
 * What to answer to that field for a file of size bytes. RANGE_WHOLE, for which a server is free
 * (section 14.2): STR_NONE, another unit than bytes, a field that is not well formed, more than max
 * parts, parts that overlap (so that never more than size bytes are asked for), and the end of an
 * empty file. Otherwise *count ranges, at least 1, in the order asked for; those beyond the end are
 * left out, and when that leaves none the answer is RANGE_NONE. Numbers may have any length: what
 * passes 64 bits is beyond the end. *count is 0 unless the answer is RANGE_PARTS.
 */
enum range_answer range_parse(struct str field, uint64_t size, struct byte_range *ranges,
                              size_t max, size_t *count);

#endif
