#include "edit/list.h"

#include "base/banned.h"

bool list_sortable(const struct column *column)
{
    return column->can_select && column->kind != KIND_JSON && column->kind != KIND_BYTEA &&
           column->kind != KIND_OTHER;
}

static void qualified(struct sql *sql, struct str name)
{
    sql_name(sql, STR("t"), name);
}

static void key_list(struct sql *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        qualified(sql, table->key[i]->name);
    }
}

static void key_values(struct sql *sql, const struct list *list)
{
    for (size_t i = 0; i < list->table->key_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        sql_typed(sql, list->key[i], list->table->key[i]->base_type);
    }
}

/* Whether a column takes part in a search: what people read, and the key. */
static bool searched(const struct column *column)
{
    return column->can_select && (column->kind == KIND_TEXT || column->kind == KIND_ENUM ||
                                  column->kind == KIND_UUID || column->key_position > 0);
}

/* %text% with LIKE's own signs taken literally. */
static struct str pattern(struct arena *arena, struct str text)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '%');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '\\')
            buf_char(&buf, '\\');
        buf_char(&buf, text.ptr[i]);
    }
    buf_char(&buf, '%');
    return buf_slice(&buf);
}

void list_search(struct sql *sql, const struct table *table, struct str search)
{
    size_t param = 0;
    sql_raw(sql, " AND (false");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!searched(&table->columns[i]))
            continue;
        sql_raw(sql, " OR ");
        qualified(sql, table->columns[i].name);
        sql_raw(sql, "::text ILIKE ");
        struct sql_type text = {STR("text")};
        if (param)
            sql_again(sql, param, text);
        else
            param = sql_typed(sql, pattern(sql->arena, search), text);
    }
    sql_raw(sql, ")");
}

static void key_beyond(struct sql *sql, const struct list *list, bool down)
{
    sql_raw(sql, "(");
    key_list(sql, list->table);
    buf_text(&sql->text, down ? ") < (" : ") > (");
    key_values(sql, list);
    sql_raw(sql, ")");
}

/* The rows behind the cursor in the order asc (NULLs last) or desc (NULLs first). */
static void cursor_condition(struct sql *sql, const struct list *list, bool down)
{
    if (!list->sort) {
        key_beyond(sql, list, down);
        return;
    }
    struct str name = list->sort->name;
    sql_raw(sql, "(");
    if (!list->sort_value.ptr) {
        qualified(sql, name);
        sql_raw(sql, " IS NULL AND ");
        key_beyond(sql, list, down);
        if (down) {
            sql_raw(sql, " OR ");
            qualified(sql, name);
            sql_raw(sql, " IS NOT NULL");
        }
    } else {
        sql_raw(sql, "(");
        qualified(sql, name);
        sql_raw(sql, ", ");
        key_list(sql, list->table);
        buf_text(&sql->text, down ? ") < (" : ") > (");
        sql_typed(sql, list->sort_value, list->sort->base_type);
        sql_raw(sql, ", ");
        key_values(sql, list);
        sql_raw(sql, ")");
        if (!down && !list->sort->not_null) {
            sql_raw(sql, " OR ");
            qualified(sql, name);
            sql_raw(sql, " IS NULL");
        }
    }
    sql_raw(sql, ")");
}

static void order(struct sql *sql, const struct list *list, bool down)
{
    sql_raw(sql, " ORDER BY ");
    if (list->sort) {
        qualified(sql, list->sort->name);
        buf_text(&sql->text, down ? " DESC, " : ", ");
    }
    for (size_t i = 0; i < list->table->key_count; i++) {
        if (i)
            sql_raw(sql, ", ");
        qualified(sql, list->table->key[i]->name);
        if (down)
            sql_raw(sql, " DESC");
    }
}

