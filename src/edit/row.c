#include "edit/row.h"

#include "edit/select.h"
#include "wire/url.h"

#include "base/banned.h"

#define ALIAS STR("t")

void row_key_condition(struct sql *sql, const struct table *table, struct key key)
{
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(sql, " AND ");
        sql_ident(sql, table->key[i]->name);
        sql_raw(sql, " = ");
        sql_typed(sql, key.values[i], table->key[i]->base_type);
    }
}

void row_key_text(struct sql *sql, const struct table *table)
{
    sql_raw(sql, "json_build_array(");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        sql_ident(sql, table->key[i]->name);
        sql_raw(sql, "::text");
    }
    sql_raw(sql, ")::text");
}

void row_key_text_of(struct sql *sql, const struct table *table, struct key key)
{
    sql_raw(sql, "json_build_array(");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        sql_raw(sql, "(");
        sql_typed(sql, key.values[i], table->key[i]->base_type);
        sql_raw(sql, ")::text");
    }
    sql_raw(sql, ")::text");
}

struct str row_table_text(struct arena *arena, const struct table *table)
{
    return str_printf(arena, "%.*s.%.*s", STR_ARG(table->schema), STR_ARG(table->name));
}

void row_column_text(struct sql *sql, const struct column *column)
{
    if (column->kind == KIND_BYTEA)
        sql_raw(sql, "octet_length(");
    sql_ident(sql, column->name);
    if (column->kind == KIND_BYTEA)
        sql_raw(sql, ")");
    sql_raw(sql, "::text");
}

void row_json(struct sql *sql, const struct table *table, struct str alias)
{
    bool first = true;
    sql_raw(sql, "(SELECT row_to_json(j)::text FROM (SELECT ");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].can_select)
            continue;
        if (!first)
            sql_raw(sql, ", ");
        first = false;
        sql_name(sql, alias, table->columns[i].name);
    }
    sql_raw(sql, ") j)");
}

void row_from(struct sql *sql, const struct table *table)
{
    sql_raw(sql, " FROM ");
    sql_name(sql, table->schema, table->name);
    sql_raw(sql, " AS t");
}

struct str row_key_segment(struct arena *arena, const struct table *table,
                           const struct answer *answer, size_t row, size_t first)
{
    struct str values[MAX_KEY];
    struct buf buf;
    for (size_t i = 0; i < table->key_count; i++)
        values[i] = answer_cell(answer, row, first + i);
    buf_init(&buf, arena, SIZE_MAX / 4);
    url_key(&buf, values, table->key_count);
    return buf_slice(&buf);
}

/* Version, then [JSON], then [each column's text]. */
size_t row_ask(struct talk *talk, const struct table *table, struct key key, bool texts, bool json)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT ");
    version_select(&sql, table, ALIAS);
    if (json) {
        sql_raw(&sql, ", ");
        row_json(&sql, table, ALIAS);
    }
    for (size_t i = 0; texts && i < table->column_count; i++) {
        sql_raw(&sql, ", ");
        if (table->columns[i].can_select)
            row_column_text(&sql, &table->columns[i]);
        else
            sql_raw(&sql, "NULL");
    }
    row_from(&sql, table);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, table, key);
    talk->personal |= table->row_security;
    return sql_ask(&sql, talk);
}

size_t row_ask_shown(struct talk *talk, const struct catalog *catalog, const struct table *table,
                     struct key key, const struct query *show)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT ");
    version_select(&sql, table, ALIAS);
    sql_raw(&sql, ", ");
    talk->personal |= select_row_json(&sql, catalog, table, show);
    row_from(&sql, table);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, table, key);
    return sql_ask(&sql, talk);
}

void row_take(struct arena *arena, const struct table *table, const struct answer *answer,
              bool texts, bool json, struct row *row)
{
    *row = (struct row){.found = answer->rows > 0};
    if (!row->found)
        return;
    row->version = version_of(arena, table, answer_cell(answer, 0, 0), answer_cell(answer, 0, 1));
    if (json)
        row->json = answer_cell(answer, 0, 2);
    if (!texts)
        return;
    row->texts = ARENA_ARRAY(arena, table->column_count, struct str);
    for (size_t i = 0; i < table->column_count; i++)
        row->texts[i] = answer_cell(answer, 0, (json ? 3 : 2) + i);
}
