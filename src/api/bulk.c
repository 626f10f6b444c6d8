#include "api/bulk.h"

#include "api/answer.h"
#include "api/bulk_read.h"
#include "api/conflict.h"
#include "api/target.h"
#include "web/claim.h"

#include "base/banned.h"

struct several {
    struct work *work;
    struct save save;
    struct bulk bulk;
    struct query show;
};

bool bulk_is_meant(const struct work *work)
{
    struct str body = str_trim(work->request.body);
    while (body.len && (*body.ptr == '\n' || *body.ptr == '\r' || *body.ptr == ' '))
        body = str_skip(body, 1);
    return str_starts(body, STR("[")) || str_is(work->request.media_type, "text/csv") ||
           form_get(&work->request.query, STR("columns")).len ||
           answer_prefers(work, STR("resolution=ignore-duplicates"));
}

/* The array of the rows, or the one row where one was asked for. */
static void representation(struct several *several, const struct answer *answer)
{
    struct work *work = several->work;
    size_t json = 2 + work->table->key_count;
    bool array = !(work->request.object && answer->rows == 1);
    answer_json(work);
    if (array)
        buf_char(OUT(work), '[');
    for (size_t row = 0; row < answer->rows; row++) {
        if (row)
            buf_text(OUT(work), ",\n");
        if (several->show.selects) {
            buf_str(OUT(work), answer_cell(answer, row, json));
            continue;
        }
        struct version version = version_of(&work->arena, work->table, answer_cell(answer, row, 0),
                                            answer_cell(answer, row, 1));
        answer_row(OUT(work), answer_cell(answer, row, json), version_token(&work->arena, version));
    }
    buf_text(OUT(work), array ? "]\n" : "\n");
}

static void created(struct several *several, const struct answer *answer)
{
    struct work *work = several->work;
    bool made = answer->rows > 0 || several->bulk.rows == 0;
    work->reply.status = made ? 201 : 200;
    if (answer->rows == 1)
        answer_location(work, row_key_segment(&work->arena, work->table, answer, 0, 2));
    if (answer_prefers(work, STR("count=exact")))
        reply_header(&work->reply, "Content-Range",
                     str_printf(&work->arena, "*/%zu", answer->rows));
    answer_applied(work);
    if (!several->save.change.without_row)
        representation(several, answer);
}

static void after_save(struct save *save)
{
    struct several *several = save->ctx;
    struct work *work = several->work;
    const struct outcome *outcome = &save->outcome;
    claim_answer(work, &save->change, outcome);
    work->logged_rows = several->bulk.rows;
    if (outcome->kind == OUTCOME_CONFLICT || outcome->kind == OUTCOME_REFUSED)
        conflict_json(work, save);
    else
        created(several, &save->talk->answers[save->row_answer]);
}

static void create_none(struct several *several)
{
    struct work *work = several->work;
    static const struct answer none = {0};
    work->outcome = outcome_name(OUTCOME_UNCHANGED);
    created(several, &none);
}

void bulk_create(struct work *work)
{
    struct several *several = ARENA_NEW(&work->arena, struct several);
    struct change *change = &several->save.change;
    several->work = work;
    if (!target_read(work, TARGET_NEW, STR("columns,on_conflict"), &several->show) ||
        !bulk_read(work, &several->bulk))
        return;
    change_start(work, CHANGE_CREATE, change);
    if (!claim_token(work, request_header(&work->request, "HTTP_IDEMPOTENCY_KEY"), change))
        return;
    change->bulk = &several->bulk;
    change->json = true;
    change->without_row = !answer_prefers(work, STR("return=representation"));
    change->show = several->show.selects ? &several->show : NULL;
    several->save.talk = &work->talk;
    several->save.done = after_save;
    several->save.ctx = several;
    if (several->bulk.rows == 0)
        create_none(several);
    else
        save_row(&several->save);
}