static void texts(struct sql *sql, const struct list *list)
{
    for (size_t i = 0; i < list->table->column_count; i++) {
        const struct column *column = &list->table->columns[i];
        if (!column->can_select)
            continue;
        sql_raw(sql, ", ");
        if (column->kind == KIND_BYTEA)
            sql_raw(sql, "octet_length(");
        else if (list->short_texts)
            sql_raw(sql, "left(");
        qualified(sql, column->name);
        if (column->kind == KIND_BYTEA)
            sql_raw(sql, ")");
        sql_raw(sql, "::text");
        if (column->kind != KIND_BYTEA && list->short_texts)
            sql_raw(sql, ", 200)");
    }
}

const struct table *list_named(const struct list *list, const struct column *column)
{
    const struct table *table = NULL;
    if (list->names && column->can_select)
        table = column_reference(list->names, column);
    return table && table->label ? table : NULL;
}

static void labels(struct sql *sql, const struct list *list)
{
    for (size_t i = 0; i < list->table->column_count; i++) {
        const struct column *column = &list->table->columns[i];
        const struct table *table = list_named(list, column);
        if (!table)
            continue;
        sql_raw(sql, ", (SELECT left(r.");
        sql_ident(sql, table->label->name);
        sql_raw(sql, "::text, 200) FROM ");
        sql_name(sql, table->schema, table->name);
        sql_raw(sql, " AS r WHERE r.");
        sql_ident(sql, column->reference_column);
        sql_raw(sql, " = ");
        qualified(sql, column->name);
        sql_raw(sql, ")");
    }
}

size_t list_first_text(const struct list *list)
{
    return list->table->key_count + 3;
}

/* Key, sort value, version and xmin, then texts. */
size_t list_ask(struct talk *talk, const struct list *list)
{
    const struct table *table = list->table;
    bool down = list->descending != list->backwards;
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT ");
    for (size_t i = 0; i < table->key_count; i++) {
        qualified(&sql, table->key[i]->name);
        sql_raw(&sql, "::text, ");
    }
    if (list->sort)
        qualified(&sql, list->sort->name);
    else
        sql_raw(&sql, "NULL");
    sql_raw(&sql, "::text, ");
    if (table->version)
        qualified(&sql, table->version->name);
    else
        sql_raw(&sql, "NULL");
    bool column_alone = table->version && table->protected && table->version->not_null;
    buf_text(&sql.text, column_alone ? "::text, NULL::text" : "::text, t.xmin::text");
    texts(&sql, list);
    labels(&sql, list);
    sql_raw(&sql, " FROM ");
    sql_name(&sql, table->schema, table->name);
    sql_raw(&sql, " AS t WHERE true");
    if (list->search.len)
        list_search(&sql, table, list->search);
    if (list->has_cursor) {
        sql_raw(&sql, " AND ");
        cursor_condition(&sql, list, down);
    }
    order(&sql, list, down);
    sql_raw(&sql, " LIMIT ");
    sql_number(&sql, list->limit + 1);
    talk->repeatable = true;
    talk->personal |= table->row_security;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table *named = list_named(list, &table->columns[i]);
        talk->personal |= named && named->row_security;
    }
    return sql_ask(&sql, talk);
}

const struct table *column_reference(const struct catalog *catalog, const struct column *column)
{
    if (!column->reference_table.ptr)
        return NULL;
    const struct table *table = catalog_table(catalog, column->reference_table);
    const struct column *target = table ? table_column(table, column->reference_column) : NULL;
    return target && target->can_select && table->can_select ? table : NULL;
}

size_t choices_ask(struct talk *talk, const struct table *reference, const struct column *column)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT ");
    qualified(&sql, column->reference_column);
    sql_raw(&sql, "::text, ");
    if (reference->label)
        qualified(&sql, reference->label->name);
    else
        qualified(&sql, column->reference_column);
    sql_raw(&sql, "::text FROM ");
    sql_name(&sql, reference->schema, reference->name);
    sql_raw(&sql, " AS t ORDER BY 2, 1 LIMIT ");
    sql_number(&sql, CHOICES_MAX + 1);
    talk->personal |= reference->row_security;
    return sql_ask(&sql, talk);
}
