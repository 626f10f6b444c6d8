#include <ctype.h>
#include <string.h>
#include <time.h>

#include "cli/probe_race.h"
#include "wire/http.h"

#include "base/banned.h"

#define CLOCK_SECONDS 5
#define SMALL ((size_t)1 << 10)
#define NEAR ((size_t)1 << 10) /* how exactly a limit is told */
#define MICROS 1000000

const char *probe_is_server_page(struct str page)
{
    static const struct {
        const char *name, *sign;
    } known[] = {
        {"Apache", "</title>\n</head><body>\n<h1>"},
        {"nginx", "<hr><center>nginx"},
        {"lighttpd", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html"},
        {"lighttpd", "<!DOCTYPE html>\n<html lang=\"en\">\n <head>\n  <title>"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_find(page, str_from(known[i].sign)) != SIZE_MAX)
            return known[i].name;
    return NULL;
}

/* --- entity tags
 * ---------------------------------------------------------------------------------- */

/* Whether that does harm is found out in the race, where there is one. */
static void note_changed(struct probe *probe, struct str tag, struct str other)
{
    struct str text = str_printf(probe->arena, "The ETag %.*s becomes %.*s in a compressed answer.",
                                 STR_ARG(tag), STR_ARG(other));
    if (probe->options->path_only)
        probe_found(probe, "etag", text);
    else
        probe_step(probe, text);
}

static void look_at_tags(struct probe *probe)
{
    static const char *const plain[] = {"Accept-Encoding: identity", NULL};
    static const char *const packed[] = {"Accept-Encoding: gzip", NULL};
    struct exchange one = {.url = probe->options->url, .follow = true}, two = one;
    probe_request(probe, EDITOR_A, &one, plain);
    probe_request(probe, EDITOR_A, &two, packed);
    struct str tag = exchange_header(&one, "ETag"), other = exchange_header(&two, "ETag");
    if (!tag.ptr || probe->kind != PROBE_JSON)
        return;
    if (!other.ptr)
        probe_found(probe, "etag-gone",
                    str_printf(probe->arena, "The ETag %.*s is missing in a compressed answer.",
                               STR_ARG(tag)));
    else if (!str_eq(tag, other))
        note_changed(probe, tag, other);
    else if (str_starts(tag, STR("W/")))
        probe_found(probe, "etag-weak",
                    str_printf(probe->arena,
                               "The ETag %.*s is weak: by the standard, If-Match never holds.",
                               STR_ARG(tag)));
}

/* --- clocks
 * --------------------------------------------------------------------------------------- */

static bool read_date(struct arena *arena, struct str date, int64_t *seconds)
{
    struct tm parts = {0};
    const char *text = str_cstr(arena, date);
    if (!text || !strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts))
        return false;
    *seconds = (int64_t)timegm(&parts);
    return true;
}

static void look_at_version(struct probe *probe, const struct probe_state *state, struct str name,
                            int64_t now)
{
    struct str text = probe_text(probe, state, name);
    int64_t micros;
    int digits;
    if (!text.ptr || http_instant(text, false, &micros, &digits) ||
        micros / MICROS <= now + CLOCK_SECONDS)
        return;
    probe_found(probe, "future",
                str_printf(probe->arena, "The version %.*s (%.*s) is in the server's future.",
                           STR_ARG(text), STR_ARG(name)));
}

static void look_at_clock(struct probe *probe, const struct probe_state *state)
{
    int64_t theirs, ours = (int64_t)time(NULL);
    if (!read_date(probe->arena, state->date, &theirs))
        return;
    int64_t off = theirs > ours ? theirs - ours : ours - theirs;
    if (off > CLOCK_SECONDS)
        probe_found(probe, "clock",
                    str_printf(probe->arena, "The server's clock is %lld seconds %s ours.",
                               (long long)off, theirs > ours ? "ahead of" : "behind"));
    for (size_t i = 0; i < probe->version_count; i++)
        look_at_version(probe, state, probe->versions[i], theirs);
}

/* --- methods and bodies, at an address where nothing is
 * ------------------------------------------- */

/* Whether a segment of an address looks like what tells one thing from another: "7", "note-7";
 * not "v2". */
static bool is_key(struct str segment)
{
    size_t letters = 0, digits = 0;
    while (letters < segment.len && isalpha((unsigned char)segment.ptr[letters]))
        letters++;
    for (size_t i = 0; i < segment.len; i++)
        digits += isdigit((unsigned char)segment.ptr[i]) != 0;
    return digits && (!letters || letters + digits < segment.len);
}

static bool is_action(struct str segment)
{
    static const char *const names[] = {"edit", "change", "update", "modify", "editor"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_ieq(segment, str_from(names[i])))
            return true;
    return false;
}

/* The folder that the thing at a path stands in. */
static struct str folder_of(struct str path)
{
    struct str rest = path, segment, last = STR_NONE, before = STR_NONE;
    while (rest.len) {
        segment = str_cut(rest, '/', &rest);
        if (!segment.len)
            continue;
        before = last;
        last = segment;
        if (is_key(segment))
            break;
    }
    if (before.ptr && is_action(last))
        last = before;
    return last.ptr ? str_range(path.ptr, last.ptr) : STR("/");
}

/*
 * An address where nothing is. It is never below the thing's own: a server that takes /notes/7/x
 * for /notes/7 would change it. NULL: there is none.
 */
static const char *nothing(struct probe *probe, const char *url)
{
    struct str rest = str_from(url);
    size_t at = str_find(rest, STR("://"));
    if (at == SIZE_MAX || !rest.ptr)
        return NULL;
    rest = str_skip(rest, at + 3);
    rest = str_skip(rest, strcspn(rest.ptr, "/?#"));
    rest.len = strcspn(rest.ptr, "?#");
    struct str folder = folder_of(rest);
    struct str path =
        str_printf(probe->arena, "%.*spg409-probe-nothing-%08x", STR_ARG(folder), probe->number);
    return transport_resolve(probe->arena, url, path);
}

/* A request with a condition that no state meets. */
static void ask_nothing(struct probe *probe, const char *url, const char *method, size_t length,
                        struct exchange *exchange)
{
    static const char *const more[] = {"If-Match: \"pg409-probe-nothing\"",
                                       "Content-Type: application/octet-stream",
                                       "Accept: application/json", NULL};
    char *body = length ? arena_bytes(probe->arena, length) : NULL;
    if (body)
        memset(body, 'x', length);
    *exchange = (struct exchange){.method = method,
                                  .url = url,
                                  .body = body ? (struct str){body, length} : STR_NONE};
    probe_request(probe, EDITOR_A, exchange, more);
}

static bool is_blocked(const struct exchange *got, const struct exchange *with)
{
    if (with->fault == FAULT_LOST)
        return true;
    if (with->fault || with->status == got->status)
        return false;
    if (with->status == 405)
        return !exchange_header(with, "Allow").ptr;
    return with->status == 403 || with->status == 501;
}

/* DELETE last: it is not sent unless writing was agreed to. */
static void look_at_methods(struct probe *probe, const char *url, const struct exchange *got)
{
    static const char *const methods[] = {"PUT", "PATCH", "DELETE"};
    struct buf names;
    int status = 0;
    bool agreed = probe->options->yes || !probe->options->path_only;
    buf_init(&names, probe->arena, 64);
    for (size_t i = 0; i < sizeof methods / sizeof *methods - !agreed; i++) {
        struct exchange with;
        ask_nothing(probe, url, methods[i], 0, &with);
        if (!is_blocked(got, &with))
            continue;
        buf_text(&names, names.len ? ", " : "");
        buf_text(&names, methods[i]);
        status = with.status;
    }
    if (names.len)
        probe_found(probe, "methods",
                    status ? str_printf(probe->arena, "The server does not let %.*s through (%d).",
                                        STR_ARG(buf_slice(&names)), status)
                           : str_printf(probe->arena,
                                        "%.*s: the connection is closed without an answer.",
                                        STR_ARG(buf_slice(&names))));
}

/* Whether so many bytes fare as a few do; else *status is how. One lost connection is no limit. */
static bool gets_through(struct probe *probe, const char *url, size_t length, int expected,
                         int *status)
{
    struct exchange exchange;
    ask_nothing(probe, url, "POST", length, &exchange);
    if (exchange.fault == FAULT_LOST)
        ask_nothing(probe, url, "POST", length, &exchange);
    if (exchange.fault && exchange.fault != FAULT_LOST)
        return true; /* that is another trouble */
    if (exchange.status == expected ||
        (exchange.status != 413 && exchange.status < 500 && exchange.fault == FAULT_NONE))
        return true;
    *status = exchange.status;
    return false;
}

static void look_at_bodies(struct probe *probe, const char *url)
{
    static const size_t sizes[] = {(size_t)120 << 10,  (size_t)160 << 10, (size_t)900 << 10,
                                   (size_t)1100 << 10, (size_t)2 << 20,   (size_t)4 << 20,
                                   (size_t)8 << 20,    (size_t)16 << 20,  (size_t)64 << 20};
    struct exchange few;
    size_t good = SMALL, bad = 0;
    int status = 0;
    ask_nothing(probe, url, "POST", SMALL, &few);
    if (few.fault || few.status == 413 || few.status >= 500)
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !bad; i++) {
        if (sizes[i] > probe->options->body || probe_interrupted())
            return;
        if (gets_through(probe, url, sizes[i], few.status, &status))
            good = sizes[i];
        else
            bad = sizes[i];
    }
    while (bad && bad - good > NEAR) {
        size_t middle = good + (bad - good) / 2;
        *(gets_through(probe, url, middle, few.status, &status) ? &good : &bad) = middle;
    }
    struct str answer = status ? str_printf(probe->arena, "answered with %d", status)
                               : STR("cut off without an answer");
    if (bad)
        probe_found(probe, "body",
                    str_printf(probe->arena, "Requests of more than about %zu KiB are %.*s.",
                               good >> 10, STR_ARG(answer)));
}

void probe_path(struct probe *probe, const struct probe_state *state)
{
    const char *url = nothing(probe, state->url);
    struct exchange got = {.url = url};
    look_at_tags(probe);
    look_at_clock(probe, state);
    if (!url || probe_interrupted())
        return;
    probe_request(probe, EDITOR_A, &got, NULL);
    if (got.fault || got.status == 200)
        return; /* something is there after all: nothing is sent to it */
    if (probe->kind == PROBE_JSON)
        look_at_methods(probe, url, &got);
    look_at_bodies(probe, url);
}
