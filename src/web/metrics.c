#include "web/metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "web/app.h"
#include "web/problem.h"

#include "base/banned.h"

#define LAYOUT_VERSION 1 /* for what the names and the size below do not show */
#define LOOK_EVERY 5000000u

const uint64_t metrics_bounds[METRICS_BUCKETS - 1] = {250,    500,     1000,    2500,    5000,
                                                      10000,  25000,   50000,   100000,  250000,
                                                      500000, 1000000, 2500000, 5000000, 10000000};

/* --- names --- */

const char *metrics_outcome(size_t i)
{
    static const char *const more[] = {WORK_RECEIVED, WORK_DROPPED, "other"};
    return i <= OUTCOME_REFUSED ? outcome_name((enum outcome_kind)i)
                                : more[i - OUTCOME_REFUSED - 1];
}

/* A test sees to it that there is room for all. */
static size_t problem_count(void)
{
    size_t count = 0;
    while (count < METRICS_REASONS - 1 && problems[count].name)
        count++;
    return count;
}

const char *metrics_reason(size_t i)
{
    return i == 0 ? "none" : i <= problem_count() ? problems[i - 1].name : NULL;
}

static size_t outcome_index(const char *name)
{
    size_t i = 0;
    while (i < METRICS_OUTCOMES - 1 && !(name && strcmp(metrics_outcome(i), name) == 0))
        i++;
    return i;
}

static size_t reason_index(const char *name)
{
    for (size_t i = 0; name && i < problem_count(); i++)
        if (strcmp(problems[i].name, name) == 0)
            return i + 1;
    return 0;
}

/* FNV-1a, 64 bits; never 0. */
static uint64_t hash(uint64_t start, struct str text)
{
    uint64_t value = start ? start : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return value ? value : 1;
}

/* A program that has other names, or another order of them, must not add to the same numbers. */
static uint64_t layout(void)
{
    const char *reason;
    uint64_t value = LAYOUT_VERSION + sizeof(struct counts);
    for (size_t i = 0; i < METRICS_OUTCOMES; i++)
        value = hash(value, str_from(metrics_outcome(i)));
    for (size_t i = 0; (reason = metrics_reason(i)); i++)
        value = hash(value, str_from(reason));
    return value;
}

/* --- the file --- */

void metrics_close(struct metrics *metrics)
{
    shared_close(&metrics->shared);
    metrics->looked = 0;
}

static bool open_at(struct app *app, struct str path)
{
    struct shared shared;
    struct metrics *metrics = &app->metrics;
    int len = snprintf(metrics->path, sizeof metrics->path, "%.*s", STR_ARG(path));
    if (len >= (int)sizeof metrics->path ||
        shared_open(&shared, metrics->path, sizeof(struct counts), layout()))
        return false;
    shared_close(&metrics->shared);
    metrics->shared = shared;
    if (app->kept) /* a process of one request has just seen that it is whole */
        shared_guard(&shared);
    return true;
}

/*
 * By default in memory, else in the folder for all sorts: whoever runs this and the settings file
 * make the name, so that two sites do not mix. Nothing secret may go into it.
 */
static bool open_anywhere(struct app *app)
{
    static const char *const folders[] = {"/dev/shm", "/tmp"};
    struct arena *arena = &app->work.arena;
    struct str given = app->config.settings.metrics_file;
    uint64_t site = hash(0, app->config.path);
    if (given.len)
        return open_at(app, given);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (open_at(app, str_printf(arena, "%s/pg409-%lu-%016llx", folders[i], getauxval(AT_EUID),
                                    (unsigned long long)site)))
            return true;
    return false;
}

/* Opens the file, unless what is open still is that file; else this process counts alone. */
static void look(struct app *app)
{
    struct metrics *metrics = &app->metrics;
    bool alone = metrics->shared.at && !metrics->shared.in_file;
    if ((metrics->shared.at && shared_holds(&metrics->shared, metrics->path)) ||
        open_anywhere(app) || alone)
        return;
    shared_close(&metrics->shared);
    shared_alone(&metrics->shared, sizeof(struct counts), layout());
}

struct counts *metrics_counts(struct app *app)
{
    struct metrics *metrics = &app->metrics;
    uint64_t now = app->work.started;
    if (app->config.settings.metrics == METRICS_OFF || app->config.fault.ptr)
        return NULL;
    if (!metrics->shared.at || now - metrics->looked >= LOOK_EVERY) {
        metrics->looked = now;
        look(app);
    }
    return (struct counts *)(void *)metrics->shared.at;
}

/* --- counting --- */

static void add(_Atomic uint64_t *number, uint64_t count)
{
    if (count)
        atomic_fetch_add_explicit(number, count, memory_order_relaxed);
}

