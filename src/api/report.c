#include "api/report.h"

#include "api/answer.h"
#include "edit/advice.h"
#include "page/report.h"
#include "page/report_shape.h"
#include "page/shell.h"
#include "wire/csv.h"
#include "wire/json.h"

#include "base/banned.h"

struct report {
    struct work *work;
    struct report_scope scope;
    const struct shape *by;
};

static bool is_number(enum cell cell)
{
    return cell == CELL_NUMBER || cell == CELL_SECONDS || cell == CELL_HOUR;
}

/* A table without its schema, a key as in an address; all else as it is. */
static struct str text_of(struct report *report, enum cell cell, struct str text)
{
    struct arena *arena = &report->work->arena;
    if (cell == CELL_TABLE)
        return str_skip(text, work_settings(report->work)->schema.len + 1);
    return cell == CELL_KEY ? report_key(arena, text) : text;
}

static void line(struct report *report, const struct shape *shape, const struct answer *answer,
                 size_t row)
{
    struct buf *out = OUT(report->work);
    json_comma(out);
    buf_text(out, "\n{");
    for (size_t i = 0; shape->columns[i].cell; i++) {
        struct str text = text_of(report, shape->columns[i].cell, answer_cell(answer, row, i));
        json_comma(out);
        json_string(out, str_from(shape->columns[i].name));
        buf_char(out, ':');
        if (is_number(shape->columns[i].cell) && text.ptr)
            buf_str(out, text);
        else
            json_string(out, text);
    }
    buf_char(out, '}');
}

static void totals(struct buf *out, const struct answer *answer)
{
    static const char *const names[] = {"conflicts",        "merged",      "resolved",
                                        "dropped",          "open",        "abandoned",
                                        "median_seconds",   "refusals",    "programs",
                                        "recent_conflicts", "recent_saves"};
    buf_text(out, "\"totals\":{");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str number = answer_cell(answer, 0, i);
        json_comma(out);
        json_string(out, str_from(names[i]));
        buf_char(out, ':');
        buf_str(out, number.ptr ? number : STR("null"));
    }
    buf_text(out, "},\n");
}

static void advise(struct report *report)
{
    struct work *work = report->work;
    struct buf *out = OUT(work);
    struct advice advice[ADVICE_MOST] = {{0}};
    bool merges = work_settings(work)->auto_merge != AUTO_MERGE_OFF;
    size_t count =
        advice_find(&work->arena, report->scope.catalog, work->talk.answers, merges, advice);
    buf_text(out, "\"advice\":[");
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        buf_text(out, "\n{");
        json_name(out, "code");
        json_string(out, str_from(advice[i].code));
        json_name(out, "table");
        json_string(out, advice[i].table->name);
        json_name(out, "text");
        json_string(out, advice[i].text);
        json_name(out, "cure");
        json_string(out, advice[i].cure);
        json_name(out, "conflicts");
        buf_u64(out, advice[i].part);
        json_name(out, "of");
        buf_u64(out, advice[i].whole);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void after_json(void *ctx)
{
    struct report *report = ctx;
    struct work *work = report->work;
    struct buf *out = OUT(work);
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    answer_json(work);
    buf_text(out, "{\"days\":");
    buf_u64(out, report->scope.days);
    buf_text(out, ",\"table\":");
    json_string(out, report->scope.table ? report->scope.table->name : STR_NONE);
    buf_text(out, ",\n");
    totals(out, &work->talk.answers[REPORT_TOTALS]);
    advise(report);
    buf_text(out, ",\n\"by\":{");
    for (const struct shape *shape = report_shapes; shape->title; shape++) {
        const struct answer *answer = &work->talk.answers[shape->group];
        json_comma(out);
        buf_char(out, '\n');
        json_string(out, str_from(report_name(shape->group)));
        buf_text(out, ":[");
        for (size_t row = 0; row < answer->rows; row++)
            line(report, shape, answer, row);
        buf_char(out, ']');
    }
    buf_text(out, "}}\n");
}

static void after_csv(void *ctx)
{
    struct report *report = ctx;
    struct work *work = report->work;
    const struct answer *answer = &work->talk.answers[report->by->group];
    struct buf *out = OUT(work);
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    reply_header(&work->reply, "Content-Type", STR("text/csv; charset=utf-8; header=present"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    reply_header(&work->reply, "Content-Disposition",
                 str_printf(&work->arena, "attachment; filename=\"conflicts-by-%s.csv\"",
                            report_name(report->by->group)));
    for (size_t i = 0; report->by->columns[i].cell; i++)
        csv_value(out, str_from(report->by->columns[i].name), i == 0);
    buf_text(out, "\r\n");
    for (size_t row = 0; row < answer->rows; row++) {
        for (size_t i = 0; report->by->columns[i].cell; i++)
            csv_value(out,
                      text_of(report, report->by->columns[i].cell, answer_cell(answer, row, i)),
                      i == 0);
        buf_text(out, "\r\n");
    }
}

static struct report *start(struct work *work, void (*then)(void *ctx))
{
    struct report *report = ARENA_NEW(&work->arena, struct report);
    report->work = work;
    if (!work_catalog(work)->reports) {
        work_problem(work, "not-found",
                     STR("The schema pg409 is not in this database, or it is older than this "
                         "program: load schema/pg409.sql."));
        return NULL;
    }
    if (!report_read_scope(work, &report->scope))
        return NULL;
    talk_then(&work->talk, then, report);
    report_ask(&work->talk, &report->scope);
    return report;
}

void report_json(struct work *work)
{
    (void)start(work, after_json);
}

void report_csv(struct work *work)
{
    struct str by = form_get(&work->request.query, STR("by"));
    const struct shape *shape = report_shape(by.ptr ? by : STR("day"));
    if (!shape) {
        work_problem(work, "malformed",
                     STR("“by” has to be one of day, hour, table, column, pair, row, user, end, "
                         "reason."));
        return;
    }
    struct report *report = start(work, after_csv);
    if (report)
        report->by = shape;
}
