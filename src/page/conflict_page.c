#include "page/conflict.h"

#include "page/conflict_parts.h"
#include "page/control.h"
#include "page/parked.h"
#include "page/places.h"
#include "wire/url.h"

#include "base/banned.h"

#define LONG ((size_t)16 * 1024)

static void when(struct work *work, const struct save *save)
{
    struct str instant = save->outcome.changed_at;
    if (!instant.ptr)
        return;
    html_raw(OUT(work), " ");
    page_when(work, instant);
}

static void side_name(struct work *work, const char *prefix, const struct column *column)
{
    html_raw(OUT(work), " name=\"");
    buf_text(OUT(work), prefix);
    html_text(OUT(work), column->name);
    html_raw(OUT(work), "\"");
}

/* The head of a card: the radio button and its words. */
static void pick(struct work *work, const struct column *column, const char *value,
                 struct str words)
{
    struct buf *out = OUT(work);
    html_raw(out, "<label class=\"choice\"><input type=\"radio\" required autocomplete=\"off\"");
    side_name(work, "_pick.", column);
    html_attr(out, "value", str_from(value));
    html_raw(out, " aria-describedby=\"");
    buf_text(out, value);
    html_raw(out, "-");
    url_key(out, &column->name, 1);
    html_raw(out, "\"> <span>");
    html_text(out, words);
    html_raw(out, "</span></label>\n");
}

/* A card to choose: whose it is, and what it changed. */
static void side(struct work *work, const struct field *field, const char *value, struct str words)
{
    struct buf *out = OUT(work);
    bool mine = str_is(str_from(value), "yours");
    html_raw(out, "<div class=\"pick\">");
    pick(work, field->column, value, words);
    html_raw(out, "<div class=\"diff\" id=\"");
    buf_text(out, value);
    html_raw(out, "-");
    url_key(out, &field->column->name, 1);
    html_raw(out, "\">");
    conflict_show_change(work, field, mine ? field->value : field->current);
    html_raw(out, "</div></div>\n");
}

/* The third card: a wording of one's own. Yes or no has no third. */
static void own_wording(struct work *work, const struct field *field)
{
    struct buf *out = OUT(work);
    const struct column *column = field->column;
    const char *doubled = str_starts(column->name, STR("_")) ? "_" : "";
    struct str typed = request_field(&work->request, str_printf(&work->arena, "%s%.*s", doubled,
                                                                STR_ARG(column->name)));
    if (control_is_checkbox(column))
        return;
    html_raw(out, "<div class=\"pick own\">");
    pick(work, column, "edit", STR("Write it differently"));
    html_raw(out, "<div class=\"wording\" id=\"edit-");
    url_key(out, &column->name, 1);
    html_raw(out, "\"><label class=\"sr\" for=\"");
    control_id(out, column);
    html_raw(out, "\">Your own wording for ");
    page_label(work, column);
    html_raw(out, "</label>");
    control(work, column, typed.ptr ? typed : field->value, NULL, STR_NONE, false);
    html_raw(out, "</div></div>\n");
}

static void clash(struct work *work, const struct outcome *outcome, const struct field *field)
{
    struct buf *out = OUT(work);
    const struct column *column = field->column;
    struct places places;
    if (places_of(work, field, &places) ||
        (!field->has_base && places_sent(work, column, &places))) {
        places_show(work, outcome, field, &places);
        return;
    }
    html_raw(out, "<fieldset class=\"clash\"><legend>");
    page_label(work, column);
    html_raw(out, "</legend>\n<div class=\"sides\">\n");
    side(work, field, "yours", STR("Keep mine"));
    side(work, field, "theirs", conflict_take_words(work, outcome));
    own_wording(work, field);
    html_raw(out, "</div>\n<input type=\"hidden\" autocomplete=\"off\"");
    if (field->value.len <= LONG) {
        side_name(work, "_yours.", column);
        html_attr(out, "value", field->value);
    } else { /* a long text stands in its control already; twice could be too much to send */
        side_name(work, "_asked.", column);
        html_raw(out, " value=\"1\"");
    }
    html_raw(out, ">\n</fieldset>\n");
}

/* A settled value travels along; what equals the base needs not, except what a checkbox means. */
static void settled_value(struct work *work, const struct field *field)
{
    struct buf *out = OUT(work);
    bool yours = field->merge == ROW_YOURS;
    if (!yours && !control_is_checkbox(field->column))
        return;
    struct str value = yours ? field->value : field->current;
    html_raw(out, "<input type=\"hidden\" autocomplete=\"off\" name=\"");
    page_field_name(out, field->column);
    html_raw(out, "\"");
    html_attr(out, "value", value);
    html_raw(out, ">\n");
}

