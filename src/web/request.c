#include "web/request.h"

#include <string.h>

#include "wire/digest.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_PATH 4096
#define MAX_QUERY 16384
#define MAX_QUERY_FIELDS 200

static struct refusal refuse(int status, const char *name, struct str detail)
{
    return (struct refusal){status, name, detail};
}

static const struct refusal fine = {0};

static struct str param(const struct request *request, const char *name)
{
    return str_from(request->gateway->param(request->gateway, name));
}

struct str request_header(const struct request *request, const char *name)
{
    return param(request, name);
}

struct str request_field(const struct request *request, struct str name)
{
    return form_get(&request->form, name);
}

/* Percent-encodes a path for a link: all but unreserved characters and '/'. */
static struct str encode_path(struct arena *arena, struct str path)
{
    struct buf buf;
    bool first = true;
    buf_init(&buf, arena, (size_t)MAX_PATH * 4);
    while (path.ptr) {
        struct str part = str_cut(path, '/', &path);
        if (!first)
            buf_char(&buf, '/');
        first = false;
        url_encode(&buf, part);
    }
    return buf_slice(&buf);
}

/* The path of REQUEST_URI, decoded; STR_NONE when it is not usable. */
static struct str uri_path(struct arena *arena, struct str uri)
{
    struct str query, out;
    uri = str_cut(uri, '?', &query);
    if (!str_starts(uri, STR("/")))
        return STR_NONE;
    return url_decode(arena, uri, URL_PLUS_IS_PLUS, &out) == ERR_NONE ? out : STR_NONE;
}

/*
 * What stands before our addresses. Called directly, the address begins with
 * SCRIPT_NAME; behind a rewrite it does not, and what is left of the address
 * without PATH_INFO is what visitors see.
 */
static void find_prefix(struct arena *arena, struct request *request)
{
    struct str script = param(request, "SCRIPT_NAME");
    struct str path = param(request, "PATH_INFO");
    struct str seen = uri_path(arena, param(request, "REQUEST_URI"));
    if (!script.ptr || str_is(script, "/"))
        script = STR("");
    if (!str_starts(path, STR("/")))
        path = str_printf(arena, "/%.*s", STR_ARG(path));
    /* "/desktop" does not begin with the script "/desk" */
    struct str behind = str_skip(seen, script.len);
    bool whole = behind.len == 0 || str_starts(behind, STR("/"));
    bool direct = script.len && str_starts(seen, script) && whole;
    if (!direct && seen.ptr && str_ends(seen, path))
        script = str_range(seen.ptr, seen.ptr + seen.len - path.len);
    request->prefix = encode_path(arena, script);
    request->path = path;
}

static void find_segments(struct request *request)
{
    struct str rest = str_skip(request->path, 1);
    while (rest.ptr && rest.len) {
        struct str part = str_cut(rest, '/', &rest);
        if (request->segment_count < MAX_SEGMENTS)
            request->segments[request->segment_count] = part;
        request->segment_count++;
    }
    if (request->segment_count > MAX_SEGMENTS)
        request->segment_count = MAX_SEGMENTS + 1;
}

/* A request id worth keeping: short and made of harmless characters. */
static bool is_id(struct str text)
{
    if (text.len == 0 || text.len > 64)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/",
                    text.ptr[i]))
            return false;
    return true;
}

static struct refusal find_format(struct request *request)
{
    static const struct str offers[] = {{"application/json", 16},
                                        {"text/html", 9},
                                        {"text/csv", 8},
                                        {"application/problem+json", 24},
                                        {"application/vnd.pgrst.object+json", 33},
                                        {"application/vnd.pgrst.array+json", 32},
                                        {"application/openapi+json", 24},
                                        {"application/vnd.oai.openapi+json", 32}};
    static const enum format formats[] = {FORMAT_JSON, FORMAT_HTML, FORMAT_CSV,  FORMAT_JSON,
                                          FORMAT_JSON, FORMAT_JSON, FORMAT_JSON, FORMAT_JSON};
    static const struct {
        const char *name;
        enum format format;
    } names[] = {{"json", FORMAT_JSON}, {"html", FORMAT_HTML}, {"csv", FORMAT_CSV}};
    struct str wanted = form_get(&request->query, STR("_format"));
    for (size_t i = 0; i < sizeof names / sizeof *names && wanted.ptr; i++)
        if (str_is(wanted, names[i].name)) {
            request->format = names[i].format;
            return fine;
        }
    if (wanted.ptr)
        return refuse(400, "malformed", STR("_format is html, json or csv."));
    size_t count = sizeof offers / sizeof *offers;
    size_t choice = http_accept(param(request, "HTTP_ACCEPT"), offers, count);
    request->not_acceptable = choice == count;
    if (request->not_acceptable)
        return fine;
    request->format = formats[choice];
    request->object = str_is(offers[choice], "application/vnd.pgrst.object+json");
    return fine;
}

struct refusal request_start(struct arena *arena, struct gateway *gateway, struct request *request)
{
    struct str bad;
    *request = (struct request){.gateway = gateway};
    request->id = param(request, "HTTP_X_REQUEST_ID");
    if (!is_id(request->id))
        request->id = STR_NONE;
    request->sent_method = request->method = http_method(param(request, "REQUEST_METHOD"));
    request->user = param(request, "REMOTE_USER");
    if (request->user.len == 0)
        request->user = STR_NONE;
    find_prefix(arena, request);
    if (str_check_utf8(request->user)) {
        request->user = STR_NONE; /* a page could not show it */
        return refuse(400, "malformed", STR("The name of the user is not valid UTF-8."));
    }
    request->query_text = param(request, "QUERY_STRING");
    if (request->path.len > MAX_PATH || request->query_text.len > MAX_QUERY)
        return refuse(414, "too-long", STR("The address is too long."));
    if (form_parse(arena, request->query_text, MAX_QUERY_FIELDS, &request->query, &bad))
        return refuse(400, "malformed",
                      STR("The part of the address behind '?' is not well formed."));
    struct refusal refusal = find_format(request);
    if (refusal.status)
        return refusal;
    if (str_check_utf8(request->path))
        return refuse(400, "malformed", STR("The address is not valid UTF-8."));
    find_segments(request);
    return fine;
}

