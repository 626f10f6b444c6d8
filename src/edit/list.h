/*
 * Rows of a table, a page at a time: search, sort and keyset pages, which stay
 * fast at any depth because they never skip rows.
 */
#ifndef PG409_EDIT_LIST_H
#define PG409_EDIT_LIST_H

#include "edit/catalog.h"

struct list {
    const struct table *table;
    struct str search;         /* STR_NONE or "": all rows */
    const struct column *sort; /* NULL: by the key */
    bool descending;
    bool backwards; /* the page before the cursor instead of the one after it */
    bool has_cursor;
    struct str sort_value; /* of the cursor's row; STR_NONE is NULL; unused without sort */
    const struct str *key; /* of the cursor's row */
    uint64_t limit;        /* rows a page; one more is asked to know whether there are more */
    bool short_texts;      /* long texts cut to 200 characters */
    const struct catalog
        *names; /* what foreign keys refer to is named from here; NULL: it is not */
};

/* Whether rows can be sorted by this column. */
bool list_sortable(const struct column *column);

/* " AND (... ILIKE ...)": the rows whose texts hold search; table has the alias t. */
void list_search(struct sql *sql, const struct table *table, struct str search);

/*
 * Asks for the page. The answer's columns: the key, the sort value, then either
 * the version (two) and the row's JSON, or each readable column's text. Rows come in
 * the order of the query: reversed when backwards.
 */
size_t list_ask(struct talk *talk, const struct list *list);

/* Where in that answer the JSON, or the texts of the readable columns, begin. */
size_t list_first_text(const struct list *list);

/*
 * The table whose label names what this column refers to, or NULL. Behind the
 * texts, the answer has a label for each readable column that has one.
 */
const struct table *list_named(const struct list *list, const struct column *column);

/* A table that a form may offer as a list of choices; more rows than this are typed in. */
#define CHOICES_MAX ((size_t)200)

/* The table a foreign key refers to if it can be read, or NULL. */
const struct table *column_reference(const struct catalog *catalog, const struct column *column);

/* Asks for value and label of each row that a foreign key can refer to, at most CHOICES_MAX + 1. */
size_t choices_ask(struct talk *talk, const struct table *reference, const struct column *column);

#endif
