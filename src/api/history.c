#include "api/history.h"

#include "api/answer.h"
#include "edit/history.h"
#include "page/shell.h"
#include "wire/json.h"

#include "base/banned.h"

#define USUAL 20
#define MOST 100

struct list {
    struct work *work;
    uint64_t limit, before;
};

static void member(struct buf *out, const char *name, struct str value)
{
    buf_text(out, ",\"");
    buf_text(out, name);
    buf_text(out, "\":");
    json_string(out, value);
}

static void revision(struct work *work, const struct revision *one)
{
    struct buf *out = OUT(work);
    buf_text(out, "{\"revision\":");
    buf_str(out, one->id);
    member(out, "op", one->op);
    member(out, "version", version_token(&work->arena, one->version));
    member(out, "at", one->at);
    member(out, "by", one->user.ptr ? one->user : one->role);
    buf_text(out, ",\"columns\":");
    buf_str(out, one->columns);
    buf_text(out, ",\"row\":");
    buf_str(out, one->json);
    buf_char(out, '}');
}

static void after_list(void *ctx)
{
    struct list *list = ctx;
    struct work *work = list->work;
    struct row row = {0};
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    if (!work->talk.failed)
        row_take(&work->arena, work->table, &work->talk.answers[0], false, false, &row);
    const struct answer *answer = &work->talk.answers[1];
    bool hidden = !row.found && (work->table->row_security || answer->rows == 0);
    if (work->talk.failed || hidden) {
        work_problem(work, "no-row", STR_NONE);
        return;
    }
    answer_json(work);
    buf_char(OUT(work), '[');
    for (size_t i = 0; i < answer->rows && i < list->limit; i++) {
        struct revision one = history_take(&work->arena, work->table, answer, i, true);
        if (i)
            buf_text(OUT(work), ",\n");
        revision(work, &one);
    }
    buf_text(OUT(work), "]\n");
}

/* A whole number from the query, least at least; usual where it is not given. False: it is none. */
static bool number(struct work *work, const char *name, uint64_t most, uint64_t usual,
                   uint64_t *value)
{
    struct str text = form_get(&work->request.query, str_from(name));
    *value = usual;
    if (!text.ptr || (!str_to_u64(text, most, value) && *value > 0))
        return true;
    work_problem(work, "malformed",
                 str_printf(&work->arena, "“%s” has to be a number from 1 to %llu.", name,
                            (unsigned long long)most));
    return false;
}

void history_list(struct work *work)
{
    struct list *list = ARENA_NEW(&work->arena, struct list);
    *list = (struct list){.work = work};
    if (!history_is_kept(work->table)) {
        work_problem(work, "no-history", STR_NONE);
        return;
    }
    if (!number(work, "limit", MOST, USUAL, &list->limit) ||
        !number(work, "before", INT64_MAX, 0, &list->before))
        return;
    talk_then(&work->talk, after_list, list);
    row_ask(&work->talk, work->table, work->key, false, false);
    history_ask(&work->talk, work->table, work->key, list->before, list->limit, true);
    work->talk.repeatable = true;
}
