#include "cli/client_call.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cli/client_show.h"
#include "wire/http.h"

#include "base/banned.h"

#define MOST_HEADERS 16
#define LONGEST_WAIT ((uint64_t)365 * 86400000)

enum verdict {
    ANSWERED, /* this is the answer */
    AGAIN,    /* nothing was done, and later it may be */
    LOST,     /* nobody knows */
};

bool client_start(struct client *client, int argc, char **argv, const char *accepts,
                  const char *help, int *status)
{
    struct client_options *options = &client->options;
    *client = (struct client){.url = NULL};
    arena_init(&client->arena);
    if (!client_options_read(&client->arena, argc, argv, accepts, help, options, status))
        return false;
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a file that may not grow is a write that fails, and says so */
    client->transport = transport_new(&options->transport);
    *status = CLIENT_LOCAL;
    return client->transport != NULL;
}

bool client_url(struct client *client, int least, int most, int index, int *status)
{
    struct client_options *options = &client->options;
    *status = CLIENT_USAGE;
    if (options->count < least || options->count > most) {
        (void)fprintf(stderr, "pg409 %s: %s; see pg409 %s --help\n", options->command,
                      options->count < least ? "something is missing" : "that is too much",
                      options->command);
        return false;
    }
    if (index >= options->count)
        return true;
    struct str url =
        client_address(&client->arena, options->arguments[index], &options->transport.user);
    client->url = str_cstr(&client->arena, url);
    if (!client->url)
        (void)fprintf(stderr, "pg409 %s: an address begins with http:// or https://\n",
                      options->command);
    return client->url != NULL;
}

/* Where an answer lives. */
static struct arena *arena_of(struct client *client)
{
    return client->scratch ? client->scratch : &client->arena;
}

void client_end(struct client *client)
{
    transport_free(client->transport);
    arena_release(&client->arena);
    if (client->stopped)
        (void)raise(client->stopped); /* what it would have ended by */
}

struct str call_header(const struct call *call, const char *name)
{
    return exchange_header(&call->exchange, name);
}

bool call_fine(const struct call *call)
{
    return call->exchange.fault == FAULT_NONE && call->exchange.status / 100 == 2;
}

static uint64_t now_seconds(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 ? (uint64_t)now.tv_sec : 0;
}

/* Retry-After: seconds, or a date (RFC 9110, section 10.2.3). 0: none. */
static uint64_t asked_to_wait(struct client *client, const struct call *call)
{
    struct str value = call_header(call, "Retry-After");
    struct tm date = {0};
    uint64_t seconds;
    if (!value.len)
        return 0;
    if (str_to_u64(value, LONGEST_WAIT / 1000, &seconds) == ERR_NONE)
        return seconds * 1000;
    if (!strptime(str_cstr(arena_of(client), value), "%a, %d %b %Y %H:%M:%S GMT", &date))
        return 0;
    time_t then = timegm(&date);
    uint64_t now = now_seconds();
    return then > 0 && (uint64_t)then > now ? ((uint64_t)then - now) * 1000 : 0;
}

