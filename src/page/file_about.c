#include "page/file_about.h"

#include "page/file_parts.h"
#include "page/saved.h"

#include "base/banned.h"

static void form_begin(struct work *work, const struct file *file, const char *action)
{
    html_raw(OUT(work), "<form method=\"post\" class=\"card way\"");
    page_file_link(work, "action", file->name, "");
    html_raw(OUT(work), ">\n");
    file_hidden(work, "_action", str_from(action));
    file_hidden(work, "_version", file->version);
}

static void replace(struct work *work, const struct file *file)
{
    struct buf *out = OUT(work);
    html_raw(out,
             "<form method=\"post\" enctype=\"multipart/form-data\" class=\"card way upload\"");
    page_file_link(work, "action", file->name, "");
    html_raw(out, ">\n");
    file_hidden(work, "_version", file->version);
    html_raw(out, "<div class=\"field\"><label for=\"file\">Replace it with a newer one</label> "
                  "<input type=\"file\" name=\"file\" id=\"file\" required><p class=\"help\">Only "
                  "the one that is shown here is replaced. It can be brought back for ");
    html_number(out, work_settings(work)->file_keep_days);
    html_raw(out, " days.</p></div>\n<p><button type=\"submit\">Replace</button></p></form>\n");
}

static void rename_form(struct work *work, const struct file *file)
{
    struct buf *out = OUT(work);
    form_begin(work, file, "rename");
    html_raw(out, "<div class=\"field\"><label for=\"name\">Another name</label> <input "
                  "name=\"name\" id=\"name\" required");
    html_attr(out, "value", file->name);
    html_raw(out, "></div>\n<p><button type=\"submit\">Rename</button></p></form>\n");
}

static void delete_form(struct work *work, const struct file *file)
{
    struct buf *out = OUT(work);
    html_raw(out, "<details class=\"delete\"><summary>Delete this file</summary>\n");
    form_begin(work, file, "delete");
    html_raw(out, "<p>It can be brought back for ");
    html_number(out, work_settings(work)->file_keep_days);
    html_raw(out, " days.</p>\n<p><button type=\"submit\" class=\"danger\">Delete it</button></p>"
                  "</form></details>\n");
}

static void restore_button(struct work *work, const struct file *file, const struct file *revision)
{
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"post\"");
    page_file_link(work, "action", file->found ? file->name : revision->name, "");
    html_raw(out, ">");
    file_hidden(work, "_action", file->found ? STR("restore") : STR("bring-back"));
    file_hidden(work, "_version", file->version);
    file_hidden(work, "revision", revision->id);
    html_raw(out, "<button type=\"submit\">Bring it back</button></form>");
}

static void revisions(struct work *work, const struct file *file, const struct answer *answer,
                      bool may_write)
{
    struct buf *out = OUT(work);
    if (!answer->rows)
        return;
    html_raw(out, "<h2>Earlier versions</h2>\n<ul class=\"edits card\">\n");
    for (size_t i = 0; i < answer->rows; i++) {
        struct file revision = file_take(answer, i);
        struct str name = file->found ? file->name : revision.name;
        html_raw(out, "<li><a href=\"");
        file_address(work, out, name);
        html_raw(out, "?_revision=");
        html_text(out, revision.id);
        html_raw(out, "\">");
        html_text(out, revision.name);
        html_raw(out, "</a> <span class=\"hint\">");
        file_size(work, revision.size);
        html_raw(out, ", uploaded ");
        page_when(work, revision.updated_at);
        html_raw(out, " by ");
        html_text(out, file_by(revision.updated_by));
        html_raw(out, "; ");
        html_text(out, revision.ended);
        html_raw(out, " ");
        page_when(work, revision.ended_at);
        html_raw(out, " by ");
        html_text(out, file_by(revision.ended_by));
        html_raw(out, "</span> ");
        if (may_write)
            restore_button(work, file, &revision);
        html_raw(out, "</li>\n");
    }
    html_raw(out, "</ul>\n");
}

static void after_about(void *ctx)
{
    struct work *work = ctx;
    struct buf *out = OUT(work);
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    struct file file = file_take(&work->talk.answers[0], 0);
    bool may_write = file_may_write(work);
    if (!file.found && !work->talk.answers[1].rows) {
        work_problem(work, "no-file", STR_NONE);
        return;
    }
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, file.found ? file.name : work->match.name);
    html_raw(out, "<h1>");
    html_text(out, file.found ? file.name : work->match.name);
    html_raw(out, "</h1>\n");
    saved_notice(work);
    if (file.found) {
        html_raw(out, "<p class=\"actions\"><a class=\"button\"");
        page_file_link(work, "href", file.name, "");
        html_raw(out, ">Download</a> <a");
        page_link(work, "href", STR("_files/"), STR_NONE);
        html_raw(out, ">To all files</a></p>\n");
        if (file_is_picture(file.media_type)) {
            html_raw(out, "<p><img class=\"preview\" alt=\"\"");
            page_file_link(work, "src", file.name, "");
            html_raw(out, "></p>\n");
        }
        html_raw(out, "<div class=\"card\">\n");
        file_facts(work, &file);
        html_raw(out, "</div>\n");
    } else {
        html_raw(out, "<p class=\"lead\">This file was deleted.</p>\n");
    }
    if (file.found && may_write) {
        html_raw(out, "<div class=\"ways\">\n");
        replace(work, &file);
        rename_form(work, &file);
        html_raw(out, "</div>\n");
    }
    revisions(work, &file, &work->talk.answers[1], may_write);
    if (file.found && may_write)
        delete_form(work, &file);
    if (file.found && may_write)
        file_script(work);
    page_end(work);
}

void file_about(struct work *work)
{
    struct file_name name = delivery_name(work, work->match.name);
    if (!delivery_files_here(work))
        return;
    talk_then(&work->talk, after_about, work);
    work->talk.repeatable = true;
    file_ask(&work->talk, name);
    file_ask_revisions(&work->talk, name, FILE_REVISIONS);
}
