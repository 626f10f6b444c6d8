#include "api/list.h"

#include "api/answer.h"
#include "api/list_range.h"
#include "edit/version.h"
#include "web/writelog.h"
#include "wire/csv.h"

#include "base/banned.h"

struct listing {
    struct work *work;
    struct query query;
    struct select select;
    struct list_range range;
    bool csv;
    uint64_t rows;
    size_t rows_answer;
    struct str token; /* of the one row, where one is asked for */
};

static void csv_type(struct work *work)
{
    struct str segment = work_table_segment(work, work->table);
    reply_header(&work->reply, "Content-Type", STR("text/csv; charset=utf-8; header=present"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    reply_header(&work->reply, "Vary", STR("Accept"));
    reply_header(&work->reply, "Content-Disposition",
                 str_printf(&work->arena, "attachment; filename=\"%.*s.csv\"", STR_ARG(segment)));
}

static void csv_names(struct listing *listing)
{
    struct buf *out = OUT(listing->work);
    for (size_t i = 0; i < listing->select.name_count; i++)
        csv_value(out, listing->select.names[i], i == 0);
    buf_text(out, "\r\n");
}

/* Status and headers; known is false when rows are still to come. */
static bool head(struct listing *listing, bool known)
{
    struct work *work = listing->work;
    if (!list_range_answer(work, &listing->range, listing->rows, known))
        return false;
    if (listing->csv)
        csv_type(work);
    else
        answer_json(work);
    if (listing->range.count != COUNT_NONE)
        reply_header(&work->reply, "Preference-Applied",
                     listing->range.count == COUNT_EXACT     ? STR("count=exact")
                     : listing->range.count == COUNT_PLANNED ? STR("count=planned")
                                                             : STR("count=estimated"));
    return true;
}

static void put(struct listing *listing, const struct answer *row)
{
    struct buf *out = OUT(listing->work);
    if (listing->csv) {
        if (listing->rows == 0)
            csv_names(listing);
        for (size_t i = 0; i < row->columns; i++)
            csv_value(out, row->cells[i], i == 0);
        buf_text(out, "\r\n");
        return;
    }
    if (!listing->work->request.object)
        buf_text(out, listing->rows ? ",\n" : "[");
    buf_str(out, row->cells[0]);
    if (row->columns > 1)
        listing->token = str_copy(&listing->work->arena, row->cells[1]);
}

/* One row; in between, what has come together is sent on. */
static bool each(void *ctx, const struct answer *row)
{
    struct listing *listing = ctx;
    struct work *work = listing->work;
    put(listing, row);
    listing->rows++;
    if (work->request.object)
        return listing->rows < 2;
    if (work->reply.body.len < ANSWER_PIECE)
        return true;
    if (!work->reply.begun) {
        if (!head(listing, false))
            return false;
        writelog_headers(work);
    }
    reply_piece(&work->reply, work->request.gateway);
    return !work->reply.lost;
}

/*
 * PostgreSQL did not understand what the address made of the statement: an operator that does not
 * fit its column, a language or a search that is none.
 */
static bool is_unfit(const struct db_error *error)
{
    struct str state = str_from(error->sqlstate);
    bool wrong_operator = str_is(state, "42883") || str_is(state, "42804");
    bool not_understood = str_starts(state, STR("42")) || str_starts(state, STR("3F"));
    return wrong_operator || (not_understood && error->reason == REASON_BUG);
}

/* Too late for another status: the end says that it is not the end. */
static void broken(struct listing *listing)
{
    struct work *work = listing->work;
    const struct db_error *error = &work->talk.error;
    if (work->reply.lost || (work->request.object && listing->rows > 1))
        return;
    if (work->reply.begun) {
        answer_broken(work);
    } else if (error->reason == REASON_VALUE) {
        work_problem(work, "malformed",
                     str_printf(&work->arena, "A value in the address cannot be read: %.*s.",
                                STR_ARG(error->message)));
    } else if (is_unfit(error)) {
        work_problem(work, "unknown-name",
                     str_printf(&work->arena, "A filter, or a part of select, does not fit: %.*s.",
                                STR_ARG(error->message)));
    } else {
        work_failed(work);
    }
}

static void not_one(struct listing *listing)
{
    struct work *work = listing->work;
    work_problem(work, "not-one-row",
                 listing->rows ? STR("The result contains more than 1 row; one was asked for.")
                               : STR("The result contains 0 rows; one was asked for."));
}

static void after_rows(void *ctx)
{
    struct listing *listing = ctx;
    struct work *work = listing->work;
    bool one = work->request.object && !listing->csv;
    if (work->talk.failed)
        broken(listing);
    if (one && listing->rows != 1 && (!work->talk.failed || listing->rows > 1))
        not_one(listing);
    if (work->talk.failed || (one && listing->rows != 1))
        return;
    if (!work->reply.begun && !head(listing, true))
        return;
    if (one)
        answer_version(work, listing->token);
    if (listing->csv && !listing->rows)
        csv_names(listing);
    else if (!listing->csv && !one && !listing->rows)
        buf_text(OUT(work), "[]\n");
    else if (!listing->csv)
        buf_text(OUT(work), one ? "\n" : "]\n");
}

static void window(struct sql *sql, const struct list_range *range)
{
    if (range->limited) {
        sql_raw(sql, " LIMIT ");
        sql_number(sql, range->limit);
    }
    if (range->offset) {
        sql_raw(sql, " OFFSET ");
        sql_number(sql, range->offset);
    }
}

/* For one row its version comes beside it; a list has it inside of each row. */
static void rows_sql(struct listing *listing)
{
    struct select *select = &listing->select;
    struct sql *sql = &select->sql;
    bool one = listing->work->request.object && !listing->csv;
    if (one)
        sql_raw(sql, "SELECT (SELECT row_to_json(j)::text FROM (SELECT ");
    else if (listing->csv)
        sql_raw(sql, "SELECT ");
    else
        sql_raw(sql, "SELECT row_to_json(j)::text FROM (SELECT ");
    select_items(select);
    if (one) {
        sql_raw(sql, ") j), ");
        version_token_sql(sql, select->table, STR("t"));
    }
    select_from(select);
    select_order(select);
    window(sql, &listing->range);
    if (!one && !listing->csv)
        sql_raw(sql, ") j");
}

/* A long list may take its time, as long as rows keep coming. */
static void be_patient(struct listing *listing)
{
    struct talk *talk = &listing->work->talk;
    if (listing->range.limited && listing->range.limit <= ANSWER_SHORT)
        return;
    talk->patience = talk->statement_timeout;
    talk->statement_timeout = 0;
}

static void ask(struct listing *listing)
{
    struct work *work = listing->work;
    struct talk *talk = &work->talk;
    select_init(&listing->select, talk->arena, work_catalog(work), work->table, &listing->query);
    listing->select.texts = listing->csv;
    listing->select.search = str_trim(form_get(&work->request.query, STR("_q")));
    rows_sql(listing);
    if (listing->select.fault.ptr) {
        if (!work_reread(work))
            work_problem(work, "unknown-name", listing->select.fault);
        return;
    }
    talk_then(talk, after_rows, listing);
    list_range_ask(talk, &listing->select, &listing->range);
    listing->rows_answer = sql_ask(&listing->select.sql, talk);
    talk_each(talk, listing->rows_answer, each);
    talk->repeatable = true;
    talk->personal = listing->select.personal;
    be_patient(listing);
}

static void list(struct work *work, bool csv)
{
    struct listing *listing = ARENA_NEW(&work->arena, struct listing);
    struct str fault;
    listing->work = work;
    listing->csv = csv;
    if (query_parse(&work->arena, &work->request.query, STR("_format,_q"), &listing->query,
                    &fault)) {
        work_problem(work, "unknown-name", fault);
        return;
    }
    if (list_range_read(work, &listing->query.rows, &listing->range))
        ask(listing);
}

void list_json(struct work *work)
{
    list(work, false);
}

void list_csv(struct work *work)
{
    list(work, true);
}
