#include "cli/logs_report.h"

#include "wire/html.h"

#include "base/banned.h"

static void number(struct buf *out, uint64_t value)
{
    logs_show_number(out, value);
}

static void begin(struct buf *out)
{
    html_raw(out,
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'\">\n"
             "<title>Lost updates and conflicts</title>\n<style>\n"
             "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem "
             "auto;padding:0 1rem;color:#1b1b1b;background:#fff}\n"
             "h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem}\n"
             "table{border-collapse:collapse;width:100%;margin:1rem 0}\n"
             "caption{text-align:left;font-weight:600;padding:.25rem 0}\n"
             "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px "
             "solid #c8c8c8;overflow-wrap:anywhere}\n"
             "th{background:#f2f2f2}td.n,th.n{text-align:right;white-space:nowrap}\n"
             "td ul{margin:.25rem 0 0;padding-left:1.1rem;color:#555}\n"
             ".range{font-size:1.4rem}.bar{display:inline-block;height:.8em;background:#b3541e}\n"
             "@media (prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}"
             "th{background:#262626}th,td{border-color:#444}td ul{color:#aaa}}\n"
             "</style></head><body>\n<main><h1>Lost updates and conflicts</h1>\n");
}

static void time_of(struct buf *out, int64_t time, int zone)
{
    html_raw(out, "<time datetime=\"");
    logs_show_iso(out, time, zone);
    html_raw(out, "\">");
    logs_show_time(out, time, zone);
    html_raw(out, "</time>");
}

static void head(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    html_raw(out, "<p>");
    number(out, report->lines);
    html_raw(out, " lines");
    if (tally->entries) {
        html_raw(out, ", from ");
        time_of(out, tally->first, tally->zone);
        html_raw(out, " to ");
        time_of(out, tally->last, tally->zone);
    }
    html_raw(out, "</p>\n<table><caption>Files</caption><tr><th>File</th><th>Format</th>"
                  "<th class=\"n\">Lines</th><th class=\"n\">Not read</th></tr>\n");
    for (size_t i = 0; i < report->note_count; i++) {
        const struct logs_note *note = &report->notes[i];
        html_raw(out, "<tr><td>");
        html_text(out, note->name);
        html_raw(out, "</td><td>");
        html_text(out, note->failed   ? STR("could not be read")
                       : note->broken ? STR("damaged or cut off")
                                      : str_from(logs_format_name(note)));
        html_raw(out, "</td><td class=\"n\">");
        number(out, note->lines);
        html_raw(out, "</td><td class=\"n\">");
        number(out, note->unread + note->too_long);
        html_raw(out, "</td></tr>\n");
    }
    html_raw(out, "</table>\n");
}

static void doubts(struct buf *out, unsigned doubts)
{
    html_raw(out, "<td>");
    html_text(out, doubts ? STR("possible") : STR("likely"));
    if (doubts)
        html_raw(out, "<ul>");
    for (size_t i = 0; i < OVERLAP_DOUBTS; i++) {
        if (!(doubts >> i & 1))
            continue;
        html_raw(out, "<li>");
        html_text(out, str_from(logs_doubt_text(i)));
        html_raw(out, "</li>");
    }
    if (doubts)
        html_raw(out, "</ul>");
    html_raw(out, "</td>");
}

/* One of the three things that happened: when, and by whom. */
static void step(struct buf *out, int64_t time, int zone, const struct logs_text *who)
{
    html_raw(out, "<td>");
    time_of(out, time, zone);
    html_raw(out, "<br>");
    html_text(out, logs_str(who));
    html_raw(out, "</td>");
}

static void pair_rows(struct buf *out, const struct logs_report *report,
                      const struct logs_pairs *pairs)
{
    size_t kept = logs_pairs_kept(pairs);
    for (size_t i = kept < report->most ? 0 : kept - report->most; i < kept; i++) {
        const struct logs_pair *pair = logs_pairs_get(pairs, i);
        html_raw(out, "<tr>");
        doubts(out, pair->pair.doubts);
        html_raw(out, "<td>");
        html_text(out, logs_str(&pair->thing));
        html_raw(out, "<br>(");
        html_text(out, str_from(pair->app));
        html_raw(out, ")</td>");
        step(out, pair->pair.opened, pair->zone, &pair->pair.kept);
        step(out, pair->pair.saved, pair->zone, &pair->pair.lost);
        step(out, pair->pair.overwritten, pair->zone, &pair->pair.kept);
        html_raw(out, "</tr>\n");
    }
}

