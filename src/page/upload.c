#include "page/upload.h"

#include "page/file_parts.h"
#include "web/problem.h"

#include "base/banned.h"

/* One side: what it is called, what it looks like, how large it is. */
static void side_begin(struct work *work, const char *title, struct str name)
{
    struct buf *out = OUT(work);
    html_raw(out, "<section class=\"card side\"><h2>");
    html_text(out, str_from(title));
    html_raw(out, "</h2>\n<p class=\"file-name\">");
    html_text(out, name);
    html_raw(out, "</p>\n");
}

/* The beginning of a text, as text. */
static void excerpt(struct work *work, struct str text)
{
    struct buf *out = OUT(work);
    if (!text.ptr)
        return;
    html_raw(out, "<p class=\"excerpt\">");
    html_text(out, text);
    html_raw(out, "</p>\n");
}

static void yours(struct work *work, const struct delivery *delivery)
{
    struct buf *out = OUT(work);
    const struct upload *upload = &delivery->upload;
    struct file file = {.media_type = upload->media_type,
                        .version = upload->sha256,
                        .updated_at = upload->at,
                        .size = upload->size};
    side_begin(work, "Yours", upload->name);
    if (file_is_picture(upload->media_type)) {
        html_raw(out, "<img class=\"preview\" alt=\"Your picture\"");
        page_upload_link(work, "src", upload->code, "?_content=1");
        html_raw(out, ">\n");
    }
    excerpt(work, delivery->text_yours);
    file_facts(work, &file);
    html_raw(out, "</section>\n");
}

static void theirs(struct work *work, const struct delivery *delivery)
{
    struct buf *out = OUT(work);
    const struct file *file = &delivery->current;
    side_begin(work, "What is there", file->name);
    if (file_is_picture(file->media_type)) {
        html_raw(out, "<img class=\"preview\" alt=\"The picture that is there\"");
        page_file_link(work, "src", file->name, "");
        html_raw(out, ">\n");
    }
    excerpt(work, delivery->text_current);
    file_facts(work, file);
    html_raw(out, "<p><a");
    page_file_link(work, "href", file->name, "");
    html_raw(out, ">Download it to look at it</a></p>\n</section>\n");
}

static void form_begin(struct work *work, const struct upload *upload, const char *action)
{
    html_raw(OUT(work), "<form method=\"post\" class=\"card way\"");
    page_upload_link(work, "action", upload->code, "");
    html_raw(OUT(work), ">\n");
    file_hidden(work, "_action", str_from(action));
}

/* Under a name that is free; the field's id is the upload's, for a page may show several. */
static void way_save(const struct delivery *delivery, bool first)
{
    struct work *work = delivery->work;
    struct buf *out = OUT(work);
    form_begin(work, &delivery->upload, "save");
    html_raw(out, "<div class=\"field\"><label for=\"name-");
    html_text(out, delivery->upload.code);
    html_raw(out, "\">Keep both: save yours under this name</label> <input name=\"name\" required "
                  "id=\"name-");
    html_text(out, delivery->upload.code);
    html_raw(out, "\"");
    html_attr(out, "value", delivery->proposed);
    html_raw(out, "></div>\n<p><button type=\"submit\"");
    if (first)
        html_raw(out, " class=\"main\"");
    html_raw(out, ">Save yours</button></p></form>\n");
}

static void way_replace(const struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf *out = OUT(work);
    form_begin(work, &delivery->upload, "replace");
    file_hidden(work, "_version", delivery->current.version);
    html_raw(out,
             "<p>Replace exactly the file that is shown here. If somebody changes it first, you "
             "are asked again. What is there now can be brought back for ");
    html_number(out, work_settings(work)->file_keep_days);
    html_raw(out,
             " days.</p>\n<p><button type=\"submit\">Replace it with yours</button></p></form>\n");
}

static void way_drop(const struct delivery *delivery)
{
    struct work *work = delivery->work;
    form_begin(work, &delivery->upload, "drop");
    html_raw(OUT(work), "<p>Let go of yours; what is there stays as it is.</p>\n<p><button "
                        "type=\"submit\" class=\"danger\">Throw yours away</button></p></form>\n");
}

static void kept(const struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf *out = OUT(work);
    html_raw(out, "<p class=\"lead\">");
    html_text(out, file_conflict_text(work, delivery));
    html_raw(out, " Nothing has to be sent again.</p>\n<div class=\"sides\">\n");
    yours(work, delivery);
    if (delivery->current.found)
        theirs(work, delivery);
    html_raw(out, "</div>\n<h2>What shall become of yours?</h2>\n<div class=\"ways\">\n");
    way_save(delivery, true);
    if (delivery->current.found)
        way_replace(delivery);
    way_drop(delivery);
    html_raw(out, "</div>\n<p class=\"hint\">You can leave this page and come back: it is <a");
    page_upload_link(work, "href", delivery->upload.code, "");
    html_raw(out, ">the address of this upload</a>, and it stands on the page of files.</p>\n");
}

