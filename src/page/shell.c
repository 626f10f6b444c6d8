#include "page/shell.h"

#include <time.h>

#include "page/static.h"

#include "base/banned.h"

static void head(struct work *work, struct str title)
{
    struct buf *out = OUT(work);
    html_raw(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_text(out, title);
    html_raw(out, " – ");
    html_text(out, work_settings(work)->title);
    /* an empty icon, or browsers would look for a table named favicon.ico */
    html_raw(out,
             "</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"");
    buf_str(out, work->request.prefix);
    html_raw(out, "/_static/style.");
    buf_text(out, style_hash);
    html_raw(out, ".css\">\n<script defer src=\"");
    buf_str(out, work->request.prefix);
    html_raw(out, "/_static/script.");
    buf_text(out, script_hash);
    html_raw(out, ".js\"></script>\n</head>\n<body>\n");
}

static void navigation(struct work *work)
{
    struct buf *out = OUT(work);
    html_raw(out, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
                  "<header><nav aria-label=\"Main\"><a");
    page_link(work, "href", STR(""), STR_NONE);
    html_raw(out, ">");
    html_text(out, work_settings(work)->title);
    html_raw(out, "</a>");
    if (work->table) {
        html_raw(out, " <span aria-hidden=\"true\">›</span> <a");
        page_link(work, "href", work_table_segment(work, work->table), STR_NONE);
        html_raw(out, ">");
        html_text(out, work->table->name);
        html_raw(out, "</a>");
    }
    html_raw(out, "</nav><span class=\"places\">");
    if (work->request.user.ptr && work_catalog(work) && work_catalog(work)->reports) {
        html_raw(out, "<a");
        page_link(work, "href", STR("_conflicts"), STR_NONE);
        html_raw(out, ">Conflicts</a>");
    }
    if (work_settings(work)->files && work_catalog(work) && work_catalog(work)->files) {
        html_raw(out, "<a class=\"to-files\"");
        page_link(work, "href", STR("_files/"), STR_NONE);
        html_raw(out, ">Files</a>");
    }
    html_raw(out, "</span>");
    if (work->request.user.ptr) {
        html_raw(out, "<span class=\"who\">Logged in as <strong>");
        html_text(out, work->request.user);
        html_raw(out, "</strong></span>");
    }
    html_raw(out, "</header>\n");
}

void page_begin(struct work *work, struct str title)
{
    reply_header(&work->reply, "Content-Type", STR("text/html; charset=utf-8"));
    reply_header(&work->reply, "Vary", STR("Accept"));
    head(work, title);
    navigation(work);
    html_raw(OUT(work), "<main id=\"main\">\n");
}

void page_end(struct work *work)
{
    html_raw(OUT(work), "</main>\n</body>\n</html>\n");
}

void page_label(struct work *work, const struct column *column)
{
    struct str rest = column->name;
    bool first = true;
    while (rest.ptr) {
        struct str part = str_cut(rest, '_', &rest);
        if (!first)
            html_raw(OUT(work), " ");
        first = false;
        html_text(OUT(work), part);
    }
}

void page_field_name(struct buf *buf, const struct column *column)
{
    if (str_starts(column->name, STR("_")))
        html_raw(buf, "_");
    html_text(buf, column->name);
}

struct str page_when_text(struct arena *arena, struct str instant)
{
    static const struct {
        int64_t below, unit; /* seconds */
        const char *word;
    } steps[] = {{120, 60, "minute"},
                 {7200, 60, "minute"},
                 {172800, 3600, "hour"},
                 {5184000, 86400, "day"}};
    struct timespec now;
    int64_t micros;
    int digits;
    if (http_instant(instant, false, &micros, &digits))
        return STR_NONE;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ago = (int64_t)now.tv_sec - micros / 1000000;
    if (ago < 60)
        return STR("just now");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (ago < steps[i].below) {
            long long count = (long long)(ago / steps[i].unit);
            return str_printf(arena, "%lld %s%s ago", count, steps[i].word, count == 1 ? "" : "s");
        }
    return str_printf(arena, "on %.10s", instant.ptr);
}

void page_when(struct work *work, struct str instant)
{
    struct buf *out = OUT(work);
    html_raw(out, "<time");
    html_attr(out, "datetime", instant);
    html_attr(out, "title", instant);
    html_raw(out, ">");
    html_text(out, page_when_text(&work->arena, instant));
    html_raw(out, "</time>");
}
