/*
 * The revisions of a row, where the table keeps them: schema/003_history.sql.
 */
#ifndef PG409_EDIT_HISTORY_H
#define PG409_EDIT_HISTORY_H

#include "edit/row.h"

/* One state of a row, and how it came about. */
struct revision {
    struct str id;
    struct str op;      /* "start": as it was before the first change that was recorded; "create",
                           "save"; "delete": what was deleted */
    struct str user;    /* STR_NONE: not through pg409, or nobody was logged in */
    struct str role;    /* of the database, when it is not our own; STR_NONE otherwise */
    struct str at;      /* RFC 3339; STR_NONE: not known */
    struct str columns; /* JSON array of names: what is different from the revision before */
    struct version version;
    struct str json;    /* the row, readable columns; when asked for */
    struct str *texts;  /* by column, when asked for: the value, */
    struct str *before; /* and the one before; both only where op is save and the column changed */
};

/* Whether a row of the table can be shown with its past: the history is kept and may be read. */
bool history_is_kept(const struct table *table);

/*
 * Asks for revisions, the newest first: limit + 1 of them, before the revision of that id (0: all).
 * json: each row as JSON, else what changed as texts. Returns the index of the answer.
 */
size_t history_ask(struct talk *talk, const struct table *table, struct key key, uint64_t before,
                   uint64_t limit, bool json);

/* Asks for one revision, all its texts. */
size_t history_ask_one(struct talk *talk, const struct table *table, struct key key, uint64_t id);

/* A row of an answer of history_ask (json as it was asked for). Slices of the answer. */
struct revision history_take(struct arena *arena, const struct table *table,
                             const struct answer *answer, size_t row, bool json);

/* The row of an answer of history_ask_one; id is STR_NONE when there is none. */
struct revision history_take_one(struct arena *arena, const struct table *table,
                                 const struct answer *answer);

/*
 * " LEFT JOIN LATERAL (...) past ON true": the row as it was at that version, which has a column,
 * as one value, so that no name is ambiguous; "past._pg409_id" is NULL when the history has none.
 */
void history_join(struct sql *sql, const struct table *table, struct key key,
                  struct version version);
/* A column of it. */
void history_column(struct sql *sql, const struct column *column);

/* Asks for who made the newest revision and when: history_take_last. */
size_t history_ask_last(struct talk *talk, const struct table *table, struct key key);

/* Its user, time and version; id is STR_NONE when there is none. */
struct revision history_take_last(struct arena *arena, const struct table *table,
                                  const struct answer *answer);

/* Asks for what is older than days to be deleted. */
void history_expire(struct talk *talk, uint64_t days);

#endif
