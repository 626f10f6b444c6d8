#include "edit/park.h"

#include "edit/park_facts.h"
#include "wire/digest.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_COLUMNS 1700 /* PostgreSQL's own limit is 1,600 */
#define MAX_DEPTH 2
#define PARKED_COLUMNS 15 /* of select_parked */
#define INSTANT(of) "to_char((" of ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

bool park_is_code(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return text.len == PARK_CODE_CHARS;
}

struct str park_code(struct arena *arena, const struct change *change)
{
    struct str parts[] = {STR("park"), change->user, change->token, change->digest};
    struct str code = digest_of(arena, parts, sizeof parts / sizeof *parts);
    code.len = PARK_CODE_CHARS;
    return code;
}

/* An item of an array as PostgreSQL writes it: always quoted, so that no value is special. */
static void quoted(struct buf *buf, struct str text)
{
    buf_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_char(buf, '\\');
        buf_char(buf, text.ptr[i]);
    }
    buf_char(buf, '"');
}

/* A JSON array as PostgreSQL's text form of an array: what a form's control would hold. */
static void array_text(struct arena *arena, struct buf *buf, const struct json_value *array)
{
    struct json_value *items;
    size_t count;
    if (json_items(arena, array, SIZE_MAX, &items, &count))
        return;
    buf_char(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_char(buf, ',');
        if (items[i].type == JSON_NULL)
            buf_text(buf, "NULL");
        else if (items[i].type == JSON_ARRAY)
            array_text(arena, buf, &items[i]);
        else
            quoted(buf, items[i].text);
    }
    buf_char(buf, '}');
}

struct str park_text(struct arena *arena, bool nested, struct str text, struct str json)
{
    struct json_value value;
    struct buf buf;
    size_t at;
    if (!nested || json_parse(arena, json, 64, &value, &at) || value.type != JSON_ARRAY)
        return text;
    buf_init(&buf, arena, SIZE_MAX / 4);
    array_text(arena, &buf, &value);
    return buf_slice(&buf);
}

static void member(struct buf *buf, const struct field *field, struct str value)
{
    json_comma(buf);
    json_string(buf, field->column->name);
    buf_char(buf, ':');
    json_string(buf, value);
}

static struct str base_of(struct arena *arena, const struct change *change)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (field->has_base)
            member(&buf, field,
                   park_text(arena, field->base_nested, field->base, field->base_json));
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

static struct str yours_of(struct arena *arena, const struct change *change)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (!field->standard && !(field->kept && field->has_base))
            member(&buf, field, park_text(arena, field->nested, field->value, field->json));
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

/* The columns that it would have changed. */
static void columns(struct sql *sql, const struct change *change)
{
    bool first = true;
    sql_raw(sql, "ARRAY[");
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (field->standard || (field->kept && field->has_base))
            continue;
        if (!first)
            sql_raw(sql, ", ");
        first = false;
        sql_value(sql, field->column->name);
    }
    sql_raw(sql, "]::text[]");
}

/* What stands in the way, as the statement sees it. */
static void current_version(struct sql *sql, const struct change *change)
{
    if (change->op == CHANGE_CREATE) {
        sql_raw(sql, "NULL");
        return;
    }
    sql_raw(sql, "CASE WHEN ");
    park_row_is_there(sql, change->table);
    sql_raw(sql, " THEN ");
    version_token_sql(sql, change->table, STR("t"));
    sql_raw(sql, " END");
}

/* The row as the statement sees it, looked up once; all NULL when it is gone. */
static void current_row(struct sql *sql, const struct change *change)
{
    sql_raw(sql, " FROM (SELECT) AS one");
    if (change->op == CHANGE_CREATE)
        return;
    sql_raw(sql, " LEFT JOIN ");
    sql_name(sql, change->table->schema, change->table->name);
    sql_raw(sql, " AS t ON ");
    row_key_condition(sql, change->table, change->key);
}

static void values(struct sql *sql, const struct change *change, struct str reason,
                   struct str other_key)
{
    bool create = change->op == CHANGE_CREATE;
    sql_value(sql, change->park);
    sql_raw(sql, ", ");
    sql_value(sql, change->user);
    sql_raw(sql, ", ");
    sql_value(sql, row_table_text(sql->arena, change->table));
    sql_raw(sql, ", ");
    if (create)
        sql_raw(sql, "NULL");
    else
        row_key_text_of(sql, change->table, change->key);
    sql_raw(sql, ", ");
    sql_value(sql, create ? STR("create") : STR("save"));
    sql_raw(sql, ", ");
    sql_value(sql, reason);
    sql_raw(sql, ", ");
    columns(sql, change);
    sql_raw(sql, ", ");
    sql_typed(sql, base_of(sql->arena, change), (struct sql_type){STR("json")});
    sql_raw(sql, ", ");
    sql_typed(sql, yours_of(sql->arena, change), (struct sql_type){STR("json")});
    sql_raw(sql, ", ");
    sql_value(sql, change->versioned ? version_token(sql->arena, change->version) : STR_NONE);
    sql_raw(sql, ", ");
    current_version(sql, change);
    sql_raw(sql, ", ");
    sql_value(sql, other_key);
    if (change->catalog->reports)
        park_facts(sql, change);
    current_row(sql, change);
}

