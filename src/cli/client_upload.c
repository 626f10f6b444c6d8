#include "cli/client_upload.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "wire/base64.h"
#include "wire/digest.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

#define TUS "Tus-Resumable: 1.0.0"
#define MOST_TURNS 100 /* without a byte that came further */

/* What one step came to. */
enum step {
    STEP_ON,   /* offset says where it goes on */
    STEP_DONE, /* it has its name */
    STEP_FAIL, /* upload->call tells */
    STEP_ANEW, /* there is no such upload any more */
};

static void add_pair(struct buf *out, const char *name, struct str value)
{
    if (out->ptr[out->len - 1] != ' ')
        buf_char(out, ',');
    buf_text(out, name);
    buf_char(out, ' ');
    base64_encode(out, value);
}

static const char *metadata(struct upload_file *upload)
{
    struct arena *arena = &upload->client->arena;
    const char *type = upload->client->options.type;
    struct buf out;
    buf_init(&out, arena, 4000);
    buf_text(&out, "Upload-Metadata: ");
    add_pair(&out, "filename", upload->name);
    if (type)
        add_pair(&out, "filetype", str_from(type));
    if (upload->replaces.ptr)
        add_pair(&out, "version", upload->replaces);
    return str_cstr(arena, buf_slice(&out));
}

/* Whether the answer says that the file has its name, and is what was sent. */
static bool is_done(const struct call *call)
{
    struct str outcome = call_header(call, "PG409-Outcome");
    return call_fine(call) && (str_is(outcome, "saved") || str_is(outcome, "already-applied"));
}

static bool offset_of(const struct call *call, uint64_t *offset)
{
    return str_to_u64(call_header(call, "Upload-Offset"), INT64_MAX, offset) == ERR_NONE;
}

static enum step begin(struct upload_file *upload, uint64_t *offset)
{
    struct arena *arena = &upload->client->arena;
    const char *length =
        str_cstr(arena, str_printf(arena, "Upload-Length: %llu", (unsigned long long)upload->size));
    const char *const headers[] = {TUS, "Accept: application/json", length, metadata(upload), NULL};
    upload->call =
        (struct call){.exchange = {.method = "POST", .url = upload->folder, .headers = headers},
                      .repeatable = true}; /* one that was begun twice is tidied away */
    client_call(upload->client, &upload->call);
    upload->call.exchange.headers = NULL;
    struct str location = call_header(&upload->call, "Location");
    if (is_done(&upload->call))
        return STEP_DONE;
    if (!call_fine(&upload->call) || !location.len)
        return STEP_FAIL;
    upload->location = transport_resolve(arena, upload->folder, location);
    *offset = 0;
    if (!upload->location)
        return STEP_FAIL;
    upload_remember(upload);
    return STEP_ON;
}

/* What became of an upload that is there whole: its answer was lost, or somebody has its name. */
static enum step look_at_end(struct upload_file *upload)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct json_object members;
    struct json_value value;
    size_t at;
    struct arena *arena = &upload->client->arena;
    upload->call = (struct call){.exchange = {.url = upload->location, .headers = headers}};
    client_call(upload->client, &upload->call);
    if (!call_fine(&upload->call))
        return STEP_FAIL;
    bool read = json_parse(arena, upload->call.exchange.answer, 100, &value, &at) == ERR_NONE &&
                json_members(arena, &value, 1000, &members) == ERR_NONE;
    const struct json_value *outcome = read ? json_get(&members, STR("outcome")) : NULL;
    if (outcome && (str_is(outcome->text, "saved") || str_is(outcome->text, "already-applied")))
        return STEP_DONE;
    if (client_problem_read(arena, upload->call.exchange.answer, &upload->call.problem))
        upload->call.problem.reason = STR_NONE;
    return STEP_FAIL;
}

/* Where it stands. */
static enum step look(struct upload_file *upload, uint64_t *offset)
{
    static const char *const headers[] = {TUS, NULL};
    upload->call =
        (struct call){.exchange = {.method = "HEAD", .url = upload->location, .headers = headers}};
    client_call(upload->client, &upload->call);
    int status = upload->call.exchange.fault == FAULT_NONE ? upload->call.exchange.status : 0;
    if (status == 404 || status == 410)
        return STEP_ANEW;
    if (status == 409 || status == 412)
        return look_at_end(upload);
    if (!call_fine(&upload->call) || !offset_of(&upload->call, offset) || *offset > upload->size)
        return STEP_FAIL;
    return *offset == upload->size ? look_at_end(upload) : STEP_ON;
}

