/*
 * The Range field: which bytes of something are wanted (RFC 9110, section 14).
 */
#ifndef PG409_WIRE_RANGE_H
#define PG409_WIRE_RANGE_H

#include "base/str.h"

/* Both are counted: first <= last < the size. */
struct byte_range {
    uint64_t first, last;
};

enum range_answer {
    RANGE_WHOLE, /* no field, another unit, not well formed, or not worth it: all of it */
    RANGE_PARTS, /* *count ranges, in the order asked */
    RANGE_NONE   /* none of them is within it: 416 */
};

/*
 * Reads field for something of size bytes; ranges has room for max. More than max, ones that
 * overlap, and more bytes than there are in all are not worth it: nobody gets more work out of a
 * server by asking in parts.
 */
enum range_answer range_parse(struct str field, uint64_t size, struct byte_range *ranges,
                              size_t max, size_t *count);

#endif
