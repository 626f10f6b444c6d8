#include "edit/history.h"

#include "base/banned.h"

#define MAX_COLUMNS 700 /* two values a column, and PostgreSQL's limit of 1,664 */
#define AT "to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define HEAD                                                                                       \
    "h.id, h.op, h.username, CASE WHEN h.role_name <> session_user THEN h.role_name END, " AT      \
    ", h.version"

enum { H_ID, H_OP, H_USER, H_ROLE, H_AT, H_VERSION, H_COLUMNS, H_REST };

bool history_is_kept(const struct table *table)
{
    return table->history && table->protected && table->key_count > 0 &&
           table->column_count <= MAX_COLUMNS;
}

/* " FROM pg409.history WHERE ...": the revisions of one row. */
static void of_row(struct sql *sql, const struct table *table, struct key key)
{
    sql_raw(sql, " FROM pg409.history WHERE table_name = ");
    sql_value(sql, row_table_text(sql->arena, table));
    sql_raw(sql, " AND row_key = ");
    row_key_text_of(sql, table, key);
}

/* " LEFT JOIN LATERAL json_populate_record(NULL::s.t, h.row) AS r ON true" */
static void as_record(struct sql *sql, const struct table *table, const char *json,
                      struct str alias)
{
    sql_raw(sql, " LEFT JOIN LATERAL json_populate_record(NULL::");
    sql_name(sql, table->schema, table->name);
    sql_raw(sql, ", h.");
    sql_ident(sql, str_from(json));
    sql_raw(sql, ") AS ");
    sql_ident(sql, alias);
    sql_raw(sql, " ON true");
}

static void value_of(struct sql *sql, struct str alias, const struct column *column)
{
    if (column->kind == KIND_BYTEA)
        sql_raw(sql, "octet_length(");
    sql_name(sql, alias, column->name);
    if (column->kind == KIND_BYTEA)
        sql_raw(sql, ")");
    sql_raw(sql, "::text");
}

/* A value of r or p, where this revision changed it. */
static void changed_value(struct sql *sql, const struct column *column, struct str alias)
{
    sql_raw(sql, ", CASE WHEN h.op = 'save' AND ");
    sql_value(sql, column->name);
    sql_raw(sql, " = ANY (h.columns) THEN ");
    value_of(sql, alias, column);
    sql_raw(sql, " END");
}

static void changed_values(struct sql *sql, const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->can_select) {
            changed_value(sql, column, STR("r"));
            changed_value(sql, column, STR("p"));
        } else {
            sql_raw(sql, ", NULL, NULL");
        }
    }
}

/* The names of columns that may be read. */
static void names_of(struct sql *sql, const struct table *table)
{
    bool first = true;
    sql_raw(sql, ", (SELECT coalesce(json_agg(c ORDER BY n), '[]') FROM unnest(h.columns)"
                 " WITH ORDINALITY u(c, n) WHERE c = ANY (ARRAY[");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].can_select)
            continue;
        if (!first)
            sql_raw(sql, ", ");
        first = false;
        sql_value(sql, table->columns[i].name);
    }
    sql_raw(sql, "]::text[]))");
}

size_t history_ask(struct talk *talk, const struct table *table, struct key key, uint64_t before,
                   uint64_t limit, bool json)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT " HEAD);
    names_of(&sql, table);
    if (json) {
        sql_raw(&sql, ", ");
        row_json(&sql, table, STR("r"));
    } else {
        changed_values(&sql, table);
    }
    sql_raw(&sql, " FROM (SELECT *, lead(\"row\") OVER (ORDER BY id DESC) AS prev FROM (SELECT *");
    of_row(&sql, table, key);
    if (before) {
        sql_raw(&sql, " AND id < ");
        sql_number(&sql, before);
    }
    sql_raw(&sql, " ORDER BY id DESC LIMIT ");
    sql_number(&sql, limit + 2);
    sql_raw(&sql, ") x) h");
    as_record(&sql, table, "row", STR("r"));
    if (!json)
        as_record(&sql, table, "prev", STR("p"));
    sql_raw(&sql, " ORDER BY h.id DESC LIMIT ");
    sql_number(&sql, limit + 1);
    return sql_ask(&sql, talk);
}