size_t park_ask(struct talk *talk, const struct change *change, struct str reason,
                struct str other_key)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "INSERT INTO pg409.conflict AS c (code, username, table_name, row_key, op,"
                  " reason, columns, base, yours, base_version, current_version,"
                  " other_key");
    if (change->catalog->reports)
        sql_raw(&sql, ", other_user, their_columns, by_program");
    sql_raw(&sql, ") SELECT ");
    values(&sql, change, reason, other_key);
    sql_raw(&sql, " ON CONFLICT (code) DO UPDATE SET row_key = excluded.row_key,"
                  " op = excluded.op, reason = excluded.reason, columns = excluded.columns,"
                  " base = excluded.base, yours = excluded.yours,"
                  " base_version = excluded.base_version,"
                  " current_version = excluded.current_version,"
                  " other_key = excluded.other_key,");
    if (change->catalog->reports)
        sql_raw(&sql, " other_user = excluded.other_user,"
                      " their_columns = excluded.their_columns,"
                      " by_program = excluded.by_program,");
    sql_raw(&sql, " at = now(),"
                  " rounds = c.rounds + 1, resolved_at = NULL, resolution = NULL"
                  " WHERE c.username IS NOT DISTINCT FROM excluded.username"
                  " AND c.table_name = excluded.table_name"
                  " AND c.resolution IS DISTINCT FROM 'merged' RETURNING 1");
    return sql_ask(&sql, talk);
}

static void whose(struct sql *sql, struct str code, struct str user)
{
    sql_raw(sql, " WHERE code = ");
    sql_value(sql, code);
    sql_raw(sql, " AND username IS NOT DISTINCT FROM ");
    sql_value(sql, user);
}

void park_ask_reason(struct talk *talk, const struct change *change, struct str reason)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "UPDATE pg409.conflict SET reason = ");
    sql_value(&sql, reason);
    whose(&sql, change->park, change->user);
    sql_ask(&sql, talk);
}

static void settle(struct sql *sql, const struct change *change)
{
    if (str_is(change->resolution, "undone")) {
        sql_raw(sql,
                "UPDATE pg409.conflict SET resolved_at = NULL, resolution = NULL, current = NULL");
    } else if (change->resolution.ptr) {
        sql_raw(sql, "UPDATE pg409.conflict SET resolved_at = now(), resolution = ");
        sql_value(sql, change->resolution);
        sql_raw(sql, ", current = ");
        sql_value(sql, change->replaced);
    } else {
        sql_raw(sql, "DELETE FROM pg409.conflict");
    }
    whose(sql, change->park, change->user);
    if (!change->resolution.ptr) /* a double click on what was merged: that can still be undone */
        sql_raw(sql, " AND resolved_at IS NULL");
}

void park_settle(struct sql *sql, const struct change *change)
{
    sql_raw(sql, ", p AS (");
    settle(sql, change);
    sql_raw(sql, " AND EXISTS (SELECT 1 FROM w))");
}

void park_ask_settle(struct talk *talk, const struct change *change)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    settle(&sql, change);
    sql_ask(&sql, talk);
}

void park_ask_drop(struct talk *talk, struct str code, struct str user)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "UPDATE pg409.conflict SET resolved_at = now(), resolution = 'dropped'");
    whose(&sql, code, user);
    sql_raw(&sql, " AND resolved_at IS NULL");
    talk->writing = true;
    talk->repeatable = true;
    sql_ask(&sql, talk);
}

/* One row an edit; what was typed only where one is opened. */
static void select_parked(struct sql *sql, bool whole, uint64_t days)
{
    sql_raw(sql, "SELECT code, table_name, row_key, op, reason, ");
    if (whole)
        sql_raw(sql, "base, yours, current, ");
    else
        sql_raw(sql, "NULL, NULL, NULL, ");
    sql_raw(sql, "base_version, current_version, other_key, resolution, " INSTANT(
                     "at") ", " INSTANT("resolved_at"));
    sql_raw(sql, ", to_char((at + interval '1 day' * ");
    sql_number(sql, days);
    sql_raw(sql, ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                 " FROM pg409.conflict");
}

size_t park_ask_one(struct talk *talk, struct str code, struct str user, uint64_t days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    select_parked(&sql, true, days);
    whose(&sql, code, user);
    talk->repeatable = true;
    return sql_ask(&sql, talk);
}

size_t park_ask_list(struct talk *talk, struct str user, struct str schema, size_t max,
                     uint64_t days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    select_parked(&sql, false, days);
    sql_raw(&sql, " WHERE username = ");
    sql_value(&sql, user);
    sql_raw(&sql, " AND resolved_at IS NULL AND starts_with(table_name, ");
    sql_value(&sql, str_printf(talk->arena, "%.*s.", STR_ARG(schema)));
    sql_raw(&sql, ") ORDER BY at DESC LIMIT ");
    sql_number(&sql, max);
    talk->repeatable = true;
    return sql_ask(&sql, talk);
}

