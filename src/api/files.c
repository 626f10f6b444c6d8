#include "api/files.h"

#include "api/answer.h"
#include "api/file_answer.h"
#include "page/file_about.h"
#include "web/writelog.h"
#include "wire/json.h"

#include "base/banned.h"

static void one(struct work *work, struct buf *out, const struct file *file)
{
    buf_char(out, '{');
    file_members(work, out, file);
    if (file->ended.ptr) {
        json_name(out, "revision");
        buf_str(out, file->id);
        json_name(out, "ended");
        json_string(out, file->ended);
        json_name(out, "ended_at");
        json_string(out, file->ended_at);
        json_name(out, "ended_by");
        json_string(out, file->ended_by);
    }
    buf_char(out, '}');
}

static void several(struct work *work, struct buf *out, const struct answer *answer)
{
    buf_char(out, '[');
    for (size_t i = 0; i < answer->rows; i++) {
        struct file file = file_take(answer, i);
        if (i)
            buf_text(out, ",\n");
        one(work, out, &file);
    }
    buf_char(out, ']');
}

/* A list of any length is sent on in pieces. */
struct files_listing {
    struct work *work;
    struct buf address;
    uint64_t count;
};

static bool each(void *ctx, const struct answer *row)
{
    struct files_listing *listing = ctx;
    struct work *work = listing->work;
    struct buf *out = OUT(work);
    struct file file = file_take(row, 0);
    buf_text(out, listing->count++ ? ",\n{" : "[{");
    file_members_with(work, out, &file, &listing->address);
    buf_char(out, '}');
    if (out->len < ANSWER_PIECE)
        return true;
    if (!work->reply.begun) {
        answer_json(work);
        writelog_headers(work);
    }
    reply_piece(&work->reply, work->request.gateway);
    return !work->reply.lost;
}

static void after_list(void *ctx)
{
    struct files_listing *listing = ctx;
    struct work *work = listing->work;
    if (work->talk.failed) {
        answer_broken(work);
        return;
    }
    if (!work->reply.begun)
        answer_json(work);
    buf_text(OUT(work), listing->count ? "]\n" : "[]\n");
}

/* "size.desc": false when it names nothing that files can be sorted by. */
static bool read_order(struct str text, struct file_list *list)
{
    struct str direction, name = str_cut(text, '.', &direction);
    list->descending = str_is(direction, "desc");
    list->order = str_is(name, "size")         ? FILE_BY_SIZE
                  : str_is(name, "updated_at") ? FILE_BY_TIME
                                               : FILE_BY_NAME;
    return !text.ptr || ((str_is(name, "name") || list->order != FILE_BY_NAME) &&
                         (!direction.ptr || list->descending || str_is(direction, "asc")));
}

static bool read_number(struct str text, uint64_t *number)
{
    return !text.ptr || str_to_u64(text, INT64_MAX, number) == ERR_NONE;
}

void files_list(struct work *work)
{
    const struct form *query = &work->request.query;
    struct file_list list = {.search = form_get(query, STR("q"))};
    if (!delivery_files_here(work))
        return;
    if (!read_order(form_get(query, STR("order")), &list) ||
        !read_number(form_get(query, STR("limit")), &list.limit) ||
        !read_number(form_get(query, STR("offset")), &list.offset)) {
        work_problem(work, "unknown-name",
                     STR("Files are listed by q=TEXT, order=name, size or updated_at with .asc or "
                         ".desc, limit=N and offset=N."));
        return;
    }
    struct files_listing *listing = ARENA_NEW(&work->arena, struct files_listing);
    listing->work = work;
    buf_init(&listing->address, &work->arena, FILE_ADDRESS_MAX);
    talk_then(&work->talk, after_list, listing);
    work->talk.repeatable = true;
    talk_each(&work->talk, file_ask_list(&work->talk, &list), each);
    if (!list.limit || list.limit > ANSWER_SHORT) { /* it may take its time, as long as rows come */
        work->talk.patience = work->talk.statement_timeout;
        work->talk.statement_timeout = 0;
    }
}

static void after_about(void *ctx)
{
    struct work *work = ctx;
    struct buf *out = OUT(work);
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    struct file file = file_take(&work->talk.answers[0], 0);
    if (!file.found && !work->talk.answers[1].rows) {
        work_problem(work, "no-file", STR_NONE);
        return;
    }
    answer_json(work);
    if (file.found)
        file_version(work, file.version);
    buf_text(out, "{\"file\":");
    if (file.found)
        one(work, out, &file);
    else
        buf_text(out, "null");
    json_name(out, "revisions");
    several(work, out, &work->talk.answers[1]);
    buf_text(out, "}\n");
}

void file_about_json(struct work *work)
{
    struct file_name name = delivery_name(work, work->match.name);
    if (!delivery_files_here(work))
        return;
    talk_then(&work->talk, after_about, work);
    work->talk.repeatable = true;
    file_ask(&work->talk, name);
    file_ask_revisions(&work->talk, name, FILE_REVISIONS);
}