size_t history_ask_one(struct talk *talk, const struct table *table, struct key key, uint64_t id)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT " HEAD);
    names_of(&sql, table);
    for (size_t i = 0; i < table->column_count; i++) {
        sql_raw(&sql, ", ");
        if (table->columns[i].can_select)
            value_of(&sql, STR("r"), &table->columns[i]);
        else
            sql_raw(&sql, "NULL");
    }
    sql_raw(&sql, " FROM (SELECT *");
    of_row(&sql, table, key);
    sql_raw(&sql, " AND id = ");
    sql_number(&sql, id);
    sql_raw(&sql, ") h");
    as_record(&sql, table, "row", STR("r"));
    return sql_ask(&sql, talk);
}

static struct revision head(struct arena *arena, const struct table *table,
                            const struct answer *answer, size_t row)
{
    return (struct revision){
        .id = answer_cell(answer, row, H_ID),
        .op = answer_cell(answer, row, H_OP),
        .user = answer_cell(answer, row, H_USER),
        .role = answer_cell(answer, row, H_ROLE),
        .at = answer_cell(answer, row, H_AT),
        .version = version_of(arena, table, answer_cell(answer, row, H_VERSION), STR_NONE),
        .columns = answer_cell(answer, row, H_COLUMNS),
    };
}

struct revision history_take(struct arena *arena, const struct table *table,
                             const struct answer *answer, size_t row, bool json)
{
    struct revision revision = head(arena, table, answer, row);
    if (json) {
        revision.json = answer_cell(answer, row, H_REST);
        return revision;
    }
    revision.texts = ARENA_ARRAY(arena, table->column_count, struct str);
    revision.before = ARENA_ARRAY(arena, table->column_count, struct str);
    for (size_t i = 0; i < table->column_count; i++) {
        revision.texts[i] = answer_cell(answer, row, H_REST + 2 * i);
        revision.before[i] = answer_cell(answer, row, H_REST + 2 * i + 1);
    }
    return revision;
}

struct revision history_take_one(struct arena *arena, const struct table *table,
                                 const struct answer *answer)
{
    if (answer->rows == 0)
        return (struct revision){0};
    struct revision revision = head(arena, table, answer, 0);
    revision.texts = ARENA_ARRAY(arena, table->column_count, struct str);
    for (size_t i = 0; i < table->column_count; i++)
        revision.texts[i] = answer_cell(answer, 0, H_REST + i);
    return revision;
}

void history_join(struct sql *sql, const struct table *table, struct key key,
                  struct version version)
{
    sql_raw(sql, " LEFT JOIN LATERAL (SELECT id AS _pg409_id, json_populate_record(NULL::");
    sql_name(sql, table->schema, table->name);
    sql_raw(sql, ", \"row\") AS _pg409");
    of_row(sql, table, key);
    sql_raw(sql, " AND version::");
    sql_type(sql, table->version->base_type);
    sql_raw(sql, " = ");
    version_value(sql, table, version);
    sql_raw(sql, " ORDER BY id DESC LIMIT 1) past ON true");
}

void history_column(struct sql *sql, const struct column *column)
{
    sql_raw(sql, "(past._pg409).");
    sql_ident(sql, column->name);
}

size_t history_ask_last(struct talk *talk, const struct table *table, struct key key)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT " HEAD ", NULL FROM (SELECT *");
    of_row(&sql, table, key);
    sql_raw(&sql, " ORDER BY id DESC LIMIT 1) h");
    return sql_ask(&sql, talk);
}

struct revision history_take_last(struct arena *arena, const struct table *table,
                                  const struct answer *answer)
{
    return answer->rows ? head(arena, table, answer, 0) : (struct revision){0};
}

void history_expire(struct talk *talk, uint64_t days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT pg409.expire_history(");
    sql_number(&sql, days);
    sql_raw(&sql, ")");
    sql_ask(&sql, talk);
}
