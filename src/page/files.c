#include "page/files.h"

#include "page/file_parts.h"
#include "page/saved.h"
#include "page/upload.h"
#include "wire/url.h"

#include "base/banned.h"

#define MOST_KEPT 20
#define MOST_DELETED 10

/* The page under way. */
struct files {
    struct work *work;
    struct file_list list;
    size_t rows;
    bool more;
    bool asked_kept;
};

static const char *const orders[] = {"name", "size", "time"};

bool files_read(struct work *work, struct file_list *list)
{
    const struct form *query = &work->request.query;
    struct str sort = form_get(query, STR("sort")), after = form_get(query, STR("after"));
    struct str before = form_get(query, STR("before"));
    struct str values[2], cursor = before.ptr ? before : after;
    size_t count;
    list->search = str_trim(form_get(query, STR("q")));
    list->descending = form_get(query, STR("desc")).len > 0;
    list->backwards = before.ptr != NULL;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (str_is(sort, orders[i]))
            list->order = (enum file_order)i;
    if (!cursor.ptr)
        return true;
    if (url_key_parse(&work->arena, cursor, values, 2, &count) || count != 2) {
        work_problem(work, "malformed", STR("This page of the list cannot be found."));
        return false;
    }
    list->at_value = values[0];
    list->at_name = values[1];
    return true;
}

static const struct answer *rows_of(const struct files *files)
{
    return &files->work->talk.answers[0];
}

static struct file row_at(const struct files *files, size_t at)
{
    return file_take(rows_of(files), files->list.backwards ? files->rows - 1 - at : at);
}

static void list_link(struct files *files, enum file_order order, bool descending,
                      const char *direction, const struct file *file)
{
    struct work *work = files->work;
    struct buf *out = OUT(work);
    work_link(work, out, STR("_files/"), STR_NONE);
    html_raw(out, "?q=");
    url_encode(out, files->list.search);
    html_raw(out, "&amp;sort=");
    html_text(out, str_from(orders[order]));
    if (descending)
        html_raw(out, "&amp;desc=1");
    if (!file)
        return;
    struct str values[] = {file_sort_value(&work->arena, file, order), file->name};
    html_raw(out, "&amp;");
    html_text(out, str_from(direction));
    html_raw(out, "=");
    url_key(out, values, 2);
}

static void head(struct files *files, enum file_order order, struct str words)
{
    struct buf *out = OUT(files->work);
    bool sorted = files->list.order == order, descending = files->list.descending;
    html_raw(out, "<th scope=\"col\"");
    if (order == FILE_BY_SIZE)
        html_raw(out, " class=\"number\"");
    if (sorted)
        html_attr(out, "aria-sort", descending ? STR("descending") : STR("ascending"));
    html_raw(out, "><a href=\"");
    list_link(files, order, sorted ? !descending : order != FILE_BY_NAME, "", NULL);
    html_raw(out, "\">");
    html_text(out, words);
    html_raw(out, "</a>");
    if (sorted)
        html_text(out, descending ? STR(" ↓") : STR(" ↑"));
    html_raw(out, "</th>");
}

static void row(struct files *files, const struct file *file)
{
    struct work *work = files->work;
    struct buf *out = OUT(work);
    html_raw(out, "<tr><th scope=\"row\"><a");
    page_file_link(work, "href", file->name, "/_about");
    html_raw(out, ">");
    html_text(out, file->name);
    html_raw(out, "</a></th><td class=\"number\">");
    file_size(work, file->size);
    html_raw(out, "</td><td>");
    page_when(work, file->updated_at);
    html_raw(out, "</td><td>");
    html_text(out, file->updated_by);
    html_raw(out, "</td><td><a");
    page_file_link(work, "href", file->name, "");
    html_attr(out, "aria-label", str_printf(&work->arena, "Download %.*s", STR_ARG(file->name)));
    html_raw(out, ">Download</a></td></tr>\n");
}

static void table(struct files *files)
{
    struct buf *out = OUT(files->work);
    html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Files\">"
                  "<table class=\"rows files\">\n<thead><tr>");
    head(files, FILE_BY_NAME, STR("Name"));
    head(files, FILE_BY_SIZE, STR("Size"));
    head(files, FILE_BY_TIME, STR("Uploaded"));
    html_raw(out, "<th scope=\"col\">By</th><th scope=\"col\">Download</th>"
                  "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < files->rows; i++) {
        struct file file = row_at(files, i);
        row(files, &file);
    }
    html_raw(out, "</tbody></table></div>\n");
}

static void page_to(struct files *files, const char *direction, size_t at, struct str words)
{
    struct buf *out = OUT(files->work);
    struct file file = row_at(files, at);
    html_raw(out, "<a href=\"");
    list_link(files, files->list.order, files->list.descending, direction, &file);
    html_raw(out, "\">");
    html_text(out, words);
    html_raw(out, "</a> ");
}

