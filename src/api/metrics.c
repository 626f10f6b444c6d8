#include "api/metrics.h"

#include <string.h>

#include "page/shell.h"
#include "web/app.h"
#include "web/problem.h"
#include "wire/http.h"

#include "base/banned.h"

#define TABLE_BYTES 64

struct text {
    struct buf *out;
    struct counts *counts;
    bool open;   /* OpenMetrics */
    bool shared; /* the counts are of all workers */
};

/* One metric: the name without what its type adds. */
struct family {
    const char *name, *type, *help;
    void (*show)(const struct text *text, const struct family *family);
    unsigned number; /* the one of enum metrics_number that it shows, where it shows one */
};

static uint64_t value_of(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

/* --- lines --- */

struct label {
    const char *name;
    struct str value;
};

static void escaped(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' || c == '"')
            buf_char(out, '\\');
        if (c == '\n')
            buf_text(out, "\\n");
        else
            buf_char(out, c);
    }
}

/* "pg409_writes_total{outcome="saved"} " */
static void series(const struct text *text, const struct family *family, const char *suffix,
                   const struct label *labels, size_t count)
{
    bool counter = strcmp(family->type, "counter") == 0;
    char before = '{';
    buf_text(text->out, family->name);
    buf_text(text->out, counter ? "_total" : suffix);
    for (size_t i = 0; i < count; i++) {
        buf_char(text->out, before);
        buf_text(text->out, labels[i].name);
        buf_text(text->out, "=\"");
        escaped(text->out, labels[i].value);
        buf_char(text->out, '"');
        before = ',';
    }
    buf_text(text->out, before == ',' ? "} " : " ");
}

static void sample(const struct text *text, const struct family *family, const char *suffix,
                   const struct label *labels, size_t count, uint64_t value)
{
    series(text, family, suffix, labels, count);
    buf_u64(text->out, value);
    buf_char(text->out, '\n');
}

static void one(const struct text *text, const struct family *family, const char *name,
                const char *label, const _Atomic uint64_t *number)
{
    struct label labels[] = {{name, str_from(label)}};
    sample(text, family, "", labels, 1, value_of(number));
}

/* --- the metrics --- */

static const char *const kinds[METRICS_KINDS] = {
    [METRICS_WRITE] = "write", [METRICS_READ] = "read", [METRICS_OTHER] = "other"};

static void show_shared(const struct text *text, const struct family *family)
{
    sample(text, family, "", NULL, 0, text->shared);
}

static void show_build(const struct text *text, const struct family *family)
{
    struct label labels[] = {{"version", STR(PG409_VERSION)}};
    sample(text, family, "", labels, 1, 1);
}

static void show_begun(const struct text *text, const struct family *family)
{
    sample(text, family, "", NULL, 0, text->counts->header.begun);
}

static void show_number(const struct text *text, const struct family *family)
{
    sample(text, family, "", NULL, 0, value_of(&text->counts->numbers[family->number]));
}

