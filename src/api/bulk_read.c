#include "api/bulk_read.h"

#include "api/answer.h"
#include "wire/csv.h"
#include "wire/json.h"
#include "wire/query.h"

#include "base/banned.h"

#define MAX_DEPTH 64

struct reader {
    struct work *work;
    struct bulk *bulk;
    size_t *used; /* a column of the table each: how many rows name it */
    bool *taken;  /* with columns=: only these are */
    bool chosen;  /* columns= was given */
};

static bool malformed(struct work *work, struct str sentence)
{
    work_problem(work, "malformed", sentence);
    return false;
}

/* The column of that name; NULL when the request was answered. */
static const struct column *find_column(struct work *work, struct str name)
{
    const struct column *column = table_column(work->table, name);
    if (!column && !work_reread(work))
        work_problem(work, "unknown-name",
                     str_printf(&work->arena, "The table has no column “%.*s”.", STR_ARG(name)));
    return column;
}

/* pg409 signs the row itself: what the client read there is who changed it before. */
static bool is_signed(const struct work *work, const struct column *column)
{
    return column == work->table->user && work->request.user.ptr && column->kind == KIND_TEXT;
}

static bool is_ours(struct str name)
{
    return str_is(name, "_version") || str_is(name, "_base");
}

/* Notes that a row has this member; false when the request was answered. */
static bool note(struct reader *reader, struct str name)
{
    struct work *work = reader->work;
    const struct column *column = table_column(work->table, name);
    if (!column && is_ours(name))
        return true;
    if (reader->chosen && !(column && reader->taken[column - work->table->columns]))
        return true; /* columns= says what is taken, and that the rest is not */
    column = find_column(work, name);
    if (!column)
        return false;
    if (column->identity_always || column_forbidden(work->table, column, true)) {
        work_problem(work, column->identity_always ? "value" : "privilege",
                     str_printf(&work->arena,
                                column->identity_always
                                    ? "The database makes the value of “%.*s” itself."
                                    : "The column “%.*s” may not be written here.",
                                STR_ARG(name)));
        return false;
    }
    if (column_writable(work->table, column, true) && !is_signed(work, column))
        reader->used[column - work->table->columns]++;
    return true;
}

static bool same_members(struct reader *reader, const struct json_object *first,
                         const struct json_object *row, size_t number)
{
    const struct json_object *with = first, *without = row;
    if (reader->bulk->defaults || reader->chosen)
        return true;
    for (int turn = 0; turn < 2; turn++, with = row, without = first)
        for (size_t i = 0; i < with->count; i++)
            if (!json_get(without, with->members[i].name))
                return malformed(
                    reader->work,
                    str_printf(&reader->work->arena,
                               "All rows have to name the same columns: row %zu and row 1 differ "
                               "in “%.*s”. With Prefer: missing=default, what is absent gets its "
                               "column's default.",
                               number, STR_ARG(with->members[i].name)));
    return true;
}

static bool one_row(struct reader *reader, const struct json_value *item, size_t number,
                    struct json_object *first)
{
    struct work *work = reader->work;
    struct json_object row;
    enum err err = json_members(&work->arena, item, work_settings(work)->max_fields, &row);
    if (err == ERR_TOO_MANY) {
        work_problem(work, "too-large", STR("A row has too many members."));
        return false;
    }
    if (err)
        return malformed(work, str_printf(&work->arena, "Row %zu is not a JSON object: %s.", number,
                                          err_text(err)));
    if (number == 1)
        *first = row;
    for (size_t i = 0; i < row.count; i++)
        if (!note(reader, row.members[i].name))
            return false;
    return same_members(reader, first, &row, number);
}

static bool too_many(struct work *work)
{
    work_problem(work, "too-large",
                 str_printf(&work->arena, "One request may create %llu rows.",
                            (unsigned long long)work_settings(work)->max_rows_in));
    return false;
}

static bool not_json(struct work *work, enum err err, size_t at)
{
    if (err == ERR_NUL) {
        work_problem(work, "value",
                     STR("The body holds a NUL character, which no text can store."));
        return false;
    }
    return malformed(work, str_printf(&work->arena,
                                      "The body is not a JSON array of objects: %s at byte %zu.",
                                      err_text(err), at));
}

static bool read_json(struct reader *reader)
{
    struct work *work = reader->work;
    struct bulk *bulk = reader->bulk;
    struct json_value value, *items = &value;
    struct json_object first = {0};
    size_t at = 0, count = 1;
    enum err err = json_parse(&work->arena, work->request.body, MAX_DEPTH, &value, &at);
    if (err)
        return not_json(work, err, at);
    bulk->json = value.raw;
    if (value.type == JSON_ARRAY)
        err = json_items(&work->arena, &value, work_settings(work)->max_rows_in, &items, &count);
    else
        bulk->json = str_printf(&work->arena, "[%.*s]", STR_ARG(value.raw));
    if (err)
        return too_many(work);
    for (size_t i = 0; i < count; i++)
        if (!one_row(reader, &items[i], i + 1, &first))
            return false;
    bulk->rows = count;
    return true;
}

