#include "db/pg.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "db/prepared.h"

#include "base/banned.h"

#define CONTENTION_TRIES 3
#define SEND_TRIES 3

struct pg {
    struct arena arena; /* the options */
    struct pg_options options;
    PGconn *conn;
    bool probed;  /* the two below are known */
    bool direct;  /* no pooler in between: names of statements are our own */
    bool relaxed; /* READ COMMITTED is the default here: no BEGIN needed */
    bool timed;   /* the two below are in force for the whole connection */
    uint64_t lock_timeout, statement_timeout; /* milliseconds */
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
    struct str *row; /* the cells of the row at hand, where rows are given one by one */
    bool cancelled;
};

void pg_environment(void)
{
    setenv("PGDATESTYLE", "ISO, YMD", 1);
    setenv("PGTZ", "UTC", 1);
    setenv("PGCLIENTENCODING", "UTF8", 1);
}

struct pg *pg_new(const struct pg_options *options)
{
    struct pg *pg = calloc(1, sizeof *pg);
    if (!pg)
        abort();
    arena_init(&pg->arena);
    pg->options = *options;
    pg->options.conninfo = str_cstr(&pg->arena, str_from(options->conninfo));
    prepared_init(&pg->prepared);
    return pg;
}

void pg_close(struct pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->probed = pg->direct = pg->relaxed = pg->timed = false;
    prepared_clear(&pg->prepared);
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    pg_close(pg);
    arena_release(&pg->arena);
    free(pg);
}

