#include "web/app.h"

#include <stdio.h>

#include "base/clock.h"
#include "edit/file.h"
#include "edit/history.h"
#include "edit/opened.h"
#include "edit/park.h"
#include "edit/receipt.h"
#include "web/problem.h"
#include "web/writelog.h"
#include "wire/url.h"

#include "base/banned.h"

#define SECOND 1000000u
#define SWEEP_EVERY                                                                                \
    512 /* microseconds of the clock: one write in so many, as good as at random                   \
         */

/* And no more often than that: under load a sweep has much to look at. */
#define SWEEP_PAUSE (UINT64_C(10) * SECOND)

#define FILES_EVERY 8 /* the same, of changes of files: there is more to tidy up after each */

static void dispatch(struct work *work);

uint64_t app_now(void)
{
    return clock_micros();
}

void app_init(struct app *app, const struct route *routes,
              void (*refuse)(struct work *work, struct refusal refusal), bool kept)
{
    *app = (struct app){.routes = routes, .refuse = refuse, .kept = kept};
    config_init(&app->config);
    arena_init(&app->work.arena);
}

static void forget_database(struct app *app)
{
    pg_free(app->pg);
    catalog_free(app->catalog);
    app->pg = NULL;
    app->catalog = NULL;
}

void app_release(struct app *app)
{
    arena_release(&app->work.arena);
    metrics_close(&app->metrics);
    forget_database(app);
    config_release(&app->config);
}

void app_idle(struct app *app)
{
    uint64_t limit = app->config.settings.idle_timeout * 1000;
    if (app->pg && limit && app_now() - app->idle_since >= limit)
        pg_close(app->pg);
}

static void start_talk(struct work *work)
{
    const struct settings *settings = work_settings(work);
    struct told told = work->talk.told; /* of the whole request, also when it is begun anew */
    talk_init(&work->talk, &work->arena);
    work->talk.told = told;
    work->talk.user = work->request.user;
    work->talk.user_role = settings->user_role;
    work->talk.lock_timeout = settings->lock_timeout;
    work->talk.statement_timeout = settings->statement_timeout;
}

/* The key as our own links write it, whichever way it came: pages put it into links as it is. */
static bool plain_key(struct work *work)
{
    struct buf segment;
    size_t count;
    if (url_key_parse(&work->arena, work->match.key, work->key_values, MAX_KEY, &count)) {
        work->match.key = STR_NONE;
        work_problem(work, "no-row", STR_NONE);
        return false;
    }
    buf_init(&segment, &work->arena, SIZE_MAX / 4);
    url_key(&segment, work->key_values, count);
    work->match.key = buf_slice(&segment);
    return true;
}

/* Table and key of the address; false when the request was answered or begun anew. */
static bool find_row(struct work *work)
{
    struct str name;
    size_t count;
    work->table = NULL;
    if (!work->match.table.ptr)
        return true;
    if (work->match.key.ptr && !plain_key(work))
        return false;
    if (url_key_parse(&work->arena, work->match.table, &name, 1, &count) == ERR_NONE)
        work->table = catalog_table(work_catalog(work), name);
    if (!work->table) {
        if (!work_reread(work))
            work_problem(work, "no-table", STR_NONE);
        return false;
    }
    if (work->table->key_count == 0 || !work->table->can_select) {
        work_problem(work, work->table->key_count ? "privilege" : "no-key", STR_NONE);
        return false;
    }
    if (!work->match.key.ptr)
        return true;
    work->key.values = work->key_values;
    if (url_key_parse(&work->arena, work->match.key, work->key_values, MAX_KEY, &count) ||
        count != work->table->key_count) {
        work_problem(work, "no-row", STR_NONE);
        return false;
    }
    return true;
}

/* A write is answered in the language it was sent in, everything else as Accept says. */
static void (*choose_handler(const struct work *work))(struct work *work)
{
    const struct request *request = &work->request;
    bool write = work->route->method != HTTP_GET;
    if (write && request->has_body)
        return request->form_body ? work->route->html : work->route->json;
    return request->format == FORMAT_HTML  ? work->route->html
           : request->format == FORMAT_CSV ? work->route->csv
                                           : work->route->json;
}

static void handle(struct work *work)
{
    void (*handler)(struct work *) = choose_handler(work);
    bool one_form = work->route->html == work->route->json && work->route->json == work->route->csv;
    if (work->request.not_acceptable && !one_form) {
        work_problem(work, "not-acceptable", STR("This address has HTML, JSON and CSV."));
        return;
    }
    if (!find_row(work))
        return;
    if (handler)
        handler(work);
    else
        work_problem(work, work->request.has_body ? "media-type" : "not-acceptable", STR_NONE);
}

static void after_catalog(void *ctx)
{
    struct work *work = ctx;
    struct app *app = work->app;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    catalog_free(app->catalog);
    app->catalog =
        catalog_build(&work->talk.answers[0], &work->talk.answers[1], &app->config.settings);
    app->catalog_read = app_now();
    work->catalogs_read++;
    (void)snprintf(app->catalog_user, sizeof app->catalog_user, "%.*s",
                   STR_ARG(work->request.user));
    handle(work);
}