static bool reads(const struct call *call)
{
    const char *method = call->exchange.method;
    return !method || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A status of 5xx that is not pg409's own comes from a server in between: who knows what it did. */
static enum verdict judge_status(const struct call *call)
{
    int status = call->exchange.status;
    if (str_is(call->problem.reason, "unsure"))
        return LOST;
    if (call->problem.reason.ptr)
        return call->problem.again ? AGAIN : ANSWERED;
    if (status == 429 || status == 408 || (status == 503 && call->asked))
        return AGAIN;
    if (status >= 500 && status != 501 && status != 505)
        return reads(call) ? AGAIN : LOST;
    return ANSWERED;
}

static enum verdict judge(const struct call *call)
{
    switch (call->exchange.fault) {
    case FAULT_NONE:
        return judge_status(call);
    case FAULT_CONNECT:
        return AGAIN;
    case FAULT_LOST:
        return LOST;
    default:
        return ANSWERED;
    }
}

static bool is_json(struct str type)
{
    return str_find(type, STR("json")) != SIZE_MAX;
}

/* The headers of a try; behind a lost one with what then belongs to it. */
static const char *const *headers_of(struct client *client, const struct call *call)
{
    const char **all = ARENA_ARRAY(arena_of(client), MOST_HEADERS + 2, const char *);
    size_t count = 0;
    for (const char *const *each = call->exchange.headers; each && *each && count < MOST_HEADERS;
         each++)
        all[count++] = *each;
    if (call->lost && call->when_lost)
        all[count++] = call->when_lost;
    return all;
}

static void report(const struct client *client, const struct call *call)
{
    const struct exchange *exchange = &call->exchange;
    if (!client->options.verbose)
        return;
    (void)fprintf(stderr, "pg409: %s %s: ", exchange->method ? exchange->method : "GET",
                  exchange->url);
    if (exchange->fault != FAULT_NONE)
        show_plain(stderr, str_from(exchange->trouble));
    else
        (void)fprintf(stderr, "%d", exchange->status);
    struct str outcome = call_header(call, "PG409-Outcome");
    if (outcome.len) {
        (void)fputs(" ", stderr);
        show_plain(stderr, outcome);
    }
    if (call->problem.reason.ptr) {
        (void)fputs(" ", stderr);
        show_plain(stderr, call->problem.reason);
    }
    (void)fprintf(stderr, " (%.0f ms)\n", (double)exchange->micros / 1000);
}

static sigset_t stops(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

/* Whether one of them waits; asked by the transport while it works. */
static bool is_stopped(void)
{
    sigset_t waiting;
    return sigpending(&waiting) == 0 &&
           (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
            sigismember(&waiting, SIGHUP) == 1);
}

/* Takes one of them, and waits for it so long; they are held back. */
static void take_stop(struct client *client, uint64_t milliseconds)
{
    sigset_t set = stops();
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    int taken = sigtimedwait(&set, NULL, &left);
    if (taken > 0)
        client->stopped = taken;
}

static void wake(int number)
{
    (void)number;
}

bool client_answer(char *line, int size)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction waking = {.sa_handler = wake}, before[3]; /* without SA_RESTART */
    for (size_t i = 0; i < 3; i++)
        (void)sigaction(numbers[i], &waking, &before[i]);
    bool got = fgets(line, size, stdin) != NULL;
    for (size_t i = 0; i < 3; i++)
        (void)sigaction(numbers[i], &before[i], NULL);
    clearerr(stdin);
    return got;
}

static void run_exchange(struct client *client, struct exchange *exchange)
{
    exchange->stop = client->holds ? is_stopped : NULL;
    transport_run(client->transport, arena_of(client), exchange);
    if (client->holds)
        take_stop(client, 0);
    if (client->stopped && exchange->fault != FAULT_NONE)
        exchange->trouble = "it was stopped";
}

static enum verdict try_once(struct client *client, struct call *call)
{
    const char *const *headers = call->exchange.headers;
    call->exchange.headers = headers_of(client, call);
    run_exchange(client, &call->exchange);
    call->exchange.headers = headers;
    client->attempts++;
    call->problem = (struct client_problem){0};
    bool answered = call->exchange.fault == FAULT_NONE;
    if (answered && call->exchange.status >= 400 && is_json(call_header(call, "Content-Type")) &&
        client_problem_read(arena_of(client), call->exchange.answer, &call->problem))
        call->problem = (struct client_problem){0};
    call->asked = answered ? asked_to_wait(client, call) : 0;
    report(client, call);
    return judge(call);
}

/* A random number below range. */
static uint64_t random_below(uint64_t range)
{
    uint64_t value = 0;
    if (range == 0 || getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        return 0;
    return value % range;
}

static void wait_for(struct client *client, uint64_t milliseconds)
{
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    sigset_t set = stops(), before;
    if (!client->holds) {
        (void)nanosleep(&left, NULL);
        return;
    }
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    take_stop(client, milliseconds);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* first * 2^round, at most most. */
static uint64_t ceiling(uint64_t first, uint64_t most, unsigned round)
{
    uint64_t value = first;
    while (round-- > 0 && value < most)
        value *= 2;
    return value < most ? value : most;
}

void client_pause(struct client *client, uint64_t first, uint64_t most, unsigned round)
{
    uint64_t longest = client->options.max_delay;
    wait_for(client, random_below(ceiling(first, most < longest ? most : longest, round) + 1));
}

static void call(struct client *client, struct call *call)
{
    const struct client_options *options = &client->options;
    for (unsigned round = 0;; round++) {
        if (call->before && !call->before(call))
            return;
        enum verdict verdict = try_once(client, call);
        call->lost |= verdict == LOST;
        bool twice = call->repeatable || reads(call);
        if (verdict == ANSWERED || (verdict == LOST && !twice) || round >= options->retries ||
            call->asked > options->max_delay || client->stopped)
            return;
        uint64_t jitter = ceiling(options->delay, options->max_delay, round);
        wait_for(client, call->asked + random_below(jitter + 1));
        if (client->stopped)
            return;
    }
}

void client_call(struct client *client, struct call *what)
{
    sigset_t set = stops(), before;
    if (client->stopped) {
        what->problem = (struct client_problem){0};
        what->exchange.status = 0;
        what->exchange.fault = FAULT_CONNECT;
        what->exchange.trouble = "it was stopped";
        return;
    }
    if (client->holds)
        (void)sigprocmask(SIG_BLOCK, &set, &before);
    call(client, what);
    if (client->holds)
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Of a problem document: its reason decides, before its status. */
static enum client_exit exit_of_problem(const struct call *call)
{
    static const struct {
        const char *reason;
        enum client_exit exit;
    } exits[] = {
        {"deleted", CLIENT_GONE},       {"file-deleted", CLIENT_GONE},
        {"unsure", CLIENT_UNKNOWN},     {"version-required", CLIENT_REFUSED},
        {"files-full", CLIENT_REFUSED}, {"key-reused", CLIENT_REFUSED},
    };
    int status = call->exchange.status;
    for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
        if (str_is(call->problem.reason, exits[i].reason))
            return exits[i].exit;
    if (call->problem.again)
        return CLIENT_BUSY;
    if (status == 409 || status == 412)
        return CLIENT_CONFLICT;
    if (status == 403)
        return CLIENT_FORBIDDEN;
    return status == 404 || status == 410 ? CLIENT_GONE : CLIENT_REFUSED;
}

enum client_exit call_exit(const struct call *call)
{
    int status = call->exchange.status;
    bool wrote = !reads(call);
    switch (call->exchange.fault) {
    case FAULT_NONE:
        break;
    case FAULT_URL:
        return CLIENT_USAGE;
    case FAULT_LOST:
        return wrote ? CLIENT_UNKNOWN : CLIENT_NETWORK;
    case FAULT_TOO_LARGE:
        return wrote ? CLIENT_UNKNOWN : CLIENT_LOCAL;
    case FAULT_STOPPED:
        return CLIENT_LOCAL;
    default:
        return call->lost ? CLIENT_UNKNOWN : CLIENT_NETWORK;
    }
    if (status == 401)
        return CLIENT_FORBIDDEN;
    bool busy = judge_status(call) == AGAIN;
    if (wrote && (judge_status(call) == LOST || (busy && call->lost)))
        return CLIENT_UNKNOWN;
    if (call->problem.reason.ptr)
        return exit_of_problem(call);
    if (busy)
        return CLIENT_BUSY;
    return status == 403 ? CLIENT_FORBIDDEN : status == 404 ? CLIENT_GONE : CLIENT_FOREIGN;
}

const char *client_key(struct client *client)
{
    unsigned char bytes[16];
    struct buf out;
    buf_init(&out, &client->arena, 64);
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return "";
    buf_text(&out, "pg409-");
    for (size_t i = 0; i < sizeof bytes; i++)
        buf_printf(&out, "%02x", bytes[i]);
    return str_cstr(&client->arena, buf_slice(&out));
}

/* scheme://host:port */
static struct str origin(struct str url)
{
    size_t at = str_find(url, STR("://"));
    size_t begin = at == SIZE_MAX ? 0 : at + 3;
    size_t end = begin;
    while (end < url.len && !strchr("/?#", url.ptr[end]))
        end++;
    return (struct str){url.ptr, end};
}

bool client_follow(struct client *client, const struct call *call)
{
    const char *effective = call->exchange.effective;
    if (!effective || strcmp(effective, client->url) == 0)
        return true;
    if (str_ieq(origin(str_from(effective)), origin(str_from(client->url)))) {
        client->url = effective;
        return true;
    }
    (void)fprintf(stderr, "pg409: that address leads to another place: ");
    show_plain(stderr, str_from(effective));
    (void)fputs("\nGive that one if you trust it: a login is never taken along by itself.\n",
                stderr);
    return false;
}
