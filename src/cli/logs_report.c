#include "cli/logs_report.h"

#include "base/banned.h"

#define TEXT_MAX 2048

static const struct {
    const char *word, *text;
} doubts[OVERLAP_DOUBTS] = {
    {"address", "the address may be a page that edits nothing, or one that each person has"},
    {"person", "no user name in the log: people are told apart by address and browser"},
    {"answer", "the answer 2xx can also be the form again, or a preview"},
    {"second", "two of the times are the same second, so the order is not known"},
    {"thing", "the address does not say what was saved; taken is what that person opened last"},
    {"guarded", "stale saves were refused there (409, 412), so this one may have known the other"},
    {"again", "the page was not opened again after that person's own save"},
};

const char *logs_doubt_word(size_t doubt)
{
    return doubts[doubt].word;
}

const char *logs_doubt_text(size_t doubt)
{
    return doubts[doubt].text;
}

const char *logs_format_name(const struct logs_note *note)
{
    static const char *const names[] = {"unknown", "common", "vhost", "lighttpd"};
    if (!note->known)
        return names[0];
    if (note->layout)
        return "own";
    if (note->objects)
        return "json";
    return note->journal ? "journald" : names[note->format];
}

struct str logs_range(const struct logs_report *report)
{
    struct buf out;
    uint64_t least = report->tally->likely.count, more = report->tally->possible.count;
    buf_init(&out, report->arena, TEXT_MAX);
    if (!least && !more)
        return STR("none");
    if (least && more)
        buf_text(&out, "between ");
    if (!least)
        buf_text(&out, "up to ");
    if (least)
        logs_show_number(&out, least);
    if (least && more)
        buf_text(&out, " and ");
    if (more)
        logs_show_number(&out, least + more);
    return buf_slice(&out);
}

/* Sentences that are put together one after another. */
struct list {
    const struct logs_report *report;
    struct str *items;
    size_t count;
    struct buf out;
};

static struct buf *begin(struct list *list)
{
    buf_init(&list->out, list->report->arena, TEXT_MAX);
    return &list->out;
}

static void end(struct list *list)
{
    list->items[list->count++] = buf_slice(&list->out);
}

/* "1 line", "2,000 lines". */
static void count_of(struct buf *out, uint64_t count, const char *noun)
{
    logs_show_number(out, count);
    buf_printf(out, " %s%s", noun, count == 1 ? "" : "s");
}

size_t logs_caveats(const struct logs_report *report, struct str items[8])
{
    const struct logs_tally *tally = report->tally;
    struct list list = {.report = report, .items = items};
    uint64_t missing = top_missing(tally->addresses) + top_missing(tally->people) +
                       top_missing(tally->resent) + top_missing(tally->lost);
    if (report->unread) {
        count_of(begin(&list), report->unread, "line");
        buf_text(&list.out, " could not be read as a line of an access log, and did not count.");
        end(&list);
    }
    if (report->too_long) {
        count_of(begin(&list), report->too_long, "line");
        buf_text(&list.out, " longer than 64 KiB did not count.");
        end(&list);
    }
    if (tally->late) {
        count_of(begin(&list), tally->late, "line");
        buf_printf(&list.out,
                   " came after a line that is more than a minute later (by up to %lld "
                   "minutes): some overlaps may be missing. Give the logs of one site "
                   "at a time, each sorted by time.",
                   (long long)(tally->most_late / 60));
        end(&list);
    }
    if (overlap_forgotten(tally->overlap)) {
        count_of(begin(&list), overlap_forgotten(tally->overlap), "opened page");
        buf_text(&list.out,
                 " had to be forgotten before it was too old, for memory is limited: some "
                 "overlaps may be missing. Shorter stretches of the log are looked "
                 "at more closely.");
        end(&list);
    }
    if (missing) {
        begin(&list);
        buf_text(&list.out,
                 "There were more different names than are counted at a time: counts may "
                 "be too low by up to ");
        logs_show_number(&list.out, missing);
        buf_text(&list.out, ".");
        end(&list);
    }
    return list.count;
}

/* The first of a list of counts, or NULL. */
static const struct top_entry *worst(const struct logs_report *report, const struct top *top)
{
    struct top_entry *list;
    return top_sorted(report->arena, top, 1, &list) ? list : NULL;
}

static void advise_lost(struct list *list)
{
    const struct logs_tally *tally = list->report->tally;
    const struct top_entry *place = worst(list->report, tally->lost);
    if (!place)
        return;
    begin(list);
    buf_text(&list->out, "Begin with ");
    buf_str(&list->out, logs_str(&place->name));
    buf_text(&list->out, ", where ");
    count_of(&list->out, place->total, "update");
    buf_text(&list->out, place->total == 1 ? " was" : " were");
    buf_text(&list->out,
             " probably lost. Its form should carry the version that it was made from, and "
             "a save that carries an old one should be refused. Where the rows are in "
             "PostgreSQL, pg409 does that: point it at the table, and load "
             "schema/pg409.sql and call pg409.protect('TABLE') so that other programs "
             "move the version too.");
    end(list);
}

static void advise_names(struct list *list)
{
    const struct logs_tally *tally = list->report->tally;
    uint64_t pairs = tally->likely.count + tally->possible.count;
    if (2 * tally->doubts[1] > pairs) { /* DOUBT_PERSON */
        begin(list);
        buf_text(&list->out, "Most of the people have no user name in this log. If the application "
                             "can tell the web server who is logged in, have it logged as the user "
                             "(%u): then the lower bound means more.");
        end(list);
    }
    if (list->report->lines && !tally->entries) {
        begin(list);
        buf_text(&list->out,
                 "No line could be read. pg409 logs knows the formats common, combined and "
                 "vhost_combined of Apache, those of lighttpd and nginx, and journalctl -o "
                 "json. If it is one of these, --format says which.");
        end(list);
    }
    if (tally->entries && !tally->edits && !tally->saves) {
        begin(list);
        buf_text(&list->out, "No request looked as if it edits anything. Say which do: "
                             "--edit '/edit.php?id={id}' --save '/save.php?id={id}'.");
        end(list);
    }
}

static void advise_refused(struct list *list)
{
    const struct logs_tally *tally = list->report->tally;
    const struct top_entry *place = worst(list->report, tally->addresses);
    const struct top_entry *again = worst(list->report, tally->resent);
    if (place && place->total > 1) {
        begin(list);
        buf_text(&list->out, "Most writes were refused at ");
        buf_str(&list->out, logs_str(&place->name));
        buf_text(&list->out,
                 ". Where pg409 refused them, the page /_conflicts there shows which columns "
                 "and people meet.");
        end(list);
    }
    if (again) {
        begin(list);
        buf_str(&list->out, logs_str(&again->name));
        buf_text(&list->out,
                 " was sent again as it was after it had been refused. That cannot succeed: "
                 "read the thing again, redo the change on it, and send its new version.");
        end(list);
    }
    if (tally->refused[REFUSED_428]) {
        begin(list);
        buf_text(&list->out,
                 "428 means that a client sent no version at all: it should send the ETag "
                 "that it read as If-Match, or the version in the field _version.");
        end(list);
    }
}

size_t logs_advice(const struct logs_report *report, struct str items[8])
{
    struct list list = {.report = report, .items = items};
    advise_lost(&list);
    advise_names(&list);
    advise_refused(&list);
    return list.count;
}
