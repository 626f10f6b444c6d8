#include "api/list_range.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "wire/json.h"

#include "base/banned.h"

#define EXACT_UP_TO 1000 /* rows that an estimated count really counts */

/* "0-9" or "10-": what Range says when its unit is items; false when it says nothing we know. */
static bool items_range(const struct work *work, uint64_t *first, uint64_t *last, bool *open)
{
    struct str text = request_header(&work->request, "HTTP_RANGE"), end;
    struct str unit = request_header(&work->request, "HTTP_RANGE_UNIT");
    if (str_starts(text, STR("items=")))
        text = str_skip(text, 6);
    struct str begin = str_cut(text, '-', &end);
    *open = end.len == 0;
    return text.ptr && end.ptr && (!unit.len || str_is(unit, "items")) &&
           str_to_u64(begin, INT64_MAX, first) == ERR_NONE &&
           (*open || str_to_u64(end, INT64_MAX, last) == ERR_NONE);
}

static void narrow(struct list_range *range, uint64_t limit)
{
    if (!range->limited || limit < range->limit)
        range->limit = limit;
    range->limited = true;
}

bool list_range_read(struct work *work, struct query_rows *rows, struct list_range *range)
{
    uint64_t first = 0, last = 0, most = work_settings(work)->max_rows;
    bool open;
    *range = (struct list_range){.limited = rows->limited, .limit = rows->limit};
    range->offset = rows->offset;
    if (items_range(work, &first, &last, &open)) {
        if (!open && last < first) {
            work_problem(work, "range", STR("Range ends before it begins."));
            return false;
        }
        range->offset += first;
        if (!open)
            narrow(range, last - first + 1);
    }
    if (most)
        narrow(range, most);
    if (answer_prefers(work, STR("count=exact")))
        range->count = COUNT_EXACT;
    else if (answer_prefers(work, STR("count=planned")))
        range->count = COUNT_PLANNED;
    else if (answer_prefers(work, STR("count=estimated")))
        range->count = COUNT_ESTIMATED;
    return true;
}

static struct select counter(struct talk *talk, const struct select *select)
{
    struct select count;
    select_init(&count, talk->arena, select->catalog, select->table, select->query);
    count.search = select->search;
    return count;
}

void list_range_ask(struct talk *talk, const struct select *select, struct list_range *range)
{
    if (range->count == COUNT_EXACT || range->count == COUNT_ESTIMATED) {
        struct select exact = counter(talk, select);
        sql_raw(&exact.sql, "SELECT count(*)::text FROM (SELECT 1");
        select_from(&exact);
        if (range->count == COUNT_ESTIMATED) {
            sql_raw(&exact.sql, " LIMIT ");
            sql_number(&exact.sql, EXACT_UP_TO + 1);
        }
        sql_raw(&exact.sql, ") s");
        range->exact_answer = sql_ask(&exact.sql, talk);
    }
    if (range->count == COUNT_PLANNED || range->count == COUNT_ESTIMATED) {
        struct select planned = counter(talk, select);
        sql_raw(&planned.sql, "EXPLAIN (FORMAT JSON) SELECT 1");
        select_from(&planned);
        range->planned_answer = sql_ask(&planned.sql, talk);
    }
}

static uint64_t counted(const struct answer *answer)
{
    uint64_t count = 0;
    if (answer->rows == 0 || str_to_u64(answer_cell(answer, 0, 0), INT64_MAX, &count))
        return 0;
    return count;
}

/* [{"Plan": {"Plan Rows": 42, ...}}] */
static uint64_t planned(struct arena *arena, const struct answer *answer)
{
    struct json_value all, *items;
    struct json_object outer, plan;
    size_t at, count;
    uint64_t rows = 0;
    if (answer->rows == 0 || json_parse(arena, answer_cell(answer, 0, 0), 200, &all, &at) ||
        json_items(arena, &all, 10, &items, &count) || count == 0 ||
        json_members(arena, &items[0], 100, &outer))
        return 0;
    const struct json_value *value = json_get(&outer, STR("Plan"));
    if (!value || json_members(arena, value, 100, &plan))
        return 0;
    value = json_get(&plan, STR("Plan Rows"));
    if (!value || str_to_u64(value->text, INT64_MAX, &rows))
        return 0;
    return rows;
}

/* How many there are in all, as far as that was asked for. */
static bool total_of(struct work *work, const struct list_range *range, uint64_t *total)
{
    const struct answer *answers = work->talk.answers;
    if (range->count == COUNT_EXACT || range->count == COUNT_ESTIMATED)
        *total = counted(&answers[range->exact_answer]);
    if (range->count == COUNT_PLANNED)
        *total = planned(work->talk.arena, &answers[range->planned_answer]);
    if (range->count == COUNT_ESTIMATED && *total > EXACT_UP_TO) {
        uint64_t guess = planned(work->talk.arena, &answers[range->planned_answer]);
        *total = guess > *total ? guess : *total;
    }
    return range->count != COUNT_NONE;
}

/* What a list of which the end is not known yet will have, when the total is known. */
static uint64_t expected(const struct list_range *range, uint64_t total)
{
    uint64_t rest = total > range->offset ? total - range->offset : 0;
    return range->limited && range->limit < rest ? range->limit : rest;
}

bool list_range_answer(struct work *work, const struct list_range *range, uint64_t rows, bool known)
{
    uint64_t total = 0;
    struct buf text;
    bool has_total = total_of(work, range, &total);
    buf_init(&text, &work->arena, 100);
    if (has_total && range->offset > total) {
        work_problem(work, "range",
                     str_printf(&work->arena,
                                "There are %llu rows, and the part begins behind row %llu.",
                                (unsigned long long)total, (unsigned long long)range->offset));
        reply_header(&work->reply, "Content-Range",
                     str_printf(&work->arena, "*/%llu", (unsigned long long)total));
        return false;
    }
    if (!known && !has_total)
        return true;
    if (!known)
        rows = expected(range, total);
    if (rows)
        buf_printf(&text, "%llu-%llu", (unsigned long long)range->offset,
                   (unsigned long long)(range->offset + rows - 1));
    else
        buf_char(&text, '*');
    buf_char(&text, '/');
    if (has_total)
        buf_u64(&text, total);
    else
        buf_char(&text, '*');
    reply_header(&work->reply, "Content-Range", buf_slice(&text));
    if (has_total && rows < total)
        work->reply.status = 206;
    return true;
}
