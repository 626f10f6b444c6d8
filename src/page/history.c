#include "page/history.h"

#include "edit/history.h"
#include "page/conflict_parts.h"
#include "page/control.h"
#include "page/edit.h"
#include "wire/json.h"

#include "base/banned.h"

#define PAGE ((uint64_t)20)

/* What the request is about; lives in its arena. */
struct view {
    struct work *work;
    uint64_t at, restore, from, to, before; /* ids; 0: not asked for */
    struct row row;                         /* as it is now */
    struct revision revision;
    struct field *fields;
    size_t field_count;
};

static void link_to(struct work *work, const char *query, struct str id)
{
    struct buf *out = OUT(work);
    html_raw(out, " href=\"");
    work_link(work, out, work_table_segment(work, work->table), work->match.key);
    html_raw(out, "/_history");
    buf_text(out, query);
    html_text(out, id);
    html_raw(out, "\"");
}

void history_link(struct work *work)
{
    if (!history_is_kept(work->table))
        return;
    html_raw(OUT(work), "<p class=\"hint\"><a");
    link_to(work, "", STR(""));
    html_raw(OUT(work), ">Earlier versions of this row</a></p>\n");
}

void history_button(struct work *work)
{
    bool here = work->route && work->route->html == history_show;
    if (here || !work->table || !work->match.key.ptr || work->table->row_security ||
        !history_is_kept(work->table))
        return;
    html_raw(OUT(work), "<a class=\"button\"");
    link_to(work, "", STR(""));
    html_raw(OUT(work), ">Look for earlier versions</a> ");
}

/* --- words ------------------------------------------------------------------------------------ */

static void who(struct work *work, const struct revision *revision)
{
    struct buf *out = OUT(work);
    bool self = work->request.user.ptr && str_eq(work->request.user, revision->user);
    if (self)
        html_raw(out, "You");
    else if (revision->user.len)
        html_text(out, revision->user);
    else if (revision->role.len)
        html_text(out, str_printf(&work->arena, "Another program (%.*s)", STR_ARG(revision->role)));
    else
        html_raw(out, "Somebody");
}

static void what(struct work *work, const struct revision *revision)
{
    struct buf *out = OUT(work);
    if (str_is(revision->op, "start")) {
        html_raw(out, "As it was when the history began");
        return;
    }
    who(work, revision);
    if (str_is(revision->op, "create"))
        html_raw(out, " created this row");
    else if (str_is(revision->op, "delete"))
        html_raw(out, " deleted this row");
    else
        html_raw(out, " changed this row");
    if (revision->at.ptr) {
        html_raw(out, " ");
        page_when(work, revision->at);
    }
}

static void begin(struct view *view, struct str title)
{
    struct work *work = view->work;
    const struct table *table = work->table;
    struct str name = STR_NONE;
    if (table->label && view->row.found)
        name = view->row.texts[table->label - table->columns];
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, title);
    html_raw(OUT(work), "<p class=\"row-name\"><a");
    page_link(work, "href", work_table_segment(work, table), work->match.key);
    html_raw(OUT(work), ">");
    html_text(OUT(work), name.len ? name : work->match.key);
    html_raw(OUT(work), "</a></p>\n<h1>");
    html_text(OUT(work), title);
    html_raw(OUT(work), "</h1>\n");
}

static void back(struct work *work)
{
    html_raw(OUT(work), "<a");
    link_to(work, "", STR(""));
    html_raw(OUT(work), ">Back to all versions</a>");
}

/* --- the list --------------------------------------------------------------------------------- */

/* One column, from one value to another. */
static void difference(struct work *work, const struct column *column, struct str before,
                       struct str after)
{
    struct field field = {.column = column, .has_base = true, .base = before};
    html_raw(OUT(work), "<div><dt>");
    page_label(work, column);
    html_raw(OUT(work), "</dt><dd class=\"diff\">");
    conflict_show_change(work, &field, after);
    html_raw(OUT(work), "</dd></div>\n");
}

static void changes(struct work *work, const struct revision *revision)
{
    struct json_value value, *names;
    size_t at, count;
    if (json_parse(&work->arena, revision->columns, 2, &value, &at) ||
        json_items(&work->arena, &value, 1700, &names, &count) || count == 0)
        return;
    html_raw(OUT(work), "<dl class=\"shown\">\n");
    for (size_t i = 0; i < count; i++) {
        const struct column *column = table_column(work->table, names[i].text);
        if (column)
            difference(work, column, revision->before[column - work->table->columns],
                       revision->texts[column - work->table->columns]);
    }
    html_raw(OUT(work), "</dl>\n");
}

static void item(struct work *work, const struct revision *revision)
{
    struct buf *out = OUT(work);
    html_raw(out, "<li class=\"card\"><h2>");
    what(work, revision);
    html_raw(out, "</h2>\n");
    if (str_is(revision->op, "save"))
        changes(work, revision);
    html_raw(out, "<p><a");
    link_to(work, "?at=", revision->id);
    html_raw(out, ">Look at this version<span class=\"sr\"> (number ");
    html_text(out, revision->id);
    html_raw(out, ")</span></a></p></li>\n");
}

