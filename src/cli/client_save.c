#include "cli/client_save.h"

#include "cli/client_keep.h"
#include "cli/client_settle.h"

#include "base/banned.h"

#define MOST_ROUNDS 1000 /* somebody gets through in each of them */
#define FIRST_PAUSE 10   /* milliseconds between them, doubling */
#define LONGEST_PAUSE 2000
#define BODY_MAX ((size_t)64 << 20)

void saving_init(struct saving *saving, struct client *client, const struct client_row *base,
                 struct wishes wishes)
{
    *saving = (struct saving){.client = client, .base = *base, .asked_base = *base};
    saving->wishes = wishes;
    saving->asked.count = wishes.count;
    saving->asked.items = ARENA_ARRAY(&client->arena, wishes.count, struct wish);
    for (size_t i = 0; i < wishes.count; i++)
        saving->asked.items[i] = wishes.items[i];
    saving->settle = client_settle;
    saving->strict = client->options.version || client->options.on_conflict == ON_FAIL;
    buf_init(&saving->merged, &client->arena, 10000);
}

/* The row at client->url. Else how it ends, and perhaps *words. */
static enum client_exit fetch(struct client *client, struct call *call, struct client_row *row,
                              const char **words)
{
    static const char *const headers[] = {"Accept: application/json", "Range: 0-0",
                                          "Range-Unit: items", NULL};
    *call = (struct call){.exchange = {.url = client->url, .follow = true, .headers = headers}};
    *words = NULL;
    client_call(client, call);
    if (!call_fine(call))
        return call_exit(call);
    *words = "The address leads to another place.";
    if (!client_follow(client, call))
        return CLIENT_FOREIGN;
    *words = "That is no row of a pg409: what came has no version.";
    bool read = client_row_read(&client->arena, call->exchange.answer, row) == ERR_NONE;
    return read && row->version.ptr ? CLIENT_DONE : CLIENT_FOREIGN;
}

bool saving_read(struct client *client, struct client_row *row, int *status)
{
    struct call call;
    struct client_result result = {.call = &call};
    result.exit = fetch(client, &call, row, &result.words);
    if (result.exit != CLIENT_DONE)
        *status = show_result(client, &result);
    return result.exit == CLIENT_DONE;
}

int saving_fail(struct saving *saving, enum client_exit exit, const char *words)
{
    struct client *client = saving->client;
    bool called = saving->call.exchange.url != NULL;
    struct client_result result = {.exit = exit,
                                   .words = words,
                                   .call = called ? &saving->call : NULL,
                                   .rounds = saving->rounds};
    if (!client->options.no_keep)
        result.kept = client_keep(saving, exit == CLIENT_UNKNOWN);
    return show_result(client, &result);
}

/* --- what is sent --- */

static void put_base(struct buf *out, const struct saving *saving)
{
    json_name(out, "_base");
    buf_char(out, '{');
    for (size_t i = 0; i < saving->wishes.count; i++) {
        struct str column = saving->wishes.items[i].column;
        const struct json_value *seen = json_get(&saving->base.members, column);
        if (!seen)
            continue;
        json_comma(out);
        json_string(out, column);
        buf_char(out, ':');
        buf_str(out, seen->raw);
    }
    buf_char(out, '}');
}

/* The body; false when a sum cannot be made: *words. */
static bool make_body(struct saving *saving, const char **words)
{
    struct arena *arena = &saving->client->arena;
    struct buf out;
    buf_init(&out, arena, BODY_MAX);
    buf_char(&out, '{');
    for (size_t i = 0; i < saving->wishes.count; i++) {
        const struct wish *wish = &saving->wishes.items[i];
        struct str value;
        const struct json_value *seen = json_get(&saving->base.members, wish->column);
        if (wish_value(arena, wish, seen, &value)) {
            *words = str_cstr(arena, str_printf(arena,
                                                "“%.*s” holds no number to which something "
                                                "could be added.",
                                                STR_ARG(wish->column)));
            return false;
        }
        json_comma(&out);
        json_string(&out, wish->column);
        buf_char(&out, ':');
        buf_str(&out, value);
    }
    if (saving->base.version.ptr) {
        put_base(&out, saving);
        json_name(&out, "_version");
        json_string(&out, saving->base.version);
    }
    buf_char(&out, '}');
    *words = "That is more than can be sent at once.";
    saving->body = buf_slice(&out);
    return buf_ok(&out);
}

