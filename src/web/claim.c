#include "web/claim.h"

#include "web/problem.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_TOKEN 255 /* bytes: an index of PostgreSQL holds it whatever else is in the row */

void change_start(struct work *work, enum change_op op, struct change *change)
{
    if (!work->mark.ptr) /* one for the whole request, also when it is begun anew */
        work->mark = work_random(work, 16);
    *change = (struct change){
        .op = op,
        .table = work->table,
        .key = work->key,
        .user = work->request.user,
        .mark = work->mark,
        .catalog = work_catalog(work),
        .auto_merge = (enum auto_merge)work_settings(work)->auto_merge,
        .receipts = work_catalog(work)->receipts,
        .row_exists = work_catalog(work)->row_exists,
    };
}

/* One claim more; false when it disagrees with those before or cannot be read. */
static bool add(struct work *work, struct str token, struct change *change)
{
    struct version version;
    if (!token.ptr)
        return true;
    if (str_is(token, "*")) {
        change->any = true;
        return true;
    }
    if (version_parse(&work->arena, work->table, token, &version)) {
        work_problem(work, "bad-version",
                     str_printf(&work->arena, "“%.*s” is not a version of this table.",
                                STR_ARG(token)));
        return false;
    }
    if (change->versioned && !version_same(change->version, version)) {
        work_problem(work, "versions-differ", STR_NONE);
        return false;
    }
    if (!change->versioned || version.xmin.ptr) /* the one that says more */
        change->version = version;
    change->versioned = true;
    return true;
}

static bool add_if_match(struct work *work, struct change *change)
{
    struct http_tags tags;
    struct str value = request_header(&work->request, "HTTP_IF_MATCH");
    if (http_tags(&work->arena, value, &tags)) {
        work_problem(work, "malformed", STR("If-Match is not a list of entity tags."));
        return false;
    }
    if (tags.count > 1) {
        work_problem(work, "versions-differ", STR("If-Match has to name one version."));
        return false;
    }
    change->strict = tags.any || tags.count;
    if (tags.any)
        change->any = true;
    return tags.count == 0 || add(work, tags.tags[0], change);
}

/* ?updated_at=eq.2026-…: the version column as a filter; STR_NONE without. */
static struct str filter_claim(const struct work *work)
{
    const struct column *column = work->table->version;
    struct str value = column ? form_get(&work->request.query, column->name) : STR_NONE;
    return str_starts(value, STR("eq.")) ? str_skip(value, 3) : STR_NONE;
}

/* ?_version=…, or _version=eq.… as a client writes it that knows filters only. */
static struct str query_claim(const struct work *work)
{
    struct str value = form_get(&work->request.query, STR("_version"));
    return str_starts(value, STR("eq.")) ? str_skip(value, 3) : value;
}

bool claim_version(struct work *work, const struct claim *claim, struct change *change)
{
    if (!add_if_match(work, change) || !add(work, claim->version, change) ||
        !add(work, claim->beside, change) || !add(work, query_claim(work), change) ||
        !add(work, claim->column, change) || !add(work, filter_claim(work), change))
        return false;
    if (change->any && change->versioned) {
        work_problem(work, "versions-differ", STR("“*” and a version exclude each other."));
        return false;
    }
    if (change->any && !work_settings(work)->allow_overwrite) {
        work_problem(work, "overwrite", STR_NONE);
        return false;
    }
    if (change->versioned)
        work->logged_base = version_token(&work->arena, change->version);
    else if (change->any)
        work->logged_base = STR("*");
    return true;
}

bool claim_token(struct work *work, struct str given, struct change *change)
{
    bool fine = given.len > 0 && given.len <= MAX_TOKEN;
    change->token = given;
    if (!given.ptr)
        return true;
    for (size_t i = 0; fine && i < given.len; i++)
        fine = given.ptr[i] >= ' ' && given.ptr[i] <= '~';
    if (!fine)
        work_problem(work, "malformed",
                     STR("An Idempotency-Key, or the field _token of a form, has 1 to 255 "
                         "printable ASCII characters."));
    return fine;
}

static void log_columns(struct work *work, const struct change *change)
{
    struct buf buf;
    buf_init(&buf, &work->arena, 1000);
    for (size_t i = 0; i < change->field_count; i++) {
        if (change->fields[i].kept)
            continue;
        if (buf.len)
            buf_char(&buf, ',');
        buf_str(&buf, change->fields[i].column->name);
    }
    work->logged_columns = buf_slice(&buf);
}

/* Messages of these kinds quote what was typed, and values stay out of the log. */
static struct str loggable(const struct db_error *error)
{
    bool quotes = error->reason == REASON_VALUE || error->reason == REASON_RAISED ||
                  error->reason == REASON_CUSTOM;
    return quotes ? STR_NONE : error->message;
}

void claim_log(struct work *work, const struct change *change, const struct outcome *outcome)
{
    work->outcome = outcome_name(outcome->kind);
    if (outcome->reason != REASON_NONE)
        work->reason = problem_for(outcome->reason)->name;
    work->logged_sqlstate = str_from(outcome->error.sqlstate);
    work->trouble = loggable(&outcome->error);
    log_columns(work, change);
    if (outcome->has_version)
        work->logged_current = version_token(&work->arena, outcome->version);
}

void claim_forget(struct work *work)
{
    work->outcome = work->reason = NULL;
    work->logged_columns = work->logged_base = work->logged_current = STR_NONE;
    work->logged_sqlstate = work->trouble = STR_NONE;
}

/* The columns where what others had saved stayed or was merged with, as in the field _columns. */
static void merged_header(struct work *work, const struct change *change)
{
    struct str *names = ARENA_ARRAY(&work->arena, change->field_count, struct str);
    struct buf buf;
    size_t count = 0;
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].merge == ROW_CURRENT || change->fields[i].merge == ROW_MERGED)
            names[count++] = change->fields[i].column->name;
    buf_init(&buf, &work->arena, 4000);
    url_key(&buf, names, count);
    if (buf_ok(&buf))
        reply_header(&work->reply, "PG409-Merged", buf_slice(&buf));
}

void claim_answer(struct work *work, const struct change *change, const struct outcome *outcome)
{
    claim_log(work, change, outcome);
    if (outcome->parked || change->resolution.ptr) {
        work->parked_change = change;
        work->parked_outcome = outcome;
    }
    if (outcome->kind == OUTCOME_MERGED)
        merged_header(work, change);
    if (outcome->looked_back)
        reply_header(&work->reply, "PG409-Repeat", outcome->repeat ? STR("yes") : STR("no"));
    if (!outcome->has_version)
        return;
    struct str token = work->logged_current;
    reply_header(&work->reply, "PG409-Version", token);
    reply_header(&work->reply, "ETag", str_printf(&work->arena, "\"%.*s\"", STR_ARG(token)));
}
