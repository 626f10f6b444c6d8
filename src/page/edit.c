#include "page/edit.h"

#include "edit/opened.h"
#include "edit/park.h"
#include "page/conflict.h"
#include "page/control.h"
#include "page/history.h"
#include "page/merged.h"
#include "page/opened.h"
#include "page/parked.h"
#include "page/saved.h"
#include "wire/url.h"

#include "base/banned.h"

/* The editable columns of a row as fields that hold what they held. */
static size_t fields_of(struct work *work, const struct str *texts, bool creating,
                        struct field **fields)
{
    const struct table *table = work->table;
    size_t count = 0;
    *fields = ARENA_ARRAY(&work->arena, table->column_count + 1, struct field);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!column_editable(table, column, creating))
            continue;
        (*fields)[count++] = (struct field){
            .column = column,
            .value = texts ? texts[i] : STR_NONE,
            .has_base = texts != NULL,
            .base = texts ? texts[i] : STR_NONE,
        };
    }
    return count;
}

static struct str title_of(struct work *work, const struct str *texts)
{
    const struct table *table = work->table;
    struct str name = STR_NONE;
    if (table->label)
        name = texts[table->label - table->columns];
    if (!name.len)
        name = texts[table->key[0] - table->columns];
    return name;
}

static void delete_form(struct work *work, const struct edit_view *view)
{
    struct buf *out = OUT(work);
    html_raw(out, "<details class=\"delete\"><summary>Delete this row…</summary>\n"
                  "<form method=\"post\" autocomplete=\"off\"");
    page_link(work, "action", work_table_segment(work, work->table), work->match.key);
    html_raw(out, ">\n");
    edit_hidden_field(work, STR("_version"), view->version);
    edit_hidden_field(work, STR("_method"), STR("DELETE"));
    html_raw(out, "<p>");
    if (work->table->history)
        html_raw(out, "Its earlier versions are kept: it can be brought back. If");
    else
        html_raw(out, "This cannot be undone. If");
    html_raw(out,
             " somebody saves the row before you press the "
             "button, nothing is deleted and you are told.</p>\n"
             "<p><button type=\"submit\" class=\"danger\">Delete</button></p></form></details>\n");
}

/* Whether this page follows on a merge that can be shown. */
static bool was_merged(struct work *work)
{
    return str_is(form_get(&work->request.query, STR("_done")), "merged") &&
           park_is_code(form_get(&work->request.query, STR("_edit"))) &&
           work_catalog(work)->conflicts;
}

static void page_of_row(struct work *work, const struct row *row)
{
    struct field *fields;
    struct edit_view view = {.version = version_token(&work->arena, row->version)};
    struct str title = title_of(work, row->texts);
    bool writable = work->table->can_update;
    view.field_count = writable ? fields_of(work, row->texts, false, &fields) : 0;
    view.fields = view.field_count ? fields : NULL;
    view.base = form_base(work, view.fields, view.field_count);
    view.token = work_random(work, 16);
    view.texts = row->texts;
    view.next = form_get(&work->request.query, STR("_next"));
    /* no-store would wipe the form on Back */
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, title);
    html_raw(OUT(work), "<h1>");
    html_text(OUT(work), title);
    html_raw(OUT(work), "</h1>\n");
    history_link(work);
    saved_notice(work);
    if (was_merged(work))
        merged_notice(work, &work->talk.answers[work->talk.answer_count - 1], view.version);
    if (opened_counts(work)) {
        size_t last = work->talk.answer_count - 1 - was_merged(work);
        bool noted = opened_notice(work, &work->talk.answers[last]);
        work->opened = !noted && !form_get(&work->request.query, STR("_done")).ptr;
    }
    if (!work->table->protected)
        html_raw(OUT(work),
                 "<p class=\"hint\">Other programs may change this row too. That is checked "
                 "for before anything is saved.</p>\n");
    if (writable)
        edit_form(work, &view, 1);
    else
        edit_shown(work, &view);
    if (work->table->can_delete)
        delete_form(work, &view);
    page_end(work);
}

