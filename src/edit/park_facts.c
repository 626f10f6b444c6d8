#include "edit/park_facts.h"

#include "edit/park.h"

#include "base/banned.h"

void park_row_is_there(struct sql *sql, const struct table *table)
{
    sql_raw(sql, "t.");
    sql_ident(sql, table->key[0]->name);
    sql_raw(sql, " IS NOT NULL");
}

/* Who saved what is there now, as its receipt says. */
static void other_user(struct sql *sql, const struct change *change)
{
    const struct table *table = change->table;
    sql_raw(sql, "(SELECT username FROM pg409.receipt WHERE table_name = ");
    sql_value(sql, row_table_text(sql->arena, table));
    sql_raw(sql, " AND row_key = ");
    row_key_text_of(sql, table, change->key);
    sql_raw(sql, " AND version IS NOT DISTINCT FROM CASE WHEN ");
    park_row_is_there(sql, table);
    sql_raw(sql, " THEN ");
    version_text(sql, table, STR("t"));
    sql_raw(sql, " END ORDER BY at DESC LIMIT 1)");
}

static bool is_compared(const struct field *field)
{
    return field->has_base && field->column->can_select && field->column->kind != KIND_BYTEA;
}

/* Those columns that are not as the editor saw them; NULL when it does not say what it saw. */
static void their_columns(struct sql *sql, const struct change *change)
{
    bool first = true;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (!is_compared(field))
            continue;
        if (first) {
            sql_raw(sql, "CASE WHEN ");
            park_row_is_there(sql, change->table);
            sql_raw(sql, " THEN array_remove(ARRAY[CASE WHEN ");
        } else {
            sql_raw(sql, ", CASE WHEN ");
        }
        first = false;
        row_column_text(sql, field->column);
        sql_raw(sql, " COLLATE \"C\" IS DISTINCT FROM ");
        sql_typed(sql, park_text(sql->arena, field->base_nested, field->base, field->base_json),
                  (struct sql_type){STR("text")});
        sql_raw(sql, " THEN ");
        sql_typed(sql, field->column->name, (struct sql_type){STR("text")});
        sql_raw(sql, " END");
    }
    if (first)
        sql_raw(sql, "NULL");
    else
        sql_raw(sql, "]::text[], NULL) END");
}

void park_facts(struct sql *sql, const struct change *change)
{
    sql_raw(sql, ", ");
    if (change->op == CHANGE_CREATE) {
        sql_raw(sql, "NULL, NULL");
    } else {
        other_user(sql, change);
        sql_raw(sql, ", ");
        their_columns(sql, change);
    }
    if (change->json)
        sql_raw(sql, ", true");
    else
        sql_raw(sql, ", false");
}
