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
