#include "page/browse.h"

#include "edit/park.h"
#include "page/parked.h"
#include "page/saved.h"

#include "base/banned.h"

#define MOST_EDITS 20

static void version_words(struct work *work, const struct table *table)
{
    struct buf *out = OUT(work);
    if (table->key_count == 0) {
        html_raw(out,
                 "<span class=\"badge off\">not editable</span><p class=\"help\">It has no primary "
                 "key, so nobody can say which row is meant.</p>");
        return;
    }
    if (table->protected) {
        html_raw(out, "<span class=\"badge good\">protected</span>");
        return;
    }
    html_raw(out, "<span class=\"badge warn\">unprotected</span><p class=\"help\">To protect it: "
                  "<code>SELECT pg409.protect('");
    html_text(out, table->schema);
    html_raw(out, ".");
    html_text(out, table->name);
    html_raw(out, "')</code></p>");
}

static void table_row(struct work *work, const struct table *table)
{
    struct buf *out = OUT(work);
    bool open = table->key_count > 0 && table->can_select;
    html_raw(out, "<tr><th scope=\"row\">");
    if (open) {
        html_raw(out, "<a");
        page_link(work, "href", work_table_segment(work, table), STR_NONE);
        html_raw(out, ">");
    }
    html_text(out, table->name);
    if (open)
        html_raw(out, "</a>");
    if (table->comment.len) {
        html_raw(out, "<p class=\"help\">");
        html_text(out, table->comment);
        html_raw(out, "</p>");
    }
    html_raw(out, "</th><td class=\"number\">");
    if (table->estimate >= 0)
        html_number(out, (uint64_t)table->estimate);
    html_raw(out, "</td><td>");
    version_words(work, table);
    html_raw(out, "</td></tr>\n");
}

static bool hidden(const struct table *table)
{
    return table->key_count > 0 && !table->can_select;
}

static void table_list(struct work *work)
{
    struct buf *out = OUT(work);
    const struct catalog *catalog = work_catalog(work);
    html_raw(out,
             "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Tables\"><table>"
             "<thead><tr><th scope=\"col\">Table</th><th scope=\"col\" class=\"number\">Rows, "
             "about</th><th scope=\"col\">Changes</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < catalog->table_count; i++)
        if (!hidden(&catalog->tables[i]))
            table_row(work, &catalog->tables[i]);
    html_raw(out, "</tbody></table></div>\n");
    if (catalog->table_count > 0)
        html_raw(out, "<p class=\"hint\">In every table, a save that would overwrite somebody's "
                      "change is stopped and explained. In a protected one, the time of the last "
                      "change is right whoever made it, other programs included.</p>\n");
    else
        html_raw(out,
                 "<p>No tables can be seen here. Does the database user have privileges in this "
                 "schema?</p>\n");
}

/* The page, below the unfinished edits of whoever looks; they are left out when they cannot be had.
 */
static void show_tables(void *ctx)
{
    struct work *work = ctx;
    struct buf *out = OUT(work);
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, STR("Tables"));
    html_raw(out, "<h1>Tables</h1>\n");
    saved_notice(work);
    if (!work_catalog(work)->receipts)
        html_raw(out, "<p class=\"hint\">The schema pg409 is not installed in this database, so "
                      "conflicts cannot say who saved. Load <code>schema/pg409.sql</code> once "
                      "to change that.</p>\n");
    if (work->talk.answer_count == 1)
        parked_section(work, &work->talk.answers[0]);
    table_list(work);
    page_end(work);
}

void browse_tables(struct work *work)
{
    const struct settings *settings = work_settings(work);
    talk_then(&work->talk, show_tables, work);
    if (work_catalog(work)->conflicts && work->request.user.ptr) {
        park_ask_list(&work->talk, work->request.user, settings->schema, MOST_EDITS,
                      settings->park_days);
        return;
    }
    work->talk.then = NULL;
    work->talk.answer_count = 0;
    show_tables(work);
}
