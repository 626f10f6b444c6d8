#include "page/control.h"

#include "wire/url.h"

#include "base/banned.h"

#define LONG_TEXT 120

bool control_is_checkbox(const struct column *column)
{
    return column->kind == KIND_BOOLEAN && column->not_null;
}

void control_id(struct buf *buf, const struct column *column)
{
    html_raw(buf, "f-");
    url_key(buf, &column->name, 1);
}

/* name, id and what describes it: the attributes that every control has. */
static void identify(struct work *work, const struct column *column, struct str describes,
                     bool invalid)
{
    struct buf *out = OUT(work);
    html_raw(out, " name=\"");
    page_field_name(out, column);
    html_raw(out, "\" id=\"");
    control_id(out, column);
    html_raw(out, "\"");
    if (describes.len)
        html_attr(out, "aria-describedby", describes);
    if (invalid)
        html_raw(out, " aria-invalid=\"true\"");
}

static void option(struct work *work, struct str value, struct str label, struct str chosen)
{
    struct buf *out = OUT(work);
    html_raw(out, "<option");
    html_attr(out, "value", value);
    if (str_eq(value, chosen) || (!chosen.ptr && value.len == 0))
        html_raw(out, " selected");
    html_raw(out, ">");
    html_text(out, label);
    html_raw(out, "</option>");
}

static void open_select(struct work *work, const struct column *column, struct str describes,
                        bool invalid)
{
    html_raw(OUT(work), "<select");
    identify(work, column, describes, invalid);
    html_raw(OUT(work), ">");
}

static void select_boolean(struct work *work, struct str value)
{
    option(work, STR(""), STR("not known"), value);
    option(work, STR("true"), STR("yes"), value);
    option(work, STR("false"), STR("no"), value);
}

static void select_enum(struct work *work, const struct column *column, struct str value)
{
    if (!column->not_null || !value.ptr)
        option(work, STR(""), STR("–"), value);
    for (size_t i = 0; i < column->label_count; i++)
        option(work, column->labels[i], column->labels[i], value);
}

static void select_row(struct work *work, const struct column *column, struct str value,
                       const struct answer *choices)
{
    bool there = !value.ptr;
    if (!column->not_null || !value.ptr)
        option(work, STR(""), STR("–"), value);
    for (size_t i = 0; i < choices->rows; i++) {
        struct str key = answer_cell(choices, i, 0), label = answer_cell(choices, i, 1);
        option(work, key, label.ptr ? label : key, value);
        there |= str_eq(key, value);
    }
    if (!there)
        option(work, value, value, value);
}

static void checkbox(struct work *work, const struct column *column, struct str value,
                     struct str describes, bool invalid)
{
    html_raw(OUT(work), "<input type=\"checkbox\" value=\"true\"");
    identify(work, column, describes, invalid);
    if (str_is(value, "true"))
        html_raw(OUT(work), " checked");
    html_raw(OUT(work), ">");
}

static void text_area(struct work *work, const struct column *column, struct str value,
                      struct str describes, bool invalid)
{
    struct buf *out = OUT(work);
    size_t rows = 2 + value.len / 90;
    for (struct str rest = value; rest.len; rows += rest.ptr != NULL)
        (void)str_cut(rest, '\n', &rest);
    html_raw(out, "<textarea");
    identify(work, column, describes, invalid);
    if (column->max_chars)
        html_attr(out, "maxlength", str_number(&work->arena, column->max_chars));
    html_raw(out, " rows=\"");
    html_number(out, rows > 24 ? 24 : rows);
    if (column->kind == KIND_JSON)
        html_raw(out, "\" class=\"code\" spellcheck=\"false");
    html_raw(out, "\">\n"); /* a newline behind the tag is dropped: this one, not the text's own */
    html_text(out, value);
    html_raw(out, "</textarea>");
}

/* Whether text has just this shape: 0 stands for a digit. */
static bool shaped(struct str text, const char *shape)
{
    size_t i = 0;
    for (; i < text.len && shape[i]; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (shape[i] == '0' ? !digit : shape[i] != text.ptr[i])
            return false;
    }
    return !shape[i] && i == text.len;
}