bool pg_connected(const struct pg *pg)
{
    return pg->conn && PQstatus(pg->conn) == CONNECTION_OK;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static bool pg_connect(struct pg *pg)
{
    char seconds[24];
    (void)snprintf(seconds, sizeof seconds, "%llu",
                   (unsigned long long)((pg->options.connect_timeout + 999) / 1000));
    const char *names[] = {"fallback_application_name", "connect_timeout", "dbname", NULL};
    const char *values[] = {"pg409", seconds, pg->options.conninfo, NULL};
    pg_close(pg);
    /* dbname comes last and is expanded: what it says about the others counts. */
    pg->conn = PQconnectdbParams(names, values, 1);
    if (!pg->conn)
        abort();
    if (PQstatus(pg->conn) != CONNECTION_OK)
        return false;
    PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    return PQsetnonblocking(pg->conn, 1) == 0;
}

static void fail(struct talk *talk, struct db_error error)
{
    if (!talk->failed)
        talk->error = error;
    talk->failed = true;
}

static void fail_connection(struct pg *pg, struct talk *talk)
{
    struct db_error error = {.reason = REASON_AWAY};
    talk->answer_count = 0;
    struct str message = str_from(PQerrorMessage(pg->conn));
    error.message = str_copy(talk->arena, message);
    fail(talk, error);
}

static struct str field(struct arena *arena, const PGresult *result, int code)
{
    return str_copy(arena, str_from(PQresultErrorField(result, code)));
}

static struct db_error error_of(struct arena *arena, const PGresult *result)
{
    struct db_error error = {.sqlstate = ""};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    (void)snprintf(error.sqlstate, sizeof error.sqlstate, "%s", sqlstate ? sqlstate : "");
    error.reason = sqlstate_reason(error.sqlstate);
    error.message = field(arena, result, PG_DIAG_MESSAGE_PRIMARY);
    error.detail = field(arena, result, PG_DIAG_MESSAGE_DETAIL);
    error.table = field(arena, result, PG_DIAG_TABLE_NAME);
    error.column = field(arena, result, PG_DIAG_COLUMN_NAME);
    error.constraint = field(arena, result, PG_DIAG_CONSTRAINT_NAME);
    if (!error.message.ptr)
        error.message = str_copy(arena, str_from(PQresultErrorMessage(result)));
    return error;
}

static void clear_result(void *result)
{
    PQclear(result);
}

static void take_rows(struct talk *talk, struct answer *answer, PGresult *result)
{
    arena_defer(talk->arena, clear_result, result);
    answer->rows = (size_t)PQntuples(result);
    answer->columns = (size_t)PQnfields(result);
    answer->affected = strtoul(PQcmdTuples(result), NULL, 10);
    answer->cells = ARENA_ARRAY(talk->arena, answer->rows * answer->columns, struct str);
    struct str *cell = answer->cells;
    for (int row = 0; row < (int)answer->rows; row++)
        for (int column = 0; column < (int)answer->columns; column++, cell++)
            if (!PQgetisnull(result, row, column))
                *cell = (struct str){PQgetvalue(result, row, column),
                                     (size_t)PQgetlength(result, row, column)};
}

/* What the first pipeline of a connection learns about it. */
static void take_probe(struct pg *pg, const PGresult *result)
{
    pg->probed = true;
    pg->direct = strtol(PQgetvalue(result, 0, 0), NULL, 10) == PQbackendPID(pg->conn);
    pg->relaxed = str_is(str_from(PQgetvalue(result, 0, 1)), "read committed");
}

static void take_result(struct pipe *pipe, struct sent sent, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    bool fine = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    struct answer *answer = sent.kind == SENT_ASKED ? &pipe->talk->answers[sent.index] : NULL;
    if (status == PGRES_FATAL_ERROR) {
        struct db_error error = error_of(pipe->talk->arena, result);
        if (sent.kind == SENT_EXTRA && strcmp(error.sqlstate, "22023") == 0)
            error.reason = REASON_PRIVILEGE; /* the role of the setting user_role does not exist */
        fail(pipe->talk, error);
    }
    if (!fine && sent.kind == SENT_PREPARE)
        pipe->unprepared = true;
    if (fine && sent.kind == SENT_PROBE)
        take_probe(pipe->pg, result);
    if (answer)
        answer->failed = !fine;
    if (answer && fine)
        take_rows(pipe->talk, answer, result); /* the arena clears it */
    else
        PQclear(result);
}

static bool send_one(struct pipe *pipe, enum sent_kind kind, size_t index,
                     struct statement statement)
{
    struct pg *pg = pipe->pg;
    char name[16];
    int count = (int)statement.value_count;
    struct str text = {statement.sql, statement.sql_len};
    bool named = pg->direct && pg->options.prepare && kind == SENT_ASKED;
    unsigned number = named ? prepared_find(&pg->prepared, text) : 0;
    bool fresh = named && !number && prepared_room(&pg->prepared);
    if (fresh)
        number = prepared_next(&pg->prepared);
    (void)snprintf(name, sizeof name, "s%u", number);
    if (fresh) {
        pipe->sent[pipe->count++] = (struct sent){SENT_PREPARE, 0};
        if (!PQsendPrepare(pg->conn, name, statement.sql, 0, NULL))
            return false;
        prepared_add(&pg->prepared, text);
    }
    pipe->sent[pipe->count++] = (struct sent){kind, index};
    if (number)
        return PQsendQueryPrepared(pg->conn, name, count, statement.values, NULL, NULL, 0);
    return PQsendQueryParams(pg->conn, statement.sql, count, NULL, statement.values, NULL, NULL, 0);
}

static bool send_literal(struct pipe *pipe, enum sent_kind kind, const char *sql)
{
    return send_one(pipe, kind, 0, (struct statement){.sql = sql, .sql_len = strlen(sql)});
}

/* Sent like a statement that was asked, so that it is prepared too, but nobody waits for its
 * answer. */
static bool send_setting(struct pipe *pipe, const char *sql, const char *const *values,
                         size_t count)
{
    struct statement statement = {sql, strlen(sql), values, count};
    struct sent *sent = &pipe->sent[pipe->count];
    if (!send_one(pipe, SENT_ASKED, TALK_MAX_STATEMENTS, statement))
        return false;
    for (; sent < pipe->sent + pipe->count; sent++)
        if (sent->kind == SENT_ASKED)
            sent->kind = SENT_EXTRA;
    return true;
}

/* Who asks, for this transaction only: for triggers, policies and the role. */
static bool send_user(struct pipe *pipe)
{
    struct talk *talk = pipe->talk;
    const char *user = talk->user.ptr ? str_cstr(talk->arena, talk->user) : "";
    /* to PostgreSQL the role "none" is the one that pg409 itself has: no person may get that */
    const char *role = strcmp(user, "none") == 0 ? "none, the person" : user;
    const char *values[] = {user, role};
    if (talk->user_role && talk->user.ptr)
        return send_setting(pipe,
                            "SELECT set_config('pg409.user', $1, true), "
                            "set_config('role', $2, true)",
                            values, 2);
    return !talk->personal ||
           send_setting(pipe, "SELECT set_config('pg409.user', $1, true)", values, 1);
}

/*
 * How long it may take. A connection of our own keeps that, so it is said once;
 * behind a pooler the next transaction may meet another backend, so it is said
 * in each.
 */
static bool send_timeouts(struct pipe *pipe)
{
    struct pg *pg = pipe->pg;
    struct talk *talk = pipe->talk;
    if (pg->timed && pg->lock_timeout == talk->lock_timeout &&
        pg->statement_timeout == talk->statement_timeout)
        return true;
    struct str lock = str_printf(talk->arena, "%llu", (unsigned long long)talk->lock_timeout);
    struct str total = str_printf(talk->arena, "%llu", (unsigned long long)talk->statement_timeout);
    const char *values[] = {lock.ptr, total.ptr, pg->direct ? "false" : "true"};
    return send_setting(pipe,
                        "SELECT set_config('lock_timeout', $1, $3::boolean), "
                        "set_config('statement_timeout', $2, $3::boolean)",
                        values, 3);
}

/* What was said for the whole connection is in force once its transaction is committed. */
static void keep_timeouts(struct pg *pg, const struct talk *talk, bool was_direct)
{
    if (talk->failed || !was_direct)
        return;
    pg->timed = true;
    pg->lock_timeout = talk->lock_timeout;
    pg->statement_timeout = talk->statement_timeout;
}

static bool send_all(struct pipe *pipe)
{
    struct pg *pg = pipe->pg;
    struct talk *talk = pipe->talk;
    bool begin = !pg->probed || !pg->relaxed;
    if (!PQenterPipelineMode(pg->conn))
        return false;
    if (begin && !send_literal(pipe, SENT_EXTRA, "BEGIN ISOLATION LEVEL READ COMMITTED"))
        return false;
    if (!pg->probed &&
        !send_literal(pipe, SENT_PROBE,
                      "SELECT pg_backend_pid(), current_setting('default_transaction_isolation')"))
        return false;
    if (!send_timeouts(pipe) || !send_user(pipe))
        return false;
    for (size_t i = 0; i < talk->asked_count; i++)
        if (!send_one(pipe, SENT_ASKED, i, talk->asked[i]))
            return false;
    if (begin && !send_literal(pipe, SENT_EXTRA, "COMMIT"))
        return false;
    return PQpipelineSync(pg->conn) == 1;
}

/* Asks the server to stop what it does; the pipeline then ends in an error. */
static void cancel(struct pipe *pipe)
{
    char text[256];
    PGcancel *request = PQgetCancel(pipe->pg->conn);
    if (request)
        PQcancel(request, text, sizeof text);
    PQfreeCancel(request);
    pipe->cancelled = true;
}

/* Waits until the next result can be taken without blocking; false when the connection is gone. */
static bool wait_result(struct pipe *pipe)
{
    PGconn *conn = pipe->pg->conn;
    int unsent = PQflush(conn);
    while (unsent >= 0 && (unsent || PQisBusy(conn))) {
        short events = (short)(unsent ? POLLIN | POLLOUT : POLLIN);
        struct pollfd fd = {.fd = PQsocket(conn), .events = events};
        bool limited = pipe->talk->patience && !pipe->cancelled;
        int ready = poll(&fd, 1, limited ? (int)pipe->talk->patience : -1);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready == 0)
            cancel(pipe);
        if (!PQconsumeInput(conn))
            return false;
        if (unsent)
            unsent = PQflush(conn);
    }
    return unsent >= 0;
}

