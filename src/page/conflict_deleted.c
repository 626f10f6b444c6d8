#include "page/conflict.h"

#include "page/control.h"
#include "page/parked.h"

#include "base/banned.h"

/* The values of the form that creates the row again: yours, and the key where it is no field. */
static size_t restored(struct work *work, const struct change *change, bool with_key,
                       struct field **fields)
{
    const struct table *table = work->table;
    size_t count = 0;
    *fields = ARENA_ARRAY(&work->arena, change->field_count + table->key_count, struct field);
    for (size_t i = 0; with_key && i < table->key_count; i++)
        if (!change_field(change, table->key[i]))
            (*fields)[count++] =
                (struct field){.column = table->key[i], .value = work->key.values[i]};
    for (size_t i = 0; i < change->field_count; i++)
        if (column_writable(table, change->fields[i].column, true))
            (*fields)[count++] = change->fields[i];
    return count;
}

static void create_button(struct work *work, const struct save *save, bool with_key)
{
    struct buf *out = OUT(work);
    struct field *fields;
    struct edit_view view = {.creating = true, .restoring = with_key, .save = save};
    view.field_count = restored(work, &save->change, with_key, &fields);
    view.fields = fields;
    view.token = work_random(work, 16);
    html_raw(out, "<form method=\"post\" autocomplete=\"off\" class=\"inline\"");
    page_link(work, "action", work_table_segment(work, work->table), STR_NONE);
    html_raw(out, ">\n");
    edit_hidden(work, &view);
    for (size_t i = 0; i < view.field_count; i++) {
        html_raw(out, "<input type=\"hidden\" autocomplete=\"off\" name=\"");
        page_field_name(out, fields[i].column);
        html_raw(out, "\"");
        html_attr(out, "value", fields[i].value);
        html_raw(out, ">\n");
    }
    if (with_key)
        html_raw(out,
                 "<button type=\"submit\" class=\"main\">Create it again with my text</button>");
    else
        html_raw(out, "<button type=\"submit\">Save mine as a new row</button>");
    html_raw(out, "</form>\n");
}

static bool key_is_automatic(const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (!table->key[i]->automatic)
            return false;
    return true;
}

static void yours(struct work *work, const struct change *change)
{
    struct buf *out = OUT(work);
    html_raw(out, "<h2>What you typed</h2>\n<dl class=\"shown card\">\n");
    for (size_t i = 0; i < change->field_count; i++) {
        html_raw(out, "<div><dt>");
        page_label(work, change->fields[i].column);
        html_raw(out, "</dt><dd>");
        control_show(work, change->fields[i].column, change->fields[i].value);
        html_raw(out, "</dd></div>\n");
    }
    html_raw(out, "</dl>\n");
}

static void sentence(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    const struct outcome *outcome = &save->outcome;
    html_raw(out, "<p class=\"lead\">");
    html_text(out, outcome->changed_by.len ? outcome->changed_by : STR("Somebody"));
    html_raw(out, " deleted this row");
    if (outcome->changed_at.ptr) {
        html_raw(out, " ");
        page_when(work, outcome->changed_at);
    }
    html_raw(out, ", after you had opened it. ");
}

static void let_go(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    bool deleting = save->change.op == CHANGE_DELETE;
    if (save->outcome.parked) {
        html_raw(out, "<form method=\"post\" class=\"inline\"");
        parked_link(work, "action", save->change.park, "?to=list");
        html_raw(out, "><button type=\"submit\">Let it go</button></form>\n");
        return;
    }
    html_raw(out, "<a");
    page_link(work, "href", work_table_segment(work, work->table), STR_NONE);
    html_raw(out, ">");
    html_text(out, deleting ? STR("Back to the list") : STR("Let it go"));
    html_raw(out, "</a>");
}

void conflict_page_deleted(struct work *work, const struct save *save)
{
    struct buf *out = OUT(work);
    bool deleting = save->change.op == CHANGE_DELETE;
    bool can_create = work->table->can_insert && !deleting;
    page_begin(work, STR("This row was deleted"));
    html_raw(out, "<h1>This row was deleted</h1>\n");
    sentence(work, save);
    if (deleting)
        html_raw(out, "There is nothing left to do.");
    else
        html_raw(out, "<strong>Nothing you typed is lost.</strong> What shall become of it?");
    parked_words(work, save);
    html_raw(out, "</p>\n");
    html_raw(out, "<div class=\"actions\">\n");
    if (can_create)
        create_button(work, save, true);
    if (can_create && key_is_automatic(work->table))
        create_button(work, save, false);
    let_go(work, save);
    html_raw(out, "</div>\n");
    if (!deleting)
        yours(work, &save->change);
    page_end(work);
}
