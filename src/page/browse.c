#include "page/browse.h"

#include "page/control.h"
#include "page/saved.h"
#include "wire/url.h"

#include "base/banned.h"

/* The page under way: the list asked for, and its rows in their order on the page. */
struct browse {
    struct work *work;
    struct list list;
    size_t rows; /* on this page */
    bool more;   /* behind it, in the direction asked */
};

/* The row of the answer that stands at place at of the page. */
static size_t row_at(const struct browse *browse, size_t at)
{
    return browse->list.backwards ? browse->rows - 1 - at : at;
}

static const struct answer *rows_of(const struct browse *browse)
{
    return &browse->work->talk.answers[0];
}

/* The address of this list with another order or another page; cursor row SIZE_MAX: none. */
static void list_link(struct browse *browse, const struct column *sort, bool descending,
                      const char *direction, size_t row)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    const struct answer *answer = rows_of(browse);
    const struct table *table = work->table;
    struct str values[MAX_KEY + 1];
    size_t count = 0;
    work_link(work, out, work_table_segment(work, table), STR_NONE);
    html_raw(out, "?q=");
    url_encode(out, browse->list.search);
    if (sort) {
        html_raw(out, "&amp;sort=");
        url_encode(out, sort->name);
    }
    if (descending)
        html_raw(out, "&amp;desc=1");
    if (row == SIZE_MAX)
        return;
    struct str sort_value = answer_cell(answer, row, table->key_count);
    if (sort && sort_value.ptr)
        values[count++] = sort_value;
    for (size_t i = 0; i < table->key_count; i++)
        values[count++] = answer_cell(answer, row, i);
    if (sort && !sort_value.ptr)
        html_raw(out, "&amp;null=1");
    html_raw(out, "&amp;");
    buf_text(out, direction);
    html_raw(out, "=");
    url_key(out, values, count);
}

static void search_form(struct browse *browse)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"get\" class=\"search\" role=\"search\"");
    page_link(work, "action", work_table_segment(work, work->table), STR_NONE);
    html_raw(out, "><label for=\"q\">Search</label> <input type=\"search\" name=\"q\" id=\"q\"");
    html_attr(out, "value", browse->list.search);
    html_raw(out, "> <button type=\"submit\">Search</button></form>\n");
}

static bool is_number(const struct column *column)
{
    bool number = column->kind == KIND_INTEGER || column->kind == KIND_NUMERIC;
    return number && !column->key_position && !column->reference_table.ptr;
}

static void column_head(struct browse *browse, const struct column *column)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    bool sorted = browse->list.sort == column;
    bool descending = sorted && browse->list.descending;
    html_raw(out, "<th scope=\"col\"");
    if (is_number(column))
        html_raw(out, " class=\"number\"");
    if (sorted && descending)
        html_raw(out, " aria-sort=\"descending\"");
    else if (sorted)
        html_raw(out, " aria-sort=\"ascending\"");
    html_raw(out, ">");
    if (list_sortable(column)) {
        html_raw(out, "<a href=\"");
        list_link(browse, column, sorted && !descending, "", SIZE_MAX);
        html_raw(out, "\">");
        page_label(work, column);
        html_raw(out, "</a>");
        if (sorted)
            html_text(out, descending ? STR(" ↓") : STR(" ↑"));
    } else {
        page_label(work, column);
    }
    html_raw(out, "</th>");
}

/* The first readable column leads to the row, which a narrow screen shows, and the one that names
 * it. */
static bool leads(const struct table *table, const struct column *column)
{
    const struct column *first = table->columns;
    while (!first->can_select)
        first++;
    return column == table->label || column == first || (!table->label && column == table->key[0]);
}

/* A link to the row that a foreign key refers to, under its name where it has one. */
static void reference_cell(struct browse *browse, const struct table *reference, struct str value,
                           struct str label)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    struct buf key;
    buf_init(&key, &work->arena, 10000);
    url_key(&key, &value, 1);
    html_raw(out, "<a");
    page_link(work, "href", work_table_segment(work, reference), buf_slice(&key));
    html_raw(out, ">");
    html_text(out, label.len ? label : value);
    html_raw(out, "</a>");
}

static void cell(struct browse *browse, const struct column *column, size_t row, size_t at,
                 struct str label)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    const struct answer *answer = rows_of(browse);
    struct str value = answer_cell(answer, row, at);
    const struct table *reference = column_reference(work_catalog(work), column);
    bool linked = reference && value.ptr && reference->key_count == 1 &&
                  str_eq(reference->key[0]->name, column->reference_column);
    if (is_number(column))
        html_raw(out, "<td class=\"number\">");
    else
        html_raw(out, "<td>");
    if (leads(work->table, column)) {
        html_raw(out, "<a");
        page_link(work, "href", work_table_segment(work, work->table),
                  row_key_segment(&work->arena, work->table, answer, row, 0));
        html_raw(out, ">");
        control_show(work, column, value.len ? value : STR("(no name)"));
        html_raw(out, "</a>");
    } else if (linked) {
        reference_cell(browse, reference, value, label);
    } else {
        control_show(work, column, value);
        if (value.len >= 200)
            html_raw(out, "…");
    }
    html_raw(out, "</td>");
}