static void observe(struct histogram *histogram, uint64_t micros)
{
    size_t i = 0;
    while (i < METRICS_BUCKETS - 1 && micros > metrics_bounds[i])
        i++;
    add(&histogram->buckets[i], 1);
    add(&histogram->micros, micros);
}

/*
 * The place of a table: the first that has its hash, or that was free. All look in the same order
 * and no place is ever given back, so a table has one.
 */
static struct table_counts *place_of(struct counts *counts, struct str name)
{
    uint64_t mine = hash(0, name), words[8] = {0};
    size_t i = 0;
    for (; i < METRICS_TABLES; i++) {
        uint64_t there = atomic_load_explicit(&counts->places[i], memory_order_relaxed);
        if (there == mine ||
            (!there &&
             (atomic_compare_exchange_strong(&counts->places[i], &there, mine) || there == mine)))
            break;
    }
    struct table_counts *table = &counts->tables[i];
    if (i == METRICS_TABLES || atomic_load(&table->name[0]))
        return table;
    memcpy(words, name.ptr, name.len < sizeof words ? name.len : sizeof words - 1);
    for (size_t at = sizeof words / sizeof *words; at-- > 0;) /* the first word says that all are */
        atomic_store(&table->name[at], words[at]);
    return table;
}

/* NULL: tables are not told apart, or it is about none. */
static struct table_counts *table_of(struct counts *counts, const struct work *work)
{
    bool wanted = work_settings(work)->metrics_tables && work->table;
    return wanted ? place_of(counts, work->table->name) : NULL;
}

static void count_write(struct counts *counts, const struct work *work)
{
    size_t outcome = outcome_index(work->outcome);
    struct table_counts *table = table_of(counts, work);
    add(&counts->writes[outcome][reason_index(work->reason)], 1);
    if (table)
        add(&table->writes[outcome], 1);
}

void metrics_change(struct work *work)
{
    struct counts *counts = metrics_counts(work->app);
    work->changes_counted = true;
    if (counts)
        count_write(counts, work);
}

/* What was told so far goes into the numbers; what is told from here on counts anew. */
static void count_told(struct counts *counts, struct told *told)
{
    add(&counts->numbers[NUMBER_MERGED], told->merged);
    add(&counts->numbers[NUMBER_CLASHED], told->clashed);
    add(&counts->numbers[NUMBER_CONNECTED], told->connected);
    add(&counts->numbers[NUMBER_UNCONNECTED], told->refused);
    add(&counts->numbers[NUMBER_LOST], told->lost);
    add(&counts->numbers[NUMBER_CONTENDED], told->contended);
    add(&counts->numbers[NUMBER_ROUND_TRIPS], told->round_trips);
    *told = (struct told){0};
}

static enum metrics_kind kind_of(const struct work *work)
{
    const struct route *route = work->route;
    if (work->is_write)
        return METRICS_WRITE;
    return route && route->method == HTTP_GET && route->catalog != CATALOG_NONE ? METRICS_READ
                                                                                : METRICS_OTHER;
}

static void observe_all(struct counts *counts, const struct work *work, enum metrics_kind kind)
{
    const struct told *told = &work->talk.told;
    observe(&counts->total[kind], app_now() - work->started);
    if (told->round_trips || told->refused)
        observe(&counts->db[kind], told->db_micros);
    if (told->merge_micros)
        observe(&counts->merge[kind], told->merge_micros);
}

void metrics_request(struct work *work)
{
    struct counts *counts = metrics_counts(work->app);
    enum metrics_kind kind = kind_of(work);
    int status = work->reply.status / 100;
    if (!counts)
        return;
    if (status >= 1 && status <= METRICS_CLASSES)
        add(&counts->requests[kind][status - 1], 1);
    if (kind != METRICS_OTHER)
        observe_all(counts, work, kind);
    if (kind == METRICS_WRITE && !work->changes_counted)
        count_write(counts, work);
    struct table_counts *table = kind == METRICS_READ ? table_of(counts, work) : NULL;
    if (table)
        add(&table->reads, 1);
    add(&counts->numbers[NUMBER_CATALOGS], work->catalogs_read);
    add(&counts->numbers[NUMBER_UPLOADS], work->uploads);
    add(&counts->numbers[NUMBER_UPLOAD_BYTES], work->upload_bytes);
    count_told(counts, &work->talk.told);
}

void metrics_behind(struct work *work)
{
    const struct metrics *metrics = &work->app->metrics;
    if (metrics->shared.at)
        count_told((struct counts *)(void *)metrics->shared.at, &work->talk.told);
}