/*
 * A browser's own pickers throw away what they cannot show (BC, infinity,
 * microseconds): they are used only for values that survive them.
 */
static const char *input_type(const struct column *column, struct str value)
{
    bool empty = value.len == 0;
    if (column->kind == KIND_DATE && (empty || shaped(value, "0000-00-00")))
        return " type=\"date\"";
    bool midnight = str_starts(value, STR("24")); /* the end of a day, unknown to browsers */
    if (column->kind == KIND_TIME && (empty || (shaped(value, "00:00:00") && !midnight)))
        return " type=\"time\" step=\"1\"";
    if (column->kind == KIND_TIMESTAMP && (empty || shaped(value, "0000-00-00 00:00:00")))
        return " type=\"datetime-local\" step=\"1\"";
    if (column->kind == KIND_INTEGER)
        return " type=\"text\" inputmode=\"numeric\"";
    if (column->kind == KIND_NUMERIC || column->kind == KIND_FLOAT)
        return " type=\"text\" inputmode=\"decimal\"";
    return " type=\"text\"";
}

static struct str input_value(struct work *work, const struct column *column, struct str value)
{
    if (column->kind != KIND_TIMESTAMP || !shaped(value, "0000-00-00 00:00:00"))
        return value;
    return str_printf(&work->arena, "%.10sT%.8s", value.ptr, value.ptr + 11);
}

static void input(struct work *work, const struct column *column, struct str value,
                  struct str describes, bool invalid)
{
    struct buf *out = OUT(work);
    html_raw(out, "<input");
    buf_text(out, input_type(column, value));
    identify(work, column, describes, invalid);
    if (column->max_chars)
        html_attr(out, "maxlength", str_number(&work->arena, column->max_chars));
    if (column->kind == KIND_TIMESTAMPTZ)
        html_raw(out, " placeholder=\"2026-11-22 07:49:00+00\"");
    html_attr(out, "value", input_value(work, column, value));
    html_raw(out, ">");
}

/* What may stand only once is a name of some sort, not prose. */
static bool is_unique(const struct table *table, const struct column *column)
{
    for (size_t i = 0; table && i < table->unique_count; i++)
        if (table->uniques[i].count == 1 && table->uniques[i].columns[0] == column)
            return true;
    return false;
}

/* Text that may run over several lines: an input would take its line breaks away. */
static bool needs_area(struct work *work, const struct column *column, struct str value)
{
    bool several = str_find(value, STR("\n")) != SIZE_MAX || str_find(value, STR("\r")) != SIZE_MAX;
    if (several || column->kind == KIND_JSON)
        return true;
    if (column->kind != KIND_TEXT)
        return value.len > LONG_TEXT;
    bool name = work->table && (column == work->table->label || column->key_position);
    return !name && (column->max_chars == 0 || column->max_chars > 255) &&
           !column->reference_table.ptr && !is_unique(work->table, column);
}

void control(struct work *work, const struct column *column, struct str value,
             const struct answer *choices, struct str describes, bool invalid)
{
    if (control_is_checkbox(column)) {
        checkbox(work, column, value, describes, invalid);
        return;
    }
    bool boolean = column->kind == KIND_BOOLEAN, list = column->label_count > 0;
    if (boolean || list || choices) {
        open_select(work, column, describes, invalid);
        if (choices)
            select_row(work, column, value, choices);
        else if (list)
            select_enum(work, column, value);
        else
            select_boolean(work, value);
        html_raw(OUT(work), "</select>");
    } else if (needs_area(work, column, value)) {
        text_area(work, column, value, describes, invalid);
    } else {
        input(work, column, value, describes, invalid);
    }
}

struct str control_words(struct str boolean)
{
    return str_is(boolean, "true") ? STR("yes") : STR("no");
}

void control_show(struct work *work, const struct column *column, struct str value)
{
    struct buf *out = OUT(work);
    if (!value.ptr) {
        html_raw(out, "<span class=\"none\">–</span>");
    } else if (column->kind == KIND_BYTEA) {
        html_text(out, value);
        html_raw(out, " bytes");
    } else if (column->kind == KIND_BOOLEAN) {
        html_text(out, control_words(value));
    } else {
        html_text(out, value);
    }
}