/* The key as a receipt keeps it, as values and as an address segment. */
static void take_key(struct arena *arena, struct str text, struct parked *parked)
{
    struct json_value key, *items;
    struct str *values = ARENA_ARRAY(arena, MAX_KEY, struct str);
    struct buf buf;
    size_t at;
    if (!text.ptr || json_parse(arena, text, MAX_DEPTH, &key, &at) ||
        json_items(arena, &key, MAX_KEY, &items, &parked->value_count))
        return;
    for (size_t i = 0; i < parked->value_count; i++)
        values[i] = items[i].text;
    buf_init(&buf, arena, SIZE_MAX / 4);
    url_key(&buf, values, parked->value_count);
    parked->key = buf_slice(&buf);
    parked->row.values = values;
}

struct parked park_take(struct arena *arena, const struct answer *answer, size_t row,
                        struct str schema)
{
    struct parked parked = {0};
    struct str prefix = str_printf(arena, "%.*s.", STR_ARG(schema));
    if (row >= answer->rows || !str_starts(answer_cell(answer, row, 1), prefix))
        return parked;
    struct str *const to[PARKED_COLUMNS] = {
        &parked.code,
        &parked.table,
        NULL,
        &parked.op,
        &parked.reason,
        &parked.base,
        &parked.yours,
        &parked.current,
        &parked.base_version,
        &parked.current_version,
        &parked.other_key,
        &parked.resolution,
        &parked.at,
        &parked.resolved_at,
        &parked.expires_at,
    };
    for (size_t i = 0; i < PARKED_COLUMNS; i++)
        if (to[i])
            *to[i] = answer_cell(answer, row, i);
    parked.found = true;
    parked.table = str_skip(parked.table, prefix.len);
    take_key(arena, answer_cell(answer, row, 2), &parked);
    return parked;
}

static bool read_object(struct arena *arena, struct str text, struct json_object *object)
{
    struct json_value value;
    size_t at;
    *object = (struct json_object){0};
    if (!text.ptr)
        return true;
    return !json_parse(arena, text, MAX_DEPTH, &value, &at) &&
           !json_members(arena, &value, MAX_COLUMNS, object);
}

/* What was seen and what is wanted of one column, if the edit has it. */
static void add_field(struct change *change, const struct column *column,
                      const struct json_object *base, const struct json_object *yours)
{
    const struct json_value *seen = json_get(base, column->name);
    const struct json_value *wanted = json_get(yours, column->name);
    if (!seen && !wanted)
        return;
    if (!column_writable(change->table, column, change->op == CHANGE_CREATE))
        return;
    change->fields[change->field_count++] = (struct field){
        .column = column,
        .value = wanted ? wanted->text : seen->text,
        .has_base = seen != NULL,
        .base = seen ? seen->text : STR_NONE,
        .kept = !wanted,
    };
}

bool park_change(struct arena *arena, const struct parked *parked, struct change *change)
{
    struct json_object base, yours;
    const struct table *table = change->table;
    change->op = str_is(parked->op, "create") ? CHANGE_CREATE : CHANGE_UPDATE;
    change->key = parked->row;
    change->park = parked->code;
    change->versioned = parked->base_version.ptr &&
                        !version_parse(arena, table, parked->base_version, &change->version);
    if (change->op == CHANGE_UPDATE && parked->value_count != table->key_count)
        return false;
    if (!read_object(arena, parked->base, &base) || !read_object(arena, parked->yours, &yours))
        return false;
    for (size_t i = 0; i < table->column_count; i++)
        add_field(change, &table->columns[i], &base, &yours);
    return true;
}

/* Stored bytes, so that they need not be read: the whole table has at least as many. */
static void drop_beyond(struct talk *talk, uint64_t bytes)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql,
            "DELETE FROM pg409.conflict WHERE code = ANY (ARRAY(SELECT code FROM"
            " (SELECT code, sum(size) OVER (ORDER BY resolved, since DESC, code) AS total FROM"
            " (SELECT code, resolved_at IS NOT NULL AS resolved,"
            " coalesce(resolved_at, at) AS since, pg_column_size(yours)"
            " + coalesce(pg_column_size(base), 0) + coalesce(pg_column_size(current), 0)"
            " AS size FROM pg409.conflict"
            " WHERE (SELECT pg_table_size('pg409.conflict') > ");
    sql_number(&sql, bytes);
    sql_raw(&sql, ") OFFSET 0) c) s WHERE total > ");
    sql_number(&sql, bytes);
    sql_raw(&sql, "))");
    sql_ask(&sql, talk);
}

void park_expire(struct talk *talk, uint64_t days, uint64_t bytes)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "DELETE FROM pg409.conflict WHERE code = ANY (ARRAY("
                  "SELECT code FROM pg409.conflict WHERE at < now() - interval '1 day' * ");
    sql_number(&sql, days);
    sql_raw(&sql, " LIMIT 1000))");
    sql_ask(&sql, talk);
    drop_beyond(talk, bytes);
}