/* How long the body says it is. */
static struct refusal body_length(const struct request *request, uint64_t *length)
{
    struct str announced = param(request, "CONTENT_LENGTH");
    *length = 0;
    /* plain CGI behind Apache: the end of such a body looks like a connection that broke */
    if (!announced.len && param(request, "HTTP_TRANSFER_ENCODING").len)
        return refuse(411, "length-required", STR_NONE);
    if (announced.len && str_to_u64(announced, INT64_MAX, length))
        return refuse(400, "malformed", STR("Content-Length is not a number."));
    return fine;
}

/* The bytes of the body, all that were announced. */
static struct refusal read_body(struct arena *arena, const struct settings *settings,
                                struct request *request, uint64_t length)
{
    struct gateway *gateway = request->gateway;
    char more;
    if (length > settings->max_body)
        return refuse(413, "too-large",
                      str_printf(arena, "The limit for one request is %llu bytes.",
                                 (unsigned long long)settings->max_body));
    char *bytes = arena_alloc(arena, length + 1);
    size_t got = length ? gateway->read(gateway, bytes, length) : 0;
    if (got < length || gateway->read_failed(gateway))
        return refuse(400, "cut-short",
                      str_printf(arena, "Only %zu of %llu bytes arrived. Nothing was saved.", got,
                                 (unsigned long long)length));
    if (length && gateway->read(gateway, &more, 1) > 0)
        return refuse(400, "malformed",
                      STR("More bytes arrived than were announced. Nothing was saved."));
    request->body = (struct str){bytes, length};
    return fine;
}

size_t request_read(struct request *request, char *into, size_t size)
{
    struct gateway *gateway = request->gateway;
    size_t wanted = request->left < size ? (size_t)request->left : size;
    size_t got = wanted ? gateway->read(gateway, into, wanted) : 0;
    request->left -= got;
    if (got < wanted) {
        request->cut_short = true;
        request->left = 0;
    }
    return got;
}

unsigned request_meant_method(const struct request *request)
{
    struct str wanted = param(request, "HTTP_X_HTTP_METHOD_OVERRIDE");
    unsigned method = http_method(wanted);
    return request->sent_method == HTTP_POST && method ? method : request->sent_method;
}

static struct refusal read_form(struct arena *arena, const struct settings *settings,
                                struct request *request)
{
    struct str bad;
    switch (form_parse(arena, request->body, settings->max_fields, &request->form, &bad)) {
    case ERR_NONE:
        return fine;
    case ERR_TOO_MANY:
        return refuse(413, "too-large",
                      str_printf(arena, "A form may have %llu fields.",
                                 (unsigned long long)settings->max_fields));
    case ERR_UTF8:
        return refuse(400, "malformed", STR("The form holds bytes that are not valid UTF-8."));
    case ERR_NUL:
        return refuse(422, "value",
                      STR("The form holds a NUL character, which no text can store."));
    default:
        return refuse(400, "malformed", STR("The form is not well formed."));
    }
}

/* Hosts block methods: a POST may say what it means. */
static struct refusal override_method(struct request *request)
{
    struct str wanted = param(request, "HTTP_X_HTTP_METHOD_OVERRIDE");
    struct str field = form_get(&request->form, STR("_method"));
    if (request->sent_method != HTTP_POST || (!wanted.len && !field.len))
        return fine;
    unsigned method = http_method(field.len ? field : wanted);
    if (!(method & (HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE)))
        return refuse(400, "malformed", STR("_method is PUT, PATCH or DELETE."));
    request->method = method;
    return fine;
}

struct refusal request_body(struct arena *arena, const struct settings *settings,
                            struct request *request, bool may_stream)
{
    uint64_t length;
    struct refusal refusal = body_length(request, &length);
    request->media_type = http_media_type(arena, param(request, "CONTENT_TYPE"));
    bool form = str_is(request->media_type, "application/x-www-form-urlencoded");
    request->streams = may_stream && !(form && request->sent_method == HTTP_POST);
    request->form_body = form && !request->streams;
    request->left = length;
    if (!refusal.status && !request->streams)
        refusal = read_body(arena, settings, request, length);
    if (refusal.status)
        return refusal;
    request->has_body = length > 0;
    if (request->form_body && request->has_body) {
        refusal = read_form(arena, settings, request);
        if (refusal.status)
            return refusal;
    }
    return override_method(request);
}

/* Whether origin, "https://host[:port]", is the host that was asked. */
static bool same_host(struct str origin, struct str host)
{
    size_t at = str_find(origin, STR("://"));
    return at != SIZE_MAX && host.len && str_ieq(str_skip(origin, at + 3), host);
}

bool request_is_foreign(const struct settings *settings, const struct request *request)
{
    struct str site = param(request, "HTTP_SEC_FETCH_SITE");
    struct str origin = param(request, "HTTP_ORIGIN");
    if (origin.ptr && str_in_list(settings->origins, origin))
        return false;
    if (site.len)
        return !str_is(site, "same-origin") && !str_is(site, "none");
    if (origin.len)
        return !same_host(origin, param(request, "HTTP_HOST"));
    return false; /* not a browser: nothing is sent along that it did not mean to send */
}