static void settled(struct work *work, const struct outcome *outcome, const struct field *field)
{
    struct buf *out = OUT(work);
    bool yours = field->merge == ROW_YOURS;
    html_raw(out, "<div class=\"settled\"><h3>");
    page_label(work, field->column);
    html_raw(out, "</h3><div class=\"diff\">");
    conflict_show_change(work, field, yours ? field->value : field->current);
    html_raw(out, "</div><p>");
    if (outcome->kind == OUTCOME_REFUSED && outcome->reason == REASON_STALE) {
        html_raw(out, "This is what will be saved."); /* it was chosen, or settled, before */
    } else if (yours) {
        html_raw(out, "Only you changed this. Yours is kept.");
    } else {
        bool self = str_is(conflict_who(work, outcome), "You");
        html_text(out, conflict_who(work, outcome));
        if (self)
            html_raw(out, " changed this in the other window only. That change is kept.");
        else
            html_raw(out, " changed this and you did not. That change is kept.");
    }
    html_raw(out, "</p></div>\n");
}

/* What became of it, in a sentence. */
static void merged_words(struct work *work, const struct outcome *outcome,
                         const struct field *field)
{
    struct buf *out = OUT(work);
    bool self = str_is(conflict_who(work, outcome), "You");
    if (self) {
        html_raw(out, "You changed this in both windows");
    } else {
        html_raw(out, "You and ");
        html_text(out, outcome->changed_by.len ? outcome->changed_by : STR("somebody else"));
        html_raw(out, " both changed this");
    }
    if (field->column->kind == KIND_TEXT)
        html_raw(out, ", in different places. Both changes are kept.");
    else if (field->column->kind == KIND_ARRAY)
        html_raw(out, ". What either of you added is in, what either took out is out.");
    else
        html_raw(out, ". Both changes count: they are added up.");
}

/* Both changed it, and both changes fit: the whole of it, to look at and to change. */
static void merged_field(struct work *work, const struct outcome *outcome,
                         const struct field *field)
{
    struct buf *out = OUT(work);
    bool text = field->column->kind == KIND_TEXT;
    html_raw(out, "<div class=\"settled\"><h3>");
    page_label(work, field->column);
    html_raw(out, "</h3><div class=\"diff\">");
    conflict_show_change(work, field, field->merged);
    html_raw(out, "</div><p>");
    merged_words(work, outcome, field);
    html_raw(out, "</p>\n<details><summary>");
    if (text)
        html_raw(out, "See the whole text, or change it");
    else
        html_raw(out, "Change it");
    html_raw(out, "</summary>\n<label class=\"sr\" for=\"");
    control_id(out, field->column);
    html_raw(out, "\">");
    page_label(work, field->column);
    html_raw(out, "</label>");
    control(work, field->column, field->merged, NULL, STR_NONE, false);
    html_raw(out, "</details></div>\n");
}

static size_t count_merge(const struct change *change, enum row_merge merge)
{
    size_t count = 0;
    for (size_t i = 0; i < change->field_count; i++)
        count += change->fields[i].merge == merge;
    return count;
}

static void introduction(struct work *work, const struct save *save, size_t clashes)
{
    struct buf *out = OUT(work);
    const struct outcome *outcome = &save->outcome;
    html_raw(out, "<p class=\"lead\">");
    if (outcome->reason == REASON_VERSION_REQUIRED) {
        html_raw(out, "The form did not say which version of the row you were looking at, so it "
                      "could have overwritten somebody's work. ");
    } else {
        html_text(out, conflict_who(work, outcome));
        html_raw(out, " saved this row");
        when(work, save);
        html_raw(out, ", after you had opened it. ");
    }
    html_raw(out, "<strong>Nothing you typed is lost, and nothing has been overwritten.</strong> ");
    if (clashes)
        html_raw(out, "Please choose where both of you changed the same thing; then save.");
    else
        html_raw(out, "You changed different things, so both fit together. Look it over and save.");
    parked_words(work, save);
    html_raw(out,
             "</p>\n<p class=\"hint\">In what follows, <del>struck out</del> is how it was when "
             "you opened it, and <ins>underlined</ins> is new.</p>\n");
    if (outcome->cut_short)
        html_raw(out, "<p class=\"hint\">The version you sent lost digits on its way: it looks "
                      "like the stored one, cut short, as JavaScript does with times. If so, the "
                      "row has not changed at all.</p>\n");
}

/* The fields of the form that resolves it: based on what is there now. */
static struct field *based_on_current(struct work *work, const struct change *change)
{
    struct field *fields = ARENA_ARRAY(&work->arena, change->field_count, struct field);
    for (size_t i = 0; i < change->field_count; i++) {
        fields[i] = change->fields[i];
        fields[i].base = fields[i].current;
    }
    return fields;
}

static void hidden(struct work *work, const struct save *save)
{
    const struct change *change = &save->change;
    struct edit_view view = {
        .version = version_token(&work->arena, save->outcome.version),
        .fields = based_on_current(work, change),
        .field_count = change->field_count,
        .token = work_random(work, 16),
        .next = request_field(&work->request, STR("_next")),
        .save = save,
    };
    view.base = form_base(work, view.fields, view.field_count);
    edit_hidden(work, &view);
}

