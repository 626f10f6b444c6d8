#include "api/conflict.h"

#include "page/shell.h"
#include "web/problem.h"
#include "wire/json.h"

#include "base/banned.h"

/* JSON as it was sent or as PostgreSQL wrote it. */
static void raw_or_null(struct buf *out, struct str json)
{
    buf_str(out, json.ptr ? json : STR("null"));
}

static void merged_value(struct buf *out, const struct field *field)
{
    if (field->merged_json.ptr)
        buf_str(out, field->merged_json);
    else
        json_string(out, field->merged);
}

/* "name":value for each field that has one. */
static void object(struct buf *out, const struct change *change, size_t offset, bool only_based)
{
    bool first = true;
    buf_char(out, '{');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if ((only_based ? !field->has_base : field->kept) || field->standard)
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        json_string(out, field->column->name);
        buf_char(out, ':');
        raw_or_null(out, *(const struct str *)((const char *)field + offset));
    }
    buf_char(out, '}');
}

static void columns(struct buf *out, const struct change *change)
{
    bool first = true;
    json_name(out, "columns");
    buf_char(out, '[');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (field->merge == ROW_SAME || field->standard)
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        buf_text(out, "{\"name\":");
        json_string(out, field->column->name);
        if (field->has_base) {
            json_name(out, "base");
            raw_or_null(out, field->base_json);
        }
        json_name(out, "yours");
        raw_or_null(out, field->json);
        json_name(out, "current");
        raw_or_null(out, field->current_json);
        json_name(out, "merge");
        json_string(out, str_from(row_merge_name(field->merge)));
        if (field->merge == ROW_MERGED) {
            json_name(out, "merged");
            merged_value(out, field);
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* The column that PostgreSQL refused, in the shape of a conflict's columns. */
static void refused_column(struct buf *out, const struct save *save)
{
    const struct column *column = save_wrong_column(save);
    const struct field *field = column ? change_field(&save->change, column) : NULL;
    if (!column)
        return;
    json_name(out, "columns");
    buf_text(out, "[{\"name\":");
    json_string(out, column->name);
    if (field && !field->standard) {
        json_name(out, "yours");
        raw_or_null(out, field->json);
    }
    json_name(out, "detail");
    json_string(out, save->outcome.error.message);
    buf_text(out, "}]");
}

static bool has_base(const struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].has_base)
            return true;
    return false;
}

static size_t clashes(const struct change *change)
{
    size_t count = 0;
    for (size_t i = 0; i < change->field_count; i++)
        count += change->fields[i].merge == ROW_CLASH;
    return count;
}

/* The merged values: there only when nothing clashes and the base is known. */
static void merged(struct buf *out, const struct change *change)
{
    bool first = true;
    if (!has_base(change) || clashes(change))
        return;
    json_name(out, "merged");
    buf_char(out, '{');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (!first)
            buf_char(out, ',');
        first = false;
        json_string(out, field->column->name);
        buf_char(out, ':');
        if (field->merge == ROW_MERGED)
            merged_value(out, field);
        else
            raw_or_null(out, field->merge == ROW_YOURS ? field->json : field->current_json);
    }
    buf_char(out, '}');
}

static void versions(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    const struct outcome *outcome = &save->outcome;
    json_name(out, "version");
    buf_char(out, '{');
    json_name(out, "yours");
    json_string(out, save->change.versioned ? version_token(&work->arena, save->change.version)
                                            : STR_NONE);
    json_name(out, "current");
    json_string(out,
                outcome->has_version ? version_token(&work->arena, outcome->version) : STR_NONE);
    buf_char(out, '}');
}

#define KIND(merge) (1u << (merge))

/* "title, body and price": the columns of these kinds; empty when there is none. */
static struct str names(struct work *work, const struct change *change, unsigned kinds)
{
    struct buf buf;
    size_t left = 0;
    buf_init(&buf, &work->arena, 2000);
    for (size_t i = 0; i < change->field_count; i++)
        left += (kinds & KIND(change->fields[i].merge)) != 0;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (!(kinds & KIND(field->merge)))
            continue;
        buf_str(&buf, field->column->name);
        left--;
        buf_text(&buf, left > 1 ? ", " : left == 1 ? " and " : "");
    }
    return buf_slice(&buf);
}

/* Who saved what and when; which of your changes fit and which clash. */
static struct str stale_detail(struct work *work, const struct save *save, struct str who)
{
    const struct change *change = &save->change;
    struct str when = page_when_text(&work->arena, save->outcome.changed_at);
    struct str theirs = names(work, change, KIND(ROW_CURRENT) | KIND(ROW_CLASH) | KIND(ROW_MERGED));
    struct str fits = names(work, change, KIND(ROW_YOURS) | KIND(ROW_MERGED));
    struct str clashing = names(work, change, KIND(ROW_CLASH));
    struct buf buf;
    buf_init(&buf, &work->arena, 10000);
    buf_printf(&buf, "%.*s saved %.*s", STR_ARG(who),
               STR_ARG(has_base(change) && theirs.len ? theirs : STR("this row")));
    if (when.ptr)
        buf_printf(&buf, " %.*s", STR_ARG(when));
    buf_text(&buf, ".");
    if (fits.len)
        buf_printf(&buf, " Your change to %.*s can be merged.", STR_ARG(fits));
    if (clashing.len)
        buf_printf(&buf, " Your change to %.*s clashes.", STR_ARG(clashing));
    return buf_slice(&buf);
}

