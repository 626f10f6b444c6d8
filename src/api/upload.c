#include "api/file_answer.h"
#include "api/files.h"
#include "page/file_parts.h"
#include "page/upload.h"
#include "web/writelog.h"
#include "wire/json.h"

#include "base/banned.h"

/* An upload that its owner asks for, or says something about. */
struct visit {
    struct delivery delivery;
    void (*then)(struct visit *visit);
};

static void after_upload(void *ctx)
{
    struct visit *visit = ctx;
    struct work *work = visit->delivery.work;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    visit->delivery.upload = upload_take(&work->talk.answers[0], 0);
    work->logged_file = visit->delivery.upload.name;
    if (visit->delivery.upload.found) {
        visit->then(visit);
        return;
    }
    work_problem(work, "no-upload", STR_NONE);
    if (tus_spoken(work))
        tus_headers(work, &visit->delivery.upload);
}

static void ask(struct work *work, void (*then)(struct visit *visit))
{
    struct visit *visit = ARENA_NEW(&work->arena, struct visit);
    visit->delivery.work = work;
    visit->delivery.ctx = visit;
    visit->then = then;
    if (!delivery_files_here(work))
        return;
    if (!upload_is_code(work->match.name)) {
        work_problem(work, "no-upload", STR_NONE);
        return;
    }
    talk_then(&work->talk, after_upload, visit);
    work->talk.repeatable = true;
    upload_ask(&work->talk, work->match.name, work->request.user);
}

/* --- looking --- */

static void show_json(struct delivery *delivery)
{
    struct work *work = delivery->work;
    const struct upload *upload = &delivery->upload;
    struct buf *out = OUT(work);
    reply_header(&work->reply, "Content-Type", STR("application/json"));
    tus_headers(work, upload);
    if (upload_is_kept(upload->outcome)) {
        file_problem_json(work, out, delivery);
        buf_char(out, '\n');
        return;
    }
    buf_char(out, '{');
    json_name(out, "name");
    json_string(out, upload->name);
    json_name(out, "size");
    buf_u64(out, upload->size);
    json_name(out, "received");
    buf_u64(out, upload->received);
    json_name(out, "outcome");
    json_string(out, upload->outcome ? str_from(upload_outcome_name(upload->outcome)) : STR_NONE);
    json_name(out, "expires");
    json_string(out, upload->expires);
    buf_text(out, "}\n");
}

static void shown(struct delivery *delivery)
{
    struct work *work = delivery->work;
    bool kept = upload_is_kept(delivery->upload.outcome);
    if (delivery->end != DELIVERY_DONE) {
        file_delivered(delivery);
    } else if (tus_spoken(work) && kept) {
        /* to tus it would be done, and the client would believe that the file has its name */
        file_delivered(delivery);
        tus_headers(work, &(struct upload){0});
    } else if (work->request.format == FORMAT_HTML) {
        reply_header(&work->reply, "Cache-Control", STR("no-store"));
        upload_page(delivery);
    } else {
        show_json(delivery);
    }
}

/* All bytes are there, but the answer to the last of them got lost before it had its name. */
static bool is_unfinished(const struct upload *upload)
{
    return upload->outcome == UPLOAD_OPEN && upload->received == upload->size;
}

static void show(struct visit *visit)
{
    struct delivery *delivery = &visit->delivery;
    struct digest_state digest;
    delivery->done = shown;
    if (upload_is_kept(delivery->upload.outcome)) {
        delivery_look(delivery);
        return;
    }
    digest_start(&digest);
    if (is_unfinished(&delivery->upload) &&
        (!delivery->upload.state.ptr || !digest_restore(delivery->upload.state, &digest))) {
        delivery_finish(delivery, digest_end(&delivery->work->arena, &digest));
        return;
    }
    delivery->end = DELIVERY_DONE;
    shown(delivery);
}

static void show_content(struct visit *visit);

void upload_show(struct work *work)
{
    bool content = form_get(&work->request.query, STR("_content")).ptr != NULL;
    ask(work, content ? show_content : show);
}

/* --- its own bytes, for whoever is asked whether they are to be kept --- */

static bool each(void *ctx, const struct answer *row)
{
    struct visit *visit = ctx;
    struct work *work = visit->delivery.work;
    if (!work->reply.begun)
        writelog_headers(work);
    buf_str(&work->reply.body, row->cells[0]);
    reply_piece(&work->reply, work->request.gateway);
    return !work->reply.lost;
}

