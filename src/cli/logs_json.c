#include "cli/logs_report.h"

#include "wire/json.h"

#include "base/banned.h"

#define NUMBER(out, name, number) (json_name((out), name), buf_u64((out), (uint64_t)(number)))
#define TEXT(out, name, text) (json_name((out), name), json_string((out), (text)))
#define TRUTH(out, name, truth)                                                                    \
    (json_name((out), name), buf_text((out), (truth) ? "true" : "false"))

static void time_member(struct buf *out, int64_t time, int zone)
{
    buf_char(out, '"');
    logs_show_iso(out, time, zone);
    buf_char(out, '"');
}

static void open_item(struct buf *out)
{
    json_comma(out);
    buf_text(out, "\n{");
}

static void files(struct buf *out, const struct logs_report *report)
{
    json_name(out, "files");
    buf_char(out, '[');
    for (size_t i = 0; i < report->note_count; i++) {
        const struct logs_note *note = &report->notes[i];
        open_item(out);
        TEXT(out, "name", note->name);
        TEXT(out, "format", str_from(logs_format_name(note)));
        NUMBER(out, "lines", note->lines);
        NUMBER(out, "unread", note->unread);
        NUMBER(out, "too_long", note->too_long);
        TRUTH(out, "failed", note->failed);
        TRUTH(out, "damaged", note->broken);
        TRUTH(out, "cut_off", note->cut);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void head(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    NUMBER(out, "lines", report->lines);
    files(out, report);
    json_name(out, "from");
    if (tally->entries)
        time_member(out, tally->first, tally->zone);
    else
        buf_text(out, "null");
    json_name(out, "to");
    if (tally->entries)
        time_member(out, tally->last, tally->zone);
    else
        buf_text(out, "null");
    NUMBER(out, "requests", tally->entries - tally->no_request);
    NUMBER(out, "no_requests", tally->no_request);
    NUMBER(out, "unread", report->unread);
    NUMBER(out, "too_long", report->too_long);
    NUMBER(out, "late", tally->late);
    NUMBER(out, "forgotten", overlap_forgotten(tally->overlap));
}

static void pair_item(struct buf *out, const struct logs_pair *pair)
{
    const struct overlap_pair *what = &pair->pair;
    open_item(out);
    TEXT(out, "sure", what->doubts ? STR("possible") : STR("likely"));
    TEXT(out, "address", logs_str(&pair->thing));
    TEXT(out, "application", str_from(pair->app));
    json_name(out, "opened");
    time_member(out, what->opened, pair->zone);
    json_name(out, "saved");
    time_member(out, what->saved, pair->zone);
    TEXT(out, "saved_by", logs_str(&what->lost));
    json_name(out, "saved_over");
    time_member(out, what->overwritten, pair->zone);
    TEXT(out, "saved_over_by", logs_str(&what->kept));
    json_name(out, "doubts");
    buf_char(out, '[');
    for (size_t i = 0; i < OVERLAP_DOUBTS; i++) {
        if (!(what->doubts >> i & 1))
            continue;
        json_comma(out);
        json_string(out, str_from(logs_doubt_word(i)));
    }
    buf_text(out, "]}");
}

static void pairs_of(struct buf *out, const struct logs_report *report,
                     const struct logs_pairs *pairs)
{
    size_t kept = logs_pairs_kept(pairs);
    for (size_t i = kept < report->most ? 0 : kept - report->most; i < kept; i++)
        pair_item(out, logs_pairs_get(pairs, i));
}

static void lost(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    struct top_entry *list;
    size_t count = top_sorted(report->arena, tally->lost, report->most, &list);
    json_name(out, "lost_updates");
    buf_char(out, '{');
    NUMBER(out, "least", tally->likely.count);
    NUMBER(out, "most", tally->likely.count + tally->possible.count);
    NUMBER(out, "edits", tally->edits);
    NUMBER(out, "saves", tally->saves);
    NUMBER(out, "saves_through_pg409", tally->guarded);
    json_name(out, "addresses");
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        open_item(out);
        TEXT(out, "address", logs_str(&list[i].name));
        NUMBER(out, "likely", list[i].counts[0]);
        NUMBER(out, "possible", list[i].counts[1]);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_name(out, "pairs");
    buf_char(out, '[');
    pairs_of(out, report, &tally->likely);
    pairs_of(out, report, &tally->possible);
    buf_text(out, "]}");
}

static void statuses(struct buf *out, const uint64_t counts[REFUSALS])
{
    NUMBER(out, "409", counts[REFUSED_409]);
    NUMBER(out, "412", counts[REFUSED_412]);
    NUMBER(out, "428", counts[REFUSED_428]);
}

static void items(struct buf *out, const struct logs_report *report, const struct top *top,
                  bool pause)
{
    struct top_entry *list;
    size_t count = top_sorted(report->arena, top, report->most, &list);
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        open_item(out);
        TEXT(out, "name", logs_str(&list[i].name));
        statuses(out, list[i].counts);
        if (pause)
            NUMBER(out, "least_seconds", list[i].least);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void refused(struct buf *out, const struct logs_report *report)
{
    const struct logs_tally *tally = report->tally;
    json_name(out, "refused");
    buf_char(out, '{');
    statuses(out, tally->refused);
    json_name(out, "addresses");
    items(out, report, tally->addresses, false);
    json_name(out, "people");
    items(out, report, tally->people, false);
    json_name(out, "hours_of_the_day");
    buf_char(out, '[');
    for (size_t i = 0; i < LOGS_HOURS; i++) {
        json_comma(out);
        buf_char(out, '{');
        statuses(out, tally->hours[i]);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_name(out, "hours");
    items(out, report, tally->clock, false);
    buf_char(out, '}');
    json_name(out, "sent_again_unchanged");
    buf_char(out, '{');
    NUMBER(out, "count", tally->resent_count);
    json_name(out, "requests");
    items(out, report, tally->resent, true);
    buf_char(out, '}');
}

static void sentences(struct buf *out, const struct str *list, size_t count)
{
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        json_string(out, list[i]);
    }
    buf_char(out, ']');
}

void logs_put_json(struct buf *out, const struct logs_report *report)
{
    struct str list[8];
    buf_char(out, '{');
    head(out, report);
    lost(out, report);
    refused(out, report);
    json_name(out, "missing");
    sentences(out, list, logs_caveats(report, list));
    json_name(out, "advice");
    sentences(out, list, logs_advice(report, list));
    buf_text(out, "}\n");
}
