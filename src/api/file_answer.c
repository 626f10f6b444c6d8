#include "api/file_answer.h"

#include "api/answer.h"
#include "api/files.h"
#include "page/file_parts.h"
#include "page/upload.h"
#include "web/problem.h"
#include "wire/json.h"

#include "base/banned.h"

#define MAX_TYPE 127

void file_members(const struct work *work, struct buf *out, const struct file *file)
{
    struct buf address;
    buf_init(&address, out->arena, FILE_ADDRESS_MAX);
    file_members_with(work, out, file, &address);
}

void file_members_with(const struct work *work, struct buf *out, const struct file *file,
                       struct buf *address)
{
    buf_clear(address);
    file_address(work, address, file->name);
    json_name(out, "name");
    json_string(out, file->name);
    json_name(out, "size");
    buf_u64(out, file->size);
    json_name(out, "sha256");
    json_string(out, file->version);
    json_name(out, "media_type");
    json_string(out, file->media_type);
    json_name(out, "updated_at");
    json_string(out, file->updated_at);
    json_name(out, "updated_by");
    json_string(out, file->updated_by);
    json_name(out, "href");
    json_string(out, buf_slice(address));
    json_name(out, "_version");
    json_string(out, file->version);
}

void file_version(struct work *work, struct str version)
{
    reply_header(&work->reply, "PG409-Version", version);
    reply_header(&work->reply, "ETag", str_printf(&work->arena, "\"%.*s\"", STR_ARG(version)));
}

/* type/subtype, both tokens (RFC 9110, section 5.6.2). */
static bool is_type(struct str type)
{
    size_t slashes = 0;
    for (size_t i = 0; i < type.len; i++) {
        unsigned char c = (unsigned char)type.ptr[i];
        if (c <= ' ' || c >= 0x7f ||
            str_find(STR("()<>@,;:\\\"[]?={}"), (struct str){type.ptr + i, 1}) != SIZE_MAX)
            return false;
        slashes += c == '/';
    }
    return slashes == 1 && type.len <= MAX_TYPE && type.ptr[0] != '/' &&
           type.ptr[type.len - 1] != '/';
}

struct str file_media_type(struct str given)
{
    bool form =
        str_is(given, "application/x-www-form-urlencoded"); /* what curl -d says of anything */
    return given.len && is_type(given) && !form ? given : STR("application/octet-stream");
}

static bool is_version(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return text.len == 64;
}

static bool take_version(struct work *work, struct str given, struct str *version)
{
    if (!given.len)
        return true;
    if (!is_version(given) && !str_is(given, "*")) {
        work_problem(work, "bad-version",
                     STR("The version of a file is its SHA-256, 64 digits and letters a to f."));
        return false;
    }
    if (version->ptr && !str_eq(*version, given)) {
        work_problem(work, "versions-differ", STR_NONE);
        return false;
    }
    *version = given;
    return true;
}

bool file_claim(struct work *work, struct str field, struct str *version, bool *strict)
{
    struct http_tags tags;
    struct str header = request_header(&work->request, "HTTP_IF_MATCH");
    *version = STR_NONE;
    *strict = header.len > 0;
    if (http_tags(&work->arena, header, &tags) || tags.count > 1) {
        work_problem(work, "bad-version", STR("If-Match names one version here."));
        return false;
    }
    struct str tag = tags.any ? STR("*") : tags.count ? tags.tags[0] : STR_NONE;
    if (!take_version(work, tag, version) ||
        !take_version(work, form_get(&work->request.query, STR("_version")), version) ||
        !take_version(work, field, version))
        return false;
    if (version->ptr && str_is(*version, "*") && !work_settings(work)->allow_overwrite) {
        work_problem(work, "overwrite", STR_NONE);
        return false;
    }
    work->logged_base = *version;
    return true;
}

/* --- what became of an upload --- */

int file_status(const struct delivery *delivery)
{
    if (delivery->end == DELIVERY_REFUSED)
        return problem_named(str_from(delivery->problem))->status;
    return delivery->strict ? 412 : 409;
}

static void retry(struct buf *out, const struct problem *problem)
{
    json_name(out, "retry");
    buf_text(out, problem->again ? "{\"same_request\":\"after\",\"after\":5,\"how\":"
                                 : "{\"same_request\":\"never\",\"after\":0,\"how\":");
    json_string(out, str_from(problem->how));
    buf_char(out, '}');
}

static void problem_head(struct work *work, struct buf *out, const struct problem *problem,
                         int status, struct str detail)
{
    json_name(out, "type");
    json_string(out, str_printf(&work->arena, "%.*s/_problems/%s", STR_ARG(work->request.prefix),
                                problem->name));
    json_name(out, "title");
    json_string(out, str_from(problem->title));
    json_name(out, "status");
    buf_u64(out, (uint64_t)status);
    json_name(out, "detail");
    json_string(out, detail.ptr ? detail : str_from(problem->meaning));
}

