#include "edit/select.h"

#include "base/banned.h"

#define OUTER STR("t")
#define INNER STR("u")

/* How the rows of another table belong to one of this: pairs of columns that are equal. */
struct relation {
    const struct table *table; /* the other one */
    const struct foreign_key *key;
    bool outgoing; /* this one refers to the other */
    bool many;     /* several rows of the other may refer to one of this */
};

static bool fits_hint(const struct foreign_key *key, struct str hint)
{
    return !hint.ptr || str_eq(key->name, hint) ||
           (key->count == 1 && str_eq(key->columns[0], hint));
}

/* Whether the columns of the key are unique together: then at most one row refers. */
static bool is_unique(const struct table *table, const struct foreign_key *key)
{
    for (size_t i = 0; i < table->unique_count; i++) {
        const struct unique *unique = &table->uniques[i];
        size_t found = 0;
        for (size_t j = 0; j < key->count && unique->count == key->count; j++)
            for (size_t k = 0; k < unique->count; k++)
                found += str_eq(unique->columns[k]->name, key->columns[j]);
        if (found == key->count && found == unique->count)
            return true;
    }
    return false;
}

static bool all_readable(const struct table *table, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct column *column = table_column(table, names[i]);
        if (!column || !column->can_select)
            return false;
    }
    return true;
}

/* A table that can be read, though it may have no primary key. */
static bool is_readable(const struct table *table)
{
    for (size_t i = 0; table && i < table->column_count; i++)
        if (table->columns[i].can_select)
            return true;
    return false;
}

struct search {
    struct select *select;
    const struct query_item *item;
    struct relation found;
    size_t count;
    struct buf names; /* of the foreign keys that fit, for a fault */
};

static void add(struct search *search, struct relation relation)
{
    if (search->count++)
        buf_text(&search->names, ", ");
    buf_str(&search->names, relation.key->name);
    search->found = relation;
}

/*
 * This table refers to the other: by the other's name, or that of the key or its column. In a
 * table that refers to itself, its name means the rows that refer to this one.
 */
static void add_outgoing(struct search *search)
{
    const struct table *table = search->select->table;
    struct str name = search->item->path.name;
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const struct foreign_key *key = &table->foreign_keys[i];
        const struct table *target = catalog_table(search->select->catalog, key->target);
        bool other = str_eq(key->target, name) && !str_eq(name, table->name);
        bool meant =
            other || str_eq(key->name, name) || (key->count == 1 && str_eq(key->columns[0], name));
        if (meant && fits_hint(key, search->item->hint) && is_readable(target) &&
            all_readable(table, key->columns, key->count) &&
            all_readable(target, key->target_columns, key->count))
            add(search, (struct relation){target, key, true, false});
    }
}

/* The other table refers to this one. */
static void add_incoming(struct search *search)
{
    const struct table *table = search->select->table;
    const struct table *other = catalog_table(search->select->catalog, search->item->path.name);
    for (size_t i = 0; is_readable(other) && i < other->foreign_key_count; i++) {
        const struct foreign_key *key = &other->foreign_keys[i];
        if (str_eq(key->target, table->name) && fits_hint(key, search->item->hint) &&
            all_readable(other, key->columns, key->count) &&
            all_readable(table, key->target_columns, key->count))
            add(search, (struct relation){other, key, false, !is_unique(other, key)});
    }
}

/* The one relation that is meant, or a fault. */
static bool find(struct select *select, const struct query_item *item, struct relation *relation)
{
    struct search search = {.select = select, .item = item};
    buf_init(&search.names, select->sql.arena, 1000);
    add_outgoing(&search);
    add_incoming(&search);
    if (search.count == 0)
        select_miss(select, "“%s” is no table that this one is related to by a foreign key.",
                    item->path.name);
    if (search.count > 1) {
        struct str format = str_printf(
            select->sql.arena,
            "“%%s” can be meant in several ways: choose a foreign key, like name!key(…), "
            "out of %.*s.",
            STR_ARG(buf_slice(&search.names)));
        select_miss(select, format.ptr, item->path.name);
    }
    *relation = search.found;
    return search.count == 1;
}

static void pair(struct sql *sql, struct str alias, struct str name, struct str other_alias,
                 struct str other_name)
{
    sql_name(sql, alias, name);
    sql_raw(sql, " = ");
    sql_name(sql, other_alias, other_name);
}

/* " FROM other AS u WHERE u.author = t.id AND ..." */
static void from_related(struct select *select, const struct query_item *item,
                         const struct relation *relation)
{
    struct sql *sql = &select->sql;
    const struct foreign_key *key = relation->key;
    select->personal |= relation->table->row_security;
    sql_raw(sql, " FROM ");
    sql_name(sql, relation->table->schema, relation->table->name);
    sql_raw(sql, " AS u WHERE ");
    for (size_t i = 0; i < key->count; i++) {
        if (i)
            sql_raw(sql, " AND ");
        if (relation->outgoing)
            pair(sql, INNER, key->target_columns[i], OUTER, key->columns[i]);
        else
            pair(sql, INNER, key->columns[i], OUTER, key->target_columns[i]);
    }
    select_conditions(select, relation->table, INNER, &item->rows);
}

static void window(struct sql *sql, const struct query_rows *rows)
{
    if (rows->limited) {
        sql_raw(sql, " LIMIT ");
        sql_number(sql, rows->limit);
    }
    if (rows->offset) {
        sql_raw(sql, " OFFSET ");
        sql_number(sql, rows->offset);
    }
}

void select_embed(struct select *select, const struct query_item *item)
{
    static const struct query_item all = {.kind = QUERY_ITEM_ALL};
    struct sql *sql = &select->sql;
    struct relation relation;
    if (!find(select, item, &relation))
        return;
    if (relation.many)
        sql_raw(sql, "(SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (SELECT ");
    else
        sql_raw(sql, "(SELECT row_to_json(e) FROM (SELECT ");
    if (item->item_count)
        select_items_of(select, relation.table, INNER, item->items, item->item_count);
    else
        select_items_of(select, relation.table, INNER, &all, 1);
    from_related(select, item, &relation);
    select_order_of(select, relation.table, INNER, &item->rows);
    if (relation.many)
        window(sql, &item->rows);
    else
        sql_raw(sql, " LIMIT 1");
    sql_raw(sql, ") e)");
}

void select_inner(struct select *select, const struct query_item *item)
{
    struct relation relation;
    if (!find(select, item, &relation))
        return;
    sql_raw(&select->sql, " AND EXISTS (SELECT 1");
    from_related(select, item, &relation);
    sql_raw(&select->sql, ")");
}
