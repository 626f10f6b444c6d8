#include "db/pg_pipe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

void pipe_fail(struct talk *talk, struct db_error error)
{
    if (!talk->failed)
        talk->error = error;
    talk->failed = true;
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
        pipe_fail(pipe->talk, error);
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

/*
 * Asks the server to stop what it does; the pipeline then ends in an error. PQcancel returns when
 * the server has passed the signal on, and one that finds the backend idle is ignored, so that it
 * never meets the next statement. A pooler passes it on later, and perhaps to another client's
 * statement: there the connection is given up. False when it is.
 */
static bool cancel(struct pipe *pipe)
{
    char text[256];
    if (!pipe->pg->direct)
        return false;
    PGcancel *request = PQgetCancel(pipe->pg->conn);
    if (request)
        PQcancel(request, text, sizeof text);
    PQfreeCancel(request);
    pipe->cancelled = true;
    return true;
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
        if (ready == 0 && !cancel(pipe))
            return false;
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

/*
 * One row to who wants each; when no more are wanted, the rest is cancelled and passed over. False
 * when the connection was given up.
 */
static bool give_row(struct pipe *pipe, PGresult *result)
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
    bool enough = !pipe->cancelled && !talk->each(talk->ctx, &row);
    PQclear(result);
    return !enough || cancel(pipe);
}

bool pipe_receive(struct pipe *pipe)
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
            if (!give_row(pipe, result))
                return false;
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