static void after_row(void *ctx)
{
    struct work *work = ctx;
    struct row row;
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    row = (struct row){0};
    if (!work->talk.failed)
        row_take(&work->arena, work->table, &work->talk.answers[0], true, false, &row);
    if (row.found)
        page_of_row(work, &row);
    else
        work_problem(work, "no-row", STR_NONE);
}

void edit_show(struct work *work)
{
    struct field *fields;
    talk_then(&work->talk, after_row, work);
    row_ask(&work->talk, work->table, work->key, true, false);
    size_t count = fields_of(work, NULL, false, &fields);
    edit_ask_choices(work, fields, count);
    if (opened_counts(work))
        opened_ask(&work->talk, work->table, work->key, work->request.user,
                   work_settings(work)->opened_minutes);
    if (was_merged(work)) /* the last answer */
        park_ask_one(&work->talk, form_get(&work->request.query, STR("_edit")), work->request.user,
                     work_settings(work)->park_days);
    work->talk.repeatable = true;
}

static void page_of_new(struct work *work, const struct edit_view *view, size_t first)
{
    struct str title = str_printf(&work->arena, "New row in %.*s", STR_ARG(work->table->name));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, title);
    html_raw(OUT(work), "<h1>");
    html_text(OUT(work), title);
    html_raw(OUT(work), "</h1>\n");
    edit_form(work, view, first);
    page_end(work);
}

static void after_new(void *ctx)
{
    struct work *work = ctx;
    struct field *fields;
    struct edit_view view = {.creating = true};
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    view.field_count = fields_of(work, NULL, true, &fields);
    view.fields = fields;
    view.token = work_random(work, 16);
    view.next = form_get(&work->request.query, STR("_next"));
    page_of_new(work, &view, 0);
}

void edit_new(struct work *work)
{
    struct field *fields;
    if (!work->table->can_insert) {
        work_problem(work, "privilege", STR_NONE);
        return;
    }
    talk_then(&work->talk, after_new, work);
    size_t count = fields_of(work, NULL, true, &fields);
    edit_ask_choices(work, fields, count);
    work->talk.repeatable = true;
    if (work->talk.asked_count == 0) {
        work->talk.then = NULL;
        after_new(work);
    }
}

static void after_save(struct save *save)
{
    struct work *work = save->ctx;
    claim_answer(work, &save->change, &save->outcome);
    switch (save->outcome.kind) {
    case OUTCOME_CONFLICT:
    case OUTCOME_REFUSED:
        conflict_answer(work, save);
        break;
    default:
        saved_redirect(work, save);
    }
}

static void start(struct work *work, enum change_op op)
{
    struct submitted *submitted = ARENA_NEW(&work->arena, struct submitted);
    struct save *save = ARENA_NEW(&work->arena, struct save);
    if (!form_read(work, op, submitted))
        return;
    *save = (struct save){.change = submitted->change,
                          .talk = &work->talk,
                          .done = after_save,
                          .ctx = work};
    if (submitted->unresolved)
        conflict_unresolved(work, save, submitted);
    else if (op != CHANGE_DELETE && request_field(&work->request, STR("_review")).ptr)
        parked_review(work, save);
    else
        save_row(save);
}

void edit_save(struct work *work)
{
    if (work->table->can_update)
        start(work, CHANGE_UPDATE);
    else
        work_problem(work, "privilege", STR_NONE);
}

void edit_create(struct work *work)
{
    if (work->table->can_insert)
        start(work, CHANGE_CREATE);
    else
        work_problem(work, "privilege", STR_NONE);
}

void edit_delete(struct work *work)
{
    if (work->table->can_delete)
        start(work, CHANGE_DELETE);
    else
        work_problem(work, "privilege", STR_NONE);
}
