#include "edit/save_sql.h"

#include "edit/receipt.h"

#include "base/banned.h"

#define ALIAS STR("t")

struct field *change_field(const struct change *change, const struct column *column)
{
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].column == column)
            return &change->fields[i];
    return NULL;
}

static bool written(const struct field *field)
{
    return !field->kept;
}

/* One value of a column from a parameter: as it is, or read by PostgreSQL out of a JSON object. */
static void value(struct sql *sql, const struct table *table, const struct column *column,
                  bool nested, struct str text, struct str json, size_t *param)
{
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

static void yours(struct sql *sql, const struct table *table, struct field *field)
{
    if (field->row_newlines) {
        row_newlines(sql, table, field);
        return;
    }
    value(sql, table, field->column, field->nested, field->value, field->json, &field->yours_param);
}

static void base(struct sql *sql, const struct table *table, struct field *field)
{
    value(sql, table, field->column, field->base_nested, field->base, field->base_json,
          &field->base_param);
}

/* Exactly the same as seen from outside: by the text form, byte by byte. */
static void stored(struct sql *sql, const struct field *field)
{
    sql_raw(sql, "(");
    sql_ident(sql, field->column->name);
    sql_raw(sql, "::text COLLATE \"C\")");
}

static void forget_params(struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++)
        change->fields[i].yours_param = change->fields[i].base_param = 0;
}

/* The column that says who changed the row, where pg409 has to fill it in. */
static const struct column *signature(const struct change *change)
{
    const struct column *column = change->table->user;
    bool create = change->op == CHANGE_CREATE;
    if (!column || !change->user.ptr || column->kind != KIND_TEXT || change_field(change, column))
        return NULL;
    return column_writable(change->table, column, create) ? column : NULL;
}

static void open_write(struct sql *sql, struct save *save)
{
    sql_init(sql, save->talk->arena);
    forget_params(&save->change);
    if (save->change.receipts)
        sql_raw(sql, "WITH w AS (");
}

/* RETURNING, the receipt, and what comes back: version, key values, [JSON]. */
static void close_write(struct sql *sql, struct save *save)
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
    if (change->json && change->op != CHANGE_DELETE) {
        sql_raw(sql, ", ");
        row_json(sql, table, ALIAS);
        sql_raw(sql, " AS _j");
    }
    if (change->receipts) {
        sql_raw(sql, ", ");
        row_key_text(sql, table);
        sql_raw(sql, " AS _key, ");
        version_text(sql, table, ALIAS);
        sql_raw(sql, " AS _version)");
        receipt_write(sql, change);
        sql_raw(sql, " SELECT * FROM w");
    }
    save->row_answer = sql_ask(sql, save->talk);
}

void save_take_written(struct save *save, const struct answer *answer)
{
    const struct table *table = save->change.table;
    struct arena *arena = save->talk->arena;
    save->outcome.version =
        version_of(arena, table, answer_cell(answer, 0, 0), answer_cell(answer, 0, 1));
    save->outcome.has_version = save->change.op != CHANGE_DELETE;
    save->outcome.key = row_key_segment(arena, table, answer, 0, 2);
    if (save->change.json && save->change.op != CHANGE_DELETE)
        save->outcome.json = answer_cell(answer, 0, 2 + table->key_count);
}

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

void save_ask_insert(struct save *save)
{
    struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    size_t count = 0;
    bool version = starts_version(table);
    const struct column *user = signature(change);
    open_write(&sql, save);
    sql_raw(&sql, "INSERT INTO ");
    sql_name(&sql, table->schema, table->name);
    sql_raw(&sql, " AS t");
    for (size_t i = 0; i < change->field_count; i++) {
        buf_text(&sql.text, count++ ? ", " : " (");
        sql_ident(&sql, change->fields[i].column->name);
    }
    if (version) {
        buf_text(&sql.text, count++ ? ", " : " (");
        sql_ident(&sql, table->version->name);
    }
    if (user) {
        buf_text(&sql.text, count++ ? ", " : " (");
        sql_ident(&sql, user->name);
    }
    buf_text(&sql.text, count ? ")" : " DEFAULT VALUES");
    if (change->restoring)
        sql_raw(&sql, " OVERRIDING SYSTEM VALUE");
    for (size_t i = 0; i < change->field_count; i++) {
        buf_text(&sql.text, i ? ", " : " VALUES (");
        if (change->fields[i].standard)
            sql_raw(&sql, "DEFAULT");
        else
            yours(&sql, table, &change->fields[i]);
    }
    if (version) {
        buf_text(&sql.text, change->field_count ? ", " : " VALUES (");
        first_version(&sql, table);
    }
    if (user) {
        buf_text(&sql.text, change->field_count || version ? ", " : " VALUES (");
        sql_typed(&sql, change->user, user->base_type);
    }
    if (count)
        sql_raw(&sql, ")");
    close_write(&sql, save);
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
        if (field->standard) {
            sql_raw(sql, "true");
            continue;
        }
        stored(sql, field);
        sql_raw(sql, " IS DISTINCT FROM ");
        yours(sql, change->table, field);
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
    const struct column *user = signature(change);
    struct sql sql;
    bool first = true;
    open_write(&sql, save);
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
            yours(&sql, table, field);
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
    close_write(&sql, save);
}

void save_ask_delete(struct save *save)
{
    struct sql sql;
    open_write(&sql, save);
    sql_raw(&sql, "DELETE");
    row_from(&sql, save->change.table);
    where(&sql, &save->change);
    close_write(&sql, save);
}