static void kept_members(struct work *work, struct buf *out, const struct delivery *delivery)
{
    const struct upload *upload = &delivery->upload;
    const struct file *current = &delivery->current;
    if (upload->code.ptr) {
        struct buf address;
        buf_init(&address, &work->arena, 4000);
        upload_address(work, &address, upload->code);
        json_name(out, "instance");
        json_string(out, buf_slice(&address));
    }
    json_name(out, "reason");
    json_string(out, str_from(upload_outcome_name(upload->outcome)));
    json_name(out, "name");
    json_string(out, upload->name);
    buf_text(out, ",\"version\":{");
    json_name(out, "yours");
    json_string(out, upload->replaces);
    json_name(out, "current");
    json_string(out, current->version);
    buf_char(out, '}');
    if (upload->code.ptr) {
        buf_text(out, ",\"yours\":{");
        json_name(out, "size");
        buf_u64(out, upload->size);
        json_name(out, "sha256");
        json_string(out, upload->sha256);
        json_name(out, "media_type");
        json_string(out, upload->media_type);
        buf_char(out, '}');
    }
    json_name(out, "changed_at");
    json_string(out, current->updated_at);
    json_name(out, "changed_by");
    json_string(out, current->updated_by);
    json_name(out, "current");
    buf_text(out, current->found ? "{" : "null");
    if (current->found) {
        file_members(work, out, current);
        buf_char(out, '}');
    }
    json_name(out, "proposed");
    json_string(out, delivery->proposed);
}

void file_problem_json(struct work *work, struct buf *out, const struct delivery *delivery)
{
    bool kept = delivery->end == DELIVERY_DONE;
    const char *name = kept ? file_problem(delivery->upload.outcome) : delivery->problem;
    const struct problem *problem = problem_named(str_from(name));
    struct str detail =
        delivery->detail.ptr || !kept ? delivery->detail : file_conflict_text(work, delivery);
    buf_char(out, '{');
    problem_head(work, out, problem, file_status(delivery), detail);
    if (kept) {
        kept_members(work, out, delivery);
    } else {
        json_name(out, "reason");
        json_string(out, str_from(problem->name));
        json_name(out, "name");
        json_string(out, delivery->upload.name);
    }
    problem_members(out, problem, detail, STR_NONE);
    retry(out, problem);
    buf_char(out, '}');
}

void file_log(struct work *work, const struct delivery *delivery)
{
    const struct upload *upload = &delivery->upload;
    work->logged_file = upload->name;
    if (delivery->end == DELIVERY_DONE && !upload_is_kept(upload->outcome)) {
        work->outcome = upload_outcome_name(upload->outcome);
        work->logged_current = delivery->current.version;
    } else if (delivery->end == DELIVERY_DONE) {
        work->outcome = "conflict";
        work->reason = upload_outcome_name(upload->outcome);
        work->logged_current = delivery->current.version;
    }
}

static void saved(struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf address;
    bool created = !delivery->upload.replaces.ptr && delivery->upload.outcome == UPLOAD_SAVED;
    buf_init(&address, &work->arena, 4000);
    file_address(work, &address, delivery->current.name);
    work->reply.status = created ? 201 : 200;
    /* behind Apache a Location beside a 200 would fetch that address instead */
    if (created)
        reply_header(&work->reply, "Location", buf_slice(&address));
    else
        reply_header(&work->reply, "Content-Location", buf_slice(&address));
    file_version(work, delivery->current.version);
    if (!created && answer_prefers(work, STR("return=minimal"))) {
        work->reply.status = 204;
        return;
    }
    answer_json(work);
    buf_char(OUT(work), '{');
    file_members(work, OUT(work), &delivery->current);
    buf_text(OUT(work), "}\n");
}

/* Kept or refused: as a page, or as a problem document. */
static void not_saved(struct delivery *delivery)
{
    struct work *work = delivery->work;
    if (delivery->end == DELIVERY_REFUSED) {
        work_problem(work, delivery->problem, delivery->detail);
        return;
    }
    if (work->request.format == FORMAT_HTML && !delivery->upload.code.ptr) {
        work_refuse(work,
                    (struct refusal){file_status(delivery), file_problem(delivery->upload.outcome),
                                     file_conflict_text(work, delivery)});
        return;
    }
    work->reply.status = file_status(delivery);
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    if (work->request.format == FORMAT_HTML) {
        upload_page(delivery);
        return;
    }
    reply_header(&work->reply, "Content-Type", STR("application/problem+json"));
    file_problem_json(work, OUT(work), delivery);
    buf_char(OUT(work), '\n');
}

void file_delivered(struct delivery *delivery)
{
    struct work *work = delivery->work;
    file_log(work, delivery);
    if (delivery->end == DELIVERY_FAILED)
        work_failed(work);
    else if (delivery->end == DELIVERY_ELSEWHERE)
        /* to whoever sent it in one piece, the database lost a part of it */
        work_problem(work, tus_spoken(work) ? "upload-offset" : "away", STR_NONE);
    else if (delivery->end == DELIVERY_DONE && !upload_is_kept(delivery->upload.outcome))
        saved(delivery);
    else
        not_saved(delivery);
}
