/*
 * The version of a row: contract, section 2. A struct of its own, so that it
 * cannot be passed as a key.
 */
#ifndef PG409_EDIT_VERSION_H
#define PG409_EDIT_VERSION_H

#include "edit/catalog.h"

struct version {
    struct str column; /* the version column, canonical; STR_NONE: NULL or no such column */
    struct str xmin;   /* STR_NONE where the column alone is the version */
    unsigned digits;   /* of a timestamp's fraction, as the client wrote it */
    bool bare;         /* the table has no version column: xmin alone is the token */
};

/*
 * The version that a row with these two cells has: the version column's text
 * form (ISO, UTC; ignored for VERSION_XMIN) and xmin. Texts are in arena or the
 * cells themselves.
 */
struct version version_of(struct arena *arena, const struct table *table, struct str column,
                          struct str xmin);

/* The token, as it travels; in arena. */
struct str version_token(struct arena *arena, struct version version);

/*
 * A token as a client sent it, or the bare value of the version column, which
 * then compares that column alone. ERR_SYNTAX when it cannot be a version of
 * this table.
 */
enum err version_parse(struct arena *arena, const struct table *table, struct str token,
                       struct version *version) MUST_CHECK;

/* Same state of a row; what one of them leaves out (xmin) is not compared. */
bool version_same(struct version a, struct version b);

/*
 * Whether yours is current cut short to fewer digits, as JavaScript does with
 * its milliseconds.
 */
bool version_cut_short(struct version yours, struct version current);

/* Two select items: the version column as text and xmin, NULL where not part of the version. */
void version_select(struct sql *sql, const struct table *table, struct str alias);
/* One text expression for both, as a receipt keeps it. */
void version_text(struct sql *sql, const struct table *table, struct str alias);
/* One text expression that gives the token itself, as version_token() writes it. */
void version_token_sql(struct sql *sql, const struct table *table, struct str alias);
/* $n::timestamptz: the version column's value of that version, which has one. */
void version_value(struct sql *sql, const struct table *table, struct version version);
/* "updated_at" = $n [AND xmin = $m]: the row is at that version. */
void version_condition(struct sql *sql, const struct table *table, struct version version);
/* ", updated_at = greatest(now(), $n + interval ...)"; nothing for VERSION_XMIN.
 * With any, the version is taken from the row itself. */
void version_advance(struct sql *sql, const struct table *table, struct version version, bool any);

#endif
