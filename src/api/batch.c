#include "api/batch.h"

#include "api/answer.h"
#include "api/batch_read.h"
#include "api/conflict.h"
#include "web/claim.h"
#include "web/metrics.h"
#include "web/problem.h"
#include "web/writelog.h"
#include "wire/http.h"
#include "wire/json.h"

#include "base/banned.h"

#define TRIES 3

struct run {
    struct work *work;
    struct part *parts;
    size_t count, at;
    size_t failed;    /* of those so far */
    struct str token; /* its Idempotency-Key; STR_NONE without */
    unsigned tries;
};

static void start(struct run *run);
static void next(struct run *run);

static bool is_failure(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_CONFLICT || outcome->kind == OUTCOME_REFUSED;
}

/* "/articles/42" */
static void put_path(struct work *work, const struct part *part)
{
    struct buf path;
    struct str key = part->save.outcome.key.ptr ? part->save.outcome.key : part->key_segment;
    buf_init(&path, &work->arena, SIZE_MAX / 4);
    buf_char(&path, '/');
    buf_str(&path, part->table_segment);
    if (key.ptr) {
        buf_char(&path, '/');
        buf_str(&path, key);
    }
    json_name(OUT(work), "path");
    json_string(OUT(work), buf_slice(&path));
}

/* A line of the log for each change, with the id of the request. */
static void log_part(struct work *work, const struct part *part, bool done)
{
    const struct outcome *outcome = &part->save.outcome;
    batch_enter(work, part);
    claim_log(work, &part->save.change, outcome);
    work->logged_base = part->claimed;
    if (!done && !is_failure(outcome)) {
        work->outcome = "refused";
        work->reason = "batch";
    }
    writelog_line(work);
    metrics_change(work);
    claim_forget(work);
    batch_enter(work, NULL);
}

static void log_parts(struct run *run, bool done)
{
    for (size_t i = 0; i < run->count; i++)
        log_part(run->work, &run->parts[i], done);
    run->work->logged_rows = run->count;
}

static void put_done(struct work *work, const struct part *part)
{
    struct buf *out = OUT(work);
    const struct outcome *outcome = &part->save.outcome;
    struct str token =
        outcome->has_version ? version_token(&work->arena, outcome->version) : STR_NONE;
    json_comma(out);
    buf_char(out, '{');
    json_name(out, "method");
    json_string(out, str_from(http_method_name(part->method)));
    put_path(work, part);
    json_name(out, "outcome");
    json_string(out, str_from(outcome_name(outcome->kind)));
    if (token.ptr) {
        json_name(out, "version");
        json_string(out, token);
    }
    if (outcome->json.ptr && !part->save.change.without_row) {
        json_name(out, "row");
        answer_row(out, outcome->json, token);
    }
    buf_char(out, '}');
}

/* The one word for all of them: what happened that most people would want to know. */
static const char *summary(const struct run *run)
{
    static const enum outcome_kind ranks[] = {OUTCOME_SAVED, OUTCOME_REBASED,
                                              OUTCOME_ALREADY_APPLIED};
    for (size_t rank = 0; rank < sizeof ranks / sizeof *ranks; rank++)
        for (size_t i = 0; i < run->count; i++)
            if (run->parts[i].save.outcome.kind == ranks[rank])
                return outcome_name(ranks[rank]);
    return outcome_name(OUTCOME_UNCHANGED);
}

static void answer_done(struct run *run)
{
    struct work *work = run->work;
    log_parts(run, true);
    work->outcome = summary(run);
    answer_json(work);
    buf_text(OUT(work), "{\"changes\":[");
    for (size_t i = 0; i < run->count; i++)
        put_done(work, &run->parts[i]);
    buf_text(OUT(work), "]}\n");
}

/* 409 when only conflicts are in the way; else what the first other refusal says. */
static int status_of(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->parts[i].save.outcome.kind == OUTCOME_REFUSED)
            return problem_status(&run->parts[i].save.outcome, false);
    return 409;
}

static void put_failed(struct run *run, size_t i)
{
    struct work *work = run->work;
    struct buf *out = OUT(work);
    json_comma(out);
    buf_char(out, '{');
    json_name(out, "index");
    buf_u64(out, i);
    put_path(work, &run->parts[i]);
    batch_enter(work, &run->parts[i]);
    conflict_members(work, &run->parts[i].save);
    batch_enter(work, NULL);
    buf_char(out, '}');
}

