#include "web/work.h"

#include "web/app.h"
#include "web/problem.h"
#include "wire/url.h"

#include "base/banned.h"

const struct settings *work_settings(const struct work *work)
{
    return &work->app->config.settings;
}

const struct catalog *work_catalog(const struct work *work)
{
    return work->app->catalog;
}

struct str work_random(struct work *work, size_t count)
{
    return digest_random(&work->app->random, &work->arena, count);
}

void work_link(const struct work *work, struct buf *buf, struct str table, struct str key)
{
    buf_str(buf, work->request.prefix);
    buf_char(buf, '/');
    buf_str(buf, table);
    if (!key.ptr)
        return;
    buf_char(buf, '/');
    buf_str(buf, key);
}

struct str work_table_segment(struct work *work, const struct table *table)
{
    struct buf buf;
    buf_init(&buf, &work->arena, SIZE_MAX / 4);
    url_key(&buf, &table->name, 1);
    return buf_slice(&buf);
}

void work_refuse(struct work *work, struct refusal refusal)
{
    reply_clear(&work->reply);
    work->reply.status = refusal.status;
    if (!work->outcome)
        work->outcome = "refused";
    work->reason = refusal.name;
    if (work->about.len)
        refusal.detail =
            str_printf(&work->arena, "%.*s: %.*s", STR_ARG(work->about),
                       STR_ARG(refusal.detail.ptr
                                   ? refusal.detail
                                   : str_from(problem_named(str_from(refusal.name))->meaning)));
    work->app->refuse(work, refusal);
}

void work_problem(struct work *work, const char *name, struct str detail)
{
    const struct problem *problem = problem_named(str_from(name));
    work_refuse(work, (struct refusal){problem->status, problem->name, detail});
}

void work_failed(struct work *work)
{
    const struct db_error *error = &work->talk.error;
    work->trouble = error->message;
    struct outcome outcome = {.reason = error->reason, .error = *error};
    const struct problem *problem = problem_for(error->reason);
    bool spoken = error->reason == REASON_RAISED || error->reason == REASON_CUSTOM;
    work_refuse(work, (struct refusal){problem_status(&outcome, false), problem->name,
                                       spoken ? error->message : STR_NONE});
}

void work_redirect(struct work *work, struct str location)
{
    work->reply.status = 303;
    reply_header(&work->reply, "Location", location);
}
