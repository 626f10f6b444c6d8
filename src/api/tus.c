#include "wire/tus.h"

#include "api/file_answer.h"
#include "api/files.h"
#include "page/file_parts.h"

#include "base/banned.h"

#define TUS_TYPE "application/offset+octet-stream"

/* An upload in parts, as far as this request goes. */
struct part {
    struct delivery delivery;
    struct str replaces;
    struct str name, media_type;
    uint64_t length;
    struct tus_checksum checksum;
    struct tus_hash hash;
    bool checked; /* by a checksum */
};

bool tus_spoken(const struct work *work)
{
    return request_header(&work->request, "HTTP_TUS_RESUMABLE").len > 0;
}

void tus_options(struct work *work)
{
    struct reply *reply = &work->reply;
    reply->status = 204;
    reply_header(reply, "Allow", STR("GET, HEAD, POST, OPTIONS"));
    reply_header(reply, "Tus-Resumable", STR("1.0.0"));
    reply_header(reply, "Tus-Version", STR("1.0.0"));
    reply_header(reply, "Tus-Extension",
                 STR("creation,creation-with-upload,termination,checksum,expiration"));
    reply_header(reply, "Tus-Checksum-Algorithm", STR(TUS_ALGORITHMS));
    reply_header(reply, "Tus-Max-Size",
                 str_printf(&work->arena, "%llu",
                            (unsigned long long)work_settings(work)->file_max_bytes));
}

void tus_headers(struct work *work, const struct upload *upload)
{
    struct reply *reply = &work->reply;
    struct arena *arena = &work->arena;
    reply_header(reply, "Tus-Resumable", STR("1.0.0"));
    reply_header(reply, "Cache-Control", STR("no-store"));
    if (!upload->found)
        return;
    reply_header(reply, "Upload-Offset",
                 str_printf(arena, "%llu", (unsigned long long)upload->received));
    reply_header(reply, "Upload-Length",
                 str_printf(arena, "%llu", (unsigned long long)upload->size));
    reply_header(reply, "Upload-Expires", upload->expires_date);
}

/* Headers that stand on an error of tus too, which clears the reply. */
static void refuse(struct work *work, const char *problem, struct str detail)
{
    work_problem(work, problem, detail);
    reply_header(&work->reply, "Tus-Resumable", STR("1.0.0"));
}

static bool speaks_version(struct work *work)
{
    if (str_is(request_header(&work->request, "HTTP_TUS_RESUMABLE"), "1.0.0"))
        return true;
    refuse(work, "tus-version", STR_NONE);
    reply_header(&work->reply, "Tus-Version", STR("1.0.0"));
    return false;
}

/* --- the bytes of this request --- */

static size_t read_checked(void *source, char *into, size_t size, bool *broken)
{
    struct part *part = source;
    size_t got = receive_body(&part->delivery.work->request, into, size, broken);
    tus_hash_add(&part->hash, (struct str){into, got});
    return got;
}

/* Upload-Checksum: false when the request was answered. */
static bool read_checksum(struct part *part)
{
    struct work *work = part->delivery.work;
    struct str field = request_header(&work->request, "HTTP_UPLOAD_CHECKSUM");
    if (!field.len)
        return true;
    if (tus_checksum(&work->arena, field, &part->checksum)) {
        refuse(
            work, "malformed",
            STR("Upload-Checksum is the name of an algorithm (sha1, sha256 or md5), a space, and "
                "the digest in Base64."));
        return false;
    }
    part->checked = true;
    tus_hash_start(&part->hash, &work->arena, part->checksum.algorithm);
    return true;
}

static void stored(struct part *part)
{
    struct work *work = part->delivery.work;
    const struct upload *upload = &part->delivery.upload;
    bool created = work->request.method == HTTP_POST;
    tus_headers(work, upload);
    work->outcome = WORK_RECEIVED;
    work->reply.status = created ? 201 : 204;
}

/* All bytes are there, and it has its name or not. */
static void after_finish(struct delivery *delivery)
{
    struct work *work = delivery->work;
    bool created = work->request.method == HTTP_POST;
    bool fine = delivery->end == DELIVERY_DONE && !upload_is_kept(delivery->upload.outcome);
    struct buf address;
    if (!fine) {
        file_delivered(delivery);
        reply_header(&work->reply, "Tus-Resumable", STR("1.0.0"));
        return;
    }
    file_log(work, delivery);
    buf_init(&address, &work->arena, 4000);
    file_address(work, &address, delivery->current.name);
    tus_headers(work, &delivery->upload);
    file_version(work, delivery->current.version);
    reply_header(&work->reply, "Content-Location", buf_slice(&address));
    work->reply.status = created ? 201 : 204;
}

static void go_on(struct part *part)
{
    struct delivery *delivery = &part->delivery;
    if (delivery->upload.received < delivery->upload.size) {
        stored(part);
        return;
    }
    delivery->done = after_finish;
    delivery_finish(delivery, receive_digest(&delivery->receive));
}

static void after_commit(void *ctx)
{
    struct part *part = ctx;
    struct talk *talk = &part->delivery.work->talk;
    talk->transaction = TALK_ALONE;
    if (talk->failed)
        work_failed(part->delivery.work);
    else
        go_on(part);
}

static void after_rollback(void *ctx)
{
    struct part *part = ctx;
    part->delivery.work->talk.transaction = TALK_ALONE;
    refuse(part->delivery.work, "checksum", STR_NONE);
}