static void pages(struct files *files)
{
    const struct file_list *list = &files->list;
    bool before = list->backwards ? files->more : list->at_value.ptr != NULL;
    bool after = list->backwards || files->more;
    if (!files->rows || (!before && !after))
        return;
    html_raw(OUT(files->work), "<nav class=\"pages\" aria-label=\"Pages\">");
    if (before)
        page_to(files, "before", 0, STR("← Earlier files"));
    if (after)
        page_to(files, "after", files->rows - 1, STR("Later files →"));
    html_raw(OUT(files->work), "</nav>\n");
}

static void search(struct files *files)
{
    struct work *work = files->work;
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"get\" class=\"search\" role=\"search\"");
    page_link(work, "action", STR("_files/"), STR_NONE);
    html_raw(out, "><label for=\"q\">Search</label> <input type=\"search\" name=\"q\" id=\"q\"");
    html_attr(out, "value", files->list.search);
    html_raw(out, "> <button type=\"submit\">Search</button></form>\n");
}

static void upload_form(struct work *work)
{
    struct buf *out = OUT(work);
    html_raw(out, "<form method=\"post\" enctype=\"multipart/form-data\" class=\"card upload\"");
    page_link(work, "action", STR("_files/"), STR_NONE);
    html_attr(out, "data-most",
              str_printf(&work->arena, "%llu",
                         (unsigned long long)work_settings(work)->file_max_bytes));
    html_raw(out,
             ">\n<div class=\"field\"><label for=\"file\">Upload files</label> <input "
             "type=\"file\" name=\"file\" id=\"file\" multiple required><p class=\"help\">A "
             "file whose name is taken never writes over the other one: you are asked. Up to ");
    html_text(out, file_size_text(&work->arena, work_settings(work)->file_max_bytes));
    html_raw(out, " each.</p></div>\n<p><button type=\"submit\" class=\"main\">Upload</button></p>"
                  "</form>\n");
}

static void deleted(struct work *work, const struct answer *answer)
{
    struct buf *out = OUT(work);
    if (!answer->rows)
        return;
    html_raw(out, "<details class=\"deleted\"><summary>Deleted a while ago</summary>\n"
                  "<ul class=\"edits\">\n");
    for (size_t i = 0; i < answer->rows; i++) {
        struct file file = file_take(answer, i);
        html_raw(out, "<li>");
        html_text(out, file.name);
        html_raw(out, " <span class=\"hint\">");
        file_size(work, file.size);
        html_raw(out, ", deleted ");
        page_when(work, file.ended_at);
        html_raw(out, " by ");
        html_text(out, file_by(file.ended_by));
        html_raw(out, "</span> <form method=\"post\"");
        page_file_link(work, "action", file.name, "");
        html_raw(out, ">");
        file_hidden(work, "_action", STR("bring-back"));
        file_hidden(work, "revision", file.id);
        html_raw(out, "<button type=\"submit\">Bring it back</button></form></li>\n");
    }
    html_raw(out, "</ul></details>\n");
}

static void after_files(void *ctx)
{
    struct files *files = ctx;
    struct work *work = files->work;
    const struct talk *talk = &work->talk;
    if (talk->failed && talk->error.reason == REASON_VALUE) {
        work_problem(work, "malformed", STR("This page of the list cannot be found."));
        return;
    }
    if (talk->failed) {
        work_failed(work);
        return;
    }
    files->rows = talk->answers[0].rows;
    files->more = files->rows >= files->list.limit;
    if (files->more)
        files->rows = files->list.limit - 1;
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    page_begin(work, STR("Files"));
    html_raw(OUT(work), "<h1>Files</h1>\n");
    saved_notice(work);
    if (files->asked_kept)
        upload_section(work, &talk->answers[2]);
    if (file_may_write(work))
        upload_form(work);
    search(files);
    if (files->rows)
        table(files);
    else
        html_text(OUT(work), files->list.search.len ? STR("No file has that in its name.")
                                                    : STR("There are no files yet."));
    pages(files);
    if (file_may_write(work))
        deleted(work, &talk->answers[1]);
    if (file_may_write(work))
        file_script(work);
    page_end(work);
}

void files_page(struct work *work)
{
    struct files *files = ARENA_NEW(&work->arena, struct files);
    files->work = work;
    if (!delivery_files_here(work) || !files_read(work, &files->list))
        return;
    files->list.limit = work_settings(work)->page_rows + 1;
    files->asked_kept = work->request.user.ptr != NULL;
    talk_then(&work->talk, after_files, files);
    work->talk.repeatable = true;
    file_ask_list(&work->talk, &files->list);
    file_ask_deleted(&work->talk, MOST_DELETED);
    if (files->asked_kept)
        upload_ask_kept(&work->talk, work->request.user, MOST_KEPT);
}
