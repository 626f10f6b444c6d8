/*
 * One pipeline over a connection, there and back; for pg.c and the two files that
 * send and receive it, nothing else includes this.
 */
#ifndef PG409_DB_PG_PIPE_H
#define PG409_DB_PG_PIPE_H

#include <libpq-fe.h>

#include "db/pg.h"
#include "db/prepared.h"

struct pg {
    struct arena arena; /* the options */
    struct pg_options options;
    PGconn *conn;
    bool probed;  /* the two below are known */
    bool direct;  /* no pooler in between: names of statements are our own */
    bool relaxed; /* READ COMMITTED is the default here: no BEGIN needed */
    bool open;    /* a transaction of several pipelines is under way */
    bool timed;   /* the two below are in force for the whole connection */
    uint64_t lock_timeout, statement_timeout; /* milliseconds */
    bool named;                               /* the next is in force for the whole connection */
    char user[64];                            /* pg409.user */
    struct prepared prepared;
};

/* One pipeline under way: what was sent, in order, so that the results find their place. */
enum sent_kind { SENT_PREPARE, SENT_EXTRA, SENT_PROBE, SENT_ASKED };

struct sent {
    enum sent_kind kind;
    size_t index; /* of the statement, for SENT_ASKED */
};

struct pipe {
    struct pg *pg;
    struct talk *talk;
    struct sent sent[TALK_MAX_STATEMENTS * 2 + 8];
    size_t count;
    bool unprepared; /* a PREPARE did not happen */
    bool user_said;  /* pg409.user was said for the whole connection */
    struct str *row; /* the cells of the row at hand, where rows are given one by one */
    bool cancelled;
};

/* Sends all that talk asked, with what belongs before and behind it; false: the connection is lost.
 */
bool pipe_send(struct pipe *pipe);

/* Takes all results up to the end of the pipeline; false when the connection was lost. */
bool pipe_receive(struct pipe *pipe);

/* Keeps the first error of a talk, and that it failed. */
void pipe_fail(struct talk *talk, struct db_error error);

#endif