static bool is_given(const struct pipe *pipe, size_t next)
{
    const struct talk *talk = pipe->talk;
    return talk->each && next < pipe->count && pipe->sent[next].kind == SENT_ASKED &&
           pipe->sent[next].index == talk->each_statement;
}

/* One row to who wants each; when no more are wanted, the rest is cancelled and passed over. */
static void give_row(struct pipe *pipe, PGresult *result)
{
    struct talk *talk = pipe->talk;
    struct answer row = {.rows = 1, .columns = (size_t)PQnfields(result)};
    if (!pipe->row)
        pipe->row = ARENA_ARRAY(talk->arena, row.columns, struct str);
    row.cells = pipe->row;
    for (int i = 0; i < (int)row.columns; i++)
        row.cells[i] = PQgetisnull(result, 0, i) ? STR_NONE
                                                 : (struct str){PQgetvalue(result, 0, i),
                                                                (size_t)PQgetlength(result, 0, i)};
    talk->each_count++;
    if (!pipe->cancelled && !talk->each(talk->ctx, &row))
        cancel(pipe);
    PQclear(result);
}

/* Takes all results up to the end of the pipeline; false when the connection was lost. */
static bool receive_all(struct pipe *pipe)
{
    PGconn *conn = pipe->pg->conn;
    size_t next = 0;
    bool given = is_given(pipe, next) && PQsetSingleRowMode(conn);
    for (;;) {
        if (!wait_result(pipe))
            return false;
        PGresult *result = PQgetResult(conn);
        if (!result) { /* the end of one statement's results */
            if (PQstatus(conn) == CONNECTION_BAD)
                return false;
            given = is_given(pipe, ++next) && PQsetSingleRowMode(conn);
            continue;
        }
        if (given && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            give_row(pipe, result);
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return true;
        }
        struct sent sent = {SENT_EXTRA, 0}; /* an error behind the last one: the commit failed */
        if (next < pipe->count)
            sent = pipe->sent[next];
        take_result(pipe, sent, result);
        if (PQstatus(conn) == CONNECTION_BAD)
            return false;
    }
}

