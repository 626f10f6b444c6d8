#include "api/rows.h"

#include "api/answer.h"
#include "api/body.h"
#include "api/bulk.h"
#include "api/conflict.h"
#include "api/target.h"
#include "wire/json.h"

#include "base/banned.h"

/* Whether If-None-Match names this version or anything at all (RFC 9110, section 13.1.2). */
static bool is_known(struct work *work, struct str token)
{
    struct http_tags tags;
    struct str value = request_header(&work->request, "HTTP_IF_NONE_MATCH");
    if (http_tags(&work->arena, value, &tags))
        return false;
    for (size_t i = 0; i < tags.count; i++)
        if (str_eq(tags.tags[i], token))
            return true;
    return tags.any;
}

struct show {
    struct work *work;
    struct query query;
};

static void after_show(void *ctx)
{
    struct show *show = ctx;
    struct work *work = show->work;
    struct row row = {0};
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    if (!work->talk.failed)
        row_take(&work->arena, work->table, &work->talk.answers[0], false, true, &row);
    if (!row.found) {
        work_problem(work, "no-row", STR_NONE);
        return;
    }
    struct str token = version_token(&work->arena, row.version);
    answer_json(work);
    answer_version(work, token);
    if (is_known(work, token)) {
        work->reply.status = 304;
        return;
    }
    if (show->query.selects)
        buf_str(OUT(work), row.json);
    else
        answer_row(OUT(work), row.json, token);
    buf_char(OUT(work), '\n');
}

void rows_show(struct work *work)
{
    struct show *show = ARENA_NEW(&work->arena, struct show);
    show->work = work;
    if (!target_read(work, TARGET_KEY, STR(""), &show->query))
        return;
    talk_then(&work->talk, after_show, show);
    if (show->query.selects)
        row_ask_shown(&work->talk, work_catalog(work), work->table, work->key, &show->query);
    else
        row_ask(&work->talk, work->table, work->key, false, true);
    work->talk.repeatable = true;
}

/* One write under way. */
struct write {
    struct work *work;
    struct save save;
    struct query show; /* what of the row the answer shows */
    bool by_filter;    /* on /T?…: answered as PostgREST does */
};

/* The row in the body: as an array of one where that is the way of the address. */
static void put_row(struct write *write, struct str token)
{
    struct work *work = write->work;
    const struct outcome *outcome = &write->save.outcome;
    bool array = write->by_filter && !work->request.object;
    answer_json(work);
    if (array)
        buf_char(OUT(work), '[');
    if (write->show.selects)
        buf_str(OUT(work), outcome->shown);
    else
        answer_row(OUT(work), outcome->json, token);
    buf_text(OUT(work), array ? "]\n" : "\n");
}

/*
 * On one row's address the row comes back unless return=minimal; elsewhere, and
 * for a delete, only with return=representation.
 */
static bool wants_row(const struct write *write)
{
    bool spared = write->by_filter || write->save.change.op == CHANGE_DELETE ||
                  answer_prefers(write->work, STR("return=minimal"));
    return !spared || answer_prefers(write->work, STR("return=representation"));
}

static bool shows_row(const struct write *write)
{
    const struct outcome *outcome = &write->save.outcome;
    return wants_row(write) && (write->show.selects ? outcome->shown.ptr : outcome->json.ptr);
}

static void done(struct write *write, struct str token)
{
    struct work *work = write->work;
    bool created = write->save.change.op == CHANGE_CREATE, shown = shows_row(write);
    work->reply.status = created ? 201 : shown ? 200 : 204;
    if (created)
        answer_location(work, write->save.outcome.key);
    answer_applied(work);
    if (write->by_filter && answer_prefers(work, STR("count=exact")))
        reply_header(&work->reply, "Content-Range", shown && !created ? STR("0-0/1") : STR("*/1"));
    if (shown)
        put_row(write, token);
}

static void after_save(struct save *save)
{
    struct write *write = save->ctx;
    struct work *work = write->work;
    const struct outcome *outcome = &save->outcome;
    claim_answer(work, &save->change, outcome);
    if (outcome->kind == OUTCOME_CONFLICT || outcome->kind == OUTCOME_REFUSED)
        conflict_json(work, save);
    else
        done(write,
             outcome->has_version ? version_token(&work->arena, outcome->version) : STR_NONE);
}

static struct write *new_write(struct work *work, enum target target)
{
    struct write *write = ARENA_NEW(&work->arena, struct write);
    write->work = work;
    write->by_filter = target != TARGET_KEY;
    write->save.talk = &work->talk;
    write->save.done = after_save;
    write->save.ctx = write;
    return target_read(work, target, STR(""), &write->show) ? write : NULL;
}

static void start(struct write *write)
{
    struct change *change = &write->save.change;
    change->show = write->show.selects ? &write->show : NULL;
    change->without_row = !wants_row(write);
    change->parks = change->op == CHANGE_UPDATE && change->catalog->conflicts;
    save_row(&write->save);
}

static bool is_allowed(const struct table *table, enum change_op op)
{
    return op == CHANGE_CREATE   ? table->can_insert
           : op == CHANGE_DELETE ? table->can_delete
                                 : table->can_update;
}

static void write_row(struct work *work, enum target target, enum change_op op, bool whole)
{
    if (!is_allowed(work->table, op)) {
        work_problem(work, "privilege", STR_NONE);
        return;
    }
    if (!answer_strict(work))
        return;
    struct write *write = new_write(work, target);
    if (write && body_read(work, op, whole, &write->save.change))
        start(write);
}

void rows_create(struct work *work)
{
    if (!work->table->can_insert)
        work_problem(work, "privilege", STR_NONE);
    else if (!answer_strict(work))
        return;
    else if (answer_prefers(work, STR("resolution=merge-duplicates")))
        work_problem(work, "merge-duplicates", STR_NONE);
    else if (bulk_is_meant(work))
        bulk_create(work);
    else
        write_row(work, TARGET_NEW, CHANGE_CREATE, false);
}

void rows_patch(struct work *work)
{
    write_row(work, TARGET_KEY, CHANGE_UPDATE, false);
}

void rows_patch_where(struct work *work)
{
    write_row(work, TARGET_FILTER, CHANGE_UPDATE, false);
}

void rows_delete(struct work *work)
{
    write_row(work, TARGET_KEY, CHANGE_DELETE, false);
}

void rows_delete_where(struct work *work)
{
    write_row(work, TARGET_FILTER, CHANGE_DELETE, false);
}

/* PUT replaces the row; with If-None-Match: * it creates it. */
static void put(struct work *work, enum target target)
{
    if (!str_is(str_trim(request_header(&work->request, "HTTP_IF_NONE_MATCH")), "*")) {
        write_row(work, target, CHANGE_UPDATE, true);
        return;
    }
    if (!work->table->can_insert) {
        work_problem(work, "privilege", STR_NONE);
        return;
    }
    if (!answer_strict(work))
        return;
    struct write *write = new_write(work, target);
    if (!write || !body_read(work, CHANGE_CREATE, true, &write->save.change))
        return;
    body_add_key(work, &write->save.change);
    start(write);
}

void rows_put(struct work *work)
{
    put(work, TARGET_KEY);
}

void rows_put_where(struct work *work)
{
    put(work, TARGET_FILTER);
}
