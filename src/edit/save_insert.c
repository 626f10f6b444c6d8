#include "edit/save_sql.h"

#include "base/banned.h"

/* The version of a new row where no trigger takes care of it. */
static bool starts_version(const struct table *table)
{
    return table->version && !table->protected && table->version->can_insert &&
           (table->version_kind != VERSION_INTEGER || !table->version->has_default);
}

static void first_version(struct sql *sql, const struct table *table)
{
    if (table->version_kind == VERSION_INTEGER)
        sql_raw(sql, "1");
    else if (table->version_kind == VERSION_TIMESTAMP)
        sql_raw(sql, "now() AT TIME ZONE 'UTC'");
    else
        sql_raw(sql, "now()");
}

/* The columns of a row: those that are given, then the version and who, where pg409 says them. */
struct insert {
    struct sql sql;
    struct change *change;
    const struct column *user;
    bool version;
    size_t given;
};

static const struct column *given(const struct change *change, size_t i)
{
    return change->bulk ? change->bulk->columns[i] : change->fields[i].column;
}

static void separate(struct insert *insert, size_t *count)
{
    if ((*count)++)
        sql_raw(&insert->sql, ", ");
}

static size_t columns(struct insert *insert)
{
    const struct change *change = insert->change;
    size_t count = 0;
    if (!insert->given && !insert->version && !insert->user)
        return 0;
    sql_raw(&insert->sql, " (");
    for (size_t i = 0; i < insert->given; i++) {
        separate(insert, &count);
        sql_ident(&insert->sql, given(change, i)->name);
    }
    if (insert->version) {
        separate(insert, &count);
        sql_ident(&insert->sql, change->table->version->name);
    }
    if (insert->user) {
        separate(insert, &count);
        sql_ident(&insert->sql, insert->user->name);
    }
    sql_raw(&insert->sql, ")");
    return count;
}

/* json as it was sent, byte by byte; null is NULL. In CSV it is the text of the member. */
static void json_member(struct insert *insert, const struct column *column)
{
    struct sql *sql = &insert->sql;
    struct sql_type text = {STR("text")};
    if (insert->change->bulk->texts)
        sql_raw(sql, "(e.j ->> ");
    else
        sql_raw(sql, "nullif((e.j -> ");
    sql_typed(sql, column->name, text);
    if (insert->change->bulk->texts)
        sql_raw(sql, ")::");
    else
        sql_raw(sql, ")::text, 'null')::");
    sql_type(sql, column->type);
}

static void json_items_member(struct insert *insert, const struct column *column)
{
    struct sql *sql = &insert->sql;
    struct sql_type text = {STR("text")};
    sql_raw(sql, "CASE json_typeof(e.j -> ");
    size_t name = sql_typed(sql, column->name, text);
    sql_raw(sql, ") WHEN 'array' THEN ");
    sql_raw(sql, SAVE_SQL_JSON_ITEMS);
    sql_raw(sql, "e.j -> ");
    sql_again(sql, name, text);
    save_sql_json_items(sql, column);
    sql_raw(sql, " ELSE (e.j ->> ");
    sql_again(sql, name, text);
    sql_raw(sql, ")::");
    sql_type(sql, column->type);
    sql_raw(sql, " END");
}

static void bulk_value(struct insert *insert, const struct column *column)
{
    struct sql *sql = &insert->sql;
    bool defaults = insert->change->bulk->defaults;
    if (defaults) {
        sql_raw(sql, "CASE WHEN (e.j -> ");
        sql_typed(sql, column->name, (struct sql_type){STR("text")});
        sql_raw(sql, ") IS NULL THEN ");
        sql_expression(sql, column->standard);
        sql_raw(sql, "::");
        sql_type(sql, column->value_type);
        sql_raw(sql, " ELSE ");
    }
    if (column->kind == KIND_JSON)
        json_member(insert, column);
    else if (save_sql_is_json_array(column))
        json_items_member(insert, column);
    else
        sql_name(sql, STR("p"), column->name);
    if (defaults)
        sql_raw(sql, " END");
}

static void field_value(struct insert *insert, struct field *field)
{
    if (field->standard)
        sql_raw(&insert->sql, "DEFAULT");
    else
        save_sql_yours(&insert->sql, insert->change->table, field);
}

static void values(struct insert *insert)
{
    const struct change *change = insert->change;
    size_t count = 0;
    for (size_t i = 0; i < insert->given; i++) {
        separate(insert, &count);
        if (change->bulk)
            bulk_value(insert, change->bulk->columns[i]);
        else
            field_value(insert, &change->fields[i]);
    }
    if (insert->version) {
        separate(insert, &count);
        first_version(&insert->sql, change->table);
    }
    if (insert->user) {
        separate(insert, &count);
        sql_typed(&insert->sql, change->user, insert->user->base_type);
    }
}

