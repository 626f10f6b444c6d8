#include "page/report.h"

#include "edit/advice.h"
#include "edit/park.h"
#include "page/parked.h"
#include "page/report_chart.h"
#include "page/report_shape.h"
#include "page/shell.h"

#include "base/banned.h"

#define USUAL_DAYS 30
#define MOST_EDITS 100
#define EDITS REPORT_GROUPS /* the answer behind those of the report */

struct report {
    struct work *work;
    struct report_scope scope;
    bool edits; /* were asked for */
};

bool report_read_scope(struct work *work, struct report_scope *scope)
{
    struct str days = form_get(&work->request.query, STR("days"));
    struct str table = form_get(&work->request.query, STR("table"));
    const struct settings *settings = work_settings(work);
    *scope = (struct report_scope){.catalog = work_catalog(work),
                                   .days = USUAL_DAYS,
                                   .receipt_days = settings->receipt_days};
    if (days.ptr && (str_to_u64(days, REPORT_MOST_DAYS, &scope->days) || !scope->days)) {
        work_problem(work, "malformed",
                     str_printf(&work->arena, "“days” has to be a number from 1 to %d.",
                                REPORT_MOST_DAYS));
        return false;
    }
    if (!table.len)
        return true;
    scope->table = catalog_table(scope->catalog, table);
    if (!scope->table || !scope->table->can_select) {
        if (!work_reread(work))
            work_problem(work, "no-table", STR_NONE);
        return false;
    }
    return true;
}

static void option(struct buf *out, struct str value, bool selected)
{
    html_raw(out, "<option");
    html_attr(out, "value", value);
    if (selected)
        html_raw(out, " selected");
    html_raw(out, ">");
}

static void day_options(struct report *report)
{
    static const struct {
        uint64_t days;
        const char *value, *words;
    } choices[] = {{1, "1", "today"},
                   {7, "7", "the last 7 days"},
                   {30, "30", "the last 30 days"},
                   {90, "90", "the last 90 days"},
                   {365, "365", "the last 365 days"}};
    struct buf *out = OUT(report->work);
    bool known = false;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        bool chosen = choices[i].days == report->scope.days;
        known |= chosen;
        option(out, str_from(choices[i].value), chosen);
        html_text(out, str_from(choices[i].words));
        html_raw(out, "</option>");
    }
    if (known)
        return;
    option(out, str_printf(&report->work->arena, "%llu", (unsigned long long)report->scope.days),
           true);
    html_raw(out, "the last ");
    html_number(out, report->scope.days);
    html_raw(out, " days</option>");
}

static void filter(struct report *report)
{
    struct work *work = report->work;
    struct buf *out = OUT(work);
    const struct catalog *catalog = report->scope.catalog;
    html_raw(out, "<form class=\"search compare\" method=\"get\"><label for=\"days\">Days</label>"
                  "<select id=\"days\" name=\"days\">");
    day_options(report);
    html_raw(out, "</select><label for=\"table\">Table</label><select id=\"table\" name=\"table\">"
                  "<option value=\"\">all</option>");
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (!table->can_select || !table->key_count)
            continue;
        option(out, table->name, table == report->scope.table);
        html_text(out, table->name);
        html_raw(out, "</option>");
    }
    html_raw(out, "</select><button type=\"submit\">Show</button></form>\n");
}

