#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/probe_core.h"
#include "wire/form.h"
#include "wire/url.h"

#include "base/banned.h"

#define MOST_HOPS 5
#define MOST_LINES (PROBE_HEADERS_MAX + 16)
#define LOGIN_FIELDS 32
#define MOST_TIMES 4      /* a whole request lasts so many times --timeout at most */
#define BYTES_A_MILLI 100 /* and the time that long bodies take at this rate */
#define LOGIN_BYTES ((size_t)1 << 20)

static bool say(const char *what, const char *value)
{
    (void)fprintf(stderr, "pg409 probe: %s%s%s\n", what, value ? ": " : "", value ? value : "");
    return false;
}

static bool has_header(const char *const *more, const char *line)
{
    size_t len = strcspn(line, ":") + 1;
    for (; more && *more; more++)
        if (strncasecmp(*more, line, len) == 0)
            return true;
    return false;
}

/* The host of an address, without name, password and port. */
static struct str host_of(const char *url)
{
    struct str rest = str_from(url);
    size_t at = str_find(rest, STR("://"));
    if (at == SIZE_MAX)
        return STR_NONE;
    rest = str_skip(rest, at + 3);
    if (!rest.ptr)
        return STR_NONE;
    rest.len = strcspn(rest.ptr, "/?#");
    const char *name = memrchr(rest.ptr, '@', rest.len);
    if (name)
        rest = str_range(name + 1, rest.ptr + rest.len);
    const char *bracket = memrchr(rest.ptr, ']', rest.len); /* IPv6 has colons of its own */
    const char *port = memrchr(rest.ptr, ':', rest.len);
    return port && (!bracket || port > bracket) ? str_range(rest.ptr, port) : rest;
}

static bool is_secure(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

/*
 * Names and passwords go to the hosts of the command line only, and what began encrypted stays so:
 * pages say where forms and redirects lead, and pages are made by strangers.
 */
static bool may_go(const struct probe_options *options, const char *url)
{
    const char *const known[] = {options->url, options->put, options->login};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] && str_ieq(host_of(known[i]), host_of(url)) && host_of(url).ptr &&
            (is_secure(url) || !is_secure(known[i])))
            return true;
    return false;
}

/* A server that sends a byte now and then is not waited for; still less when an end was asked for.
 */
static uint64_t time_for(const struct probe_options *options, const struct exchange *exchange)
{
    uint64_t quiet = options->transport[0].timeout;
    return (probe_interrupted() ? quiet : quiet * MOST_TIMES) + exchange->body.len / BYTES_A_MILLI;
}

void probe_request(struct probe *probe, int editor, struct exchange *exchange,
                   const char *const *more)
{
    const struct probe_options *options = probe->options;
    bool named = exchange->url == options->url || exchange->url == options->put ||
                 exchange->url == options->login;
    if (!named && !may_go(options, exchange->url)) {
        exchange->fault = FAULT_URL;
        exchange->trouble = "it leads to another host, and nothing is sent there";
        exchange->answer = STR("");
        return;
    }
    const char **lines = ARENA_ARRAY(probe->arena, MOST_LINES, const char *);
    const char *accept = options->api ? "Accept: application/json"
                                      : "Accept: text/html,application/xhtml+xml,"
                                        "application/json;q=0.9,*/*;q=0.8";
    size_t count = 0;
    if (!has_header(more, accept))
        lines[count++] = accept;
    if (options->cookie)
        lines[count++] =
            str_cstr(probe->arena, str_printf(probe->arena, "Cookie: %s", options->cookie));
    for (size_t i = 0; i < options->header_count; i++)
        lines[count++] = options->headers[i];
    for (; more && *more && count < MOST_LINES - 1; more++)
        lines[count++] = *more;
    exchange->headers = lines;
    exchange->total = time_for(options, exchange);
    transport_run(probe->editors[editor], probe->arena, exchange);
}