/* The object without the members that are arrays of json, which PostgreSQL would stumble over. */
static void object(struct sql *sql, const struct table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!save_sql_is_json_array(&table->columns[i]))
            continue;
        if (count++)
            sql_raw(sql, ", ");
        else
            sql_raw(sql, "(SELECT json_object_agg(m.key, m.value) FROM json_each(e.j) AS m "
                         "WHERE m.key NOT IN (");
        sql_typed(sql, table->columns[i].name, (struct sql_type){STR("text")});
    }
    if (count)
        sql_raw(sql, "))");
    else
        sql_raw(sql, "e.j");
}

/* Where the rows of a bulk come from: PostgreSQL reads them out of one JSON array, in its order. */
static void bulk_from(struct insert *insert)
{
    struct sql *sql = &insert->sql;
    const struct table *table = insert->change->table;
    sql_raw(sql, " FROM json_array_elements(");
    sql_typed(sql, insert->change->bulk->json, (struct sql_type){STR("json")});
    sql_raw(sql, ") WITH ORDINALITY AS e(j, n) CROSS JOIN LATERAL json_populate_record(NULL::");
    sql_name(sql, table->schema, table->name);
    sql_raw(sql, ", ");
    object(sql, table);
    sql_raw(sql, ") AS p ORDER BY e.n");
}

static void pass_taken(struct sql *sql, const struct bulk *bulk)
{
    if (!bulk->pass_taken)
        return;
    sql_raw(sql, " ON CONFLICT ");
    for (size_t i = 0; i < bulk->conflict_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        else
            sql_raw(sql, "(");
        sql_ident(sql, bulk->conflict[i]->name);
    }
    if (bulk->conflict_count)
        sql_raw(sql, ") ");
    sql_raw(sql, "DO NOTHING");
}

static void insert_into(struct insert *insert, const struct table *table)
{
    sql_raw(&insert->sql, "INSERT INTO ");
    sql_name(&insert->sql, table->schema, table->name);
    sql_raw(&insert->sql, " AS t");
}

void save_ask_insert(struct save *save)
{
    struct change *change = &save->change;
    struct insert insert = {.change = change, .user = save_sql_signature(change)};
    insert.version = starts_version(change->table);
    insert.given = change->bulk ? change->bulk->column_count : change->field_count;
    save_sql_open(&insert.sql, save);
    insert_into(&insert, change->table);
    size_t count = columns(&insert);
    if (change->restoring)
        sql_raw(&insert.sql, " OVERRIDING SYSTEM VALUE");
    if (change->bulk)
        sql_raw(&insert.sql, " SELECT ");
    else if (count)
        sql_raw(&insert.sql, " VALUES (");
    else
        sql_raw(&insert.sql, " DEFAULT VALUES");
    values(&insert);
    if (change->bulk) {
        bulk_from(&insert);
        pass_taken(&insert.sql, change->bulk);
    } else if (count) {
        sql_raw(&insert.sql, ")");
    }
    save_sql_close(&insert.sql, save);
}

/* The tokens that the rows of a bulk have in their receipts: t, t#2, t#3. */
static struct str tokens(struct arena *arena, struct str token, size_t rows)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < rows; i++) {
        buf_char(&buf, '"');
        for (size_t j = 0; j < token.len; j++) {
            if (token.ptr[j] == '"' || token.ptr[j] == '\\')
                buf_char(&buf, '\\');
            buf_char(&buf, token.ptr[j]);
        }
        if (i)
            buf_printf(&buf, "#%zu", i + 1);
        buf_text(&buf, i + 1 < rows ? "\"," : "\"");
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

void save_ask_made(struct save *save)
{
    const struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT ");
    version_select(&sql, table, STR("t"));
    for (size_t i = 0; i < table->key_count; i++) {
        sql_raw(&sql, ", ");
        sql_name(&sql, STR("t"), table->key[i]->name);
        sql_raw(&sql, "::text");
    }
    if (!change->without_row) {
        sql_raw(&sql, ", ");
        save_sql_shown(&sql, change);
    }
    sql_raw(&sql, " FROM unnest(");
    sql_typed(&sql, tokens(sql.arena, change->token, change->bulk->rows),
              (struct sql_type){STR("text[]")});
    sql_raw(&sql, ") WITH ORDINALITY AS o(token, n) JOIN pg409.receipt r ON r.op = 'create' AND "
                  "r.token = o.token AND coalesce(r.username, '') = coalesce(");
    sql_typed(&sql, change->user, (struct sql_type){STR("text")});
    sql_raw(&sql, ", '') JOIN ");
    sql_name(&sql, table->schema, table->name);
    sql_raw(&sql, " AS t ON ");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, " AND ");
        sql_name(&sql, STR("t"), table->key[i]->name);
        sql_raw(&sql, " = (r.row_key::json ->> ");
        sql_number(&sql, i);
        sql_raw(&sql, ")::");
        sql_type(&sql, table->key[i]->base_type);
    }
    sql_raw(&sql, " ORDER BY o.n");
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
    save->talk->personal = table->row_security;
}
