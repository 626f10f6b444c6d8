/*
 * What a query shows of a table's rows, as SQL: columns, json paths, casts, rows
 * of related tables; conditions and order. Names come from the query and are
 * looked up in the catalog; the first one that does not exist is a fault.
 */
#ifndef PG409_EDIT_SELECT_H
#define PG409_EDIT_SELECT_H

#include "edit/catalog.h"
#include "wire/query.h"

struct select {
    struct sql sql;
    const struct catalog *catalog;
    const struct table *table;
    const struct query *query;
    bool texts;        /* every item as text: for CSV; the version only where it is asked for */
    struct str search; /* rows that hold this text; STR_NONE: all */
    bool personal;     /* policies apply to a table it reads */
    struct str fault;  /* a sentence about the first unknown name; STR_NONE: all is fine */
    struct str *names; /* of the items, as select_items() wrote them */
    size_t name_count, name_room;
};

/* Nothing written yet; what it points to outlives it. */
void select_init(struct select *select, struct arena *arena, const struct catalog *catalog,
                 const struct table *table, const struct query *query);

/* The list of items, of the table under the alias t. */
void select_items(struct select *select);
/* " FROM schema.table AS t WHERE ..." with all conditions. */
void select_from(struct select *select);
/* " ORDER BY ...": what is asked for, then the key. */
void select_order(struct select *select);

/*
 * A whole row of the items as JSON, as one expression over the table under the
 * alias t. Whether policies apply to a table it reads.
 */
bool select_row_json(struct sql *sql, const struct catalog *catalog, const struct table *table,
                     const struct query *query);

/* The first unknown name in the query's select; STR_NONE: all is fine. */
struct str select_fault(struct arena *arena, const struct catalog *catalog,
                        const struct table *table, const struct query *query);

/* Keeps the first fault; for the files of this one only. */
void select_miss(struct select *select, const char *format, struct str name);
/* A condition on the rows of table under alias: " AND ..." for each. */
void select_conditions(struct select *select, const struct table *table, struct str alias,
                       const struct query_rows *rows);
/* A column, or what lies inside of it. */
void select_path(struct select *select, const struct table *table, struct str alias,
                 const struct query_path *path);
/* The readable column of that name, or NULL and a fault. */
const struct column *select_column(struct select *select, const struct table *table,
                                   struct str name);
/* " ORDER BY ..." of the rows of table under alias. */
void select_order_of(struct select *select, const struct table *table, struct str alias,
                     const struct query_rows *rows);
/* Rows of a related table as one expression; and " AND EXISTS (...)" where they are demanded. */
void select_embed(struct select *select, const struct query_item *item);
void select_inner(struct select *select, const struct query_item *item);
/* The items of table under alias, separated by commas. */
void select_items_of(struct select *select, const struct table *table, struct str alias,
                     const struct query_item *items, size_t count);

#endif