static void show_requests(const struct text *text, const struct family *family)
{
    static const char *const classes[METRICS_CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (size_t kind = 0; kind < METRICS_KINDS; kind++)
        for (size_t i = 1; i < METRICS_CLASSES; i++) {
            struct label labels[] = {{"kind", str_from(kinds[kind])},
                                     {"status", str_from(classes[i])}};
            sample(text, family, "", labels, 2, value_of(&text->counts->requests[kind][i]));
        }
}

/* Conflicts are about the state of a row or file that is there; all else is refused. */
static bool is_about_state(const struct problem *problem)
{
    bool row = problem->reason != REASON_NONE && problem->reason != REASON_CUSTOM;
    return (problem->status == 409 || problem->status == 412) &&
           (row || str_starts(str_from(problem->name), STR("file-")));
}

static bool is_usual(size_t outcome, size_t reason)
{
    const struct problem *problem = reason ? &problems[reason - 1] : NULL;
    bool state = problem && is_about_state(problem);
    if (outcome == OUTCOME_CONFLICT)
        return state;
    return outcome == OUTCOME_REFUSED ? problem && !state : reason == 0;
}

/* What can happen is there from the beginning, so that its first time is an increase. */
static void show_writes(const struct text *text, const struct family *family)
{
    for (size_t outcome = 0; outcome < METRICS_OUTCOMES; outcome++)
        for (size_t reason = 0; metrics_reason(reason); reason++) {
            uint64_t count = value_of(&text->counts->writes[outcome][reason]);
            struct label labels[] = {{"outcome", str_from(metrics_outcome(outcome))},
                                     {"reason", str_from(metrics_reason(reason))}};
            if (count || is_usual(outcome, reason))
                sample(text, family, "", labels, 2, count);
        }
}

static void show_merged(const struct text *text, const struct family *family)
{
    one(text, family, "result", "merged", &text->counts->numbers[NUMBER_MERGED]);
    one(text, family, "result", "clash", &text->counts->numbers[NUMBER_CLASHED]);
}

static void show_connects(const struct text *text, const struct family *family)
{
    one(text, family, "result", "ok", &text->counts->numbers[NUMBER_CONNECTED]);
    one(text, family, "result", "failed", &text->counts->numbers[NUMBER_UNCONNECTED]);
}

/* Microseconds as seconds, in the form that both formats want of a bound: "0.0025", "1.0". */
static void seconds(struct buf *out, uint64_t micros)
{
    char digits[7];
    size_t len = 6;
    for (uint64_t rest = micros % 1000000, i = 6; i-- > 0; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (len > 1 && digits[len - 1] == '0')
        len--;
    buf_u64(out, micros / 1000000);
    buf_char(out, '.');
    buf_add(out, digits, len);
}

static void show_histogram(const struct text *text, const struct family *family, const char *kind,
                           const struct histogram *histogram)
{
    uint64_t count = 0;
    struct label labels[] = {{"kind", str_from(kind)}, {"le", STR("+Inf")}};
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        struct buf le;
        buf_init(&le, text->out->arena, 64);
        if (i < METRICS_BUCKETS - 1) {
            seconds(&le, metrics_bounds[i]);
            labels[1].value = buf_slice(&le);
        } else {
            labels[1].value = STR("+Inf");
        }
        count += value_of(&histogram->buckets[i]);
        sample(text, family, "_bucket", labels, 2, count);
    }
    series(text, family, "_sum", labels, 1);
    seconds(text->out, value_of(&histogram->micros));
    buf_char(text->out, '\n');
    sample(text, family, "_count", labels, 1, count); /* of the buckets above: they agree */
}

static void show_total(const struct text *text, const struct family *family)
{
    for (size_t kind = 0; kind < METRICS_TIMED; kind++)
        show_histogram(text, family, kinds[kind], &text->counts->total[kind]);
}

static void show_db(const struct text *text, const struct family *family)
{
    for (size_t kind = 0; kind < METRICS_TIMED; kind++)
        show_histogram(text, family, kinds[kind], &text->counts->db[kind]);
}

static void show_merge(const struct text *text, const struct family *family)
{
    for (size_t kind = 0; kind < METRICS_TIMED; kind++)
        show_histogram(text, family, kinds[kind], &text->counts->merge[kind]);
}

/*
 * The name that has a place; STR_NONE while nobody has it, or nobody has written it down yet. What
 * all the others share, once there are others, has the name that no table can have.
 */
static struct str table_name(const struct text *text, size_t i)
{
    uint64_t words[TABLE_BYTES / sizeof(uint64_t)];
    const struct table_counts *table = &text->counts->tables[i];
    if (i == METRICS_TABLES)
        return value_of(&text->counts->places[i - 1]) ? STR("") : STR_NONE;
    if (!value_of(&text->counts->places[i]) || !atomic_load(&table->name[0]))
        return STR_NONE;
    for (size_t at = 0; at < sizeof words / sizeof *words; at++)
        words[at] = value_of(&table->name[at]);
    const char *name = (const char *)words;
    return str_copy(text->out->arena, (struct str){name, strnlen(name, sizeof words)});
}

static void show_table_writes(const struct text *text, const struct family *family)
{
    for (size_t i = 0; i <= METRICS_TABLES; i++) {
        struct str name = table_name(text, i);
        for (size_t outcome = 0; name.ptr && outcome < METRICS_OUTCOMES; outcome++) {
            struct label labels[] = {{"table", name},
                                     {"outcome", str_from(metrics_outcome(outcome))}};
            sample(text, family, "", labels, 2, value_of(&text->counts->tables[i].writes[outcome]));
        }
    }
}

static void show_table_reads(const struct text *text, const struct family *family)
{
    for (size_t i = 0; i <= METRICS_TABLES; i++) {
        struct label labels[] = {{"table", table_name(text, i)}};
        if (labels[0].value.ptr)
            sample(text, family, "", labels, 1, value_of(&text->counts->tables[i].reads));
    }
}

/* clang-format off */
static const struct family families[] = {
    {"pg409_metrics_shared", "gauge",
     "1: these are the counts of all workers; 0: no file could be had, and they are of one.",
     show_shared, 0},
    {"pg409_build_info", "gauge", "Always 1: the version that answers is in the label.",
     show_build, 0},
    {"pg409_metrics_start_time_seconds", "gauge",
     "When all counts were zero, in seconds since 1970.", show_begun, 0},
    {"pg409_requests", "counter",
     "Requests answered. Kind other: monitors, the style sheet, OPTIONS, unknown addresses.",
     show_requests, 0},
    {"pg409_request_duration_seconds", "histogram",
     "From the start of a request to its answer; of a list that streams, to its last piece.",
     show_total, 0},
    {"pg409_db_duration_seconds", "histogram",
     "What of that was waiting for PostgreSQL, connecting included; only requests that asked it.",
     show_db, 0},
    {"pg409_merge_duration_seconds", "histogram",
     "What of that was laying states of a row beside each other; only requests that did.",
     show_merge, 0},
    {"pg409_writes", "counter",
     "What became of writes. Each change of a batch is one, a bulk insert is one.", show_writes, 0},
    {"pg409_merged_texts", "counter",
     "Texts that two people changed: both changes fitted, or clashed.", show_merged, 0},
    {"pg409_db_connects", "counter", "Connections to PostgreSQL that were tried.",
     show_connects, 0},
    {"pg409_db_connections_lost", "counter", "Connections that broke under a request.",
     show_number, NUMBER_LOST},
    {"pg409_db_contention_retries", "counter",
     "Transactions begun once more after a serialization failure or deadlock.", show_number,
     NUMBER_CONTENDED},
    {"pg409_db_round_trips", "counter", "Pipelines sent to PostgreSQL.", show_number,
     NUMBER_ROUND_TRIPS},
    {"pg409_catalog_reads", "counter", "How often tables and columns were read.", show_number,
     NUMBER_CATALOGS},
    {"pg409_uploads", "counter", "Files that were uploaded whole and got their name.",
     show_number, NUMBER_UPLOADS},
    {"pg409_upload_bytes", "counter", "Bytes of uploads that were stored.", show_number,
     NUMBER_UPLOAD_BYTES},
    {"pg409_table_reads", "counter", "Reads of one table; setting metrics_tables.",
     show_table_reads, 0},
    {"pg409_table_writes", "counter", "What became of writes to one table; setting metrics_tables.",
     show_table_writes, 0},
};
/* clang-format on */

static void show_family(const struct text *text, const struct family *family)
{
    const char *suffix = !text->open && strcmp(family->type, "counter") == 0 ? "_total" : "";
    buf_printf(text->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix, family->help,
               family->name, suffix, family->type);
    family->show(text, family);
}

static bool wants_open(const struct work *work)
{
    const struct str offers[] = {STR("text/plain"), STR("application/openmetrics-text")};
    return http_accept(request_header(&work->request, "HTTP_ACCEPT"), offers, 2) == 1;
}

void metrics_show(struct work *work)
{
    const struct settings *settings = work_settings(work);
    struct text text = {.out = OUT(work), .open = wants_open(work)};
    text.counts = metrics_counts(work->app);
    text.shared = work->app->metrics.shared.in_file;
    if (!text.counts) {
        work_problem(work, "not-found", STR_NONE);
        return;
    }
    reply_header(&work->reply, "Content-Type",
                 text.open ? STR("application/openmetrics-text; version=1.0.0; charset=utf-8")
                           : STR("text/plain; version=0.0.4; charset=utf-8"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (settings->metrics_tables || !str_starts(str_from(families[i].name), STR("pg409_table")))
            show_family(&text, &families[i]);
    if (text.open)
        buf_text(text.out, "# EOF\n");
}