/* With a checksum it is all of what was sent, or nothing. */
static void judge(struct part *part, bool whole)
{
    struct talk *talk = &part->delivery.work->talk;
    bool right = whole && tus_hash_matches(&part->hash, part->checksum.digest);
    talk_then(talk, right ? after_commit : after_rollback, part);
    talk->transaction = right ? TALK_COMMIT : TALK_ROLLBACK;
}

static void after_bytes(void *ctx, enum receive_end how)
{
    struct part *part = ctx;
    struct work *work = part->delivery.work;
    bool open = work->talk.transaction == TALK_OPEN;
    switch (how) {
    case RECEIVE_ALL:
    case RECEIVE_SHORT: /* what arrived is stored: the client asks where to go on */
        if (part->checked && open)
            judge(part, how == RECEIVE_ALL);
        else
            go_on(part);
        break;
    case RECEIVE_TOO_LARGE:
        refuse(work, "file-too-large", STR("More bytes came than Upload-Length announced."));
        break;
    case RECEIVE_FAILED:
        delivery_fail(&part->delivery);
        break;
    default:
        refuse(work, "upload-offset", STR_NONE);
        break;
    }
}

static void take_bytes(struct part *part)
{
    struct receive *receive = &part->delivery.receive;
    part->delivery.done = file_delivered;
    receive->work = part->delivery.work;
    receive->upload = &part->delivery.upload;
    receive->then = after_bytes;
    receive->ctx = part;
    receive->whole = part->checked;
    receive->read = part->checked ? read_checked : receive_body;
    receive->source = part->checked ? (void *)part : (void *)&receive->work->request;
    receive_start(receive);
}

/* --- creation --- */

static void after_begin(struct delivery *delivery)
{
    struct part *part = delivery->ctx;
    struct work *work = delivery->work;
    struct buf address;
    if (delivery->end != DELIVERY_PART) {
        file_delivered(delivery);
        reply_header(&work->reply, "Tus-Resumable", STR("1.0.0"));
        return;
    }
    buf_init(&address, &work->arena, 4000);
    upload_address(work, &address, delivery->upload.code);
    reply_header(&work->reply, "Location", buf_slice(&address));
    if (!str_is(work->request.media_type, TUS_TYPE))
        work->request.left = 0;
    take_bytes(part);
}

static void after_check(struct delivery *delivery)
{
    struct part *part = delivery->ctx;
    if (delivery->end != DELIVERY_PART) {
        file_delivered(delivery);
        reply_header(&delivery->work->reply, "Tus-Resumable", STR("1.0.0"));
        return;
    }
    delivery->done = after_begin;
    delivery_begin(delivery, part->name, part->media_type, part->replaces, part->length);
}

void tus_create(struct work *work)
{
    struct part *part = ARENA_NEW(&work->arena, struct part);
    struct form metadata;
    part->delivery.work = work;
    part->delivery.ctx = part;
    part->delivery.done = after_check;
    if (!speaks_version(work))
        return;
    if (tus_metadata(&work->arena, request_header(&work->request, "HTTP_UPLOAD_METADATA"),
                     &metadata)) {
        refuse(work, "malformed", STR("Upload-Metadata is a list of names with values in Base64."));
        return;
    }
    if (str_to_u64(request_header(&work->request, "HTTP_UPLOAD_LENGTH"), INT64_MAX,
                   &part->length)) {
        refuse(work, "malformed", STR("Upload-Length has to say how many bytes the file has."));
        return;
    }
    part->name = form_get(&metadata, STR("filename"));
    if (!part->name.ptr)
        part->name = form_get(&metadata, STR("name"));
    part->media_type = file_media_type(form_get(&metadata, STR("filetype")));
    if (!file_claim(work, form_get(&metadata, STR("version")), &part->replaces,
                    &part->delivery.strict) ||
        !read_checksum(part))
        return;
    delivery_check(&part->delivery, part->name, part->replaces, part->length);
}

/* --- the next bytes --- */

static void after_show(void *ctx)
{
    struct part *part = ctx;
    struct work *work = part->delivery.work;
    struct upload *upload = &part->delivery.upload;
    uint64_t offset;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    *upload = upload_take(&work->talk.answers[0], 0);
    if (!upload->found) {
        refuse(work, "no-upload", STR_NONE);
        return;
    }
    work->logged_file = upload->name;
    if (str_to_u64(request_header(&work->request, "HTTP_UPLOAD_OFFSET"), INT64_MAX, &offset)) {
        refuse(work, "malformed", STR("Upload-Offset has to say where these bytes belong."));
        return;
    }
    if (offset != upload->received || upload->outcome != UPLOAD_OPEN) {
        refuse(work, "upload-offset",
               str_printf(&work->arena, "It stands at byte %llu.",
                          (unsigned long long)upload->received));
        reply_header(&work->reply, "Upload-Offset",
                     str_printf(&work->arena, "%llu", (unsigned long long)upload->received));
        return;
    }
    take_bytes(part);
}

void tus_patch(struct work *work)
{
    struct part *part = ARENA_NEW(&work->arena, struct part);
    part->delivery.work = work;
    part->delivery.ctx = part;
    if (!delivery_files_here(work) || !speaks_version(work))
        return;
    if (!str_is(work->request.media_type, TUS_TYPE)) {
        refuse(work, "media-type", STR("The bytes of an upload come as " TUS_TYPE "."));
        return;
    }
    if (!upload_is_code(work->match.name)) {
        refuse(work, "no-upload", STR_NONE);
        return;
    }
    if (!read_checksum(part))
        return;
    talk_then(&work->talk, after_show, part);
    work->talk.repeatable = true;
    upload_ask(&work->talk, work->match.name, work->request.user);
}