static void after_bytes(void *ctx)
{
    struct visit *visit = ctx;
    struct work *work = visit->delivery.work;
    if (work->talk.failed && !work->reply.begun)
        work_failed(work);
    else if (work->talk.failed && !work->reply.lost)
        work->trouble = str_copy(&work->arena, work->talk.error.message);
}

/* What a page shows of it as a picture. */
static void show_content(struct visit *visit)
{
    struct work *work = visit->delivery.work;
    struct talk *talk = &work->talk;
    const struct upload *upload = &visit->delivery.upload;
    uint64_t first = 0, last = upload->size - 1;
    if (!file_is_picture(upload->media_type) || !upload->content.ptr || !upload->sha256.ptr ||
        !upload->size) {
        work_problem(work, "not-found", STR_NONE);
        return;
    }
    work->sandboxed = true;
    reply_header(&work->reply, "Content-Type", upload->media_type);
    reply_header(&work->reply, "Content-Disposition", STR("attachment"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    reply_header(&work->reply, "Content-Length",
                 str_printf(&work->arena, "%llu", (unsigned long long)upload->size));
    if (work->reply.head) {
        writelog_headers(work);
        reply_piece(&work->reply, work->request.gateway);
        return;
    }
    talk_then(talk, after_bytes, visit);
    talk_each(talk, file_ask_bytes(talk, upload->content, &first, &last, 1), each);
    talk->repeatable = true;
    talk->patience = talk->statement_timeout;
    talk->statement_timeout = 0; /* who reads slowly may take his time */
}

/* --- what is to become of it --- */

static void after_again(struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf to;
    bool fine = delivery->end == DELIVERY_DONE && !upload_is_kept(delivery->upload.outcome);
    if (delivery->end == DELIVERY_ELSEWHERE) {
        work_problem(work, "no-upload", STR_NONE); /* thrown away meanwhile */
        return;
    }
    if (!fine || work->request.format != FORMAT_HTML) {
        file_delivered(delivery);
        return;
    }
    file_log(work, delivery);
    buf_init(&to, &work->arena, 4000);
    file_address(work, &to, delivery->current.name);
    buf_printf(&to, "/_about?_done=%s",
               delivery->upload.outcome == UPLOAD_SAVED ? "uploaded" : "same");
    work_redirect(work, buf_slice(&to));
}

static void after_drop(void *ctx)
{
    struct visit *visit = ctx;
    struct work *work = visit->delivery.work;
    struct buf to;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    if (str_is(answer_cell(&work->talk.answers[0], 0, 0), "0") && !work->talk.unsure) {
        /* it has its name meanwhile, which another page of its owner's gave it */
        work_problem(work, "no-upload", STR_NONE);
        return;
    }
    work->outcome = "saved";
    work->files_changed = true;
    if (tus_spoken(work) || work->request.format != FORMAT_HTML) {
        tus_headers(work, &(struct upload){0});
        work->reply.status = 204;
        return;
    }
    buf_init(&to, &work->arena, 4000);
    work_link(work, &to, STR("_files/"), STR_NONE);
    buf_text(&to, "?_done=dropped-upload");
    work_redirect(work, buf_slice(&to));
}

static void drop(struct visit *visit)
{
    struct work *work = visit->delivery.work;
    talk_then(&work->talk, after_drop, visit);
    work->talk.repeatable = true;
    work->talk.writing = true;
    upload_ask_drop(&work->talk, work->match.name, work->request.user);
}

static void resolve(struct visit *visit)
{
    struct delivery *delivery = &visit->delivery;
    struct work *work = delivery->work;
    struct str action = request_field(&work->request, STR("_action"));
    struct str name = str_trim(request_field(&work->request, STR("name")));
    struct str version;
    delivery->done = after_again;
    if (!file_claim(work, request_field(&work->request, STR("_version")), &version,
                    &delivery->strict))
        return;
    if (str_is(action, "drop")) {
        drop(visit);
    } else if (!upload_is_kept(delivery->upload.outcome)) {
        work_problem(work, "no-upload", STR_NONE);
    } else if (str_is(action, "save")) {
        delivery_again(delivery, name, STR_NONE);
    } else if (str_is(action, "replace") && !version.ptr) {
        work_problem(work, "version-required", STR_NONE);
    } else if (str_is(action, "replace")) {
        delivery_again(delivery, delivery->upload.name, version);
    } else {
        work_problem(work, "malformed",
                     STR("_action is save (with name), replace (with _version) "
                         "or drop."));
    }
}

void upload_resolve(struct work *work)
{
    ask(work, resolve);
}

void upload_drop(struct work *work)
{
    ask(work, drop);
}
