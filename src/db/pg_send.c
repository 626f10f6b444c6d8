#include "db/pg_pipe.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* Which parameter is bytes, and how many: arrays as libpq wants them. */
struct binary {
    int *lengths, *formats;
};

static struct binary binary_of(struct arena *arena, const struct statement *statement)
{
    struct binary binary = {NULL, NULL};
    if (!statement->bytes)
        return binary;
    binary.lengths = ARENA_ARRAY(arena, statement->value_count, int);
    binary.formats = ARENA_ARRAY(arena, statement->value_count, int);
    binary.lengths[statement->bytes - 1] = (int)statement->bytes_len;
    binary.formats[statement->bytes - 1] = 1;
    return binary;
}

/* What a prepared statement is called. */
static const char *name_of(struct arena *arena, unsigned number)
{
    struct buf name;
    buf_init(&name, arena, 16);
    buf_char(&name, 's');
    buf_u64(&name, number);
    return buf_slice(&name).ptr;
}

static bool send_one(struct pipe *pipe, enum sent_kind kind, size_t index,
                     struct statement statement)
{
    struct pg *pg = pipe->pg;
    int count = (int)statement.value_count;
    struct str text = {statement.sql, statement.sql_len};
    bool named = pg->direct && pg->options.prepare && kind == SENT_ASKED;
    unsigned number = named ? prepared_find(&pg->prepared, text) : 0;
    bool fresh = named && !number && prepared_room(&pg->prepared);
    if (fresh)
        number = prepared_next(&pg->prepared);
    const char *name = number ? name_of(pipe->talk->arena, number) : NULL;
    if (fresh) {
        pipe->sent[pipe->count++] = (struct sent){SENT_PREPARE, 0};
        if (!PQsendPrepare(pg->conn, name, statement.sql, 0, NULL))
            return false;
        prepared_add(&pg->prepared, text);
    }
    pipe->sent[pipe->count++] = (struct sent){kind, index};
    struct binary binary = binary_of(pipe->talk->arena, &statement);
    if (number)
        return PQsendQueryPrepared(pg->conn, name, count, statement.values, binary.lengths,
                                   binary.formats, statement.as_bytes);
    return PQsendQueryParams(pg->conn, statement.sql, count, NULL, statement.values, binary.lengths,
                             binary.formats, statement.as_bytes);
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
    struct statement statement = {.sql = sql,
                                  .sql_len = strlen(sql),
                                  .values = values,
                                  .value_count = count};
    struct sent *sent = &pipe->sent[pipe->count];
    if (!send_one(pipe, SENT_ASKED, TALK_MAX_STATEMENTS, statement))
        return false;
    for (; sent < pipe->sent + pipe->count; sent++)
        if (sent->kind == SENT_ASKED)
            sent->kind = SENT_EXTRA;
    return true;
}

/*
 * Who asks, for triggers and policies. A connection of our own keeps it until somebody else asks;
 * behind a pooler, and in a transaction of several pipelines, it is said for the transaction alone.
 */
static bool send_name(struct pipe *pipe, const char *user)
{
    struct pg *pg = pipe->pg;
    bool kept =
        pg->direct && strlen(user) < sizeof pg->user && pipe->talk->transaction == TALK_ALONE;
    const char *values[] = {user, kept ? "false" : "true"};
    if (kept && pg->named && strcmp(pg->user, user) == 0)
        return true;
    pipe->user_said = kept;
    return send_setting(pipe, "SELECT set_config('pg409.user', $1, $2::boolean)", values, 2);
}

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
    return !talk->personal || send_name(pipe, user);
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

/* The end of a transaction, alone in its pipeline. */
static bool send_end(struct pipe *pipe)
{
    const char *sql = pipe->talk->transaction == TALK_COMMIT ? "COMMIT" : "ROLLBACK";
    return send_literal(pipe, SENT_EXTRA, sql) && PQpipelineSync(pipe->pg->conn) == 1;
}

bool pipe_send(struct pipe *pipe)
{
    struct pg *pg = pipe->pg;
    struct talk *talk = pipe->talk;
    bool open = talk->transaction == TALK_OPEN;
    bool begin = open ? !pg->open : !pg->probed || !pg->relaxed;
    if (!PQenterPipelineMode(pg->conn))
        return false;
    if (talk->transaction == TALK_COMMIT || talk->transaction == TALK_ROLLBACK)
        return send_end(pipe);
    if (begin && !send_literal(pipe, SENT_EXTRA, "BEGIN ISOLATION LEVEL READ COMMITTED"))
        return false;
    if (!pg->probed &&
        !send_literal(pipe, SENT_PROBE,
                      "SELECT pg_backend_pid(), current_setting('default_transaction_isolation')"))
        return false;
    if (!send_timeouts(pipe) || !send_user(pipe))
        return false;
    if (open && !send_literal(pipe, SENT_EXTRA, "SAVEPOINT pg409"))
        return false;
    for (size_t i = 0; i < talk->asked_count; i++)
        if (!send_one(pipe, SENT_ASKED, i, talk->asked[i]))
            return false;
    if (begin && !open && !send_literal(pipe, SENT_EXTRA, "COMMIT"))
        return false;
    return PQpipelineSync(pg->conn) == 1;
}
