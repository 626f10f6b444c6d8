#include "page/parked.h"

#include "edit/park.h"
#include "page/conflict.h"
#include "page/control.h"
#include "page/merged.h"
#include "web/claim.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

void parked_words(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    if (!save->outcome.parked)
        return;
    html_raw(out, " It is also kept for you, for ");
    html_number(out, work_settings(work)->park_days);
    html_raw(out, " days, under <a");
    parked_link(work, "href", save->change.park, "");
    html_raw(out, ">your unfinished edits</a>, so you can leave this page and come back.");
}

void parked_drop_button(struct work *work, struct str code, struct str words)
{
    struct buf *out = OUT(work);
    html_raw(out, "<button type=\"submit\" formnovalidate");
    parked_link(work, "formaction", code, "");
    html_raw(out, ">");
    html_text(out, words);
    html_raw(out, "</button> ");
}

static void drop_button(struct work *work, struct str code, bool from_list)
{
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"post\" class=\"inline\"");
    if (from_list)
        parked_link(work, "action", code, "?to=list");
    else
        parked_link(work, "action", code, "");
    html_raw(out, "><button type=\"submit\">Throw it away</button></form>");
}

/* What an edit was about: "articles, row 42", or a new row. */
static void about(struct work *work, const struct parked *parked)
{
    struct buf *out = OUT(work);
    html_text(out, parked->table);
    if (!parked->key.ptr) {
        html_raw(out, ", a new row");
        return;
    }
    html_raw(out, ", row ");
    for (size_t i = 0; i < parked->value_count; i++) {
        if (i)
            html_raw(out, ", ");
        html_text(out, parked->row.values[i]);
    }
}

static void edits(struct work *work, const struct answer *answer)
{
    struct buf *out = OUT(work);
    html_raw(out,
             "<p class=\"hint\">They could not be saved at the time. Nothing of what you typed "
             "is lost.</p>\n<ul class=\"edits\">\n");
    for (size_t i = 0; i < answer->rows; i++) {
        struct parked parked = park_take(&work->arena, answer, i, work_settings(work)->schema);
        html_raw(out, "<li><a");
        parked_link(work, "href", parked.code, "");
        html_raw(out, ">");
        about(work, &parked);
        html_raw(out, "</a> <span class=\"hint\">");
        page_when(work, parked.at);
        html_raw(out, "</span> ");
        drop_button(work, parked.code, true);
        html_raw(out, "</li>\n");
    }
    html_raw(out, "</ul>\n");
}

void parked_section(struct work *work, const struct answer *answer)
{
    if (answer->failed || answer->rows == 0)
        return;
    html_raw(OUT(work), "<section class=\"card unfinished\"><h2>Your unfinished edits</h2>\n");
    edits(work, answer);
    html_raw(OUT(work), "</section>\n");
}

/* What was typed, where there is no form to lay it into. */
static void typed(struct work *work, struct str yours)
{
    struct json_value value;
    struct json_object object;
    struct buf *out = OUT(work);
    size_t at;
    if (json_parse(&work->arena, yours, 2, &value, &at) ||
        json_members(&work->arena, &value, SIZE_MAX, &object))
        return;
    html_raw(out, "<h2>What you typed</h2>\n<dl class=\"shown card\">\n");
    for (size_t i = 0; i < object.count; i++) {
        html_raw(out, "<div><dt>");
        html_text(out, object.members[i].name);
        html_raw(out, "</dt><dd>");
        html_text(out, object.members[i].value.text);
        html_raw(out, "</dd></div>\n");
    }
    html_raw(out, "</dl>\n");
}

static void page_of(struct work *work, struct str title, struct str words)
{
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    page_begin(work, title);
    html_raw(OUT(work), "<h1>");
    html_text(OUT(work), title);
    html_raw(OUT(work), "</h1>\n<p class=\"lead\">");
    html_text(OUT(work), words);
    html_raw(OUT(work), "</p>\n");
}

static void row_link(struct work *work)
{
    struct buf *out = OUT(work);
    html_raw(out, "<a class=\"button\"");
    page_link(work, "href", work_table_segment(work, work->table), work->match.key);
    if (work->match.key.ptr)
        html_raw(out, ">Open the row</a> ");
    else
        html_raw(out, ">To the table</a> ");
}

