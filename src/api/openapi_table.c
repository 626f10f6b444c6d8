#include "api/openapi.h"

#include "edit/history.h"
#include "page/shell.h"
#include "wire/json.h"

#include "base/banned.h"

static void ref(struct buf *out, const char *what, struct str name)
{
    buf_printf(out, "{\"$ref\":\"#/components/schemas/%s-", what);
    openapi_name(out, name);
    buf_text(out, "\"}");
}

static void responses(struct buf *out, const char *const *statuses)
{
    for (; *statuses; statuses++)
        buf_printf(out, ",\"%s\":{\"$ref\":\"#/components/responses/%s\"}", *statuses, *statuses);
}

static void parameters(struct buf *out, const char *const *names)
{
    for (; *names; names++) {
        json_comma(out);
        buf_printf(out, "{\"$ref\":\"#/components/parameters/%s\"}", *names);
    }
}

/* "get":{"operationId":"list-articles","summary":...,"tags":["articles"],"parameters":[ */
static void operation(struct buf *out, const struct table *table, const char *method,
                      const char *verb, const char *summary)
{
    json_comma(out);
    buf_printf(out, "\"%s\":{\"operationId\":\"%s-", method, verb);
    openapi_name(out, table->name);
    buf_printf(out, "\",\"summary\":\"%s\",\"tags\":[", summary);
    json_string(out, table->name);
    buf_text(out, "],\"parameters\":[");
}

static bool is_reserved(struct str name)
{
    static const char *const names[] = {"select", "order",   "limit",       "offset", "and",
                                        "or",     "columns", "on_conflict", "not"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i]))
            return true;
    return str_starts(name, STR("_"));
}

/* One parameter for each column: its filter. */
static void filters(struct buf *out, const struct table *table, bool pinning)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!column->can_select || is_reserved(column->name) ||
            (pinning && !column->key_position && column != table->version))
            continue;
        json_comma(out);
        buf_text(out, "{\"name\":");
        json_string(out, column->name);
        buf_text(out, ",\"in\":\"query\",\"description\":");
        json_string(out, pinning ? STR("eq. and the value") : STR("An operator and a value: eq.1"));
        if (pinning && column->key_position)
            buf_text(out, ",\"required\":true");
        buf_text(out, ",\"schema\":{\"type\":\"string\"}}");
    }
}