static bool line_fault(struct work *work, enum err err, size_t line)
{
    if (err == ERR_TOO_MANY)
        return too_many(work);
    return malformed(work, str_printf(&work->arena, "The CSV is not well formed in line %zu: %s.",
                                      line, err_text(err)));
}

static bool read_csv(struct reader *reader)
{
    struct work *work = reader->work;
    struct csv csv;
    struct buf out;
    size_t line;
    enum err err =
        csv_parse(&work->arena, work->request.body, work_settings(work)->max_rows_in, &csv, &line);
    if (err)
        return line_fault(work, err, line);
    for (size_t i = 0; i < csv.columns; i++)
        if (!note(reader, csv.names[i]))
            return false;
    buf_init(&out, &work->arena, SIZE_MAX / 4);
    buf_char(&out, '[');
    for (size_t row = 0; row < csv.row_count; row++) {
        json_comma(&out);
        buf_char(&out, '{');
        for (size_t i = 0; i < csv.columns; i++) {
            json_comma(&out);
            json_string(&out, csv.names[i]);
            buf_char(&out, ':');
            json_string(&out, csv.rows[row][i]);
        }
        buf_char(&out, '}');
    }
    buf_char(&out, ']');
    reader->bulk->texts = true;
    reader->bulk->json = buf_slice(&out);
    reader->bulk->rows = csv.row_count;
    for (size_t i = 0; i < work->table->column_count; i++)
        reader->used[i] *= csv.row_count + 1; /* a line names all of its columns */
    return true;
}

/* The columns that a parameter names; false when the request was answered. */
static bool named_columns(struct work *work, struct str parameter, const struct column ***columns,
                          size_t *count)
{
    struct str *names, fault, text = form_get(&work->request.query, parameter);
    if (query_names(&work->arena, text, &names, count, &fault)) {
        work_problem(work, "unknown-name", fault);
        return false;
    }
    *columns = ARENA_ARRAY(&work->arena, *count, const struct column *);
    for (size_t i = 0; i < *count; i++) {
        (*columns)[i] = find_column(work, names[i]);
        if (!(*columns)[i])
            return false;
    }
    return true;
}

/* columns=a,b: only these are taken from the body. */
static bool read_columns(struct reader *reader)
{
    const struct column **columns;
    size_t count;
    if (!named_columns(reader->work, STR("columns"), &columns, &count))
        return false;
    reader->chosen = count > 0;
    for (size_t i = 0; i < count; i++) {
        reader->taken[columns[i] - reader->work->table->columns] = true;
        if (!note(reader, columns[i]->name))
            return false;
    }
    return true;
}

static bool read_conflict(struct work *work, struct bulk *bulk)
{
    bulk->pass_taken = answer_prefers(work, STR("resolution=ignore-duplicates"));
    return !bulk->pass_taken ||
           named_columns(work, STR("on_conflict"), &bulk->conflict, &bulk->conflict_count);
}

/* The default of an identity column cannot be said row by row: all of them give it, or none. */
static bool identities(struct reader *reader)
{
    const struct table *table = reader->work->table;
    for (size_t i = 0; reader->bulk->defaults && i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        bool identity = column->automatic && !column->standard.text.ptr;
        if (identity && reader->used[i] && reader->used[i] < reader->bulk->rows)
            return malformed(reader->work,
                             str_printf(&reader->work->arena,
                                        "The database numbers “%.*s” itself: all rows have to give "
                                        "it, or none.",
                                        STR_ARG(column->name)));
    }
    return true;
}

bool bulk_read(struct work *work, struct bulk *bulk)
{
    size_t count = work->table->column_count;
    struct reader reader = {.work = work, .bulk = bulk};
    *bulk = (struct bulk){.defaults = answer_prefers(work, STR("missing=default"))};
    reader.used = ARENA_ARRAY(&work->arena, count, size_t);
    reader.taken = ARENA_ARRAY(&work->arena, count, bool);
    bool csv = str_is(work->request.media_type, "text/csv");
    if (!work->request.has_body)
        return malformed(work, STR("The body is empty: the rows to create are needed."));
    if (!read_columns(&reader) || !read_conflict(work, bulk) ||
        !(csv ? read_csv(&reader) : read_json(&reader)) || !identities(&reader))
        return false;
    bulk->columns = ARENA_ARRAY(&work->arena, count, const struct column *);
    for (size_t i = 0; i < count; i++)
        if (reader.used[i])
            bulk->columns[bulk->column_count++] = &work->table->columns[i];
    return true;
}
