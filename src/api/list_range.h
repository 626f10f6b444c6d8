/*
 * Which part of a list was asked for, and which part of how many it is:
 * Range, limit and offset, Prefer: count, Content-Range.
 */
#ifndef PG409_API_LIST_RANGE_H
#define PG409_API_LIST_RANGE_H

#include "edit/select.h"
#include "web/work.h"

enum list_count { COUNT_NONE, COUNT_EXACT, COUNT_PLANNED, COUNT_ESTIMATED };

struct list_range {
    enum list_count count;
    size_t exact_answer, planned_answer; /* of the statements that count */
    bool limited;
    uint64_t limit, offset;
};

/*
 * Reads Range (unit items), limit, offset and Prefer: count; applies the setting
 * max_rows. False when the request was answered.
 */
bool list_range_read(struct work *work, struct query_rows *rows, struct list_range *range);

/* Asks for what Prefer: count wants to know. select is that of the list. */
void list_range_ask(struct talk *talk, const struct select *select, struct list_range *range);

/*
 * Status and Content-Range (RFC 9110, section 14.4, unit items) for so many rows;
 * known is false when there may be more of them to come. False when the list
 * ends before it begins: the request was answered.
 */
bool list_range_answer(struct work *work, const struct list_range *range, uint64_t rows,
                       bool known);

#endif