static uint64_t catalog_age(const struct app *app)
{
    return app_now() - app->catalog_read;
}

/* The privileges in the catalog are those of whoever had it read. */
static bool catalog_fits(const struct work *work)
{
    const struct app *app = work->app;
    struct str user = work->request.user.ptr ? work->request.user : STR("");
    return app->catalog && (!app->config.settings.user_role || str_is(user, app->catalog_user));
}

/* The handler, after the catalog where the one at hand will not do. */
static void dispatch(struct work *work)
{
    struct app *app = work->app;
    uint64_t most = work->route->catalog == CATALOG_FRESH || work->retried
                        ? SECOND
                        : app->config.settings.catalog_age * 1000;
    start_talk(work);
    if (work->route->catalog == CATALOG_NONE || (catalog_fits(work) && catalog_age(app) < most)) {
        handle(work);
        return;
    }
    talk_then(&work->talk, after_catalog, work);
    catalog_ask(&work->talk, &app->config.settings);
}

static void start_anew(struct work *work)
{
    bool unsure = work->talk.unsure;
    work->retried = true;
    reply_clear(&work->reply);
    dispatch(work);
    work->talk.unsure = unsure;
}

bool work_reread(struct work *work)
{
    if (work->retried || catalog_age(work->app) < SECOND)
        return false;
    start_anew(work);
    return true;
}

static struct refusal refusal_of(const char *name, struct str detail)
{
    return (struct refusal){problem_named(str_from(name))->status, name, detail};
}

/* A client of PostgREST may ask for another schema: it must not get this one instead. */
static bool is_our_schema(const struct work *work)
{
    static const char *const headers[] = {"HTTP_ACCEPT_PROFILE", "HTTP_CONTENT_PROFILE"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct str wanted = request_header(&work->request, headers[i]);
        if (wanted.len && !str_eq(wanted, work_settings(work)->schema))
            return false;
    }
    return true;
}

/* What the columns of the route table demand. */
static struct refusal check_route(struct work *work)
{
    const struct settings *settings = work_settings(work);
    const struct request *request = &work->request;
    enum access access = work->route->access;
    bool anonymous = !request->user.ptr;
    if (anonymous && ((access == ACCESS_WRITE && settings->anonymous != ANONYMOUS_WRITE) ||
                      (access == ACCESS_READ && settings->anonymous == ANONYMOUS_DENY) ||
                      (access == ACCESS_METRICS && settings->metrics == METRICS_LOGIN)))
        return refusal_of("login-required", STR_NONE);
    if (work->route->origin == ORIGIN_SAME && request_is_foreign(settings, request))
        return refusal_of("foreign-origin", STR_NONE);
    if (!is_our_schema(work))
        return refusal_of("not-acceptable",
                          str_printf(&work->arena, "Only the schema “%.*s” is here.",
                                     STR_ARG(settings->schema)));
    bool json = str_is(request->media_type, "application/json") ||
                str_is(request->media_type, "application/merge-patch+json");
    bool csv = work->route->body == BODY_ROWS && str_is(request->media_type, "text/csv");
    if (work->route->body != BODY_NONE && request->has_body && !request->form_body && !json &&
        !csv && !request->streams)
        return refusal_of("media-type", STR_NONE);
    return (struct refusal){0};
}

static struct refusal find_route(struct work *work)
{
    struct request *request = &work->request;
    struct buf allow;
    unsigned methods =
        route_methods(work->app->routes, request->segments, request->segment_count, &work->match);
    if (request->segment_count > MAX_SEGMENTS || !methods)
        return refusal_of("not-found", STR_NONE);
    unsigned method = request_meant_method(request);
    const struct route *meant = route_find(work->app->routes, request->segments,
                                           request->segment_count, method, &work->match);
    struct refusal refusal = request_body(&work->arena, work_settings(work), request,
                                          meant && meant->body == BODY_STREAM);
    if (refusal.status)
        return refusal;
    if (request->method != method) /* a field of the form says another one */
        meant = route_find(work->app->routes, request->segments, request->segment_count,
                           request->method, &work->match);
    work->route = meant;
    if (work->route)
        return check_route(work);
    buf_init(&allow, &work->arena, 256);
    http_allow(&allow, methods);
    reply_header(&work->reply, "Allow", buf_slice(&allow));
    if (request->method == HTTP_OPTIONS) {
        work->reply.status = 204;
        return (struct refusal){0};
    }
    return refusal_of("method",
                      str_printf(&work->arena, "It answers %.*s.", STR_ARG(buf_slice(&allow))));
}

/* Settings and connection for this request; a fault in the settings is a refusal. */
static struct refusal open_app(struct app *app, struct gateway *gateway, uint64_t now)
{
    if (config_update(&app->config, gateway, now)) {
        forget_database(app);
        metrics_close(&app->metrics);
    }
    if (app->config.fault.ptr)
        return refusal_of("settings", STR_NONE);
    if (!app->pg) {
        struct settings *settings = &app->config.settings;
        struct pg_options options = {.conninfo = settings->database.ptr,
                                     .connect_timeout = settings->connect_timeout,
                                     .prepare = app->kept && settings->prepare == PREPARE_AUTO};
        app->pg = pg_new(&options);
    }
    return (struct refusal){0};
}

