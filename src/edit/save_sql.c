#include "edit/save_sql.h"

#include "edit/history.h"

#include "edit/park.h"
#include "edit/receipt.h"
#include "edit/select.h"

#include "base/banned.h"

#define ALIAS STR("t")

struct field *change_field(const struct change *change, const struct column *column)
{
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].column == column)
            return &change->fields[i];
    return NULL;
}

bool change_keyed(const struct change *change)
{
    return change->json && change->token.ptr;
}

static bool written(const struct field *field)
{
    return !field->kept;
}

bool save_sql_is_json_array(const struct column *column)
{
    return str_is(column->base_type.name, "json[]") || str_is(column->base_type.name, "jsonb[]");
}

void save_sql_json_items(struct sql *sql, const struct column *column)
{
    sql_raw(sql, ") WITH ORDINALITY AS i(x, n))::");
    sql_type(sql, column->base_type);
}

/*
 * An array whose items are json: PostgreSQL would take the brackets of an item for another
 * dimension of the array.
 */
static void json_array(struct sql *sql, const struct column *column, struct str json, size_t *param)
{
    struct sql_type type = {STR("json")};
    sql_raw(sql, SAVE_SQL_JSON_ITEMS);
    if (*param)
        sql_again(sql, *param, type);
    else
        *param = sql_typed(sql, json, type);
    save_sql_json_items(sql, column);
}

/* One value of a column from a parameter: as it is, or read by PostgreSQL out of a JSON object. */
static void value(struct sql *sql, const struct table *table, const struct column *column,
                  bool nested, struct str text, struct str json, size_t *param)
{
    if (nested && save_sql_is_json_array(column) && str_starts(json, STR("["))) {
        json_array(sql, column, json, param);
        return;
    }
    if (nested) {
        sql_raw(sql, "(json_populate_record(NULL::");
        sql_name(sql, table->schema, table->name);
        sql_raw(sql, ", json_build_object(");
        sql_value(sql, column->name);
        sql_raw(sql, "::text, ");
    }
    struct sql_type type = column->value_type;
    if (nested)
        type.name = STR("json");
    if (*param)
        sql_again(sql, *param, type);
    else
        *param = sql_typed(sql, nested ? json : text, type);
    if (nested) {
        sql_raw(sql, "))).");
        sql_ident(sql, column->name);
    }
}

/* Lines end in the row's own style. */
static void row_newlines(struct sql *sql, const struct table *table, struct field *field)
{
    sql_raw(sql, "replace(");
    value(sql, table, field->column, false, field->value, STR_NONE, &field->yours_param);
    sql_raw(sql, "::text, E'\\n', CASE WHEN strpos(");
    sql_ident(sql, field->column->name);
    sql_raw(sql, "::text, E'\\r\\n') > 0 THEN E'\\r\\n' ELSE E'\\n' END)");
}

void save_sql_yours(struct sql *sql, const struct table *table, struct field *field)
{
    if (field->standard) {
        sql_expression(sql, field->column->standard);
        sql_raw(sql, "::");
        sql_type(sql, field->column->value_type);
        return;
    }
    if (field->row_newlines) {
        row_newlines(sql, table, field);
        return;
    }
    value(sql, table, field->column, field->nested, field->value, field->json, &field->yours_param);
}

void save_sql_base(struct sql *sql, const struct table *table, struct field *field)
{
    if (field->base_past)
        history_column(sql, field->column);
    else
        value(sql, table, field->column, field->base_nested, field->base, field->base_json,
              &field->base_param);
}

/* Exactly the same as seen from outside: by the text form, byte by byte. */
void save_sql_stored(struct sql *sql, const struct field *field)
{
    sql_raw(sql, "(");
    sql_ident(sql, field->column->name);
    sql_raw(sql, "::text COLLATE \"C\")");
}

void save_sql_forget(struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++)
        change->fields[i].yours_param = change->fields[i].base_param = 0;
}

const struct column *save_sql_signature(const struct change *change)
{
    const struct column *column = change->table->user;
    bool create = change->op == CHANGE_CREATE;
    if (!column || !change->user.ptr || column->kind != KIND_TEXT || change_field(change, column))
        return NULL;
    return column_writable(change->table, column, create) ? column : NULL;
}