/* It was finished, or cannot be: all there is to do is to look at it. */
static void only_look(struct work *work, const struct parked *parked, struct str title,
                      struct str words)
{
    page_of(work, title, words);
    html_raw(OUT(work), "<p class=\"actions\">");
    if (work->table)
        row_link(work);
    if (!parked->resolved_at.ptr)
        drop_button(work, parked->code, false);
    html_raw(OUT(work), "</p>\n");
    typed(work, parked->yours);
    page_end(work);
}

/* Nothing is in the way: the form, with what was typed laid over what is there. */
static void form(struct work *work, struct save *save)
{
    struct change *change = &save->change;
    bool parked = save->outcome.parked;
    for (size_t i = 0; change->op == CHANGE_UPDATE && i < change->field_count; i++) {
        change->fields[i].base = change->fields[i].current;
        change->fields[i].has_base = true;
    }
    if (change->op == CHANGE_UPDATE)
        change->version = save->outcome.version;
    save->change.parks = false;
    conflict_form(work, save, parked ? STR("Your unfinished edit") : STR("Look it over"),
                  STR("This is not saved yet."));
}

static void after_review(struct save *save)
{
    struct work *work = save->ctx;
    enum reason reason = save->outcome.reason;
    save->outcome.parked = save->change.park.ptr != NULL;
    work->reply.status = 200;
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    if (save->outcome.kind == OUTCOME_UNCHANGED) {
        form(work, save);
    } else if (save->outcome.kind == OUTCOME_ALREADY_APPLIED) {
        page_of(work, STR("This is saved already"),
                STR("The row holds everything you typed. There is nothing left to do."));
        html_raw(OUT(work), "<p class=\"actions\">");
        row_link(work);
        if (save->outcome.parked)
            drop_button(work, save->change.park, true);
        html_raw(OUT(work), "</p>\n");
        page_end(work);
    } else if (reason == REASON_STALE || reason == REASON_VERSION_REQUIRED) {
        conflict_page(work, save, STR_NONE);
    } else if (reason == REASON_DELETED || reason == REASON_NO_ROW) {
        conflict_page_deleted(work, save);
    } else {
        conflict_form(work, save, STR("Your unfinished edit"), STR_NONE);
    }
}

void parked_review(struct work *work, struct save *save)
{
    save->done = after_review;
    save->ctx = work;
    if (save->change.op != CHANGE_CREATE) {
        save_review(save);
        return;
    }
    save->outcome.parked = save->change.park.ptr != NULL;
    form(work, save);
}

/* "duplicate": what was to be created, laid over the row that is there. */
static void lay_over(struct work *work, const struct parked *parked, struct change *change)
{
    size_t count;
    if (url_key_parse(&work->arena, parked->other_key, work->key_values, MAX_KEY, &count) ||
        count != work->table->key_count)
        return;
    work->match.key = parked->other_key;
    work->key.values = work->key_values;
    change->op = CHANGE_UPDATE;
    change->key = work->key;
    change->versioned = false;
    for (size_t i = 0; i < change->field_count; i++) /* what was left empty says nothing */
        if (!change->fields[i].value.len)
            change->fields[i--] = change->fields[--change->field_count];
}

/* The table of a parked edit, as if its address had been asked for; false when it is gone. */
static bool find_table(struct work *work, const struct parked *parked)
{
    const struct table *table = catalog_table(work_catalog(work), parked->table);
    if (!table || !table->can_select || table->key_count == 0)
        return false;
    work->table = table;
    work->match.key = parked->key;
    work->key = parked->row;
    return true;
}

static void open(struct work *work, const struct parked *parked)
{
    struct save *save = ARENA_NEW(&work->arena, struct save);
    struct change *change = &save->change;
    if (!find_table(work, parked)) {
        only_look(work, parked, STR("Your unfinished edit"),
                  STR("The table it belongs to is not here any more."));
        return;
    }
    if (parked->resolved_at.ptr) {
        bool dropped = str_is(parked->resolution, "dropped");
        only_look(work, parked, STR("This edit is finished"),
                  dropped ? STR("You threw it away. It is kept for a while all the same.")
                          : STR("You saved it since. There is nothing left to do."));
        return;
    }
    change_start(work, CHANGE_UPDATE, change);
    change->fields = ARENA_ARRAY(&work->arena, work->table->column_count + 1, struct field);
    save->talk = &work->talk;
    if (!park_change(&work->arena, parked, change)) {
        only_look(work, parked, STR("Your unfinished edit"),
                  STR("The table has been rebuilt since, so it cannot be laid into its form."));
        return;
    }
    if (parked->other_key.ptr && form_get(&work->request.query, STR("over")).ptr)
        lay_over(work, parked, change);
    parked_review(work, save);
}