static bool leads_on(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void note_answer(const struct probe_options *options, const struct exchange *exchange,
                        struct probe_answer *answer)
{
    answer->late = exchange->fault && exchange->micros >= options->transport[0].timeout * 1000;
    answer->fault = exchange->fault;
    answer->trouble = exchange->trouble;
    answer->method = exchange->method;
    answer->status = answer->page_status = exchange->status;
    answer->type = exchange_header(exchange, "Content-Type");
    answer->location = exchange_header(exchange, "Location");
    answer->body = answer->page = exchange->answer;
    answer->page_url = exchange->effective;
}

/* pg409 keeps what it refuses, under an address that its answer names. */
static void note_parked(struct probe *probe, const struct exchange *exchange)
{
    static const char sign[] = "/_conflicts/";
    struct str page = exchange->answer;
    size_t at = str_find(page, STR("/_conflicts/"));
    if (!exchange_header(exchange, "PG409-Outcome").ptr || exchange->status < 400 ||
        at == SIZE_MAX || probe->parked_count == PROBE_PARKED_MAX)
        return;
    const char *quote = memrchr(page.ptr, '"', at), *end = page.ptr + page.len;
    const char *stop = page.ptr + at + sizeof sign - 1;
    while (stop < end && (isalnum((unsigned char)*stop) || *stop == '-'))
        stop++;
    const char *url =
        quote ? transport_resolve(probe->arena, exchange->effective, str_range(quote + 1, stop))
              : NULL;
    if (url)
        probe->parked[probe->parked_count++] = url;
}

void probe_send(struct probe *probe, int editor, struct exchange *exchange, const char *const *more,
                const char *referer, struct probe_answer *answer)
{
    static const struct probe_answer none;
    const char *lines[MOST_LINES];
    size_t count = 0;
    *answer = none;
    lines[count++] = str_cstr(probe->arena, str_printf(probe->arena, "Referer: %s", referer));
    for (; more && *more && count < MOST_LINES - 1; more++)
        lines[count++] = *more;
    lines[count] = NULL;
    probe->written = true;
    probe_request(probe, editor, exchange, lines);
    for (int hop = 0; hop < MOST_HOPS && (exchange->status == 307 || exchange->status == 308);
         hop++) {
        const char *next =
            transport_resolve(probe->arena, exchange->url, exchange_header(exchange, "Location"));
        if (!next)
            break;
        exchange->url = next;
        probe_request(probe, editor, exchange, lines);
    }
    note_answer(probe->options, exchange, answer);
    note_parked(probe, exchange);
    if (exchange->fault || !leads_on(exchange->status))
        return;
    struct exchange page = {.url = transport_resolve(probe->arena, exchange->url, answer->location),
                            .follow = true};
    if (!answer->location.ptr || !page.url)
        return;
    probe_request(probe, editor, &page, NULL);
    answer->page_status = page.status;
    answer->page = page.answer;
    answer->page_url = page.effective;
}

bool probe_interrupted(void)
{
    sigset_t waiting;
    sigemptyset(&waiting);
    (void)sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
           sigismember(&waiting, SIGHUP) == 1;
}

/* --- logging in
 * ----------------------------------------------------------------------------------- */

static const struct html_form *login_form(struct arena *arena, struct str page)
{
    struct html_forms *forms = ARENA_NEW(arena, struct html_forms);
    if (html_forms_read(arena, page, forms) && forms->count == 0)
        return NULL;
    for (size_t i = 0; i < forms->count; i++)
        for (size_t k = 0; k < forms->forms[i].count; k++)
            if (forms->forms[i].fields[k].control == HTML_PASSWORD)
                return &forms->forms[i];
    return NULL;
}

static void add_pair(struct buf *body, struct str name, struct str value)
{
    if (body->len)
        buf_char(body, '&');
    url_encode(body, name);
    buf_char(body, '=');
    url_encode(body, value);
}

/* What the form holds, hidden tokens and all, with what the command line says instead. */
static bool login_body(struct probe *probe, const struct html_form *form, struct buf *body)
{
    struct form given;
    struct str bad;
    bool button = false;
    if (form_parse(probe->arena, str_from(probe->options->login_data), LOGIN_FIELDS, &given, &bad))
        return say("--login-data is to be NAME=VALUE&NAME=VALUE", NULL);
    for (size_t i = 0; i < form->count; i++) {
        const struct html_field *field = &form->fields[i];
        bool pressed = field->control == HTML_BUTTON && !button && field->name.len;
        button |= pressed;
        if ((field->sent || pressed) && !form_get(&given, field->name).ptr)
            add_pair(body, field->name, field->value);
    }
    for (size_t i = 0; i < given.count; i++)
        add_pair(body, given.fields[i].name, given.fields[i].value);
    return true;
}

static bool log_in(struct probe *probe, int editor)
{
    static const char *const type[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    struct exchange page = {.url = probe->options->login, .follow = true};
    struct buf body;
    struct probe_answer answer;
    probe_request(probe, editor, &page, NULL);
    if (page.fault)
        return say("the login page cannot be read", page.trouble);
    const struct html_form *form = login_form(probe->arena, page.answer);
    if (!form)
        return say("there is no form with a password on", page.effective);
    buf_init(&body, probe->arena, LOGIN_BYTES);
    if (!login_body(probe, form, &body))
        return false;
    struct str action = form->action.len ? form->action : STR("");
    struct exchange send = {.method = "POST",
                            .url = transport_resolve(probe->arena, page.effective, action),
                            .body = buf_slice(&body)};
    if (!send.url)
        return say("the login form leads nowhere", NULL);
    probe_send(probe, editor, &send, type, page.effective, &answer);
    probe->written = false;
    if (answer.fault)
        return say("logging in failed", answer.trouble);
    if (answer.page_status >= 400 || login_form(probe->arena, answer.page))
        return say("logging in did not work: the login form came back", NULL);
    return true;
}

bool probe_editors_open(struct probe *probe)
{
    const struct probe_options *options = probe->options;
    for (int i = 0; i < (options->one_session ? 1 : 2); i++) {
        probe->editors[i] = transport_new(&options->transport[i]);
        if (!probe->editors[i])
            return say("libcurl cannot be had", NULL);
        if (options->login && !log_in(probe, i))
            return false;
    }
    if (options->one_session)
        probe->editors[1] = probe->editors[0];
    return true;
}

void probe_editors_close(struct probe *probe)
{
    if (probe->editors[1] != probe->editors[0])
        transport_free(probe->editors[1]);
    transport_free(probe->editors[0]);
}
