#include "page/conflict.h"

#include "edit/park.h"
#include "page/control.h"
#include "wire/digest.h"
#include "web/problem.h"

#include "base/banned.h"

/* The sentence above the form: what the database said where it speaks to people, else ours. */
static struct str sentence(struct work *work, const struct save *save)
{
    const struct outcome *outcome = &save->outcome;
    const struct problem *problem = problem_for(outcome->reason);
    if (outcome->reason == REASON_RAISED || outcome->reason == REASON_CUSTOM)
        return outcome->error.message;
    if (outcome->reason == REASON_CHECK && outcome->error.constraint.ptr)
        return str_printf(&work->arena, "%s (the rule “%.*s”). %s", problem->title,
                          STR_ARG(outcome->error.constraint), problem->cure);
    if (outcome->reason == REASON_REFERENCED && outcome->hint_table.ptr)
        return str_printf(&work->arena, "%s: rows of “%.*s” do. %s", problem->title,
                          STR_ARG(outcome->hint_table), problem->cure);
    if (outcome->reason == REASON_VALUE && outcome->error.message.len)
        return str_printf(&work->arena, "%s: %.*s. %s", problem->title,
                          STR_ARG(outcome->error.message), problem->cure);
    return str_printf(&work->arena, "%s. %s", problem->title, problem->cure);
}

/* A form that is shown once more, while its choices are asked for. */
struct again {
    struct work *work;
    struct save *save;
    struct str heading, message;
};

/* The base that the form was sent with, or, of an edit that was kept, the one that was kept. */
static struct str base_of(struct work *work, const struct change *change)
{
    struct str sent = request_field(&work->request, STR("_base"));
    bool based = change->field_count > 0 && change->fields[0].has_base;
    if (sent.ptr || !based || change->op != CHANGE_UPDATE)
        return sent;
    return form_base(work, change->fields, change->field_count);
}

static void heading(struct work *work, struct str words)
{
    page_begin(work, words);
    html_raw(OUT(work), "<h1>");
    html_text(OUT(work), words);
    html_raw(OUT(work), "</h1>\n");
}

/* The form once more, with what was typed and what is wrong with it. */
static void show_form(const struct again *again)
{
    struct work *work = again->work;
    const struct save *save = again->save;
    const struct change *change = &save->change;
    struct edit_view view = {
        .creating = change->op == CHANGE_CREATE,
        .version = change->versioned ? version_token(&work->arena, change->version) : STR_NONE,
        .base = base_of(work, change),
        .token = change->token.ptr ? change->token : work_random(work, 16),
        .fields = change->fields,
        .field_count = change->field_count,
        .message = again->message,
        .link = save->outcome.other_key,
        .wrong = save_wrong_column(save),
        .restoring = change->restoring,
        .next = request_field(&work->request, STR("_next")),
        .save = save,
    };
    if (view.link.ptr && str_eq(view.link, work->match.key))
        view.link = STR_NONE;
    heading(work, again->heading);
    edit_form(work, &view, 0);
    page_end(work);
}

static void after_choices(void *ctx)
{
    struct again *again = ctx;
    struct save *save = again->save;
    const struct talk *talk = &again->work->talk;
    if (save->parking)
        save->outcome.parked = !talk->failed && talk->answers[save->park_answer].rows > 0;
    show_form(again);
}

/* Whether the edit is kept together with what its form needs. */
static bool parks_now(const struct save *save)
{
    return save->change.parks && !save->outcome.parked && save->outcome.reason != REASON_NONE;
}

void conflict_form(struct work *work, struct save *save, struct str heading, struct str message)
{
    const struct outcome *outcome = &save->outcome;
    struct again *again = ARENA_NEW(&work->arena, struct again);
    bool away = outcome->error.reason != REASON_NONE && problem_for(outcome->reason)->status >= 500;
    *again = (struct again){work, save, heading, message};
    save->parking = false;
    talk_then(&work->talk, after_choices, again);
    if (!away) {
        edit_ask_choices(work, save->change.fields, save->change.field_count);
        save->parking = parks_now(save);
    }
    if (save->parking)
        save->park_answer =
            park_ask(&work->talk, &save->change, str_from(problem_for(outcome->reason)->name),
                     outcome->other_key);
    work->talk.repeatable = true;
    if (work->talk.asked_count > 0)
        return;
    work->talk.then = NULL;
    work->talk.answer_count = 0;
    show_form(again);
}

/* A delete that was refused: nothing was typed. */
static void not_deleted(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    heading(work, STR("Not deleted"));
    html_raw(out, "<p class=\"notice bad\" role=\"alert\"><strong>");
    html_text(out, sentence(work, save));
    html_raw(out, "</strong></p>\n<p><a");
    page_link(work, "href", work_table_segment(work, work->table), work->match.key);
    html_raw(out, ">Back to the row</a></p>\n");
    page_end(work);
}

static bool has_page(enum reason reason)
{
    return reason == REASON_STALE || reason == REASON_DELETED || reason == REASON_VERSION_REQUIRED;
}

static bool was_compared(const struct change *change)
{
    return change->field_count > 0 && change->fields[0].compared;
}

static void retry_after(struct work *work, enum reason reason)
{
    if (problem_for(reason)->again)
        reply_header(&work->reply, "Retry-After", reason == REASON_LOCKED ? STR("2") : STR("5"));
}

void conflict_answer(struct work *work, struct save *save)
{
    const struct outcome *outcome = &save->outcome;
    work->reply.status = problem_status(outcome, save->change.strict);
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    retry_after(work, outcome->reason);
    if (outcome->reason == REASON_DELETED) {
        conflict_page_deleted(work, save);
    } else if (has_page(outcome->reason) &&
               (save->change.op == CHANGE_DELETE ? outcome->texts != NULL
                                                 : was_compared(&save->change))) {
        conflict_page(work, save, STR_NONE);
    } else if (save->change.op == CHANGE_DELETE) {
        not_deleted(work, save);
    } else {
        conflict_form(work, save,
                      outcome->reason == REASON_UNSURE ? STR("Perhaps saved") : STR("Not saved"),
                      sentence(work, save));
    }
}

void conflict_unresolved(struct work *work, struct save *save, const struct submitted *submitted)
{
    struct change *change = &save->change;
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        bool asked = submitted->asked[field->column - work->table->columns];
        struct str name = str_printf(&work->arena, "_yours.%.*s", STR_ARG(field->column->name));
        struct str yours = request_field(&work->request, name);
        if (asked && yours.ptr)
            field->value = yours;
        field->current = field->base;
        field->has_base = field->has_base && !asked;
        field->merge = asked ? ROW_CLASH : field->kept ? ROW_SAME : ROW_YOURS;
    }
    save->outcome = (struct outcome){.kind = OUTCOME_REFUSED,
                                     .reason = REASON_STALE,
                                     .version = change->version,
                                     .has_version = true,
                                     .parked = change->resolution.ptr != NULL};
    work->outcome = "refused";
    work->reason = "unresolved";
    work->reply.status = 422;
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    conflict_page(work, save,
                  STR("A choice is still missing. Please choose for each field that "
                      "is marked, then save."));
}
