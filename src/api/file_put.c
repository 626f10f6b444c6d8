#include "api/files.h"

#include "api/file_answer.h"

#include "base/banned.h"

/* A file that is the body of a PUT. */
struct put {
    struct delivery delivery;
    struct str replaces;
};

static void after_bytes(struct delivery *delivery)
{
    file_delivered(delivery);
}

static void after_begin(struct delivery *delivery)
{
    if (delivery->end != DELIVERY_PART) {
        file_delivered(delivery);
        return;
    }
    delivery->done = after_bytes;
    delivery->receive.read = receive_body;
    delivery->receive.source = &delivery->work->request;
    delivery_take(delivery);
}

static void begin(struct put *put)
{
    struct work *work = put->delivery.work;
    put->delivery.done = after_begin;
    delivery_begin(&put->delivery, work->match.name, file_media_type(work->request.media_type),
                   put->replaces, work->request.left);
}

/* Whoever waits for a word before sending gets it before any byte is sent (RFC 9110, 10.1.1). */
static void after_early(struct delivery *delivery)
{
    if (delivery->end == DELIVERY_PART)
        begin(delivery->ctx);
    else
        file_delivered(delivery);
}

/* "If-None-Match: *" asks for what a PUT without a version does anyway, and to be told so by 412.
 */
static bool only_create(const struct work *work)
{
    return str_is(str_trim(request_header(&work->request, "HTTP_IF_NONE_MATCH")), "*");
}

void file_put(struct work *work)
{
    struct put *put = ARENA_NEW(&work->arena, struct put);
    put->delivery.work = work;
    work->logged_file = work->match.name;
    if (!delivery_files_here(work) ||
        !file_claim(work, STR_NONE, &put->replaces, &put->delivery.strict))
        return;
    if (request_header(&work->request, "HTTP_CONTENT_RANGE").len) {
        /* RFC 9110, section 14.4: it would be taken for the whole file */
        work_problem(
            work, "malformed",
            STR("A part of a file cannot be put. Uploads in parts go by tus, see docs/files.md."));
        return;
    }
    if (only_create(work)) {
        if (put->replaces.ptr) {
            work_problem(work, "versions-differ",
                         STR("If-Match and If-None-Match exclude each other."));
            return;
        }
        put->delivery.strict = true;
    }
    if (str_ieq(request_header(&work->request, "HTTP_EXPECT"), STR("100-continue"))) {
        put->delivery.done = after_early;
        put->delivery.ctx = put;
        delivery_check(&put->delivery, work->match.name, put->replaces, work->request.left);
    } else {
        begin(put);
    }
}