static bool ask(struct work *work, void (*then)(void *ctx))
{
    if (!work_catalog(work)->conflicts || !park_is_code(work->match.name)) {
        work_problem(work, "no-edit", STR_NONE);
        return false;
    }
    talk_then(&work->talk, then, work);
    park_ask_one(&work->talk, work->match.name, work->request.user, work_settings(work)->park_days);
    return true;
}

/* The edit that was asked for; false when it is not there, or not of whoever asks. */
static bool take(struct work *work, struct parked *parked)
{
    if (work->talk.failed) {
        work_failed(work);
        return false;
    }
    *parked = park_take(&work->arena, &work->talk.answers[0], 0, work_settings(work)->schema);
    if (!parked->found)
        work_problem(work, "no-edit", STR_NONE);
    return parked->found;
}

static void after_show(void *ctx)
{
    struct work *work = ctx;
    struct parked *parked = ARENA_NEW(&work->arena, struct parked);
    if (take(work, parked))
        open(work, parked);
}

void parked_show(struct work *work)
{
    (void)ask(work, after_show);
}

static void member(struct buf *out, struct str name, struct str value, bool json)
{
    json_comma(out);
    json_string(out, name);
    buf_char(out, ':');
    if (json)
        buf_str(out, value.ptr ? value : STR("null"));
    else
        json_string(out, value);
}

static void after_show_json(void *ctx)
{
    struct work *work = ctx;
    struct buf *out = OUT(work);
    struct parked parked;
    if (!take(work, &parked))
        return;
    reply_header(&work->reply, "Content-Type", STR("application/json"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    buf_char(out, '{');
    member(out, STR("code"), parked.code, false);
    member(out, STR("table"), parked.table, false);
    member(out, STR("key"), parked.key, false);
    member(out, STR("reason"), parked.reason, false);
    member(out, STR("base_version"), parked.base_version, false);
    member(out, STR("current_version"), parked.current_version, false);
    member(out, STR("base"), parked.base, true);
    member(out, STR("yours"), parked.yours, true);
    member(out, STR("at"), parked.at, false);
    member(out, STR("expires_at"), parked.expires_at, false);
    member(out, STR("resolved_at"), parked.resolved_at, false);
    member(out, STR("resolution"), parked.resolution, false);
    buf_text(out, "}\n");
}

void parked_show_json(struct work *work)
{
    (void)ask(work, after_show_json);
}

static void after_undo_asked(void *ctx)
{
    struct work *work = ctx;
    struct parked *parked = ARENA_NEW(&work->arena, struct parked);
    if (!take(work, parked))
        return;
    if (!str_is(parked->resolution, "merged") || !find_table(work, parked))
        work_problem(work, "no-edit", STR_NONE);
    else
        merged_undo(work, parked);
}

static void after_drop(void *ctx)
{
    struct work *work = ctx;
    struct parked parked;
    struct buf to;
    if (!take(work, &parked))
        return;
    work->outcome = WORK_DROPPED;
    if (work->request.format != FORMAT_HTML) {
        work->reply.status = 204;
        return;
    }
    bool row = !form_get(&work->request.query, STR("to")).ptr && find_table(work, &parked);
    buf_init(&to, &work->arena, 10000);
    work_link(work, &to, row ? work_table_segment(work, work->table) : STR(""),
              row ? parked.key : STR_NONE);
    buf_text(&to, "?_done=dropped");
    work_redirect(work, buf_slice(&to));
}

void parked_drop(struct work *work)
{
    if (form_get(&work->request.query, STR("undo")).ptr)
        (void)ask(work, after_undo_asked);
    else if (ask(work, after_drop))
        park_ask_drop(&work->talk, work->match.name, work->request.user);
}