static struct str when_of(struct work *work, const struct revision *revision)
{
    return revision->at.ptr ? page_when_text(&work->arena, revision->at)
                            : STR("when the history began");
}

static void version_choice(struct work *work, const char *name, const char *label,
                           const struct revision *revisions, size_t count, size_t chosen)
{
    struct buf *out = OUT(work);
    html_raw(out, "<label for=\"");
    buf_text(out, name);
    html_raw(out, "\">");
    buf_text(out, label);
    html_raw(out, "</label> <select id=\"");
    buf_text(out, name);
    html_raw(out, "\" name=\"");
    buf_text(out, name);
    html_raw(out, "\">");
    for (size_t i = 0; i < count; i++) {
        html_raw(out, "<option value=\"");
        html_text(out, revisions[i].id);
        html_raw(out, "\"");
        if (i == chosen)
            html_raw(out, " selected");
        html_raw(out, ">");
        html_text(out, when_of(work, &revisions[i]));
        if (revisions[i].user.len) {
            html_raw(out, ", ");
            html_text(out, revisions[i].user);
        }
        html_raw(out, "</option>");
    }
    html_raw(out, "</select>\n");
}

static void compare_form(struct work *work, const struct revision *revisions, size_t count)
{
    html_raw(OUT(work), "<form method=\"get\" class=\"search compare\">");
    version_choice(work, "from", "Compare", revisions, count, count - 1);
    version_choice(work, "to", "with", revisions, count, 0);
    html_raw(OUT(work), "<button type=\"submit\">Show what is different</button></form>\n");
}

static void list(struct view *view)
{
    struct work *work = view->work;
    struct buf *out = OUT(work);
    const struct answer *answer = &work->talk.answers[1];
    size_t count = answer->rows > PAGE ? PAGE : answer->rows;
    struct revision *revisions = ARENA_ARRAY(&work->arena, count, struct revision);
    for (size_t i = 0; i < count; i++)
        revisions[i] = history_take(&work->arena, work->table, answer, i, false);
    begin(view, STR("Earlier versions"));
    if (!view->row.found)
        html_raw(out, "<p class=\"notice bad\">This row was deleted. Look at one of its versions "
                      "to bring it back.</p>\n");
    if (count == 0)
        html_raw(out, "<p>Nobody has changed this row since its history is kept.</p>\n");
    if (count > 1)
        compare_form(work, revisions, count);
    if (count)
        html_raw(out, "<ol class=\"history\" reversed>\n");
    for (size_t i = 0; i < count; i++)
        item(work, &revisions[i]);
    if (count)
        html_raw(out, "</ol>\n");
    if (answer->rows > PAGE) {
        html_raw(out, "<p class=\"pages\"><a");
        link_to(work, "?before=", revisions[count - 1].id);
        html_raw(out, ">Older versions</a></p>\n");
    }
    page_end(work);
}

/* --- one version, and two --------------------------------------------------------------------- */

static void show_version(struct view *view)
{
    struct work *work = view->work;
    struct buf *out = OUT(work);
    const struct table *table = work->table;
    bool can_restore = view->row.found ? table->can_update : table->can_insert;
    begin(view, STR("An earlier version"));
    html_raw(out, "<p class=\"lead\">");
    what(work, &view->revision);
    html_raw(out, ". This is the row ");
    if (str_is(view->revision.op, "delete"))
        html_raw(out, "as it was then:</p>\n<dl class=\"shown card\">\n");
    else
        html_raw(out, "as it was since then:</p>\n<dl class=\"shown card\">\n");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].can_select)
            continue;
        html_raw(out, "<div><dt>");
        page_label(work, &table->columns[i]);
        html_raw(out, "</dt><dd>");
        control_show(work, &table->columns[i], view->revision.texts[i]);
        html_raw(out, "</dd></div>\n");
    }
    html_raw(out, "</dl>\n<p class=\"actions\">");
    if (can_restore) {
        html_raw(out, "<a class=\"button\"");
        link_to(work, "?restore=", view->revision.id);
        html_raw(out, ">Bring this version back…</a> ");
    }
    back(work);
    html_raw(out, "</p>\n");
    page_end(work);
}