/* Bytes are missing, or nothing is left to do. */
static void not_kept(const struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf *out = OUT(work);
    const struct upload *upload = &delivery->upload;
    if (upload->outcome != UPLOAD_OPEN) {
        html_raw(out,
                 "<p class=\"lead\">This upload is finished. There is nothing left to do.</p>\n"
                 "<p class=\"actions\"><a class=\"button\"");
        page_file_link(work, "href", upload->name, "/_about");
        html_raw(out, ">To the file</a></p>\n");
        return;
    }
    html_raw(out, "<p class=\"lead\">");
    file_size(work, upload->received);
    html_raw(out, " of ");
    file_size(work, upload->size);
    html_raw(out, " have arrived. To go on, choose the same file again on the page of files.</p>\n"
                  "<div class=\"ways\">\n");
    way_drop(delivery);
    html_raw(out, "</div>\n");
}

static void to_files(struct work *work)
{
    html_raw(OUT(work), "<p class=\"actions\"><a");
    page_link(work, "href", STR("_files/"), STR_NONE);
    html_raw(OUT(work), ">To all files</a></p>\n");
}

void upload_page(struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct buf *out = OUT(work);
    bool is_kept = upload_is_kept(delivery->upload.outcome);
    const struct problem *problem = problem_named(str_from(file_problem(delivery->upload.outcome)));
    struct str title = is_kept ? str_from(problem->title) : STR("Your upload");
    page_begin(work, title);
    html_raw(out, "<p class=\"row-name\">");
    html_text(out, delivery->upload.name);
    html_raw(out, "</p>\n<h1>");
    html_text(out, title);
    html_raw(out, "</h1>\n");
    if (is_kept)
        kept(delivery);
    else
        not_kept(delivery);
    to_files(work);
    page_end(work);
}

static void one_of_several(struct work *work, const struct delivery *delivery)
{
    struct buf *out = OUT(work);
    const struct upload *upload = &delivery->upload;
    html_raw(out, "<li><strong>");
    html_text(out, upload->name);
    html_raw(out, "</strong> ");
    if (delivery->end == DELIVERY_REFUSED) {
        html_raw(out, "<span class=\"wrong\">");
        html_text(out, delivery->detail.ptr
                           ? delivery->detail
                           : str_from(problem_named(str_from(delivery->problem))->meaning));
        html_raw(out, "</span>");
    } else if (!upload_is_kept(upload->outcome)) {
        html_text(out, upload->outcome == UPLOAD_SAVED
                           ? STR("is stored.")
                           : STR("was there already, with the same content."));
    } else {
        html_text(out, file_conflict_text(work, delivery));
        html_raw(out, " <a class=\"button\"");
        page_upload_link(work, "href", upload->code, "");
        html_raw(out, ">Decide what becomes of it</a>");
    }
    html_raw(out, "</li>\n");
}

void upload_page_several(struct work *work, struct delivery *const *deliveries, size_t count)
{
    struct buf *out = OUT(work);
    page_begin(work, STR("Not all files could be stored"));
    html_raw(out,
             "<h1>Not all files could be stored</h1>\n<p class=\"lead\">Nothing was "
             "overwritten. Files whose names are taken are kept for you until you decide.</p>\n"
             "<ul class=\"edits card\">\n");
    for (size_t i = 0; i < count; i++)
        one_of_several(work, deliveries[i]);
    html_raw(out, "</ul>\n");
    to_files(work);
    page_end(work);
}

void upload_section(struct work *work, const struct answer *answer)
{
    struct buf *out = OUT(work);
    if (answer->failed || answer->rows == 0)
        return;
    html_raw(out, "<section class=\"card unfinished\"><h2>Your unfinished uploads</h2>\n<p "
                  "class=\"hint\">Their names were taken. They are kept until you decide; nothing "
                  "has to be sent again.</p>\n<ul class=\"edits\">\n");
    for (size_t i = 0; i < answer->rows; i++) {
        struct upload upload = upload_take(answer, i);
        html_raw(out, "<li><a");
        page_upload_link(work, "href", upload.code, "");
        html_raw(out, ">");
        html_text(out, upload.name);
        html_raw(out, "</a> <span class=\"hint\">");
        page_when(work, upload.at);
        html_raw(out, "</span></li>\n");
    }
    html_raw(out, "</ul></section>\n");
}
