#include "edit/select.h"

#include "edit/list.h"
#include "edit/version.h"

#include "base/banned.h"

#define ALIAS STR("t")
#define MAX_NAME 63 /* bytes: PostgreSQL cuts longer ones */

void select_init(struct select *select, struct arena *arena, const struct catalog *catalog,
                 const struct table *table, const struct query *query)
{
    *select = (struct select){.catalog = catalog, .table = table, .query = query};
    select->personal = table->row_security;
    sql_init(&select->sql, arena);
}

void select_miss(struct select *select, const char *format, struct str name)
{
    struct buf buf;
    if (select->fault.ptr)
        return;
    size_t at = str_find(str_from(format), STR("%s"));
    buf_init(&buf, select->sql.arena, 2000);
    buf_add(&buf, format, at);
    buf_str(&buf, name);
    buf_text(&buf, format + at + 2);
    select->fault = buf_slice(&buf);
}

const struct column *select_column(struct select *select, const struct table *table,
                                   struct str name)
{
    const struct column *column = table_column(table, name);
    if (column && column->can_select)
        return column;
    struct str format = str_printf(select->sql.arena, "The table “%.*s” has no column “%%s”.",
                                   STR_ARG(table->name));
    select_miss(select, format.ptr, name);
    return NULL;
}

/* ->'key' or ->2, with the key as a parameter. */
static void steps(struct sql *sql, const struct query_path *path)
{
    for (size_t i = 0; i < path->step_count; i++) {
        const struct query_step *step = &path->steps[i];
        struct sql_type integer = {STR("integer")}, text = {STR("text")};
        if (step->text)
            sql_raw(sql, " ->> ");
        else
            sql_raw(sql, " -> ");
        sql_typed(sql, step->key, step->index ? integer : text);
    }
}

void select_path(struct select *select, const struct table *table, struct str alias,
                 const struct query_path *path)
{
    struct sql *sql = &select->sql;
    const struct column *column = select_column(select, table, path->name);
    bool json = column && column->kind == KIND_JSON;
    if (!column)
        return;
    if (path->step_count && !json)
        sql_raw(sql, "(to_jsonb(");
    else if (path->step_count)
        sql_raw(sql, "(");
    sql_name(sql, alias, column->name);
    if (path->step_count && !json)
        sql_raw(sql, ")");
    if (!path->step_count)
        return;
    steps(sql, path);
    sql_raw(sql, ")");
}

/* Types that a value can be cast to; the names are PostgreSQL's own. */
static void cast(struct select *select, struct str type)
{
    static const struct str known[] = {
        {"text", 4},      {"varchar", 7},      {"integer", 7},
        {"int", 3},       {"int2", 4},         {"int4", 4},
        {"int8", 4},      {"smallint", 8},     {"bigint", 6},
        {"numeric", 7},   {"decimal", 7},      {"real", 4},
        {"float4", 6},    {"float8", 6},       {"double precision", 16},
        {"boolean", 7},   {"bool", 4},         {"date", 4},
        {"time", 4},      {"timetz", 6},       {"timestamp", 9},
        {"interval", 8},  {"timestamptz", 11}, {"uuid", 4},
        {"json", 4},      {"jsonb", 5},        {"bytea", 5},
        {"inet", 4},      {"cidr", 4},         {"text[]", 6},
        {"integer[]", 9}, {"int[]", 5},        {"bigint[]", 8},
        {"numeric[]", 9}, {"uuid[]", 6},       {"jsonb[]", 7},
        {"money", 5},     {"xml", 3},          {"tsvector", 8},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_ieq(type, known[i])) {
            sql_raw(&select->sql, "::");
            sql_type(&select->sql, (struct sql_type){known[i]});
            return;
        }
    select_miss(select, "A column cannot be cast to “%s” here.", type);
}

static void comma(struct select *select, bool *first)
{
    if (!*first)
        sql_raw(&select->sql, ", ");
    *first = false;
}

/* Of the list itself, not of the rows embedded in it. */
static bool is_outer(struct str alias)
{
    return str_eq(alias, ALIAS);
}

/* " AS name", and the name into the list. */
static void named(struct select *select, struct str alias, struct str name)
{
    if (name.len > MAX_NAME || name.len == 0)
        select_miss(select, "“%s” is too long for a name: give it an alias.", name);
    sql_raw(&select->sql, " AS ");
    sql_ident(&select->sql, name);
    if (!is_outer(alias))
        return;
    if (select->name_count == select->name_room) {
        size_t room = select->name_room ? 2 * select->name_room : 32;
        struct str *names = ARENA_ARRAY(select->sql.arena, room, struct str);
        for (size_t i = 0; i < select->name_count; i++)
            names[i] = select->names[i];
        select->names = names;
        select->name_room = room;
    }
    select->names[select->name_count++] = name;
}

static void as_text(struct select *select, struct str alias)
{
    if (select->texts && is_outer(alias))
        sql_raw(&select->sql, "::text");
}

