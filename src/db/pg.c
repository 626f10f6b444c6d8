#include "db/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "db/pg_pipe.h"

#include "base/banned.h"

#define CONTENTION_TRIES 3
#define SEND_TRIES 3
#define REACH_MICROS 4000000u /* after a write: a server that crashed is mostly there again */

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
    pg->probed = pg->direct = pg->relaxed = pg->timed = pg->named = pg->open = false;
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

bool pg_direct(const struct pg *pg)
{
    return pg->direct;
}

struct str pg_conninfo_value(struct arena *arena, struct str conninfo, const char *keyword)
{
    const char *text = str_cstr(arena, conninfo);
    PQconninfoOption *options = text ? PQconninfoParse(text, NULL) : NULL;
    struct str value = STR_NONE;
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val)
            value = str_copy(arena, str_from(option->val));
    PQconninfoFree(options);
    return value;
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

static void fail_connection(struct pg *pg, struct talk *talk)
{
    struct db_error error = {.reason = REASON_AWAY};
    talk->answer_count = 0;
    struct str message = str_from(PQerrorMessage(pg->conn));
    error.message = str_copy(talk->arena, message);
    pipe_fail(talk, error);
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

/* Leaves the pipeline with the connection ready for the next; closes it when that fails. */
static void settle(struct pg *pg, bool unprepared)
{
    bool fine = PQexitPipelineMode(pg->conn) == 1;
    if (fine && pg->open && PQtransactionStatus(pg->conn) == PQTRANS_INERROR)
        PQclear(PQexec(pg->conn, "ROLLBACK TO SAVEPOINT pg409"));
    pg->open = pg->open && PQtransactionStatus(pg->conn) == PQTRANS_INTRANS;
    if (fine && !pg->open && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        PQclear(PQexec(pg->conn, "ROLLBACK"));
    if (fine && unprepared) {
        PQclear(PQexec(pg->conn, "DEALLOCATE ALL"));
        prepared_clear(&pg->prepared);
    }
    PGTransactionStatusType expected = pg->open ? PQTRANS_INTRANS : PQTRANS_IDLE;
    if (!fine || PQtransactionStatus(pg->conn) != expected)
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
    talk->told.round_trips++;
    if (!pipe_send(&pipe) || !pipe_receive(&pipe)) {
        talk->failed = false; /* what counts is that the connection died, not its last words */
        fail_connection(pg, talk);
        pg_close(pg); /* lost, or given up in the middle of an answer */
        return false;
    }
    keep_timeouts(pg, talk, was_direct);
    if (pipe.user_said && !talk->failed) {
        pg->named = true;
        (void)snprintf(pg->user, sizeof pg->user, "%.*s", STR_ARG(talk->user));
    }
    pg->open = talk->transaction == TALK_OPEN;
    settle(pg, pipe.unprepared);
    if (talk->transaction == TALK_ROLLBACK || (talk->transaction == TALK_COMMIT && talk->failed))
        pg->timed = false; /* what was said inside of it is not in force any more */
    return true;
}

/* A server that was restarted has closed its end: see that before something is sent once only. */
static bool still_open(struct pg *pg)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
    return poll(&fd, 1, 0) == 0 || (PQconsumeInput(pg->conn) && poll(&fd, 1, 0) == 0);
}

/* Sleeps at least so many milliseconds and up to spread more, so that two that met do not meet
 * again. Both together are below a second. */
static void sleep_with_jitter(long least, long spread)
{
    unsigned random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0;
    struct timespec pause = {.tv_nsec = (least + 1 + (long)random % spread) * 1000000L};
    nanosleep(&pause, NULL);
}

/* Within a transaction there is one try: a new connection would not be in it. */
static void run_inside(struct pg *pg, struct talk *talk)
{
    if (!pg->open) {
        fail_connection(pg, talk);
    } else if (!run_once(pg, talk)) {
        talk->told.lost++;
        pg->open = false;
    }
}

void pg_abandon(struct pg *pg)
{
    if (!pg->open)
        return;
    PQclear(PQexec(pg->conn, "ROLLBACK"));
    pg->open = pg->timed = false;
}

/* A connection, new or as it is. Under a write that may have been done the server is waited for. */
static bool reach(struct pg *pg, struct talk *talk)
{
    if (pg_connected(pg) && (talk->repeatable || still_open(pg)))
        return true;
    uint64_t start = clock_micros();
    for (unsigned attempt = 0; !pg_connect(pg); attempt++) {
        talk->told.refused++;
        if (!talk->unsure || clock_micros() - start > REACH_MICROS)
            return false;
        long pause = 15L << (attempt < 5 ? attempt : 5); /* milliseconds */
        sleep_with_jitter(pause, pause);
    }
    talk->told.connected++;
    return true;
}

/* Sends it until an answer came; gives up when repeating could do the change twice. */
static void run_sure(struct pg *pg, struct talk *talk)
{
    if (pg->open || talk->transaction == TALK_COMMIT || talk->transaction == TALK_ROLLBACK) {
        run_inside(pg, talk);
        return;
    }
    if (talk->transaction == TALK_OPEN) {
        talk->repeatable = true; /* it has just begun: nothing is done before its commit */
        talk->told.contended += talk->again > 0;
        if (talk->again)
            sleep_with_jitter(0, 10L << talk->again);
    }
    for (unsigned attempt = 0; attempt < SEND_TRIES; attempt++) {
        if (!reach(pg, talk)) {
            fail_connection(pg, talk);
            return;
        }
        if (run_once(pg, talk))
            return;
        talk->told.lost++;
        talk->unsure |= talk->writing && talk->transaction == TALK_ALONE;
        if (!talk->repeatable || talk->each_count)
            return;
    }
}

void pg_run(struct pg *pg, struct talk *talk)
{
    uint64_t start = clock_micros();
    if (talk->transaction == TALK_ALONE)
        pg_abandon(pg);
    run_sure(pg, talk);
    for (unsigned attempt = 0;
         attempt < CONTENTION_TRIES && talk->failed && !talk->each_count &&
         talk->transaction == TALK_ALONE && talk->error.reason == REASON_CONTENTION;
         attempt++) {
        talk->told.contended++;
        sleep_with_jitter(0, 10L << attempt);
        run_sure(pg, talk);
    }
    if (talk->failed && talk->error.reason == REASON_CATALOG)
        pg_close(pg); /* its prepared statements are of another time */
    talk->told.db_micros += clock_micros() - start;
}