/* yours = current, current = base, yours = base, [current as JSON]: four columns a field. */
static void compare(struct sql *sql, struct change *change, struct field *field)
{
    sql_raw(sql, ", ");
    stored(sql, field);
    sql_raw(sql, " IS NOT DISTINCT FROM ");
    if (field->standard)
        sql_raw(sql, "NULL");
    else
        yours(sql, change->table, field);
    sql_raw(sql, "::text, ");
    if (field->has_base) {
        stored(sql, field);
        sql_raw(sql, " IS NOT DISTINCT FROM ");
        base(sql, change->table, field);
        sql_raw(sql, "::text, ");
    } else {
        sql_raw(sql, "false, ");
    }
    if (field->kept) {
        sql_raw(sql, "true, ");
    } else if (field->has_base && !field->standard) {
        yours(sql, change->table, field);
        sql_raw(sql, "::text IS NOT DISTINCT FROM ");
        base(sql, change->table, field);
        sql_raw(sql, "::text, ");
    } else {
        sql_raw(sql, "false, ");
    }
    if (change->json) {
        sql_raw(sql, "to_json(");
        sql_ident(sql, field->column->name);
        sql_raw(sql, ")::text");
    } else {
        sql_raw(sql, "NULL");
    }
}

static void ask_exists(struct save *save)
{
    const struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT pg409.row_exists((SELECT c.oid FROM pg_class c JOIN pg_namespace n"
                  " ON n.oid = c.relnamespace WHERE n.nspname = ");
    sql_value(&sql, table->schema);
    sql_raw(&sql, " AND c.relname = ");
    sql_value(&sql, table->name);
    sql_raw(&sql, ")::regclass, ARRAY[");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_value(&sql, table->key[i]->name);
        sql_raw(&sql, "::name");
    }
    sql_raw(&sql, "], ARRAY[");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_value(&sql, change->key.values[i]);
        sql_raw(&sql, "::text");
    }
    sql_raw(&sql, "])");
    save->exists_answer = sql_ask(&sql, save->talk);
}

/* Version, who, [JSON of the row], each column's text, then four columns a field. */
void save_ask_look(struct save *save)
{
    struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    forget_params(change);
    sql_raw(&sql, "SELECT ");
    version_select(&sql, table, ALIAS);
    sql_raw(&sql, ", ");
    if (table->user)
        row_column_text(&sql, table->user);
    else
        sql_raw(&sql, "NULL");
    sql_raw(&sql, ", ");
    if (change->json)
        row_json(&sql, table, ALIAS);
    else
        sql_raw(&sql, "NULL");
    for (size_t i = 0; i < table->key_count; i++) {
        sql_raw(&sql, ", ");
        row_column_text(&sql, table->key[i]);
    }
    for (size_t i = 0; i < table->column_count; i++) {
        sql_raw(&sql, ", ");
        if (table->columns[i].can_select)
            row_column_text(&sql, &table->columns[i]);
        else
            sql_raw(&sql, "NULL");
    }
    for (size_t i = 0; i < change->field_count; i++)
        compare(&sql, change, &change->fields[i]);
    row_from(&sql, table);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, table, change->key);
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
    if (change->receipts)
        save->receipt_answer = receipt_ask(save->talk, change);
    if (table->row_security && change->row_exists)
        ask_exists(save);
}

bool save_take_look(struct save *save)
{
    struct change *change = &save->change;
    struct outcome *outcome = &save->outcome;
    struct arena *arena = save->talk->arena;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    size_t at = 4, count = change->table->column_count;
    if (answer->rows == 0)
        return false;
    outcome->version =
        version_of(arena, change->table, answer_cell(answer, 0, 0), answer_cell(answer, 0, 1));
    outcome->has_version = true;
    outcome->changed_by = answer_cell(answer, 0, 2);
    outcome->json = answer_cell(answer, 0, 3);
    outcome->key = row_key_segment(arena, change->table, answer, 0, at);
    at += change->table->key_count;
    outcome->texts = ARENA_ARRAY(arena, count, struct str);
    for (size_t i = 0; i < count; i++)
        outcome->texts[i] = answer_cell(answer, 0, at + i);
    at += count;
    for (size_t i = 0; i < change->field_count; i++, at += 4) {
        struct field *field = &change->fields[i];
        bool yours_is_base = answer_true(answer, 0, at + 2);
        field->compared = true;
        field->is_current = !field->standard && answer_true(answer, 0, at);
        field->is_as_seen = answer_true(answer, 0, at + 1);
        field->kept |= yours_is_base && field->has_base; /* 2026-11-22T07:49 for 07:49:00 */
        field->current = outcome->texts[field->column - change->table->columns];
        field->current_json = answer_cell(answer, 0, at + 3);
        field->merge =
            row_merge(field->has_base, yours_is_base, field->is_as_seen, field->is_current);
    }
    return true;
}

void save_ask_lock(struct save *save)
{
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT 1");
    row_from(&sql, save->change.table);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, save->change.table, save->change.key);
    sql_raw(&sql, " FOR NO KEY UPDATE");
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
}

bool save_ask_duplicate(struct save *save, const struct unique *unique)
{
    const struct table *table = save->change.table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT ");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_ident(&sql, table->key[i]->name);
        sql_raw(&sql, "::text");
    }
    row_from(&sql, table);
    sql_raw(&sql, " WHERE ");
    for (size_t i = 0; i < unique->count; i++) {
        struct field *field = change_field(&save->change, unique->columns[i]);
        if (!field || !field->value.ptr || field->nested)
            return false;
        if (i)
            sql_raw(&sql, " AND ");
        sql_ident(&sql, field->column->name);
        sql_raw(&sql, " = ");
        sql_typed(&sql, field->value, field->column->value_type);
    }
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
    return true;
}