static void answer_failed(struct run *run)
{
    struct work *work = run->work;
    struct buf *out = OUT(work);
    const struct problem *problem = problem_named(STR("batch"));
    struct str detail =
        str_printf(&work->arena,
                   "Of %zu changes, %zu cannot be made. The others were not made either.",
                   run->count, run->failed);
    work->reply.status = status_of(run);
    log_parts(run, false);
    work->outcome = outcome_name(status_of(run) == 409 ? OUTCOME_CONFLICT : OUTCOME_REFUSED);
    work->reason = problem->name;
    reply_header(&work->reply, "Content-Type", STR("application/problem+json"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    buf_char(out, '{');
    json_name(out, "type");
    json_string(out, str_printf(&work->arena, "%.*s/_problems/%s", STR_ARG(work->request.prefix),
                                problem->name));
    json_name(out, "title");
    json_string(out, str_from(problem->title));
    json_name(out, "status");
    buf_printf(out, "%d", work->reply.status);
    json_name(out, "detail");
    json_string(out, detail);
    json_name(out, "reason");
    json_string(out, str_from(problem->name));
    problem_members(out, problem, detail, STR_NONE);
    json_name(out, "changes");
    buf_char(out, '[');
    for (size_t i = 0; i < run->count; i++)
        if (is_failure(&run->parts[i].save.outcome))
            put_failed(run, i);
    buf_text(out, "]}\n");
}

/* The database stopped it: nothing is done, and it may work if it is begun once more. */
static bool is_worth_again(enum reason reason)
{
    return reason == REASON_CONTENTION || reason == REASON_AWAY;
}

static bool is_the_end(enum reason reason)
{
    return is_worth_again(reason) || reason == REASON_TIMEOUT || reason == REASON_FULL ||
           reason == REASON_READ_ONLY || reason == REASON_CATALOG;
}

static void begin_again(struct run *run, enum reason reason)
{
    struct work *work = run->work;
    if (is_worth_again(reason) && ++run->tries < TRIES) {
        work->talk.again = run->tries;
        start(run);
    } else if (reason == REASON_CONTENTION) {
        work_problem(work, "contention", STR_NONE);
    } else {
        work_failed(work);
    }
}

static void after_rollback(void *ctx)
{
    struct run *run = ctx;
    struct talk *talk = &run->work->talk;
    talk->transaction = TALK_ALONE;
    answer_failed(run);
}

static bool creates(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->parts[i].save.change.op == CHANGE_CREATE)
            return true;
    return false;
}

static void after_commit(void *ctx)
{
    struct run *run = ctx;
    struct talk *talk = &run->work->talk;
    bool lost = talk->failed && talk->error.reason == REASON_AWAY;
    talk->transaction = TALK_ALONE;
    talk->unsure |= lost; /* it may have been done: what comes next has to find out */
    if (!talk->failed)
        answer_done(run);
    else if (lost && creates(run) && !work_catalog(run->work)->receipts)
        work_problem(run->work, "unsure", STR_NONE);
    else
        begin_again(run, talk->error.reason);
}

static void finish(struct run *run)
{
    struct talk *talk = &run->work->talk;
    talk_then(talk, run->failed ? after_rollback : after_commit, run);
    talk->transaction = run->failed ? TALK_ROLLBACK : TALK_COMMIT;
}

static void after_save(struct save *save)
{
    struct run *run = save->ctx;
    if (is_failure(&save->outcome) && is_the_end(save->outcome.reason)) {
        begin_again(run, save->outcome.reason);
        return;
    }
    run->failed += is_failure(&save->outcome);
    run->at++;
    next(run);
}

static void next(struct run *run)
{
    struct work *work = run->work;
    if (run->at == run->count) {
        finish(run);
        return;
    }
    struct save *save = &run->parts[run->at].save;
    save->talk = &work->talk;
    save->done = after_save;
    save->ctx = run;
    save->change.mark = str_printf(&work->arena, "%.*s/%zu", STR_ARG(work->mark), run->at);
    if (run->token.ptr)
        save->change.token = str_printf(&work->arena, "%.*s/%zu", STR_ARG(run->token), run->at);
    save_row(save);
}

/* From the first change on; what an earlier try left in them is read anew. */
static void start(struct run *run)
{
    struct work *work = run->work;
    run->at = run->failed = 0;
    work->about = STR_NONE; /* what a try before this one left there */
    if (!batch_read(work, &run->parts, &run->count))
        return;
    if (run->count == 0) {
        answer_done(run);
        return;
    }
    work->talk.transaction = TALK_OPEN;
    next(run);
}

void batch(struct work *work)
{
    struct run *run = ARENA_NEW(&work->arena, struct run);
    struct change key = {0};
    run->work = work;
    if (request_header(&work->request, "HTTP_IF_MATCH").ptr) {
        work_problem(work, "malformed",
                     STR("Each change of a batch carries its own version; If-Match has no place."));
        return;
    }
    if (!answer_strict(work) ||
        !claim_token(work, request_header(&work->request, "HTTP_IDEMPOTENCY_KEY"), &key))
        return;
    run->token = key.token;
    start(run);
}
