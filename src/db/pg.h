/*
 * One connection to PostgreSQL: the only file that knows libpq. Sends what a
 * talk asked as one pipeline, reconnects, repeats what may be repeated.
 */
#ifndef PG409_DB_PG_H
#define PG409_DB_PG_H

#include "db/talk.h"

struct pg;

struct pg_options {
    const char *conninfo;     /* string or URI; "" leaves all to libpq's environment */
    uint64_t connect_timeout; /* milliseconds, rounded up to seconds */
    bool prepare;             /* may use named prepared statements */
};

/* A connection that is not opened yet; options are copied. Owned by the caller. */
struct pg *pg_new(const struct pg_options *options);
/* Closes it. pg may be NULL. */
void pg_free(struct pg *pg);

/*
 * Sends what talk asked as one pipeline and one transaction (READ COMMITTED),
 * waits, and fills talk's answers, failed and error. Connects first when it has
 * to. A lost connection is opened again and everything sent once more, three times
 * in all, when the talk is repeatable; a server that is away just then is waited for
 * when the talk is writing, for it may be restarting, some four seconds. Serialization
 * failures and deadlocks are tried three times more, with jitter. Never touches
 * talk->then.
 */
void pg_run(struct pg *pg, struct talk *talk);

/* Takes back a transaction of several pipelines that nobody will finish. */
void pg_abandon(struct pg *pg);

bool pg_connected(const struct pg *pg);
/* Whether no connection pooler was found on the way; known once something was run. */
bool pg_direct(const struct pg *pg);
/*
 * What a connection string or URI says for a keyword of libpq, in arena; STR_NONE when it says
 * nothing, or cannot be read.
 */
struct str pg_conninfo_value(struct arena *arena, struct str conninfo, const char *keyword);
/* Closes the connection; the next pg_run opens it again. */
void pg_close(struct pg *pg);

/*
 * Sets the environment that libpq sends on connecting: DateStyle ISO and time
 * zone UTC, which work behind a pooler too, where the options parameter does
 * not. Call once at the start of the process.
 */
void pg_environment(void);

#endif
