#include "cli/logs_report.h"

#include <inttypes.h>

#include "base/banned.h"

#define WIDTH 92
#define BAR 40

/* A sentence in lines of WIDTH bytes, each behind so many blanks; the first behind mark. */
static void wrapped(struct buf *out, struct str text, const char *mark, int blanks)
{
    size_t used = 0, width = (size_t)(WIDTH - blanks);
    buf_printf(out, "%-*s", blanks, mark);
    while (text.ptr) {
        struct str word = str_cut(text, ' ', &text);
        if (used && used + 1 + word.len > width) {
            buf_printf(out, "\n%*s", blanks, "");
            used = 0;
        } else if (used) {
            buf_char(out, ' ');
            used++;
        }
        buf_str(out, word);
        used += word.len;
    }
    buf_char(out, '\n');
}

/* Times of the same day as another are shown without it. */
static void when(struct buf *out, int64_t time, int64_t other, int zone)
{
    int64_t shift = (int64_t)zone * 60;
    if ((time + shift) / 86400 == (other + shift) / 86400)
        logs_show_clock(out, time, zone);
    else
        logs_show_time(out, time, zone);
}

static void doubts(struct buf *out, unsigned doubts)
{
    for (size_t i = 0; i < OVERLAP_DOUBTS; i++)
        if (doubts >> i & 1)
            wrapped(out, str_from(logs_doubt_text(i)), "            -", 14);
}

static void pair_lines(struct buf *out, struct arena *arena, const struct logs_pair *pair)
{
    const struct overlap_pair *what = &pair->pair;
    struct buf text;
    buf_printf(out, "  %-8s  %.*s  (%s)\n", what->doubts ? "possible" : "likely",
               STR_ARG(logs_str(&pair->thing)), pair->app);
    buf_init(&text, arena, 4096);
    logs_show_time(&text, what->opened, pair->zone);
    buf_printf(&text, " opened by %.*s, ", STR_ARG(logs_str(&what->kept)));
    when(&text, what->saved, what->opened, pair->zone);
    buf_printf(&text, " saved by %.*s, ", STR_ARG(logs_str(&what->lost)));
    when(&text, what->overwritten, what->opened, pair->zone);
    buf_printf(&text, " saved over by %.*s", STR_ARG(logs_str(&what->kept)));
    wrapped(out, buf_slice(&text), "", 12);
    doubts(out, what->doubts);
}

static void pair_list(struct buf *out, const struct logs_report *report,
                      const struct logs_pairs *pairs)
{
    size_t kept = logs_pairs_kept(pairs), shown = kept < report->most ? kept : report->most;
    for (size_t i = kept - shown; i < kept; i++)
        pair_lines(out, report->arena, logs_pairs_get(pairs, i));
    if (pairs->count > shown) {
        buf_text(out, "            and ");
        logs_show_number(out, pairs->count - shown);
        buf_text(out, " before these; --most shows more, --json all that is kept\n");
    }
}

static void lost(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    buf_printf(out, "Probable lost updates: %.*s\n", STR_ARG(logs_range(report)));
    if (tally->likely.count + tally->possible.count) {
        buf_text(out, "  ");
        logs_show_number(out, tally->likely.count);
        buf_text(out, " likely, ");
        logs_show_number(out, tally->possible.count);
        buf_text(out, " possible. A log tells who opened and who saved, not what they changed:\n"
                      "  none of this is a fact.\n");
        pair_list(out, report, &tally->likely);
        pair_list(out, report, &tally->possible);
    } else {
        buf_text(out, "  Of ");
        logs_show_number(out, tally->saves);
        buf_text(out,
                 " saves none came from a page that was opened before another person's save.\n");
    }
    if (tally->guarded) {
        buf_text(out, "  ");
        logs_show_number(out, tally->guarded);
        buf_text(out, " saves went through pg409, which loses none: they are not among these.\n");
    }
}