static struct str detail(struct work *work, const struct save *save)
{
    const struct outcome *outcome = &save->outcome;
    struct str who = outcome->changed_by.len ? outcome->changed_by : STR("somebody");
    if (outcome->reason == REASON_STALE && outcome->cut_short)
        return STR("The version you sent is the current one with digits cut off, as JavaScript "
                   "does with times: send it as the text that was read.");
    if (outcome->reason == REASON_STALE)
        return stale_detail(work, save, who);
    if (outcome->reason == REASON_DELETED)
        return str_printf(&work->arena, "%.*s deleted this row after you read it.", STR_ARG(who));
    if (outcome->reason == REASON_RAISED || outcome->reason == REASON_CUSTOM)
        return outcome->error.message;
    if (outcome->error.column.len)
        return str_printf(&work->arena, "column “%.*s”", STR_ARG(outcome->error.column));
    if (outcome->error.constraint.len)
        return str_printf(&work->arena, "constraint “%.*s”", STR_ARG(outcome->error.constraint));
    return str_from(problem_for(outcome->reason)->meaning);
}

static void states(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    const struct change *change = &save->change;
    if (change->op != CHANGE_CREATE)
        versions(work, save);
    if (save->outcome.changed_at.ptr) {
        json_name(out, "changed_at");
        json_string(out, save->outcome.changed_at);
    }
    if (save->outcome.changed_by.ptr) {
        json_name(out, "changed_by");
        json_string(out, save->outcome.changed_by);
    }
    if (has_base(change)) {
        json_name(out, "base");
        object(out, change, offsetof(struct field, base_json), true);
    }
    if (change->field_count) {
        json_name(out, "yours");
        object(out, change, offsetof(struct field, json), false);
    }
    if (save->outcome.json.ptr) {
        json_name(out, "current");
        buf_str(out, save->outcome.json);
    }
    if (change->field_count && change->fields[0].compared) {
        columns(out, change);
        merged(out, change);
    } else if (problem_for(save->outcome.reason)->status == 422) {
        refused_column(out, save);
    }
}

/* After which it is worth trying again. */
static int seconds(enum reason reason)
{
    return reason == REASON_LOCKED ? 2 : 5;
}

static void retry(struct work *work, const struct problem *problem, enum reason reason)
{
    struct buf *out = OUT(work);
    int after = seconds(reason);
    json_name(out, "retry");
    buf_text(out, "{\"same_request\":");
    json_string(out, problem->again ? STR("after") : STR("never"));
    json_name(out, "how");
    json_string(out, str_from(problem->how));
    json_name(out, "after");
    buf_printf(out, "%d}", problem->again ? after : 0);
}

void conflict_members(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    const struct outcome *outcome = &save->outcome;
    const struct problem *problem = problem_for(outcome->reason);
    json_name(out, "type");
    json_string(out, str_printf(&work->arena, "%.*s/_problems/%s", STR_ARG(work->request.prefix),
                                problem->name));
    json_name(out, "title");
    json_string(out, str_from(problem->title));
    json_name(out, "status");
    buf_printf(out, "%d", problem_status(outcome, save->change.strict));
    json_name(out, "detail");
    json_string(out, detail(work, save));
    if (outcome->parked) {
        struct buf to;
        buf_init(&to, &work->arena, 10000);
        work_link(work, &to, STR("_conflicts"), save->change.park);
        json_name(out, "instance");
        json_string(out, buf_slice(&to));
    }
    json_name(out, "reason");
    json_string(out, str_from(problem->name));
    json_name(out, "table");
    json_string(out, work->table->name);
    if (work->match.key.ptr) {
        json_name(out, "key");
        json_string(out, work->match.key);
    }
    if (outcome->other_key.ptr) {
        struct buf to;
        buf_init(&to, &work->arena, 10000);
        work_link(work, &to, work_table_segment(work, work->table), outcome->other_key);
        json_name(out, "other");
        json_string(out, buf_slice(&to));
    }
    problem_members(out, problem, detail(work, save), str_from(outcome->error.sqlstate));
    states(work, save);
    retry(work, problem, outcome->reason);
}

void conflict_json(struct work *work, const struct save *save)
{
    enum reason reason = save->outcome.reason;
    work->reply.status = problem_status(&save->outcome, save->change.strict);
    reply_header(&work->reply, "Content-Type", STR("application/problem+json"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    if (problem_for(reason)->again)
        reply_header(&work->reply, "Retry-After", str_printf(&work->arena, "%d", seconds(reason)));
    buf_char(OUT(work), '{');
    conflict_members(work, save);
    buf_text(OUT(work), "}\n");
}
