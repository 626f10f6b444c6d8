#include <string.h>

#include "api/file_answer.h"
#include "api/file_change.h"
#include "api/files.h"
#include "page/file_parts.h"
#include "page/upload.h"
#include "wire/filename.h"
#include "wire/json.h"
#include "wire/multipart.h"

#include "base/banned.h"

#define RAW ((size_t)64 * 1024)
#define MAX_FILES ((size_t)100)
#define MAX_FIELD ((size_t)4096)

/* A form with files: its parts come one after the other, each file on its way in while it comes. */
struct post {
    struct work *work;
    struct multipart parser;
    char *raw;   /* bytes of the body that came together */
    char *round; /* what the files are received into, one after the other */
    struct str input, data;
    bool part_ended, broken;
    struct str version; /* the field _version: what the one file replaces */
    struct delivery *files[MAX_FILES];
    size_t count;
};

static void next_part(struct post *post);

/* The next event; broken off when the body ends before the form does. */
static enum multipart_event next_event(struct post *post)
{
    enum multipart_event event = multipart_next(&post->parser, &post->input);
    while (event == MULTIPART_MORE) {
        size_t got = request_read(&post->work->request, post->raw, RAW);
        if (got == 0) {
            post->broken = true;
            return MULTIPART_FAULT;
        }
        post->input = (struct str){post->raw, got};
        event = multipart_next(&post->parser, &post->input);
    }
    post->broken |= event == MULTIPART_FAULT;
    return event;
}

/* The content of the part at hand as a source. */
static size_t read_part(void *source, char *into, size_t size, bool *broken)
{
    struct post *post = source;
    size_t done = 0;
    while (done < size && !post->part_ended && !post->broken) {
        if (post->data.len == 0) {
            enum multipart_event event = next_event(post);
            if (event == MULTIPART_DATA)
                post->data = post->parser.data;
            post->part_ended = event == MULTIPART_PART_END;
            continue;
        }
        size_t part = post->data.len < size - done ? post->data.len : size - done;
        memcpy(into + done, post->data.ptr, part);
        post->data = str_skip(post->data, part);
        done += part;
    }
    *broken = post->broken;
    return done;
}

static void pass_over(struct post *post)
{
    char nothing[4096];
    bool broken;
    while (read_part(post, nothing, sizeof nothing, &broken) == sizeof nothing)
        ;
}

/* --- the answer --- */

static bool is_fine(const struct delivery *delivery)
{
    return delivery->end == DELIVERY_DONE && !upload_is_kept(delivery->upload.outcome);
}

