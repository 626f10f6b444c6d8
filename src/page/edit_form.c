#include "page/edit.h"

#include <string.h>

#include "edit/list.h"
#include "page/control.h"
#include "page/parked.h"
#include "wire/url.h"

#include "base/banned.h"

void edit_hidden_field(struct work *work, struct str name, struct str value)
{
    struct buf *out = OUT(work);
    if (!value.ptr)
        return;
    html_raw(out, "<input type=\"hidden\" autocomplete=\"off\"");
    html_attr(out, "name", name);
    html_attr(out, "value", value);
    html_raw(out, ">\n");
}

void edit_hidden(struct work *work, const struct edit_view *view)
{
    edit_hidden_field(work, STR("_version"), view->version);
    edit_hidden_field(work, STR("_columns"), form_columns(work, view->fields, view->field_count));
    edit_hidden_field(work, STR("_base"), view->base);
    if (view->base.ptr)
        edit_hidden_field(work, STR("_form"), form_digest(work, view->version, view->base));
    edit_hidden_field(work, STR("_token"), view->token);
    edit_hidden_field(work, STR("_next"), view->next);
    if (view->save && view->save->outcome.parked)
        edit_hidden_field(work, STR("_parked"), view->save->change.park);
    if (view->restoring)
        edit_hidden_field(work, STR("_restore"), STR("1"));
}

/* A foreign key whose choices fit into a list. */
static const struct table *listed(const struct work *work, const struct column *column)
{
    const struct table *table = column_reference(work_catalog(work), column);
    return table && table->estimate <= (int64_t)(CHOICES_MAX * 2) ? table : NULL;
}

void edit_ask_choices(struct work *work, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct table *table = listed(work, fields[i].column);
        if (table && work->talk.asked_count < TALK_MAX_STATEMENTS - 4)
            choices_ask(&work->talk, table, fields[i].column);
    }
}

/* The answer with the choices of field number wanted, or NULL; first is that of the first list. */
static const struct answer *choices_of(struct work *work, const struct edit_view *view,
                                       size_t wanted, size_t first)
{
    const struct answer *answer;
    for (size_t i = 0; i < wanted; i++)
        first += listed(work, view->fields[i].column) != NULL;
    if (!listed(work, view->fields[wanted].column) || first >= work->talk.answer_count)
        return NULL;
    answer = &work->talk.answers[first];
    return !answer->failed && answer->rows <= CHOICES_MAX ? answer : NULL;
}

static void label(struct work *work, const struct column *column)
{
    struct buf *out = OUT(work);
    html_raw(out, "<label for=\"");
    control_id(out, column);
    html_raw(out, "\">");
    page_label(work, column);
    if (column->not_null && !column->has_default && column->kind != KIND_BOOLEAN &&
        column->kind != KIND_TEXT)
        html_raw(out, " <span class=\"must\">(needed)</span>");
    html_raw(out, "</label>\n");
}

/* Not when the comment speaks of the length itself. */
static bool length_helps(struct work *work, const struct column *column)
{
    return column->max_chars &&
           str_find(column->comment, str_number(&work->arena, column->max_chars)) == SIZE_MAX;
}

/* What helps to fill it in: the column's comment, its length, what an empty field means. */
static void help(struct work *work, const struct column *column)
{
    struct buf *out = OUT(work);
    html_raw(out, "<p class=\"help\" id=\"h-");
    url_key(out, &column->name, 1);
    html_raw(out, "\">");
    html_text(out, column->comment);
    if (column->comment.len && !strchr(".!?", column->comment.ptr[column->comment.len - 1]))
        html_raw(out, ".");
    if (length_helps(work, column)) {
        html_raw(out, " At most ");
        html_number(out, column->max_chars);
        html_raw(out, " characters.");
    }
    if (column->kind == KIND_TIMESTAMPTZ)
        html_raw(out, " Date, time and the offset from UTC, as in 2026-11-22 07:49:00+01.");
    if (column->kind == KIND_ARRAY)
        html_raw(out, " Several values in braces, separated by commas: {red,green}.");
    html_raw(out, "</p>\n");
}

static bool has_help(const struct column *column)
{
    return column->comment.ptr || column->max_chars || column->kind == KIND_TIMESTAMPTZ ||
           column->kind == KIND_ARRAY;
}

