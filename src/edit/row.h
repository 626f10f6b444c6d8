/*
 * The pieces of SQL that name one row and show its columns.
 */
#ifndef PG409_EDIT_ROW_H
#define PG409_EDIT_ROW_H

#include "edit/catalog.h"
#include "edit/version.h"
#include "wire/query.h"

/* A row's key: as many values as table->key_count, text as in the address. */
struct key {
    const struct str *values;
};

/* "id" = $1::integer AND ...; values are cast to the type without its modifier. */
void row_key_condition(struct sql *sql, const struct table *table, struct key key);

/* The key as a receipt keeps it, from the row itself: json_build_array(id::text, ...)::text. */
void row_key_text(struct sql *sql, const struct table *table);
/* The same from given values. */
void row_key_text_of(struct sql *sql, const struct table *table, struct key key);

/* schema.table, as pg409's own tables name it; in arena. */
struct str row_table_text(struct arena *arena, const struct table *table);

/* "title"::text; for bytea its length in bytes. */
void row_column_text(struct sql *sql, const struct column *column);

/* The readable columns of the row as one JSON object, text; FROM has the table under its own name
 * or alias. */
void row_json(struct sql *sql, const struct table *table, struct str alias);

/* " FROM schema.table AS t" */
void row_from(struct sql *sql, const struct table *table);

/* The key of the row in cells first... of an answer, as an address segment in arena. */
struct str row_key_segment(struct arena *arena, const struct table *table,
                           const struct answer *answer, size_t row, size_t first);

/* One row as read for a form or for JSON. */
struct row {
    bool found;
    struct version version;
    struct str *texts; /* one for each column of the table, STR_NONE where NULL or unreadable */
    struct str json;   /* the whole row, when asked for; STR_NONE otherwise */
};

/* Asks for one row; with json also as JSON. Returns the index of its answer. */
size_t row_ask(struct talk *talk, const struct table *table, struct key key, bool texts, bool json);

/* The same with what a query selects as its JSON; the query was checked by select_fault(). */
size_t row_ask_shown(struct talk *talk, const struct catalog *catalog, const struct table *table,
                     struct key key, const struct query *show);

/* Takes that answer apart; texts point into it. */
void row_take(struct arena *arena, const struct table *table, const struct answer *answer,
              bool texts, bool json, struct row *row);

#endif