void save_sql_open(struct sql *sql, struct save *save)
{
    sql_init(sql, save->talk->arena);
    save_sql_forget(&save->change);
    if (save->change.receipts)
        sql_raw(sql, "WITH w AS (");
}

static bool returns_row(const struct change *change)
{
    return change->json && !change->without_row;
}

void save_sql_shown(struct sql *sql, const struct change *change)
{
    if (change->show)
        (void)select_row_json(sql, change->catalog, change->table, change->show);
    else
        row_json(sql, change->table, ALIAS);
}

void save_sql_close(struct sql *sql, struct save *save)
{
    const struct change *change = &save->change;
    const struct table *table = change->table;
    sql_raw(sql, " RETURNING ");
    version_select(sql, table, ALIAS);
    for (size_t i = 0; i < table->key_count; i++) {
        sql_raw(sql, ", ");
        sql_ident(sql, table->key[i]->name);
        sql_raw(sql, "::text AS _k");
        sql_number(sql, i);
    }
    if (returns_row(change)) {
        sql_raw(sql, ", ");
        save_sql_shown(sql, change);
        sql_raw(sql, " AS _j");
    }
    if (change->receipts) {
        sql_raw(sql, ", ");
        row_key_text(sql, table);
        sql_raw(sql, " AS _key, ");
        version_text(sql, table, ALIAS);
        sql_raw(sql, " AS _version)");
        receipt_write(sql, change);
        if (save->outcome.parked || change->resolution.ptr)
            park_settle(sql, change);
        sql_raw(sql, " SELECT * FROM w");
    }
    save->row_answer = sql_ask(sql, save->talk);
    save->talk->personal = true;
}

void save_take_written(struct save *save, const struct answer *answer)
{
    const struct table *table = save->change.table;
    struct arena *arena = save->talk->arena;
    save->outcome.version =
        version_of(arena, table, answer_cell(answer, 0, 0), answer_cell(answer, 0, 1));
    save->outcome.has_version = save->change.op != CHANGE_DELETE && answer->rows == 1;
    save->outcome.key = row_key_segment(arena, table, answer, 0, 2);
    if (returns_row(&save->change)) {
        struct str row = answer_cell(answer, 0, 2 + table->key_count);
        *(save->change.show ? &save->outcome.shown : &save->outcome.json) = row;
    }
}

/* AND (something would change): a save that changes nothing does not move the version. */
static void changes_something(struct sql *sql, struct change *change)
{
    bool first = true;
    sql_raw(sql, " AND (");
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        if (!written(field))
            continue;
        if (!first)
            sql_raw(sql, " OR ");
        first = false;
        save_sql_stored(sql, field);
        sql_raw(sql, " IS DISTINCT FROM ");
        save_sql_yours(sql, change->table, field);
        sql_raw(sql, "::text");
    }
    sql_raw(sql, ")");
}

static void where(struct sql *sql, const struct change *change)
{
    sql_raw(sql, " WHERE ");
    row_key_condition(sql, change->table, change->key);
    if (!change->any) {
        sql_raw(sql, " AND ");
        version_condition(sql, change->table, change->version);
    }
}

void save_ask_update(struct save *save)
{
    struct change *change = &save->change;
    const struct table *table = change->table;
    const struct column *user = save_sql_signature(change);
    struct sql sql;
    bool first = true;
    save_sql_open(&sql, save);
    sql_raw(&sql, "UPDATE ");
    sql_name(&sql, table->schema, table->name);
    sql_raw(&sql, " AS t SET ");
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        if (!written(field))
            continue;
        if (!first)
            sql_raw(&sql, ", ");
        first = false;
        sql_ident(&sql, field->column->name);
        sql_raw(&sql, " = ");
        if (field->standard)
            sql_raw(&sql, "DEFAULT");
        else
            save_sql_yours(&sql, table, field);
    }
    version_advance(&sql, table, change->version, change->any);
    if (user) {
        sql_raw(&sql, ", ");
        sql_ident(&sql, user->name);
        sql_raw(&sql, " = ");
        sql_typed(&sql, change->user, user->base_type);
    }
    where(&sql, change);
    changes_something(&sql, change);
    save_sql_close(&sql, save);
}

void save_ask_delete(struct save *save)
{
    struct sql sql;
    save_sql_open(&sql, save);
    sql_raw(&sql, "DELETE");
    row_from(&sql, save->change.table);
    where(&sql, &save->change);
    save_sql_close(&sql, save);
}