/* The bytes of a part; false: the file cannot be read, or is shorter now. */
static bool read_part(struct upload_file *upload, uint64_t offset, char *into, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(upload->file, into + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* What the last answer said lives until the next part: a file of any size goes in the same memory.
 */
static enum step send_part(struct upload_file *upload, uint64_t *offset, struct str bytes)
{
    struct arena *arena = &upload->part;
    struct call *call = &upload->call;
    arena_reset(arena);
    const char *at =
        str_cstr(arena, str_printf(arena, "Upload-Offset: %llu", (unsigned long long)*offset));
    const char *const headers[] = {TUS, "Accept: application/json",
                                   "Content-Type: application/offset+octet-stream", at, NULL};
    *call = (struct call){.exchange = {.method = "PATCH",
                                       .url = upload->location,
                                       .headers = headers,
                                       .body = bytes}};
    upload->client->scratch = arena;
    client_call(upload->client, call); /* what gets lost is asked about, not sent again blindly */
    upload->client->scratch = NULL;
    call->exchange.headers = NULL;
    if (is_done(call))
        return STEP_DONE;
    if (call_fine(call) && offset_of(call, offset))
        return *offset < upload->size ? STEP_ON : look_at_end(upload);
    bool elsewhere = str_is(call->problem.reason, "upload-offset");
    bool gone = call->exchange.fault == FAULT_NONE && call->exchange.status == 404;
    return gone ? STEP_ANEW : call->lost || elsewhere ? look(upload, offset) : STEP_FAIL;
}

/* From offset to the end. */
static enum step send_all(struct upload_file *upload, uint64_t offset, const char **words)
{
    struct client *client = upload->client;
    char *bytes = arena_bytes(&client->arena, UPLOAD_PART);
    struct upload_bar bar;
    enum step step = STEP_ON;
    unsigned turns = 0;
    uint64_t furthest = offset;
    upload_bar_start(&bar, client, offset);
    while (step == STEP_ON && turns++ < MOST_TURNS) {
        uint64_t left = upload->size - offset;
        size_t len = left < UPLOAD_PART ? (size_t)left : UPLOAD_PART;
        if (!read_part(upload, offset, bytes, len)) {
            *words = "The file cannot be read any more, or became shorter.";
            upload_bar_end(&bar);
            return STEP_FAIL;
        }
        step = send_part(upload, &offset, (struct str){bytes, len});
        if (step == STEP_ON && offset <= furthest)
            client_pause(client, client->options.delay, client->options.max_delay, turns);
        if (offset > furthest) {
            furthest = offset;
            turns = 0;
        }
        upload_bar_show(&bar, offset, upload->size);
    }
    upload_bar_end(&bar);
    return step;
}

/* What has the name now is what was sent, to the byte. */
static bool is_there(struct upload_file *upload, const char **words)
{
    struct arena *arena = &upload->client->arena;
    struct str version = call_header(&upload->call, "PG409-Version");
    if (version.len) {
        *words = "What arrived is not what the file holds: it was changed while it was sent.";
        return str_eq(version, upload->digest);
    }
    struct buf url;
    buf_init(&url, arena, 4000);
    buf_text(&url, upload->folder);
    url_encode(&url, upload->name);
    upload->call =
        (struct call){.exchange = {.method = "HEAD", .url = str_cstr(arena, buf_slice(&url))}};
    client_call(upload->client, &upload->call);
    *words = "It was stored, but somebody else has replaced it since, or it was changed while it "
             "was sent.";
    return str_eq(call_header(&upload->call, "PG409-Version"), upload->digest);
}

bool upload_send(struct upload_file *upload, const char **words, enum client_exit *exit)
{
    uint64_t offset = 0;
    enum step step = STEP_ANEW;
    *words = NULL;
    upload->location = upload_recall(upload);
    if (upload->location)
        step = look(upload, &offset);
    for (unsigned tries = 0; tries < 3 && step != STEP_DONE && step != STEP_FAIL; tries++) {
        if (step == STEP_ANEW) {
            upload_forget(upload);
            step = begin(upload, &offset);
        }
        if (step == STEP_ON)
            step = send_all(upload, offset, words);
    }
    if (step == STEP_DONE) {
        upload_forget(upload);
        *exit = CLIENT_CONFLICT;
        return is_there(upload, words);
    }
    *exit = *words ? CLIENT_LOCAL : call_exit(&upload->call);
    if (upload->call.exchange.fault == FAULT_LOST || *exit == CLIENT_UNKNOWN)
        *exit = CLIENT_NETWORK; /* the same command goes on: nothing can be done twice */
    if (upload->call.problem.reason.ptr && call_fine(&upload->call))
        *exit = CLIENT_CONFLICT;
    if (*exit == CLIENT_CONFLICT || *exit == CLIENT_GONE)
        upload_forget(upload);
    return false;
}