static void table_row(struct browse *browse, size_t row)
{
    const struct table *table = browse->work->table;
    const struct answer *answer = rows_of(browse);
    size_t at = list_first_text(&browse->list), label_at = at;
    for (size_t i = 0; i < table->column_count; i++)
        label_at += table->columns[i].can_select;
    html_raw(OUT(browse->work), "<tr>");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!column->can_select)
            continue;
        bool named = list_named(&browse->list, column) != NULL;
        cell(browse, column, row, at++, named ? answer_cell(answer, row, label_at++) : STR_NONE);
    }
    html_raw(OUT(browse->work), "</tr>\n");
}

static void rows_table(struct browse *browse)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    const struct table *table = work->table;
    html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rows\">"
                  "<table class=\"rows\">\n<thead><tr>");
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].can_select)
            column_head(browse, &table->columns[i]);
    html_raw(out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < browse->rows; row++)
        table_row(browse, row_at(browse, row));
    html_raw(out, "</tbody></table></div>\n");
}

static void pages(struct browse *browse)
{
    struct buf *out = OUT(browse->work);
    const struct list *list = &browse->list;
    bool before = list->backwards ? browse->more : list->has_cursor;
    bool after = list->backwards || browse->more;
    if (browse->rows == 0)
        return;
    html_raw(out, "<nav class=\"pages\" aria-label=\"Pages\">");
    if (before) {
        html_raw(out, "<a rel=\"prev\" href=\"");
        list_link(browse, list->sort, list->descending, "before", row_at(browse, 0));
        html_raw(out, "\">← Earlier rows</a> ");
    }
    if (after) {
        html_raw(out, "<a rel=\"next\" href=\"");
        list_link(browse, list->sort, list->descending, "after", row_at(browse, browse->rows - 1));
        html_raw(out, "\">Later rows →</a>");
    }
    html_raw(out, "</nav>\n");
}

/* The download comes in the order of the page: order="title".desc */
static void download_order(struct browse *browse)
{
    const struct list *list = &browse->list;
    struct buf order;
    if (!list->sort)
        return;
    buf_init(&order, &browse->work->arena, SIZE_MAX / 4);
    buf_char(&order, '"');
    for (size_t i = 0; i < list->sort->name.len; i++) {
        if (list->sort->name.ptr[i] == '"' || list->sort->name.ptr[i] == '\\')
            buf_char(&order, '\\');
        buf_char(&order, list->sort->name.ptr[i]);
    }
    buf_text(&order, list->descending ? "\".desc" : "\"");
    html_raw(OUT(browse->work), "&amp;order=");
    url_encode(OUT(browse->work), buf_slice(&order));
}

static void heading(struct browse *browse)
{
    struct work *work = browse->work;
    struct buf *out = OUT(work);
    struct str table = work_table_segment(work, work->table);
    html_raw(out, "<h1>");
    html_text(out, work->table->name);
    html_raw(out, "</h1>\n");
    saved_notice(work);
    if (work->table->comment.ptr) {
        html_raw(out, "<p class=\"hint\">");
        html_text(out, work->table->comment);
        html_raw(out, "</p>\n");
    }
    html_raw(out, "<p class=\"actions\">");
    if (work->table->can_insert) {
        html_raw(out, "<a class=\"button\"");
        page_link(work, "href", table, STR("_new"));
        html_raw(out, ">New row</a> ");
    }
    html_raw(out, "<a href=\"");
    work_link(work, out, table, STR_NONE);
    html_raw(out, "?_format=csv&amp;_q=");
    url_encode(out, browse->list.search);
    download_order(browse);
    html_raw(out, "\">Download as CSV</a></p>\n");
}

static void after_rows(void *ctx)
{
    struct browse *browse = ctx;
    struct work *work = browse->work;
    bool bad_cursor = work->talk.error.reason == REASON_VALUE;
    if (work->talk.failed && bad_cursor) {
        work_problem(work, "malformed", STR("This page of the list cannot be found."));
        return;
    }
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    browse->rows = rows_of(browse)->rows;
    browse->more = browse->rows > browse->list.limit;
    if (browse->more)
        browse->rows = browse->list.limit;
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, work->table->name);
    heading(browse);
    search_form(browse);
    if (browse->rows)
        rows_table(browse);
    else
        html_raw(OUT(work), "<p>No rows found.</p>\n");
    pages(browse);
    page_end(work);
}

void browse_rows(struct work *work)
{
    struct browse *browse = ARENA_NEW(&work->arena, struct browse);
    browse->work = work;
    if (!browse_read(work, &browse->list))
        return;
    browse->list.short_texts = true;
    browse->list.names = work_catalog(work);
    talk_then(&work->talk, after_rows, browse);
    list_ask(&work->talk, &browse->list);
}