static void send(struct saving *saving, bool lost)
{
    struct client *client = saving->client;
    struct arena *arena = &client->arena;
    const char **headers = ARENA_ARRAY(arena, 6, const char *);
    const char *match = NULL;
    headers[0] = "Content-Type: application/json";
    headers[1] = "Accept: application/json";
    headers[2] = str_cstr(arena, str_printf(arena, "Idempotency-Key: %s", saving->key));
    if (saving->base.version.ptr)
        match =
            str_cstr(arena, str_printf(arena, "If-Match: \"%.*s\"", STR_ARG(saving->base.version)));
    if (saving->strict)
        headers[3] = match;
    saving->call = (struct call){.exchange = {.method = "PATCH",
                                              .url = client->url,
                                              .headers = headers,
                                              .body = saving->body},
                                 .repeatable = true,
                                 .lost = lost};
    if (!saving->strict)
        saving->call.when_lost = match;
    client_call(client, &saving->call);
}

/* --- what came of it --- */

static bool adds(const struct saving *saving)
{
    for (size_t i = 0; i < saving->wishes.count; i++)
        if (saving->wishes.items[i].kind == WISH_ADD)
            return true;
    return false;
}

static int done(struct saving *saving)
{
    const struct call *call = &saving->call;
    struct client *client = saving->client;
    struct client_row row;
    struct client_result result = {.call = call, .rounds = saving->rounds};
    struct str merged = call_header(call, "PG409-Merged");
    result.outcome = str_cstr(&client->arena, call_header(call, "PG409-Outcome"));
    result.version = call_header(call, "PG409-Version");
    result.merged = saving->merged.len ? buf_slice(&saving->merged) : merged;
    if (client_row_read(&client->arena, call->exchange.answer, &row) == ERR_NONE)
        result.row = row.raw;
    if (saving->left) {
        result.exit = CLIENT_LEFT;
        result.words = "Saved, but for what was left as others have it.";
    }
    return show_result(client, &result);
}

/* Nothing is left to be sent after a conflict: it is there already, or was left to the others. */
static int nothing_left(struct saving *saving)
{
    struct client_result result = {.call = &saving->call,
                                   .rounds = saving->rounds,
                                   .outcome = "already-applied",
                                   .version = saving->base.version};
    if (saving->left) {
        result.exit = CLIENT_LEFT;
        result.words = "Left as others have it.";
    }
    return show_result(saving->client, &result);
}

/* The row is read again, as the base of what is sent next. */
static bool read_anew(struct saving *saving, int *status)
{
    const char *words;
    enum client_exit exit = fetch(saving->client, &saving->call, &saving->base, &words);
    if (exit != CLIENT_DONE)
        *status = saving_fail(saving, exit, words);
    return exit == CLIENT_DONE;
}

/* The row as it is now: as the answer has it, else it is read. */
static bool look_again(struct saving *saving, const struct client_problem *problem, int *status)
{
    struct client_row row;
    if (problem && problem->has_current)
        row = problem->current;
    else if (!call_fine(&saving->call) ||
             client_row_read(&saving->client->arena, saving->call.exchange.answer, &row) ||
             !row.version.ptr) {
        return read_anew(saving, status);
    }
    saving->base = row;
    return true;
}

enum next { NEXT_END, NEXT_ROUND };

static enum next after_settling(struct saving *saving, enum settled settled, int *status)
{
    switch (settled) {
    case SETTLED:
        break;
    case SETTLED_FAIL:
        *status = saving_fail(saving, CLIENT_CONFLICT, NULL);
        return NEXT_END;
    case SETTLED_LEAVE:
        *status = saving_fail(saving, CLIENT_LEFT, "Not saved; what you have is kept.");
        return NEXT_END;
    case SETTLED_LOCAL:
        *status = saving_fail(saving, CLIENT_LOCAL, "The editor cannot be used.");
        return NEXT_END;
    }
    if (saving->wishes.count)
        return NEXT_ROUND;
    *status = nothing_left(saving);
    return NEXT_END;
}

