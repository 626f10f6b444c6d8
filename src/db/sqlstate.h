/*
 * The one table from what PostgreSQL reports (SQLSTATE) to the reason that
 * pg409 gives for not having done what was asked.
 */
#ifndef PG409_DB_SQLSTATE_H
#define PG409_DB_SQLSTATE_H

#include "base/str.h"

enum reason {
    REASON_NONE,
    /* found by pg409 itself */
    REASON_STALE,            /* the row was changed since */
    REASON_DELETED,          /* the row was deleted since */
    REASON_VERSION_REQUIRED, /* the write named no version */
    REASON_OVERWRITE,        /* "whatever is there" is not allowed here */
    REASON_NO_ROW,           /* there is no such row */
    REASON_KEY_REUSED,       /* an Idempotency-Key came back with another body */
    REASON_UNSURE,           /* a create was sent, its answer got lost, and nothing tells */
    REASON_EXISTS,           /* a row of that key exists and only creating was asked for */
    REASON_TRIGGER,          /* a trigger kept the row as it was */
    REASON_ROW_SECURITY,     /* row level security hides the row or forbids the change */
    /* reported by PostgreSQL */
    REASON_DUPLICATE,
    REASON_REFERENCED,
    REASON_DANGLING,
    REASON_LOCKED,
    REASON_CONTENTION,
    REASON_CHECK,
    REASON_NOT_NULL,
    REASON_VALUE,
    REASON_PRIVILEGE,
    REASON_RAISED, /* RAISE EXCEPTION of the schema's own functions: its message is for people */
    REASON_CUSTOM, /* RAISE SQLSTATE 'PT4xx': that status, its message */
    REASON_AWAY,   /* no connection, or lost and not safe to repeat */
    REASON_FULL,   /* out of connections, disk or memory */
    REASON_READ_ONLY,
    REASON_TIMEOUT,
    REASON_CATALOG, /* tables or columns are not what the catalog says: read it again */
    REASON_BUG
};

/* A row of the table: the first whose pattern fits counts; '?' fits any character. */
struct sqlstate_row {
    const char *pattern; /* "" is the connection that died: it has no SQLSTATE */
    enum reason reason;
};

/* Ends with a row of pattern NULL, which is what everything else means. */
extern const struct sqlstate_row sqlstate_rows[];

/* The reason for a five-character SQLSTATE, or for "" when there is none. */
enum reason sqlstate_reason(const char *sqlstate);

/* The status of a PT4xx SQLSTATE, 400 to 499; 0 for any other. */
int sqlstate_custom(const char *sqlstate);

#endif