static void lost(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    html_raw(out, "<h2>Probable lost updates</h2>\n<p class=\"range\">");
    html_text(out, logs_range(report));
    html_raw(out, "</p>\n<p>");
    number(out, tally->likely.count);
    html_raw(out, " likely, ");
    number(out, tally->possible.count);
    html_raw(out, " possible, of ");
    number(out, tally->saves);
    html_raw(out,
             " saves. A log tells who opened and who saved, not what they changed: none of this "
             "is a fact.</p>\n");
    if (tally->guarded) {
        html_raw(out, "<p>");
        number(out, tally->guarded);
        html_raw(out,
                 " saves went through pg409, which loses none: they are not among these.</p>\n");
    }
    if (!tally->likely.count && !tally->possible.count)
        return;
    html_raw(out,
             "<table><caption>The last of each kind</caption><tr><th>How sure</th><th>What</th>"
             "<th>Opened</th><th>Saved, probably lost</th><th>Saved over it</th></tr>\n");
    pair_rows(out, report, &tally->likely);
    pair_rows(out, report, &tally->possible);
    html_raw(out, "</table>\n");
}

static void top_rows(struct buf *out, const struct logs_report *report, const struct top *top,
                     bool pause)
{
    struct top_entry *list;
    size_t count = top_sorted(report->arena, top, report->most, &list);
    for (size_t i = 0; i < count; i++) {
        html_raw(out, "<tr><td>");
        html_text(out, logs_str(&list[i].name));
        html_raw(out, "</td>");
        for (size_t j = 0; j < REFUSALS; j++) {
            html_raw(out, "<td class=\"n\">");
            number(out, list[i].counts[j]);
            html_raw(out, "</td>");
        }
        if (pause) {
            html_raw(out, "<td class=\"n\">");
            number(out, (uint64_t)list[i].least);
            html_raw(out, " s</td>");
        }
        html_raw(out, "</tr>\n");
    }
    html_raw(out, "</table>\n");
}

#define STATUSES "<th class=\"n\">409</th><th class=\"n\">412</th><th class=\"n\">428</th>"

static void hours(struct buf *out, const struct logs_tally *tally)
{
    uint64_t most = 1;
    html_raw(out, "<table><caption>By hour of the day</caption><tr><th>Hour</th>" STATUSES
                  "<th></th></tr>\n");
    for (size_t i = 0; i < LOGS_HOURS; i++) {
        const uint64_t *counts = tally->hours[i];
        most = counts[0] + counts[1] + counts[2] > most ? counts[0] + counts[1] + counts[2] : most;
    }
    for (size_t i = 0; i < LOGS_HOURS; i++) {
        const uint64_t *counts = tally->hours[i];
        uint64_t sum = counts[0] + counts[1] + counts[2];
        if (!sum)
            continue;
        buf_printf(out, "<tr><td>%02zu:00</td>", i);
        for (size_t j = 0; j < REFUSALS; j++) {
            html_raw(out, "<td class=\"n\">");
            number(out, counts[j]);
            html_raw(out, "</td>");
        }
        html_raw(out, "<td><span class=\"bar\" style=\"width:");
        html_number(out, (sum * 12 + most - 1) / most);
        html_raw(out, "rem\"></span></td></tr>\n");
    }
    html_raw(out, "</table>\n");
}

static void refused(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    uint64_t all = tally->refused[0] + tally->refused[1] + tally->refused[2];
    html_raw(out, "<h2>Refused writes (409, 412, 428)</h2>\n<p>");
    number(out, all);
    html_raw(out, "</p>\n");
    if (!all)
        return;
    html_raw(out, "<table><caption>By address</caption><tr><th>Address</th>" STATUSES "</tr>\n");
    top_rows(out, report, tally->addresses, false);
    html_raw(out, "<table><caption>By user, or client address</caption><tr><th>Who</th>" STATUSES
                  "</tr>\n");
    top_rows(out, report, tally->people, false);
    hours(out, tally);
    if (!tally->resent_count)
        return;
    html_raw(out, "<h2>Refused requests that were sent again unchanged</h2>\n<table><tr>"
                  "<th>Who and what</th>" STATUSES "<th class=\"n\">Soonest</th></tr>\n");
    top_rows(out, report, tally->resent, true);
}

static void sentences(struct buf *out, const struct str *list, size_t count)
{
    html_raw(out, "<ul>\n");
    for (size_t i = 0; i < count; i++) {
        html_raw(out, "<li>");
        html_text(out, list[i]);
        html_raw(out, "</li>\n");
    }
    html_raw(out, "</ul>\n");
}

void logs_put_html(struct buf *out, const struct logs_report *report)
{
    struct str list[8];
    begin(out);
    head(out, report);
    lost(out, report);
    refused(out, report);
    size_t count = logs_caveats(report, list);
    if (count) {
        html_raw(out, "<h2>What may be missing</h2>\n");
        sentences(out, list, count);
    }
    count = logs_advice(report, list);
    html_raw(out, "<h2>What to do</h2>\n");
    if (count)
        sentences(out, list, count);
    else
        html_raw(out, "<p>There is nothing to do about it.</p>\n");
    html_raw(out, "</main></body></html>\n");
}