/* Somebody was faster. */
static enum next stale(struct saving *saving, int *status)
{
    const struct client_problem problem = saving->call.problem;
    enum settled settled = SETTLED_FAIL;
    if (!saving->strict || saving->client->options.on_conflict != ON_FAIL)
        settled = saving->client->options.version ? SETTLED_FAIL : saving->settle(saving, &problem);
    if (settled == SETTLED && !look_again(saving, &problem, status))
        return NEXT_END;
    return after_settling(saving, settled, status);
}

/*
 * "It is there already" may be somebody else's doing: a sum is done only when the server knows that
 * this very request did it.
 */
static enum next after_success(struct saving *saving, int *status)
{
    struct str repeat = call_header(&saving->call, "PG409-Repeat");
    bool applied = str_is(call_header(&saving->call, "PG409-Outcome"), "already-applied");
    if (!applied || !adds(saving) || str_is(repeat, "yes")) {
        *status = done(saving);
        return NEXT_END;
    }
    if (saving->call.lost && !repeat.ptr) {
        *status =
            saving_fail(saving, CLIENT_UNKNOWN,
                        "The answer was lost, and the server keeps no receipts that would tell.");
        return NEXT_END;
    }
    if (saving->client->options.version) {
        *status = saving_fail(saving, CLIENT_CONFLICT, "Somebody else made the same of it.");
        return NEXT_END;
    }
    return look_again(saving, NULL, status) ? NEXT_ROUND : NEXT_END;
}

static enum next judge(struct saving *saving, int *status)
{
    struct call *call = &saving->call;
    struct str outcome = call_header(call, "PG409-Outcome");
    bool conflict = str_is(call->problem.reason, "stale");
    if (call_fine(call) && outcome.len)
        return after_success(saving, status);
    if (conflict && call->lost && adds(saving) && !call_header(call, "PG409-Repeat").ptr) {
        *status =
            saving_fail(saving, CLIENT_UNKNOWN,
                        "The answer was lost, and the server keeps no receipts that would tell.");
        return NEXT_END;
    }
    if (conflict)
        return stale(saving, status);
    *status = saving_fail(saving, call_fine(call) ? CLIENT_FOREIGN : call_exit(call), NULL);
    return NEXT_END;
}

/* Whether nothing but sums is wished: then all that counts is what is there when it is sent. */
static bool only_adds(const struct saving *saving)
{
    for (size_t i = 0; i < saving->wishes.count; i++)
        if (saving->wishes.items[i].kind != WISH_ADD)
            return false;
    return true;
}

/*
 * Between two rounds. What was read before a pause is old behind it: a sum reads anew, so that
 * nearly nobody comes between its reading and its writing. Other wishes were settled with what was
 * read, and stay on that.
 */
static bool next_round(struct saving *saving, int *status)
{
    unsigned round = saving->rounds++;
    if (round == 0)
        return true; /* mostly there was just one other */
    client_pause(saving->client, FIRST_PAUSE, LONGEST_PAUSE, round);
    return !only_adds(saving) || read_anew(saving, status);
}

static int run(struct saving *saving)
{
    const char *words;
    int status = CLIENT_CONFLICT;
    while (saving->rounds < MOST_ROUNDS) {
        if (!make_body(saving, &words))
            return saving_fail(saving, CLIENT_REFUSED, words);
        saving->key = client_key(saving->client);
        send(saving, false);
        if (judge(saving, &status) == NEXT_END)
            return status;
        if (!next_round(saving, &status))
            return status;
    }
    return saving_fail(saving, CLIENT_BUSY, "A thousand times somebody else was faster.");
}

int saving_run(struct saving *saving)
{
    return run(saving);
}

int saving_resume(struct saving *saving, const char *key, struct str body)
{
    int status;
    saving->key = key;
    saving->body = body;
    send(saving, true);
    if (judge(saving, &status) == NEXT_END)
        return status;
    saving->rounds++;
    return run(saving);
}