/*
 * Whether the answer says that the catalog is behind. A value that cannot be
 * read may be one for the type that its column has by now.
 */
static bool outdated(const struct work *work)
{
    enum reason reason = work->talk.error.reason;
    bool old_value = reason == REASON_VALUE && catalog_age(work->app) >= SECOND;
    return work->talk.failed && (reason == REASON_CATALOG || old_value);
}

/* Sends what was asked and calls the continuation, until nobody asks any more. */
static void drive(struct work *work)
{
    struct talk *talk = &work->talk;
    while (talk->then) {
        void (*then)(void *) = talk->then;
        talk->then = NULL;
        pg_run(work->app->pg, talk);
        if (outdated(work) && !work->retried && !work->reply.begun)
            start_anew(work);
        else
            then(talk->ctx);
    }
}

/* What became of an edit that was kept before that was known. */
static void note_parked(struct work *work)
{
    const struct change *change = work->parked_change;
    const struct outcome *outcome = work->parked_outcome;
    if (!change)
        return;
    switch (outcome->kind) {
    case OUTCOME_CONFLICT:
    case OUTCOME_REFUSED:
        if (outcome->parked && !str_is(save_likely(change), problem_for(outcome->reason)->name))
            park_ask_reason(&work->talk, change, str_from(problem_for(outcome->reason)->name));
        break;
    case OUTCOME_ALREADY_APPLIED:
    case OUTCOME_UNCHANGED:
        park_ask_settle(&work->talk, change);
        break;
    default: /* the write itself settled it */
        break;
    }
}

/* Still before the answer is out: who looks the edit up at once finds it so. */
static void settle_parked(struct work *work)
{
    if (!work->parked_change || !work_catalog(work))
        return;
    start_talk(work);
    note_parked(work);
    if (work->talk.asked_count > 0)
        pg_run(work->app->pg, &work->talk);
}

/* Behind an answer that is out by then; now and then what is too old is swept out. */
static void afterwards(struct work *work)
{
    const struct catalog *catalog = work_catalog(work);
    const struct settings *settings = work_settings(work);
    struct app *app = work->app;
    bool sweep = work->is_write && work->started % SWEEP_EVERY == 0 &&
                 work->started - app->swept >= SWEEP_PAUSE;
    if (!catalog || (!sweep && !work->opened && !work->files_changed))
        return;
    work->request.gateway->end(work->request.gateway);
    if (sweep)
        app->swept = work->started;
    start_talk(work);
    if (work->opened)
        opened_note(&work->talk, work->table, work->key, work->request.user);
    if (sweep && catalog->receipts)
        receipt_expire(&work->talk, settings->receipt_days);
    if (sweep && catalog->histories)
        history_expire(&work->talk, settings->history_days);
    if (sweep && catalog->opened)
        opened_expire(&work->talk);
    if ((sweep || (work->files_changed && work->started % FILES_EVERY == 0)) && catalog->files)
        file_expire(&work->talk, settings->file_keep_days, work->started);
    if (sweep && catalog->conflicts)
        park_expire(&work->talk, settings->park_days, settings->park_size);
    if (work->talk.asked_count > 0)
        pg_run(work->app->pg, &work->talk);
}

void app_serve(struct app *app, struct gateway *gateway)
{
    struct work *work = &app->work;
    struct arena arena = work->arena;
    *work = (struct work){.app = app, .arena = arena, .started = app_now()};
    reply_init(&work->reply, &work->arena);
    struct refusal broken = open_app(app, gateway, work->started);
    struct refusal refusal = request_start(&work->arena, gateway, &work->request);
    if (!work->request.id.ptr)
        work->request.id = work_random(work, 8);
    work->reply.head = work->request.method == HTTP_HEAD;
    start_talk(work);
    /* by what was sent: a write that is refused early is answered and logged as one too */
    work->is_write = work->request.sent_method & ~(unsigned)(HTTP_GET | HTTP_HEAD | HTTP_OPTIONS);
    if (broken.status) {
        work->trouble = app->config.fault;
        refusal = broken;
    }
    if (!refusal.status)
        refusal = find_route(work);
    if (refusal.status) {
        struct str allow = str_copy(&work->arena, buf_slice(&work->reply.headers));
        work_refuse(work, refusal);
        buf_str(&work->reply.headers, allow);
    } else if (work->route) {
        dispatch(work);
        drive(work);
    }
    if (!buf_ok(&work->reply.body))
        work_problem(work, "too-large", STR("The answer is larger than pg409 can hold."));
    if (app->pg)
        pg_abandon(app->pg); /* before anybody waits for what it holds */
    writelog_headers(work);
    metrics_request(work);
    reply_send(&work->reply, gateway);
    writelog_line(work);
    settle_parked(work);
    afterwards(work);
    metrics_behind(work);
    arena_reset(&work->arena);
    app->idle_since = app_now();
}
