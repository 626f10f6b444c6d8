/*
 * The statements of a save: what save.c asks. Not for anyone else.
 */
#ifndef PG409_EDIT_SAVE_SQL_H
#define PG409_EDIT_SAVE_SQL_H

#include "edit/save.h"

/* "(SELECT array of the items of" a json array; what stands behind it, and where it is needed. */
#define SAVE_SQL_JSON_ITEMS                                                                        \
    "(SELECT coalesce(array_agg(nullif(i.x::text, 'null')::json ORDER BY i.n), '{}') "             \
    "FROM json_array_elements("
void save_sql_json_items(struct sql *sql, const struct column *column);
bool save_sql_is_json_array(const struct column *column);

/* A field's value, its base, the column as it is stored: as text expressions they compare exactly.
 */
void save_sql_yours(struct sql *sql, const struct table *table, struct field *field);
void save_sql_base(struct sql *sql, const struct table *table, struct field *field);
void save_sql_stored(struct sql *sql, const struct field *field);

/* The row as the outcome shows it, one JSON expression over the alias t. */
void save_sql_shown(struct sql *sql, const struct change *change);

/* A new statement begins: no parameter of it is known yet. */
void save_sql_forget(struct change *change);

/*
 * What the change says, to tell a repeat from something else: the table, the row and the version
 * it is based on, and of each column that is written what it gets. 32 hex digits in the talk's
 * arena.
 */
struct str save_digest(const struct save *save);

/* The column that says who changed the row, where pg409 has to fill it in; else NULL. */
const struct column *save_sql_signature(const struct change *change);

/* What stands before a write and behind it: the latter adds RETURNING and the receipt and asks it;
 * version, key values, [JSON] come back. */
void save_sql_open(struct sql *sql, struct save *save);
void save_sql_close(struct sql *sql, struct save *save);

/* The rows that a bulk under the same token made before, as the write would have returned them. */
void save_ask_made(struct save *save);

/* The write itself; its answer has a row when it was done: see save_take_written. */
void save_ask_insert(struct save *save);
void save_ask_update(struct save *save);
void save_ask_delete(struct save *save);

/* Fills the outcome's version, key and json from the row that a write returned. */
void save_take_written(struct save *save, const struct answer *answer);

/* The row as it is now, every comparison of the change with it, and its receipts. */
void save_ask_look(struct save *save);

/* Fills outcome and fields from that answer's row; false when there is none. */
bool save_take_look(struct save *save);

/* Whether the row can be locked, which the policies for UPDATE decide. */
void save_ask_lock(struct save *save);

/* Which row has the values of this unique index; false when the change does not give them all. */
bool save_ask_duplicate(struct save *save, const struct unique *unique);

#endif