static void differences(struct work *work, const struct save *save, size_t clashes)
{
    struct buf *out = OUT(work);
    const struct change *change = &save->change;
    if (clashes)
        html_raw(out, "<h2>Please choose</h2>\n");
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].merge == ROW_CLASH)
            clash(work, &save->outcome, &change->fields[i]);
    size_t settled_count = count_merge(change, ROW_YOURS) + count_merge(change, ROW_CURRENT) +
                           count_merge(change, ROW_MERGED);
    if (settled_count)
        html_raw(out, "<h2>Settled already</h2>\n<div class=\"card\">\n");
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (field->merge == ROW_YOURS || field->merge == ROW_CURRENT)
            settled(work, &save->outcome, field);
        if (field->merge == ROW_MERGED)
            merged_field(work, &save->outcome, field);
        else if (field->merge != ROW_CLASH)
            settled_value(work, field);
    }
    if (settled_count)
        html_raw(out, "</div>\n");
}

static void ways_out(struct work *work, const struct save *save)
{
    html_raw(OUT(work), " ");
    if (save->outcome.parked) {
        parked_drop_button(work, save->change.park, STR("Drop my changes"));
        return;
    }
    html_raw(OUT(work), "<a");
    page_link(work, "href", work_table_segment(work, work->table), work->match.key);
    html_raw(OUT(work), ">Drop my changes and look at the row</a>");
}

/* Deleting what somebody has just changed. */
static void stale_delete(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    html_raw(out, "<p class=\"lead\">");
    html_text(out, conflict_who(work, &save->outcome));
    html_raw(out, " saved this row");
    when(work, save);
    html_raw(out, ", after you had opened it. <strong>It has not been deleted.</strong> This is "
                  "what it holds now:</p>\n<dl class=\"shown card\">\n");
    for (size_t i = 0; i < work->table->column_count; i++) {
        const struct column *column = &work->table->columns[i];
        if (!column->can_select)
            continue;
        html_raw(out, "<div><dt>");
        page_label(work, column);
        html_raw(out, "</dt><dd>");
        control_show(work, column, save->outcome.texts[i]);
        html_raw(out, "</dd></div>\n");
    }
    html_raw(out, "</dl>\n<form method=\"post\" autocomplete=\"off\"");
    page_link(work, "action", work_table_segment(work, work->table), work->match.key);
    html_raw(out, ">\n");
    edit_hidden_field(work, STR("_method"), STR("DELETE"));
    edit_hidden_field(work, STR("_version"), version_token(&work->arena, save->outcome.version));
    html_raw(out, "<p class=\"actions\"><button type=\"submit\" class=\"danger\">Delete it all the "
                  "same</button> <a");
    page_link(work, "href", work_table_segment(work, work->table), work->match.key);
    html_raw(out, ">Keep it</a></p></form>\n");
}

static void resolve_form(struct work *work, const struct save *save, size_t clashes)
{
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"post\" autocomplete=\"off\" class=\"resolve\"");
    page_link(work, "action", work_table_segment(work, work->table), work->match.key);
    html_raw(out, ">\n");
    hidden(work, save);
    differences(work, save, clashes);
    html_raw(out, "<p class=\"actions\"><button type=\"submit\" class=\"main\">Save the result"
                  "</button>");
    ways_out(work, save);
    html_raw(out,
             "</p>\n<p class=\"hint\">If somebody saves again before you press the button, you "
             "are asked again; nothing is overwritten.</p>\n</form>\n");
}

/* Which row this is about, above the heading. */
static void row_named(struct work *work, const struct save *save)
{
    const struct column *label = work->table->label;
    const struct field *field = label ? change_field(&save->change, label) : NULL;
    struct str name = field ? field->current : STR_NONE;
    if (save->outcome.texts && label)
        name = save->outcome.texts[label - work->table->columns];
    html_raw(OUT(work), "<p class=\"row-name\">");
    html_text(OUT(work), name.len ? name : work->match.key);
    html_raw(OUT(work), "</p>\n");
}

void conflict_page(struct work *work, const struct save *save, struct str message)
{
    struct buf *out = OUT(work);
    bool deleting = save->change.op == CHANGE_DELETE;
    bool blind = save->outcome.reason == REASON_VERSION_REQUIRED;
    size_t clashes = count_merge(&save->change, ROW_CLASH);
    struct str title = blind ? STR("Look before you save")
                             : STR("Somebody else saved this row while you were editing");
    if (str_is(conflict_who(work, &save->outcome), "You") && !blind)
        title = STR("You saved this row in another window");
    if (deleting && !blind)
        title = STR("Not deleted: the row has changed");
    page_begin(work, title);
    row_named(work, save);
    html_raw(out, "<h1>");
    html_text(out, title);
    html_raw(out, "</h1>\n");
    if (message.ptr) {
        html_raw(out, "<p class=\"notice bad\" role=\"alert\">");
        html_text(out, message);
        html_raw(out, "</p>\n");
    }
    if (deleting) {
        stale_delete(work, save);
    } else {
        introduction(work, save, clashes);
        resolve_form(work, save, clashes);
    }
    page_end(work);
}