static void top_list(struct buf *out, const struct logs_report *report, const struct top *top,
                     const char *head)
{
    struct top_entry *list;
    size_t count = top_sorted(report->arena, top, report->most, &list);
    buf_printf(out, "\n  %-10s%10s%8s%8s  %s\n", "", "409", "412", "428", head);
    for (size_t i = 0; i < count; i++) {
        buf_text(out, "          ");
        for (size_t j = 0; j < REFUSALS; j++)
            buf_printf(out, "%*" PRIu64, j ? 8 : 12, list[i].counts[j]);
        buf_printf(out, "  %.*s\n", STR_ARG(logs_str(&list[i].name)));
    }
    if (top_count(top) > count)
        buf_printf(out, "  %30s    and %zu more\n", "", top_count(top) - count);
}

static void hours(struct buf *out, const struct logs_tally *tally)
{
    uint64_t most = 1;
    for (size_t i = 0; i < LOGS_HOURS; i++) {
        const uint64_t *counts = tally->hours[i];
        uint64_t sum = counts[0] + counts[1] + counts[2];
        most = sum > most ? sum : most;
    }
    buf_text(out, "\n  by hour of the day\n");
    for (size_t i = 0; i < LOGS_HOURS; i++) {
        const uint64_t *counts = tally->hours[i];
        uint64_t sum = counts[0] + counts[1] + counts[2];
        if (!sum)
            continue;
        buf_printf(out, "  %02zu:00%10" PRIu64 "  ", i, sum);
        for (uint64_t j = 0; j < (sum * BAR + most - 1) / most; j++)
            buf_char(out, '#');
        buf_char(out, '\n');
    }
}

static void resent(struct buf *out, const struct logs_report *report)
{
    struct top_entry *list;
    size_t count = top_sorted(report->arena, report->tally->resent, report->most, &list);
    if (!count)
        return;
    buf_text(out, "\nRefused requests that were sent again unchanged: ");
    logs_show_number(out, report->tally->resent_count);
    buf_char(out, '\n');
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%8" PRIu64 " times, after %lld s at the soonest  %.*s\n", list[i].total,
                   (long long)list[i].least, STR_ARG(logs_str(&list[i].name)));
    }
}

static void refused(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    uint64_t all = tally->refused[0] + tally->refused[1] + tally->refused[2];
    struct top_entry *worst;
    buf_text(out, "\nRefused writes (409, 412, 428): ");
    logs_show_number(out, all);
    buf_char(out, '\n');
    if (!all)
        return;
    top_list(out, report, tally->addresses, "by address");
    top_list(out, report, tally->people, "by user, or client address");
    hours(out, tally);
    if (top_sorted(report->arena, tally->clock, 1, &worst))
        buf_printf(out, "  most in one hour: %llu, on %.*s\n", (unsigned long long)worst->total,
                   STR_ARG(logs_str(&worst->name)));
    resent(out, report);
}

static void head(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    logs_show_number(out, report->lines);
    buf_printf(out, " lines of %zu file%s", report->note_count, report->note_count == 1 ? "" : "s");
    if (tally->entries) {
        buf_text(out, ", from ");
        logs_show_time(out, tally->first, tally->zone);
        buf_text(out, " to ");
        logs_show_time(out, tally->last, tally->zone);
    }
    buf_char(out, '\n');
    if (tally->no_request) {
        logs_show_number(out, tally->no_request);
        buf_text(out, " of them were no HTTP requests\n");
    }
    for (size_t i = 0; i < report->note_count; i++) {
        const struct logs_note *note = &report->notes[i];
        if (note->failed || note->broken || (note->lines && !note->known))
            buf_printf(out, "%.*s: %s\n", STR_ARG(note->name),
                       note->failed   ? "could not be read"
                       : note->broken ? "is damaged or cut off, and was read up to there"
                                      : "is no access log that pg409 knows; --format can say what "
                                        "its lines look like");
    }
    buf_char(out, '\n');
}

void logs_put_text(struct buf *out, const struct logs_report *report)
{
    struct str list[8];
    head(out, report);
    lost(out, report);
    refused(out, report);
    size_t count = logs_caveats(report, list);
    if (count)
        buf_text(out, "\nWhat may be missing\n");
    for (size_t i = 0; i < count; i++)
        wrapped(out, list[i], "  -", 4);
    count = logs_advice(report, list);
    buf_text(out, count ? "\nWhat to do\n" : "\nThere is nothing to do about it.\n");
    for (size_t i = 0; i < count; i++)
        wrapped(out, list[i], "  -", 4);
}