static void body(struct buf *out, const char *what, const struct table *table, bool several)
{
    buf_text(out, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{"
                  "\"schema\":");
    if (several)
        buf_text(out, "{\"oneOf\":[");
    ref(out, what, table->name);
    if (several) {
        buf_text(out, ",{\"type\":\"array\",\"items\":");
        ref(out, what, table->name);
        buf_text(out, "}]}},\"text/csv\":{\"schema\":{\"type\":\"string\"}");
    }
    buf_text(out, "}}}");
}

/* "200":{...} with a row, or several. */
static void rows(struct buf *out, const char *status, const char *text, const struct table *table,
                 bool several)
{
    buf_printf(out, "\"%s\":{\"description\":\"%s\",\"headers\":{", status, text);
    if (several)
        buf_text(out, "\"Content-Range\":{\"$ref\":\"#/components/headers/Content-Range\"}");
    else
        buf_text(out, "\"ETag\":{\"$ref\":\"#/components/headers/ETag\"},\"PG409-Version\":{"
                      "\"$ref\":\"#/components/headers/PG409-Version\"},\"PG409-Outcome\":{"
                      "\"$ref\":\"#/components/headers/PG409-Outcome\"},"
                      "\"PG409-Merged\":{\"$ref\":\"#/components/headers/PG409-Merged\"}");
    buf_text(out, "},\"content\":{\"application/json\":{\"schema\":");
    if (several)
        buf_text(out, "{\"type\":\"array\",\"items\":");
    ref(out, "row", table->name);
    if (several)
        buf_text(out, "}},\"text/csv\":{\"schema\":{\"type\":\"string\"}");
    buf_text(out, "}}}");
}

static void nothing(struct buf *out, const char *status, const char *text)
{
    json_comma(out);
    buf_printf(out,
               "\"%s\":{\"description\":\"%s\",\"headers\":{\"PG409-Version\":{\"$ref\":"
               "\"#/components/headers/PG409-Version\"},\"PG409-Outcome\":{\"$ref\":"
               "\"#/components/headers/PG409-Outcome\"},\"Preference-Applied\":{\"$ref\":"
               "\"#/components/headers/Preference-Applied\"}",
               status, text);
    if (str_is(str_from(status), "201"))
        buf_text(out, ",\"Location\":{\"$ref\":\"#/components/headers/Location\"}");
    buf_text(out, "}}");
}

static const char *const read_faults[] = {"400", "403", "404", "406", "414",
                                          "500", "503", "504", NULL};
static const char *const list_faults[] = {"400", "403", "404", "406", "414",
                                          "416", "500", "503", "504", NULL};
static const char *const write_faults[] = {"400", "403", "404", "405", "409", "411", "412", "413",
                                           "414", "415", "422", "428", "500", "503", "504", NULL};

static void list_address(struct buf *out, const struct table *table)
{
    static const char *const reading[] = {"select", "order", "limit",  "offset", "and",
                                          "or",     "Range", "Prefer", NULL};
    static const char *const creating[] = {"select", "columns",        "on_conflict",
                                           "Prefer", "IdempotencyKey", NULL};
    static const char *const pinned[] = {"select", "version", "IfMatch", "Prefer", NULL};
    operation(out, table, "get", "list", "Rows of the table");
    parameters(out, reading);
    filters(out, table, false);
    buf_text(out, "],\"responses\":{");
    rows(out, "200", "The rows", table, true);
    buf_char(out, ',');
    rows(out, "206", "A part of the rows", table, true);
    responses(out, list_faults);
    buf_text(out, "}}");
    if (table->can_insert) {
        operation(out, table, "post", "create", "Create rows");
        parameters(out, creating);
        buf_char(out, ']');
        body(out, "new", table, true);
        buf_text(out, ",\"responses\":{");
        nothing(out, "201", "Created");
        responses(out, write_faults);
        buf_text(out, "}}");
    }
    if (table->can_update) {
        operation(out, table, "patch", "change-where", "Change the row that the filters pin");
        parameters(out, pinned);
        filters(out, table, true);
        buf_char(out, ']');
        body(out, "change", table, false);
        buf_text(out, ",\"responses\":{");
        nothing(out, "204", "Saved");
        responses(out, write_faults);
        buf_text(out, "}}");
    }
    if (table->can_delete) {
        operation(out, table, "delete", "delete-where", "Delete the row that the filters pin");
        parameters(out, pinned);
        filters(out, table, true);
        buf_text(out, "],\"responses\":{");
        nothing(out, "204", "Deleted");
        responses(out, write_faults);
        buf_text(out, "}}");
    }
}

static void row_write(struct buf *out, const struct table *table, const char *method,
                      const char *verb, const char *summary, const char *what)
{
    static const char *const names[] = {"select", "version",        "IfMatch", "IfNoneMatch",
                                        "Prefer", "IdempotencyKey", NULL};
    operation(out, table, method, verb, summary);
    parameters(out, names);
    buf_char(out, ']');
    if (what)
        body(out, what, table, false);
    buf_text(out, ",\"responses\":{");
    if (what)
        rows(out, "200", "The row as it is stored now", table, false);
    if (str_is(str_from(method), "put"))
        nothing(out, "201", "Created");
    nothing(out, "204", "Done");
    responses(out, write_faults);
    buf_text(out, "}}");
}

static void row_address(struct buf *out, const struct table *table)
{
    static const char *const reading[] = {"select", "IfNoneMatch", NULL};
    operation(out, table, "get", "read", "One row");
    parameters(out, reading);
    buf_text(out, "],\"responses\":{");
    rows(out, "200", "The row", table, false);
    nothing(out, "304", "It is as it was");
    responses(out, read_faults);
    buf_text(out, "}}");
    if (table->can_update) {
        row_write(out, table, "patch", "change", "Change some columns", "change");
        row_write(out, table, "put", "replace", "Replace the row, or create it", "change");
    }
    if (table->can_delete)
        row_write(out, table, "delete", "delete", "Delete the row", NULL);
}

static void key_parameter(struct buf *out)
{
    buf_text(out, "\"parameters\":[{\"name\":\"key\",\"in\":\"path\",\"required\":true,"
                  "\"description\":");
    json_string(out, STR("The primary key; several columns are joined by commas"));
    buf_text(out, ",\"schema\":{\"type\":\"string\"}}]");
}

static void history_address(struct buf *out, const struct table *table)
{
    static const char *const names[] = {"limit", NULL};
    operation(out, table, "get", "history", "Earlier versions of the row, the newest first");
    parameters(out, names);
    buf_text(out, ",{\"name\":\"before\",\"in\":\"query\",\"description\":\"Only revisions older "
                  "than the one of this "
                  "number\",\"schema\":{\"type\":\"integer\",\"minimum\":1}}],\"responses\":{"
                  "\"200\":{\"description\":\"The revisions\",\"content\":{"
                  "\"application/json\":{\"schema\":{\"type\":\"array\",\"items\":{\"type\":"
                  "\"object\",\"required\":[\"revision\",\"op\",\"version\",\"columns\",\"row\"],"
                  "\"properties\":{\"revision\":{\"type\":\"integer\"},\"op\":{\"type\":\"string\","
                  "\"enum\":[\"start\",\"create\",\"save\",\"delete\"]},\"version\":{\"type\":"
                  "\"string\"},\"at\":{\"type\":[\"string\",\"null\"]},\"by\":{\"type\":["
                  "\"string\",\"null\"]},\"columns\":{\"type\":\"array\",\"items\":{\"type\":"
                  "\"string\"}},\"row\":");
    ref(out, "row", table->name);
    buf_text(out, "}}}}}}");
    responses(out, read_faults);
    buf_text(out, "}}");
}

void openapi_paths(struct work *work, const struct table *table)
{
    struct buf *out = OUT(work);
    struct str segment = work_table_segment(work, table);
    buf_printf(out, ",\"/%.*s\":{", STR_ARG(segment));
    list_address(out, table);
    buf_printf(out, "},\"/%.*s/{key}\":{", STR_ARG(segment));
    key_parameter(out);
    row_address(out, table);
    buf_text(out, "}");
    if (history_is_kept(table)) {
        buf_printf(out, ",\"/%.*s/{key}/_history\":{", STR_ARG(segment));
        key_parameter(out);
        history_address(out, table);
        buf_text(out, "}");
    }
    openapi_flush(work);
}

/* The type of JSON that a column's value has; empty where it can be any. */
static const char *json_type(const struct column *column)
{
    switch (column->kind) {
    case KIND_BOOLEAN:
        return "\"boolean\"";
    case KIND_INTEGER:
        return "\"integer\"";
    case KIND_NUMERIC:
    case KIND_FLOAT: /* NaN and Infinity are texts */
        return "\"number\",\"string\"";
    case KIND_ARRAY:
        return "\"array\"";
    case KIND_JSON:
    case KIND_OTHER:
        return "";
    default:
        return "\"string\"";
    }
}

static const char *json_format(const struct column *column)
{
    switch (column->kind) {
    case KIND_INTEGER:
        return str_is(column->base_type.name, "bigint") ? "int64" : "int32";
    case KIND_DATE:
        return "date";
    case KIND_TIMESTAMPTZ:
        return "date-time";
    case KIND_UUID:
        return "uuid";
    default:
        return NULL;
    }
}

static void describe(struct work *work, const struct column *column)
{
    struct buf *out = OUT(work), text;
    buf_init(&text, &work->arena, 20000);
    if (column->comment.len)
        buf_printf(&text, "%.*s\n\n", STR_ARG(column->comment));
    buf_str(&text, column->type.name);
    if (column->has_default && column->standard.text.len)
        buf_printf(&text, ", default %.*s", STR_ARG(column->standard.text));
    if (column->reference_table.len)
        buf_printf(&text, ", refers to %.*s", STR_ARG(column->reference_table));
    json_name(out, "description");
    json_string(out, buf_slice(&text));
}

static void labels(struct buf *out, const struct column *column)
{
    json_name(out, "enum");
    buf_char(out, '[');
    for (size_t i = 0; i < column->label_count; i++) {
        json_comma(out);
        json_string(out, column->labels[i]);
    }
    buf_text(out, column->not_null ? "]" : ",null]");
}

static void schema(struct work *work, const struct column *column, bool read_only)
{
    struct buf *out = OUT(work);
    const char *type = json_type(column), *format = json_format(column);
    json_comma(out);
    json_string(out, column->name);
    buf_text(out, ":{");
    describe(work, column);
    if (*type)
        buf_printf(out, column->not_null ? ",\"type\":[%s]" : ",\"type\":[%s,\"null\"]", type);
    if (format)
        buf_printf(out, ",\"format\":\"%s\"", format);
    if (column->max_chars)
        buf_printf(out, ",\"maxLength\":%u", column->max_chars);
    if (column->kind == KIND_ARRAY)
        buf_text(out, ",\"items\":{}");
    if (column->kind == KIND_ENUM)
        labels(out, column);
    if (read_only)
        buf_text(out, ",\"readOnly\":true");
    buf_char(out, '}');
}

static void begin(struct buf *out, const char *what, const struct table *table)
{
    buf_printf(out, ",\"%s-", what);
    openapi_name(out, table->name);
    buf_text(out, "\":{\"type\":\"object\",\"properties\":{");
}

/* What a write may send: the writable columns, its version, and what its author saw. */
static void input(struct work *work, const char *what, const struct table *table, bool creating)
{
    struct buf *out = OUT(work);
    begin(out, what, table);
    for (size_t i = 0; i < table->column_count; i++)
        if (column_writable(table, &table->columns[i], creating) &&
            !(creating && table->columns[i].identity_always))
            schema(work, &table->columns[i], false);
    json_name(out, "_version");
    buf_text(out, "{\"type\":\"string\"}");
    if (!creating) {
        json_name(out, "_base");
        buf_text(out, "{\"type\":\"object\",\"description\":\"The columns as they were read\"}");
    }
    buf_char(out, '}');
    bool first = true;
    for (size_t i = 0; creating && i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!column->not_null || column->has_default || !column_writable(table, column, true))
            continue;
        buf_text(out, first ? ",\"required\":[" : ",");
        json_string(out, column->name);
        first = false;
    }
    buf_text(out, first ? "}" : "]}");
}

void openapi_schemas(struct work *work, const struct table *table)
{
    struct buf *out = OUT(work);
    begin(out, "row", table);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->can_select)
            schema(work, column, !column_writable(table, column, true));
    }
    json_name(out, "_version");
    buf_text(out, "{\"type\":\"string\",\"readOnly\":true}}}");
    if (table->can_insert)
        input(work, "new", table, true);
    if (table->can_update)
        input(work, "change", table, false);
    openapi_flush(work);
}