static void show_difference(struct view *view)
{
    struct work *work = view->work;
    struct buf *out = OUT(work);
    const struct table *table = work->table;
    struct revision from = view->revision;
    struct revision to = history_take_one(&work->arena, table, &work->talk.answers[2]);
    size_t count = 0;
    if (!to.id.ptr) {
        work_problem(work, "no-version", STR_NONE);
        return;
    }
    begin(view, STR("What is different"));
    html_raw(out, "<p class=\"lead\">From how it was ");
    html_text(out, when_of(work, &from));
    html_raw(out, " to how it was ");
    html_text(out, when_of(work, &to));
    html_raw(out, ".</p>\n<dl class=\"shown card\">\n");
    for (size_t i = 0; i < table->column_count; i++) {
        if (&table->columns[i] == table->version || str_eq(from.texts[i], to.texts[i]))
            continue;
        difference(work, &table->columns[i], from.texts[i], to.texts[i]);
        count++;
    }
    if (count == 0)
        html_raw(out, "<div><dt>Nothing</dt><dd>These two are the same.</dd></div>\n");
    html_raw(out, "</dl>\n<p class=\"actions\">");
    back(work);
    html_raw(out, "</p>\n");
    page_end(work);
}

/* --- bringing one back ------------------------------------------------------------------------ */

/* The version as a form: over the row that is there, or one that creates it again. */
static void show_restore(void *ctx)
{
    struct view *view = ctx;
    struct work *work = view->work;
    bool creating = !view->row.found;
    struct edit_view form = {
        .creating = creating,
        .fields = view->fields,
        .field_count = view->field_count,
        .token = work_random(work, 16),
        .restoring = creating,
        .texts = creating ? NULL : view->row.texts,
    };
    if (!creating) {
        form.version = version_token(&work->arena, view->row.version);
        form.base = form_base(work, view->fields, view->field_count);
    }
    begin(view, STR("Bring a version back"));
    html_raw(OUT(work), "<p class=\"notice\" role=\"status\">This is the earlier version, ready to "
                        "be saved as the newest one. <strong>Nothing is saved yet.</strong> You "
                        "can change it first.</p>\n");
    edit_form(work, &form, 0);
    page_end(work);
}

static void restore(struct view *view)
{
    struct work *work = view->work;
    const struct table *table = work->table;
    bool creating = !view->row.found;
    if (creating ? !table->can_insert : !table->can_update) {
        work_problem(work, "privilege", STR_NONE);
        return;
    }
    view->fields = ARENA_ARRAY(&work->arena, table->column_count + 1, struct field);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        bool key = creating && column->key_position > 0;
        if (!column_editable(table, column, creating) && !key)
            continue;
        view->fields[view->field_count++] = (struct field){
            .column = column,
            .value = view->revision.texts[i],
            .has_base = !creating,
            .base = creating ? STR_NONE : view->row.texts[i],
        };
    }
    talk_then(&work->talk, show_restore, view);
    edit_ask_choices(work, view->fields, view->field_count);
    work->talk.repeatable = true;
    if (work->talk.asked_count > 0)
        return;
    work->talk.then = NULL;
    work->talk.answer_count = 0;
    show_restore(view);
}

/* --- the request ------------------------------------------------------------------------------ */

static void after(void *ctx)
{
    struct view *view = ctx;
    struct work *work = view->work;
    bool one = view->at || view->restore || view->from;
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    if (!work->talk.failed)
        row_take(&work->arena, work->table, &work->talk.answers[0], true, false, &view->row);
    /* who may not see the row may not see its past; without a row nobody can say who may */
    bool hidden = !view->row.found && work->table->row_security;
    if (work->talk.failed || hidden ||
        (!view->row.found && work->talk.answers[1].rows == 0 && !one)) {
        work_problem(work, "no-row", STR_NONE);
        return;
    }
    if (!one) {
        list(view);
        return;
    }
    view->revision = history_take_one(&work->arena, work->table, &work->talk.answers[1]);
    if (!view->revision.id.ptr)
        work_problem(work, "no-version", STR_NONE);
    else if (view->at)
        show_version(view);
    else if (view->from)
        show_difference(view);
    else
        restore(view);
}

static uint64_t number(struct work *work, const char *name)
{
    uint64_t value = 0;
    struct str text = form_get(&work->request.query, str_from(name));
    return text.ptr && !str_to_u64(text, INT64_MAX, &value) ? value : 0;
}

void history_show(struct work *work)
{
    struct view *view = ARENA_NEW(&work->arena, struct view);
    *view = (struct view){
        .work = work,
        .at = number(work, "at"),
        .restore = number(work, "restore"),
        .from = number(work, "from"),
        .to = number(work, "to"),
        .before = number(work, "before"),
    };
    if (!history_is_kept(work->table)) {
        work_problem(work, "no-history", STR_NONE);
        return;
    }
    talk_then(&work->talk, after, view);
    row_ask(&work->talk, work->table, work->key, true, false);
    uint64_t id = view->at ? view->at : view->restore ? view->restore : view->from;
    if (!id)
        history_ask(&work->talk, work->table, work->key, view->before, PAGE, false);
    else
        history_ask_one(&work->talk, work->table, work->key, id);
    if (id && view->from && id == view->from)
        history_ask_one(&work->talk, work->table, work->key, view->to);
    work->talk.repeatable = true;
}