/* The token, unless the table has a column of its own that is named so. */
static bool is_token(const struct table *table, const struct query_item *item)
{
    return item->kind == QUERY_ITEM_COLUMN && str_is(item->path.name, "_version") &&
           !item->path.step_count && !table_column(table, STR("_version"));
}

static void all_columns(struct select *select, const struct table *table, struct str alias,
                        bool *first, bool token)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].can_select)
            continue;
        comma(select, first);
        sql_name(&select->sql, alias, table->columns[i].name);
        as_text(select, alias);
        named(select, alias, table->columns[i].name);
    }
    if (!token || table_column(table, STR("_version")))
        return;
    comma(select, first);
    version_token_sql(&select->sql, table, alias);
    named(select, alias, STR("_version"));
}

static void one_item(struct select *select, const struct table *table, struct str alias,
                     const struct query_item *item)
{
    if (item->kind == QUERY_ITEM_EMBED)
        select_embed(select, item);
    else if (is_token(table, item))
        version_token_sql(&select->sql, table, alias);
    else
        select_path(select, table, alias, &item->path);
    if (item->cast.ptr)
        cast(select, item->cast);
    as_text(select, alias);
    named(select, alias, query_item_name(item));
}

void select_items_of(struct select *select, const struct table *table, struct str alias,
                     const struct query_item *items, size_t count)
{
    bool first = true;
    bool token = !(select->texts && is_outer(alias));
    for (size_t i = 0; i < count; i++)
        token &= !is_token(table, &items[i]);
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == QUERY_ITEM_ALL) {
            all_columns(select, table, alias, &first, token);
            continue;
        }
        comma(select, &first);
        one_item(select, table, alias, &items[i]);
    }
}

void select_items(struct select *select)
{
    static const struct query_item all = {.kind = QUERY_ITEM_ALL};
    const struct query *query = select->query;
    if (query->selects)
        select_items_of(select, select->table, ALIAS, query->items, query->item_count);
    else
        select_items_of(select, select->table, ALIAS, &all, 1);
}

void select_from(struct select *select)
{
    const struct query *query = select->query;
    sql_raw(&select->sql, " FROM ");
    sql_name(&select->sql, select->table->schema, select->table->name);
    sql_raw(&select->sql, " AS t WHERE true");
    select_conditions(select, select->table, ALIAS, &query->rows);
    for (size_t i = 0; i < query->item_count; i++)
        if (query->items[i].kind == QUERY_ITEM_EMBED && query->items[i].inner)
            select_inner(select, &query->items[i]);
    if (select->search.len)
        list_search(&select->sql, select->table, select->search);
}

static bool orders_by(const struct query_rows *rows, const struct column *column)
{
    for (size_t i = 0; i < rows->order_count; i++)
        if (!rows->orders[i].path.step_count && str_eq(rows->orders[i].path.name, column->name))
            return true;
    return false;
}

static void one_order(struct select *select, const struct table *table, struct str alias,
                      const struct query_order *order)
{
    const struct column *column = table_column(table, order->path.name);
    size_t count = order->path.step_count;
    bool json =
        column && column->kind == KIND_JSON && !(count && order->path.steps[count - 1].text);
    select_path(select, table, alias, &order->path);
    if (json)
        sql_raw(&select->sql, "::jsonb"); /* json has no order, jsonb has one */
    if (order->descending)
        sql_raw(&select->sql, " DESC");
    if (order->nulls == QUERY_NULLS_FIRST)
        sql_raw(&select->sql, " NULLS FIRST");
    else if (order->nulls == QUERY_NULLS_LAST)
        sql_raw(&select->sql, " NULLS LAST");
}

void select_order_of(struct select *select, const struct table *table, struct str alias,
                     const struct query_rows *rows)
{
    bool first = true;
    if (rows->order_count || table->key_count)
        sql_raw(&select->sql, " ORDER BY ");
    for (size_t i = 0; i < rows->order_count; i++) {
        comma(select, &first);
        one_order(select, table, alias, &rows->orders[i]);
    }
    for (size_t i = 0; i < table->key_count; i++) {
        if (orders_by(rows, table->key[i]))
            continue;
        comma(select, &first);
        sql_name(&select->sql, alias, table->key[i]->name);
    }
}

void select_order(struct select *select)
{
    select_order_of(select, select->table, ALIAS, &select->query->rows);
}

bool select_row_json(struct sql *sql, const struct catalog *catalog, const struct table *table,
                     const struct query *query)
{
    struct select select = {.sql = *sql, .catalog = catalog, .table = table, .query = query};
    select.personal = table->row_security;
    sql_raw(&select.sql, "(SELECT row_to_json(j)::text FROM (SELECT ");
    select_items(&select);
    sql_raw(&select.sql, ") j)");
    *sql = select.sql;
    return select.personal;
}

struct str select_fault(struct arena *arena, const struct catalog *catalog,
                        const struct table *table, const struct query *query)
{
    struct select select;
    select_init(&select, arena, catalog, table, query);
    select_items(&select);
    return select.fault;
}