static struct str duration(struct arena *arena, uint64_t seconds)
{
    static const struct {
        uint64_t below, unit;
        const char *word;
    } steps[] = {{120, 1, "second"}, {7200, 60, "minute"}, {172800, 3600, "hour"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (seconds < steps[i].below) {
            unsigned long long count = seconds / steps[i].unit;
            return str_printf(arena, "%llu %s%s", count, steps[i].word, count == 1 ? "" : "s");
        }
    return str_printf(arena, "%llu days", (unsigned long long)(seconds / 86400));
}

static void counted(struct buf *out, uint64_t count, const char *words, bool *any)
{
    if (!count)
        return;
    if (*any)
        html_raw(out, ", ");
    *any = true;
    html_number(out, count);
    html_raw(out, " ");
    html_text(out, str_from(words));
}

static void rate(struct report *report, const struct answer *totals)
{
    struct buf *out = OUT(report->work);
    uint64_t recent = report_number(totals, 0, TOTAL_RECENT);
    uint64_t saves = report_number(totals, 0, TOTAL_SAVES);
    if (!saves)
        return;
    uint64_t tenths = recent * 10000 / saves;
    html_raw(out, " In the days for which saves are counted there were ");
    html_number(out, tenths / 10);
    html_raw(out, ".");
    html_number(out, tenths % 10);
    html_raw(out, " for every 1,000 saves.");
}

static void lead(struct report *report, const struct answer *totals)
{
    struct work *work = report->work;
    struct buf *out = OUT(work);
    uint64_t conflicts = report_number(totals, 0, TOTAL_CONFLICTS);
    bool any = false;
    html_raw(out, "<p class=\"lead\">");
    if (!conflicts) {
        html_raw(out, "No conflict in this time: nobody’s save met somebody else’s.</p>\n");
        return;
    }
    if (conflicts == REPORT_MOST_CONFLICTS)
        html_raw(out, "The newest ");
    html_number(out, conflicts);
    if (conflicts == 1)
        html_raw(out, " save met somebody else’s change, and its text is kept: ");
    else
        html_raw(out, " saves met somebody else’s change, and their texts are kept: ");
    counted(out, report_number(totals, 0, TOTAL_MERGED), "merged at once", &any);
    counted(out, report_number(totals, 0, TOTAL_RESOLVED), "resolved by who looked", &any);
    counted(out, report_number(totals, 0, TOTAL_DROPPED), "thrown away", &any);
    counted(out, report_number(totals, 0, TOTAL_OPEN), "not finished yet", &any);
    counted(out, report_number(totals, 0, TOTAL_ABANDONED), "left for more than a day", &any);
    html_raw(out, ".");
    if (answer_cell(totals, 0, TOTAL_MEDIAN).ptr) {
        html_raw(out, " Half of those that somebody ended were ended within ");
        html_text(out, duration(&work->arena, report_number(totals, 0, TOTAL_MEDIAN)));
        html_raw(out, ".");
    }
    rate(report, totals);
    html_raw(out, "</p>\n");
}

static void advise(struct report *report)
{
    struct work *work = report->work;
    struct buf *out = OUT(work);
    struct advice advice[ADVICE_MOST] = {{0}};
    bool merges = work_settings(work)->auto_merge != AUTO_MERGE_OFF;
    size_t count =
        advice_find(&work->arena, report->scope.catalog, work->talk.answers, merges, advice);
    if (!count)
        return;
    html_raw(out, "<section class=\"card\"><h2>What would help</h2>\n<ol class=\"advice\">\n");
    for (size_t i = 0; i < count; i++) {
        html_raw(out, "<li>");
        html_text(out, advice[i].text);
        if (advice[i].cure.ptr) {
            html_raw(out, "<br><code>");
            html_text(out, advice[i].cure);
            html_raw(out, "</code>");
        }
        html_raw(out, "</li>\n");
    }
    html_raw(out, "</ol></section>\n");
}

static struct str without_schema(const struct report *report, struct str name)
{
    return str_skip(name, work_settings(report->work)->schema.len + 1);
}

static struct str hour(struct arena *arena, struct str text)
{
    return str_printf(arena, "%s%.*s:00", text.len < 2 ? "0" : "", STR_ARG(text));
}

static void key_cell(struct report *report, const struct answer *answer, size_t row, size_t column)
{
    struct work *work = report->work;
    struct str key = report_key(&work->arena, answer_cell(answer, row, column));
    const struct table *table =
        catalog_table(report->scope.catalog, without_schema(report, answer_cell(answer, row, 0)));
    if (!table || !key.ptr)
        return;
    html_raw(OUT(work), "<a");
    page_link(work, "href", work_table_segment(work, table), key);
    html_raw(OUT(work), ">");
    html_text(OUT(work), key);
    html_raw(OUT(work), "</a>");
}

static void cell(struct report *report, const struct shape *shape, const struct answer *answer,
                 size_t row, size_t column)
{
    struct buf *out = OUT(report->work);
    struct arena *arena = &report->work->arena;
    struct str text = answer_cell(answer, row, column);
    switch (shape->columns[column].cell) {
    case CELL_KEY:
        key_cell(report, answer, row, column);
        break;
    case CELL_WHEN:
        page_when(report->work, text);
        break;
    case CELL_TABLE:
        html_text(out, without_schema(report, text));
        break;
    case CELL_PERSON:
        html_text(out, text.ptr ? text : STR("somebody who was not logged in, or another program"));
        break;
    case CELL_HOUR:
        html_text(out, hour(arena, text));
        break;
    case CELL_SECONDS:
        html_text(out, text.ptr ? duration(arena, report_number(answer, row, column)) : STR("–"));
        break;
    case CELL_END:
        html_text(out, report_end_words(text));
        break;
    default:
        html_text(out, text);
    }
}

static bool is_number(enum cell cell)
{
    return cell == CELL_NUMBER || cell == CELL_SECONDS;
}

static void heads(struct buf *out, const struct shape *shape)
{
    html_raw(out, "<thead><tr>");
    for (size_t i = 0; shape->columns[i].cell; i++) {
        if (is_number(shape->columns[i].cell))
            html_raw(out, "<th scope=\"col\" class=\"number\">");
        else
            html_raw(out, "<th scope=\"col\">");
        html_text(out, str_from(shape->columns[i].head));
        html_raw(out, "</th>");
    }
    html_raw(out, "</tr></thead>\n");
}

static void numbers(struct report *report, const struct shape *shape, const struct answer *answer)
{
    struct buf *out = OUT(report->work);
    html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\"");
    html_attr(out, "aria-label", str_from(shape->title));
    html_raw(out, "><table>");
    heads(out, shape);
    html_raw(out, "<tbody>\n");
    for (size_t row = 0; row < answer->rows; row++) {
        if (shape->bars && !report_number(answer, row, 1))
            continue;
        html_raw(out, "<tr>");
        for (size_t i = 0; shape->columns[i].cell; i++) {
            if (i == 0)
                html_raw(out, "<th scope=\"row\">");
            else if (is_number(shape->columns[i].cell))
                html_raw(out, "<td class=\"number\">");
            else
                html_raw(out, "<td>");
            cell(report, shape, answer, row, i);
            if (i == 0)
                html_raw(out, "</th>");
            else
                html_raw(out, "</td>");
        }
        html_raw(out, "</tr>\n");
    }
    html_raw(out, "</tbody></table></div>\n");
}

static void picture(struct report *report, const struct shape *shape, const struct answer *answer)
{
    struct work *work = report->work;
    struct buf *out = OUT(work);
    struct str *labels = ARENA_ARRAY(&work->arena, answer->rows + 1, struct str);
    for (size_t row = 0; row < answer->rows; row++)
        labels[row] = shape->columns[0].cell == CELL_HOUR
                          ? hour(&work->arena, answer_cell(answer, row, 0))
                          : answer_cell(answer, row, 0);
    report_bars(out, answer, labels, shape->bars == 2,
                str_printf(&work->arena, "Conflicts, %s. The numbers stand in the table below.",
                           shape->title));
    html_raw(out, "<details><summary>The numbers</summary>\n");
    numbers(report, shape, answer);
    html_raw(out, "</details>\n");
}

static void figures(struct report *report)
{
    struct buf *out = OUT(report->work);
    for (const struct shape *shape = report_shapes; shape->title; shape++) {
        const struct answer *answer = &report->work->talk.answers[shape->group];
        bool some = false;
        for (size_t row = 0; row < answer->rows && !some; row++)
            some = !shape->bars || report_number(answer, row, 1);
        if (!some)
            continue;
        html_raw(out, "<section><h2 id=\"by-");
        html_text(out, str_from(report_name(shape->group)));
        html_raw(out, "\">");
        html_text(out, str_from(shape->title));
        html_raw(out, "</h2>\n");
        if (shape->bars)
            picture(report, shape, answer);
        else
            numbers(report, shape, answer);
        html_raw(out, "</section>\n");
    }
}

static void downloads(struct report *report)
{
    struct buf *out = OUT(report->work);
    html_raw(out, "<p class=\"hint\">Times are UTC. Edits are kept for ");
    html_number(out, work_settings(report->work)->park_days);
    html_raw(out,
             " days, and so far back this can look. The same <a href=\"?_format=json&amp;days=");
    html_number(out, report->scope.days);
    html_raw(out, "\">as JSON</a>, or as CSV:");
    for (const struct shape *shape = report_shapes; shape->title; shape++) {
        html_raw(out, " <a href=\"?_format=csv&amp;days=");
        html_number(out, report->scope.days);
        html_raw(out, "&amp;by=");
        html_text(out, str_from(report_name(shape->group)));
        html_raw(out, "\">");
        html_text(out, str_from(report_name(shape->group)));
        html_raw(out, "</a>");
    }
    html_raw(out, ".</p>\n");
}

static void body(struct report *report)
{
    struct work *work = report->work;
    const struct answer *totals = &work->talk.answers[REPORT_TOTALS];
    filter(report);
    lead(report, totals);
    advise(report);
    figures(report);
    downloads(report);
}

static void after_asked(void *ctx)
{
    struct report *report = ctx;
    struct work *work = report->work;
    bool reports = report->scope.catalog->reports;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    page_begin(work, STR("Conflicts"));
    html_raw(OUT(work), "<h1>Conflicts</h1>\n");
    if (report->edits && work->talk.answers[reports ? EDITS : 0].rows) {
        html_raw(OUT(work), "<p class=\"hint\"><a href=\"#report\">To the figures of all "
                            "conflicts</a></p>\n");
        parked_section(work, &work->talk.answers[reports ? EDITS : 0]);
    }
    html_raw(OUT(work), "<div id=\"report\">\n");
    if (reports)
        body(report);
    else
        html_raw(OUT(work),
                 "<p>Nothing can be told about conflicts here: the schema pg409 is not in this "
                 "database, or it is older than this program. Whoever owns the database loads "
                 "<code>schema/pg409.sql</code> once; loading it again is harmless.</p>\n");
    html_raw(OUT(work), "</div>\n");
    page_end(work);
}

void report_page(struct work *work)
{
    struct report *report = ARENA_NEW(&work->arena, struct report);
    const struct settings *settings = work_settings(work);
    report->work = work;
    if (!report_read_scope(work, &report->scope))
        return;
    talk_then(&work->talk, after_asked, report);
    if (work_catalog(work)->reports)
        report_ask(&work->talk, &report->scope);
    report->edits = work_catalog(work)->conflicts && work->request.user.ptr;
    if (report->edits)
        park_ask_list(&work->talk, work->request.user, settings->schema, MOST_EDITS,
                      settings->park_days);
    if (work->talk.asked_count > 0)
        return;
    work->talk.then = NULL;
    after_asked(report);
}