static void as_json(struct post *post, bool fine)
{
    struct work *work = post->work;
    struct buf *out = OUT(work);
    reply_header(&work->reply, "Content-Type", STR("application/json"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    work->reply.status = fine ? 201 : 409;
    buf_text(out, "{\"files\":[");
    for (size_t i = 0; i < post->count; i++) {
        const struct delivery *delivery = post->files[i];
        if (i)
            buf_char(out, ',');
        if (is_fine(delivery)) {
            buf_char(out, '{');
            json_name(out, "outcome");
            json_string(out, str_from(upload_outcome_name(delivery->upload.outcome)));
            file_members(work, out, &delivery->current);
            buf_char(out, '}');
        } else {
            file_problem_json(work, out, delivery);
        }
    }
    buf_text(out, "]}\n");
}

static void as_page(struct post *post, bool fine)
{
    struct work *work = post->work;
    struct buf to;
    if (!fine) {
        work->reply.status = 409;
        reply_header(&work->reply, "Cache-Control", STR("no-store"));
        upload_page_several(work, post->files, post->count);
        return;
    }
    buf_init(&to, &work->arena, 4000);
    if (work->match.name.ptr) {
        file_address(work, &to, post->files[0]->current.name);
        buf_text(&to, "/_about");
    } else {
        work_link(work, &to, STR("_files/"), STR_NONE);
    }
    buf_text(&to, "?_done=uploaded");
    work_redirect(work, buf_slice(&to));
}

static void finish(struct post *post)
{
    struct work *work = post->work;
    bool fine = true;
    for (size_t i = 0; i < post->count; i++)
        fine &= is_fine(post->files[i]);
    if (post->count == 0) {
        work_problem(work, "no-chosen-file", STR_NONE);
    } else if (post->count == 1 && !(fine && work->request.format == FORMAT_HTML)) {
        file_delivered(post->files[0]);
    } else {
        work->outcome = fine ? "saved" : "conflict";
        work->logged_rows = post->count;
        if (work->request.format == FORMAT_HTML)
            as_page(post, fine);
        else
            as_json(post, fine);
        if (post->count == 1)
            file_log(work, post->files[0]);
    }
}

/* A form that broke off: what came whole before that stays, and is told. */
static void broken(struct post *post)
{
    struct work *work = post->work;
    struct buf told;
    buf_init(&told, &work->arena, 4000);
    if (work->request.cut_short)
        buf_text(&told, "The form did not arrive whole.");
    else
        buf_text(&told, post->parser.fault ? post->parser.fault : "The form is not well formed.");
    for (size_t i = 0; i < post->count; i++)
        if (is_fine(post->files[i]))
            buf_printf(&told, " “%.*s” was stored before that.",
                       STR_ARG(post->files[i]->current.name));
    work_problem(work, work->request.cut_short ? "cut-short" : "malformed", buf_slice(&told));
}

/* --- one part after the other --- */

static void after_file(struct delivery *delivery)
{
    struct post *post = delivery->ctx;
    if (delivery->receive.bytes)
        post->round = delivery->receive.bytes;
    if (delivery->end == DELIVERY_FAILED || delivery->end == DELIVERY_ELSEWHERE) {
        file_delivered(delivery);
        return;
    }
    pass_over(post);
    next_part(post);
}

static void after_begin(struct delivery *delivery)
{
    struct post *post = delivery->ctx;
    if (delivery->end != DELIVERY_PART) {
        after_file(delivery);
        return;
    }
    delivery->done = after_file;
    delivery->receive.read = read_part;
    delivery->receive.source = post;
    delivery->receive.bytes = post->round;
    delivery_take(delivery);
}

/* At most what is left of the body: how long a part is, nobody says. */
static void take_file(struct post *post)
{
    struct work *work = post->work;
    struct delivery *delivery = ARENA_NEW(&work->arena, struct delivery);
    struct str name = work->match.name.ptr
                          ? work->match.name
                          : str_copy(&work->arena, filename_last(post->parser.part.filename));
    uint64_t most = work->request.left + post->input.len;
    uint64_t limit = work_settings(work)->file_max_bytes;
    post->files[post->count++] = delivery;
    delivery->work = work;
    delivery->ctx = post;
    delivery->done = after_begin;
    delivery_begin(delivery, name,
                   str_copy(&work->arena, file_media_type(post->parser.part.media_type)),
                   post->version, most > limit ? limit : most);
}

/* A field of the form; only _version means something. False: the request was answered. */
static bool take_field(struct post *post)
{
    bool is_version = str_is(post->parser.part.name, "_version"), cut, strict;
    char *value = arena_alloc(&post->work->arena, MAX_FIELD);
    size_t len = read_part(post, value, MAX_FIELD, &cut);
    if (!post->part_ended && !post->broken)
        pass_over(post);
    return !is_version || file_claim(post->work, (struct str){value, len}, &post->version, &strict);
}

static void next_part(struct post *post)
{
    for (;;) {
        enum multipart_event event = next_event(post);
        if (event == MULTIPART_FAULT) {
            broken(post);
            return;
        }
        if (event == MULTIPART_END) {
            finish(post);
            return;
        }
        if (event != MULTIPART_PART)
            continue;
        post->part_ended = false;
        post->data = STR_NONE;
        if (post->parser.part.filename.len && post->count == MAX_FILES) {
            work_problem(post->work, "too-large", STR("A form may bring 100 files at once."));
            return;
        }
        if (post->parser.part.filename.len) {
            take_file(post);
            return;
        }
        if (!take_field(post))
            return;
    }
}

static void start_form(struct work *work)
{
    struct post *post = ARENA_NEW(&work->arena, struct post);
    bool strict;
    post->work = work;
    if (!file_claim(work, STR_NONE, &post->version, &strict))
        return;
    if (multipart_init(&post->parser, request_header(&work->request, "CONTENT_TYPE"))) {
        work_problem(work, "malformed", STR("The form does not say where its parts end."));
        return;
    }
    post->raw = arena_bytes(&work->arena, RAW);
    next_part(post);
}

void files_post(struct work *work)
{
    if (!delivery_files_here(work))
        return;
    if (str_is(work->request.media_type, "multipart/form-data"))
        start_form(work);
    else if (tus_spoken(work))
        tus_create(work);
    else if (work->request.form_body)
        work_problem(work, "no-chosen-file", STR_NONE);
    else
        work_problem(
            work, "media-type",
            STR("A file comes as a form with files, by PUT to its own address, or in parts "
                "by tus."));
}

void file_post(struct work *work)
{
    if (!delivery_files_here(work))
        return;
    work->logged_file = work->match.name;
    if (work->request.form_body || !work->request.has_body)
        file_change_form(work);
    else if (str_is(work->request.media_type, "multipart/form-data"))
        start_form(work);
    else
        work_problem(work, "media-type", STR("A form was expected."));
}
