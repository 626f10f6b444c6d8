#include "api/answer.h"

#include "wire/json.h"

#include "base/banned.h"

void answer_json(struct work *work)
{
    if (work->request.object)
        reply_header(&work->reply, "Content-Type",
                     STR("application/vnd.pgrst.object+json; charset=utf-8"));
    else
        reply_header(&work->reply, "Content-Type", STR("application/json"));
    reply_header(&work->reply, "Vary", STR("Accept"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache, no-transform"));
}

void answer_broken(struct work *work)
{
    if (!work->reply.begun) {
        work_failed(work);
    } else if (!work->reply.lost) {
        work->trouble = str_copy(&work->arena, work->talk.error.message);
        buf_text(OUT(work), "\nincomplete: the database failed on the way\n");
    }
}

void answer_row(struct buf *out, struct str json, struct str token)
{
    size_t end = json.len;
    while (end > 0 && json.ptr[end - 1] != '}')
        end--;
    if (end == 0)
        return;
    buf_add(out, json.ptr, end - 1);
    json_name(out, "_version");
    json_string(out, token);
    buf_char(out, '}');
}

void answer_version(struct work *work, struct str token)
{
    reply_header(&work->reply, "ETag", str_printf(&work->arena, "\"%.*s\"", STR_ARG(token)));
    reply_header(&work->reply, "PG409-Version", token);
}

bool answer_prefers(const struct work *work, struct str what)
{
    return str_in_list(request_header(&work->request, "HTTP_PREFER"), what);
}

void answer_location(struct work *work, struct str key)
{
    struct buf to;
    buf_init(&to, &work->arena, 10000);
    work_link(work, &to, work_table_segment(work, work->table), key);
    reply_header(&work->reply, "Location", buf_slice(&to));
}

static const char *const honoured[] = {
    "return=minimal",
    "return=headers-only",
    "return=representation",
    "missing=default",
    "resolution=ignore-duplicates",
    "count=exact",
    "handling=strict",
    "handling=lenient",
};

void answer_applied(struct work *work)
{
    struct buf applied;
    buf_init(&applied, &work->arena, 500);
    for (size_t i = 0; i < sizeof honoured / sizeof *honoured; i++) {
        if (!answer_prefers(work, str_from(honoured[i])))
            continue;
        if (applied.len)
            buf_text(&applied, ", ");
        buf_text(&applied, honoured[i]);
    }
    if (applied.len)
        reply_header(&work->reply, "Preference-Applied", buf_slice(&applied));
}

static bool is_known(struct str preference)
{
    static const char *const others[] = {"count=planned", "count=estimated", "missing=null",
                                         "resolution=merge-duplicates"};
    for (size_t i = 0; i < sizeof honoured / sizeof *honoured; i++)
        if (str_is(preference, honoured[i]))
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_is(preference, others[i]))
            return true;
    return preference.len == 0;
}

bool answer_strict(struct work *work)
{
    struct str list = request_header(&work->request, "HTTP_PREFER");
    if (answer_prefers(work, STR("tx=rollback"))) {
        work_problem(work, "unknown-name", STR("A change cannot be tried and taken back here."));
        return false;
    }
    if (!answer_prefers(work, STR("handling=strict")))
        return true;
    while (list.ptr) {
        struct str preference = str_trim(str_cut(list, ',', &list));
        if (is_known(preference))
            continue;
        work_problem(work, "unknown-name",
                     str_printf(&work->arena, "The preference “%.*s” is not known.",
                                STR_ARG(preference)));
        return false;
    }
    return true;
}