void edit_field(struct work *work, const struct field *field, const struct answer *choices,
                struct str message)
{
    struct buf *out = OUT(work);
    const struct column *column = field->column;
    struct buf ids;
    buf_init(&ids, &work->arena, 1000);
    if (message.ptr) {
        buf_text(&ids, "e-");
        url_key(&ids, &column->name, 1);
    }
    if (has_help(column)) {
        buf_text(&ids, ids.len ? " h-" : "h-");
        url_key(&ids, &column->name, 1);
    }
    html_raw(out, "<div class=\"field");
    if (control_is_checkbox(column))
        html_raw(out, " check");
    html_raw(out, "\">\n");
    label(work, column);
    if (message.ptr) {
        html_raw(out, "<p class=\"wrong\" id=\"e-");
        url_key(out, &column->name, 1);
        html_raw(out, "\">");
        html_text(out, message);
        html_raw(out, "</p>\n");
    }
    control(work, column, field->value, choices, buf_slice(&ids), message.ptr != NULL);
    html_raw(out, "\n");
    if (has_help(column))
        help(work, column);
    html_raw(out, "</div>\n");
}

static bool has_control(const struct edit_view *view, const struct column *column)
{
    for (size_t i = 0; i < view->field_count; i++)
        if (view->fields[i].column == column)
            return true;
    return false;
}

void edit_shown(struct work *work, const struct edit_view *view)
{
    struct buf *out = OUT(work);
    bool any = false;
    for (size_t i = 0; view->texts && i < work->table->column_count; i++) {
        const struct column *column = &work->table->columns[i];
        if (!column->can_select || has_control(view, column))
            continue;
        if (!any)
            html_raw(out, "<dl class=\"shown aside\">\n");
        any = true;
        html_raw(out, "<div><dt>");
        page_label(work, column);
        html_raw(out, "</dt><dd>");
        control_show(work, column, view->texts[i]);
        html_raw(out, "</dd></div>\n");
    }
    if (any)
        html_raw(out, "</dl>\n");
}

/* The row that has the value: to look at, and to lay what was typed over it. */
static void other_row(struct work *work, const struct edit_view *view)
{
    struct buf *out = OUT(work);
    html_raw(out, " <a");
    page_link(work, "href", work_table_segment(work, work->table), view->link);
    html_raw(out, ">Open the row that has it</a>");
    if (view->creating && view->save->outcome.parked) {
        html_raw(out, ", or <a");
        parked_link(work, "href", view->save->change.park, "?over=1");
        html_raw(out, ">put what you typed into it</a>: you choose field by field");
    }
    html_raw(out, ".");
}

static void message(struct work *work, const struct edit_view *view)
{
    struct buf *out = OUT(work);
    if (!view->message.ptr)
        return;
    html_raw(out, "<div class=\"notice bad\" role=\"alert\"><p><strong>");
    html_text(out, view->message);
    html_raw(out, "</strong></p><p>What you typed is still here.");
    parked_words(work, view->save);
    if (view->wrong && has_control(view, view->wrong)) {
        html_raw(out, " <a href=\"#");
        control_id(out, view->wrong);
        html_raw(out, "\">Go to the field “");
        page_label(work, view->wrong);
        html_raw(out, "”</a>.");
    }
    if (view->link.ptr)
        other_row(work, view);
    html_raw(out, "</p></div>\n");
}

void edit_form(struct work *work, const struct edit_view *view, size_t first)
{
    struct buf *out = OUT(work);
    struct str table = work_table_segment(work, work->table);
    message(work, view);
    html_raw(out, "<form method=\"post\" autocomplete=\"off\" class=\"card\"");
    html_raw(out, " action=\"");
    work_link(work, out, table, view->creating ? STR_NONE : work->match.key);
    /* an address of its own: Chromium forgets the page, and all typed, once its own is posted to */
    if (!view->creating && !view->message.ptr)
        html_raw(out, "?_save=1");
    html_raw(out, "\">\n");
    edit_hidden(work, view);
    for (size_t i = 0; i < view->field_count; i++) {
        bool wrong = view->wrong && view->wrong == view->fields[i].column;
        edit_field(work, &view->fields[i], choices_of(work, view, i, first),
                   wrong ? view->message : STR_NONE);
    }
    html_raw(out, "<p class=\"actions\"><button type=\"submit\" class=\"main\">");
    buf_text(out, view->creating ? "Create" : "Save");
    html_raw(out, "</button> ");
    if (view->save && view->save->outcome.parked)
        parked_drop_button(work, view->save->change.park, STR("Throw away what I typed"));
    html_raw(out, "<a");
    page_link(work, "href", table, STR_NONE);
    html_raw(out, ">Back to the list</a></p>\n</form>\n");
    edit_shown(work, view);
}