/* Leaves the pipeline with the connection ready for the next; closes it when that fails. */
static void settle(struct pg *pg, bool unprepared)
{
    bool fine = PQexitPipelineMode(pg->conn) == 1;
    if (fine && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        PQclear(PQexec(pg->conn, "ROLLBACK"));
    if (fine && unprepared) {
        PQclear(PQexec(pg->conn, "DEALLOCATE ALL"));
        prepared_clear(&pg->prepared);
    }
    if (!fine || PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        pg_close(pg);
}

/* One pipeline there and back; false when the connection was lost on the way. */
static bool run_once(struct pg *pg, struct talk *talk)
{
    struct pipe pipe = {.pg = pg, .talk = talk};
    bool was_direct = pg->direct;
    memset(talk->answers, 0, sizeof *talk->answers * talk->asked_count);
    talk->answer_count = talk->asked_count;
    talk->failed = false;
    talk->error = (struct db_error){.sqlstate = ""};
    talk->round_trips++;
    if (!send_all(&pipe) || !receive_all(&pipe)) {
        talk->failed = false; /* what counts is that the connection died, not its last words */
        fail_connection(pg, talk);
        return false;
    }
    keep_timeouts(pg, talk, was_direct);
    settle(pg, pipe.unprepared);
    return true;
}

/* A server that was restarted has closed its end: see that before something is sent once only. */
static bool still_open(struct pg *pg)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
    return poll(&fd, 1, 0) == 0 || (PQconsumeInput(pg->conn) && poll(&fd, 1, 0) == 0);
}

static void sleep_with_jitter(unsigned attempt)
{
    unsigned random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0;
    long most = 10L << attempt; /* milliseconds: full jitter, doubling */
    struct timespec pause = {.tv_nsec = (1 + (long)random % most) * 1000000L};
    nanosleep(&pause, NULL);
}

/* Sends it until an answer came; gives up when repeating could do the change twice. */
static void run_sure(struct pg *pg, struct talk *talk)
{
    for (unsigned attempt = 0; attempt < SEND_TRIES; attempt++) {
        bool reused = pg_connected(pg) && (talk->repeatable || still_open(pg));
        if (!reused && !pg_connect(pg)) {
            fail_connection(pg, talk);
            return;
        }
        if (run_once(pg, talk) || !talk->repeatable || talk->each_count)
            return;
    }
}

void pg_run(struct pg *pg, struct talk *talk)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    run_sure(pg, talk);
    for (unsigned attempt = 0; attempt < CONTENTION_TRIES && talk->failed && !talk->each_count &&
                               talk->error.reason == REASON_CONTENTION;
         attempt++) {
        sleep_with_jitter(attempt);
        run_sure(pg, talk);
    }
    if (talk->failed && talk->error.reason == REASON_CATALOG)
        pg_close(pg); /* its prepared statements are of another time */
    clock_gettime(CLOCK_MONOTONIC, &end);
    talk->micros += (uint64_t)(end.tv_sec - start.tv_sec) * 1000000u +
                    (uint64_t)(end.tv_nsec / 1000) - (uint64_t)(start.tv_nsec / 1000);
}
