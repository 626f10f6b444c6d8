#include "edit/park_facts.h"

#include "base/banned.h"

/* Who saved what is there now, as its receipt says. */
static void other_user(struct sql *sql, const struct change *change)
{
    const struct table *table = change->table;
    sql_raw(sql, "(SELECT username FROM pg409.receipt WHERE table_name = ");
    sql_value(sql, row_table_text(sql->arena, table));
    sql_raw(sql, " AND row_key = ");
    row_key_text_of(sql, table, change->key);
    sql_raw(sql, " AND version IS NOT DISTINCT FROM (SELECT ");
    version_text(sql, table, STR("t"));
    row_from(sql, table);
    sql_raw(sql, " WHERE ");
    row_key_condition(sql, table, change->key);
    sql_raw(sql, ") ORDER BY at DESC LIMIT 1)");
}

/* Those columns that are not as the editor saw them; NULL when it does not say what it saw. */
static void their_columns(struct sql *sql, const struct change *change, size_t base)
{
    bool first = true;
    sql_raw(sql, "(SELECT array_remove(ARRAY[");
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (!field->has_base || !field->column->can_select || field->column->kind == KIND_BYTEA)
            continue;
        if (!first)
            sql_raw(sql, ", ");
        first = false;
        sql_raw(sql, "CASE WHEN ");
        row_column_text(sql, field->column);
        sql_raw(sql, " COLLATE \"C\" IS DISTINCT FROM ");
        sql_again(sql, base, (struct sql_type){STR("json")});
        sql_raw(sql, " ->> ");
        size_t name = sql_typed(sql, field->column->name, (struct sql_type){STR("text")});
        sql_raw(sql, " THEN ");
        sql_again(sql, name, (struct sql_type){STR("text")});
        sql_raw(sql, " END");
    }
    sql_raw(sql, "]::text[], NULL)");
    row_from(sql, change->table);
    sql_raw(sql, " WHERE ");
    row_key_condition(sql, change->table, change->key);
    if (first)
        sql_raw(sql, " AND false");
    sql_raw(sql, ")");
}

void park_facts(struct sql *sql, const struct change *change, size_t base)
{
    bool row = change->op != CHANGE_CREATE;
    sql_raw(sql, ", ");
    if (row)
        other_user(sql, change);
    else
        sql_raw(sql, "NULL");
    sql_raw(sql, ", ");
    if (row)
        their_columns(sql, change, base);
    else
        sql_raw(sql, "NULL");
    if (change->json)
        sql_raw(sql, ", true");
    else
        sql_raw(sql, ", false");
}
