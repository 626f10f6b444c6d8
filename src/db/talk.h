/*
 * What one request says to the database. A handler asks one or several
 * statements, names who continues and returns; the driver sends what was asked
 * as one pipeline in one transaction and calls the continuation with the
 * answers. Nothing here does I/O, so handlers are tested by feeding answers.
 */
#ifndef PG409_DB_TALK_H
#define PG409_DB_TALK_H

#include "base/str.h"
#include "db/sqlstate.h"

#define TALK_MAX_STATEMENTS 48

struct statement {
    const char *sql; /* NUL-terminated, in the talk's arena */
    size_t sql_len;
    const char *const *values; /* text parameters, NULL is SQL NULL */
    size_t value_count;
    size_t bytes; /* the number of the one parameter that is bytes, not text; 0: none is */
    size_t bytes_len;
    bool as_bytes; /* cells come as PostgreSQL keeps them: a bytea as its bytes */
};

struct db_error {
    char sqlstate[6]; /* "" when the connection died */
    enum reason reason;
    struct str message; /* PostgreSQL's own words: for the log, and for people only if raised */
    struct str detail;
    struct str table;
    struct str column;
    struct str constraint;
};

struct answer {
    bool failed; /* error tells why; true as well for all after the first failure */
    size_t rows; /* returned */
    size_t columns;
    size_t affected;   /* rows touched, as the command tag says */
    struct str *cells; /* rows * columns, STR_NONE is NULL; valid until the request ends */
};

/* What is measured on the way, for Server-Timing, metrics and tests. */
struct told {
    uint64_t db_micros;       /* waiting for PostgreSQL, connecting and our own pauses included */
    uint64_t merge_micros;    /* laying three states of a row beside each other */
    unsigned merged, clashed; /* texts that two people changed: both fitted, or did not */
    unsigned round_trips;
    unsigned connected, refused; /* connections that were opened, and that could not be */
    unsigned lost;               /* connections that broke under a request */
    unsigned contended;          /* tries once more after a serialization failure or deadlock */
};

/*
 * A pipeline is a transaction of its own, or part of one: the first part begins
 * it, and a part that fails is taken back alone. Whoever opened one ends it, with
 * a pipeline that asks nothing more.
 */
enum talk_transaction { TALK_ALONE, TALK_OPEN, TALK_COMMIT, TALK_ROLLBACK };

struct talk {
    struct arena *arena;
    struct statement asked[TALK_MAX_STATEMENTS];
    size_t asked_count;
    /* Set by who asks: sending it all once more cannot do a second change. */
    bool repeatable;
    /* Set by who asks: it changes something, so what became of it has to be found out. */
    bool writing;
    /* A connection was lost under a write of this talk: what was sent then may have been done. */
    bool unsure;
    /* Set by who asks: triggers or policies may look at pg409.user, so it has to be set. */
    bool personal;
    struct answer answers[TALK_MAX_STATEMENTS];
    size_t answer_count;
    bool failed; /* one statement, the commit or the connection failed: nothing was done */
    struct db_error error;
    void (*then)(void *ctx);
    void *ctx;
    /*
     * Takes the rows of one statement as they come, instead of an answer that holds all of
     * them; false: no more are wanted. Once one was given, nothing is sent a second time.
     */
    bool (*each)(void *ctx, const struct answer *row);
    size_t each_statement;
    size_t each_count; /* rows given */
    /* Milliseconds to wait for more rows (PostgreSQL sends some KiB at a time) before the statement
     * is cancelled; 0: no limit. */
    uint64_t patience;
    enum talk_transaction transaction; /* stays as it is from pipeline to pipeline */
    unsigned again; /* how often the transaction was begun before: it waits a little first */
    /* Who asks, and how long it may take: in force for each pipeline of this talk. */
    struct str user;
    bool user_role;
    uint64_t lock_timeout;      /* milliseconds */
    uint64_t statement_timeout; /* milliseconds */
    struct told told;
};

/* Nothing asked, nothing answered. */
void talk_init(struct talk *talk, struct arena *arena);

/* Names who continues when the answers are there. What is asked from here on is a new pipeline. */
void talk_then(struct talk *talk, void (*then)(void *ctx), void *ctx);

/*
 * The rows of the statement at that index are given to each, with the ctx of who
 * continues. Its time limit is patience, from one piece that arrives to the next: who reads
 * slowly does not count against it.
 */
void talk_each(struct talk *talk, size_t index, bool (*each)(void *ctx, const struct answer *row));

/*
 * Adds a statement to the pipeline; sql and values have to live in the talk's
 * arena. Returns the index of its answer. Aborts beyond TALK_MAX_STATEMENTS.
 */
size_t talk_ask(struct talk *talk, struct statement statement);

/* A cell; aborts when it is not there. */
struct str answer_cell(const struct answer *answer, size_t row, size_t column);

/* Whether a cell is PostgreSQL's 't'. */
bool answer_true(const struct answer *answer, size_t row, size_t column);

#endif
