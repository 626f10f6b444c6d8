#include "api/file_answer.h"
#include "api/files.h"
#include "web/writelog.h"
#include "wire/disposition.h"
#include "wire/range.h"

#include "base/banned.h"

#define MAX_RANGES ((size_t)16)

/* A file on its way out: whole, or some parts of it. */
struct download {
    struct work *work;
    struct file file;
    struct byte_range ranges[MAX_RANGES];
    size_t range_count;           /* 0: whole */
    struct str heads[MAX_RANGES]; /* of the parts, where there are several */
    struct str tail;
    size_t at;     /* the part under way */
    uint64_t left; /* bytes of it that are to come */
};

static uint64_t length_of(const struct byte_range *range)
{
    return range->last - range->first + 1;
}

/* Tells whether the client has these bytes already (RFC 9110, section 13.1.2). */
static bool is_known(struct work *work, struct str version)
{
    struct http_tags tags;
    if (http_tags(&work->arena, request_header(&work->request, "HTTP_IF_NONE_MATCH"), &tags))
        return false;
    for (size_t i = 0; i < tags.count; i++)
        if (str_eq(tags.tags[i], version))
            return true;
    return tags.any;
}

/* A range counts only when the file is still what the client has a part of (RFC 9110, 13.1.5). */
static bool range_counts(struct work *work, struct str version)
{
    struct str given = str_trim(request_header(&work->request, "HTTP_IF_RANGE"));
    struct http_tags tags;
    if (!given.len)
        return true;
    return !str_starts(given, STR("W/")) && !http_tags(&work->arena, given, &tags) &&
           tags.count == 1 && str_eq(tags.tags[0], version);
}

static void headers(struct download *download)
{
    struct work *work = download->work;
    struct buf buf;
    buf_init(&buf, &work->arena, 4000);
    disposition_attachment(&buf, download->file.name);
    work->sandboxed = true;
    file_version(work, download->file.version);
    reply_header(&work->reply, "Accept-Ranges", STR("bytes"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache, no-transform"));
    reply_header(&work->reply, "Content-Disposition", buf_slice(&buf));
}

/* Several parts: multipart/byteranges (RFC 9110, section 14.6). Returns how long it is in all. */
static uint64_t several(struct download *download)
{
    struct work *work = download->work;
    struct str boundary = work_random(work, 16);
    uint64_t length = 0;
    for (size_t i = 0; i < download->range_count; i++) {
        const struct byte_range *range = &download->ranges[i];
        download->heads[i] =
            str_printf(&work->arena,
                       "\r\n--%.*s\r\nContent-Type: %.*s\r\n"
                       "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
                       STR_ARG(boundary), STR_ARG(download->file.media_type),
                       (unsigned long long)range->first, (unsigned long long)range->last,
                       (unsigned long long)download->file.size);
        length += download->heads[i].len + length_of(range);
    }
    download->tail = str_printf(&work->arena, "\r\n--%.*s--\r\n", STR_ARG(boundary));
    reply_header(&work->reply, "Content-Type",
                 str_printf(&work->arena, "multipart/byteranges; boundary=%.*s",
                            STR_ARG(boundary)));
    return length + download->tail.len;
}

/* The fields that depend on what of it is sent; returns how many bytes that are. */
static uint64_t extent(struct download *download)
{
    struct work *work = download->work;
    const struct byte_range *range = download->ranges;
    if (download->range_count)
        work->reply.status = 206;
    if (download->range_count > 1)
        return several(download);
    reply_header(&work->reply, "Content-Type", download->file.media_type);
    if (!download->range_count)
        return download->file.size;
    reply_header(&work->reply, "Content-Range",
                 str_printf(&work->arena, "bytes %llu-%llu/%llu", (unsigned long long)range->first,
                            (unsigned long long)range->last,
                            (unsigned long long)download->file.size));
    return length_of(range);
}

/* Sends what has come; status and headers are certain, so the first piece brings them. */
static bool each(void *ctx, const struct answer *row)
{
    struct download *download = ctx;
    struct work *work = download->work;
    struct str bytes = row->cells[0];
    bool parts = download->range_count > 1;
    if (!work->reply.begun)
        writelog_headers(work);
    if (!download->left && download->at < download->range_count) {
        if (parts)
            buf_str(&work->reply.body, download->heads[download->at]);
        download->left = length_of(&download->ranges[download->at++]);
    }
    buf_str(&work->reply.body, bytes);
    download->left -= bytes.len < download->left ? bytes.len : download->left;
    reply_piece(&work->reply, work->request.gateway);
    return !work->reply.lost;
}

static void after_bytes(void *ctx)
{
    struct download *download = ctx;
    struct work *work = download->work;
    if (work->talk.failed && !work->reply.begun)
        work_failed(work);
    else if (work->talk.failed && !work->reply.lost)
        work->trouble = str_copy(&work->arena, work->talk.error.message);
    else
        buf_str(&work->reply.body, download->tail);
}

static void send(struct download *download)
{
    struct work *work = download->work;
    struct talk *talk = &work->talk;
    uint64_t length = extent(download), first[MAX_RANGES] = {0}, last[MAX_RANGES];
    size_t count = download->range_count ? download->range_count : 1;
    if (length)
        reply_header(&work->reply, "Content-Length",
                     str_printf(&work->arena, "%llu", (unsigned long long)length));
    if (work->reply.head && length) {
        writelog_headers(work);
        reply_piece(&work->reply, work->request.gateway);
    }
    if (work->reply.head || !length)
        return;
    last[0] = download->file.size - 1;
    for (size_t i = 0; i < download->range_count; i++) {
        first[i] = download->ranges[i].first;
        last[i] = download->ranges[i].last;
    }
    talk_then(talk, after_bytes, download);
    talk_each(talk, file_ask_bytes(talk, download->file.content, first, last, count), each);
    talk->repeatable = true;
    talk->patience = talk->statement_timeout;
    talk->statement_timeout = 0; /* who reads slowly may take his time */
}

static void after_file(void *ctx)
{
    struct download *download = ctx;
    struct work *work = download->work;
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    if (!work->talk.failed)
        download->file = file_take(&work->talk.answers[0], 0);
    if (!download->file.found) {
        work_problem(work, "no-file", STR_NONE);
        return;
    }
    headers(download);
    if (is_known(work, download->file.version)) {
        work->reply.status = 304;
        return;
    }
    struct str range = request_header(&work->request, "HTTP_RANGE");
    enum range_answer parts = RANGE_WHOLE;
    if (!work->reply.head && range_counts(work, download->file.version))
        parts = range_parse(range, download->file.size, download->ranges, MAX_RANGES,
                            &download->range_count);
    if (parts == RANGE_NONE) {
        work_problem(work, "range", STR("The file has no such part."));
        reply_header(&work->reply, "Content-Range",
                     str_printf(&work->arena, "bytes */%llu",
                                (unsigned long long)download->file.size));
        return;
    }
    if (parts == RANGE_WHOLE)
        download->range_count = 0;
    send(download);
}

void file_get(struct work *work)
{
    struct download *download = ARENA_NEW(&work->arena, struct download);
    struct str revision = form_get(&work->request.query, STR("_revision"));
    struct file_name name = delivery_name(work, work->match.name);
    download->work = work;
    if (!delivery_files_here(work))
        return;
    talk_then(&work->talk, after_file, download);
    work->talk.repeatable = true;
    if (revision.ptr)
        file_ask_revision(&work->talk, name, revision);
    else
        file_ask(&work->talk, name);
}
