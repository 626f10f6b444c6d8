/*
 * The report of pg409 logs: as text, as JSON, as a page.
 */
#ifndef PG409_CLI_LOGS_REPORT_H
#define PG409_CLI_LOGS_REPORT_H

#include "cli/logs_tally.h"

/* What became of one file. */
struct logs_note {
    struct str name; /* fit to be shown */
    uint64_t lines, unread, too_long;
    bool failed, broken, cut, journal;
    bool objects, layout; /* an object a line; a format that was given */
    enum accesslog_format format;
    bool known; /* format was found */
};

struct logs_report {
    struct arena *arena;
    const struct logs_tally *tally;
    const struct logs_note *notes;
    size_t note_count;
    size_t most; /* lines of each list */
    uint64_t lines, unread, too_long;
};

/* Each writes the whole of it; docs/logs.md describes the JSON. */
void logs_put_text(struct buf *out, const struct logs_report *report);
void logs_put_json(struct buf *out, const struct logs_report *report);
void logs_put_html(struct buf *out, const struct logs_report *report);

/* --- what they share --- */

/* A doubt's word, as in JSON, and its sentence; both static. */
const char *logs_doubt_word(size_t doubt);
const char *logs_doubt_text(size_t doubt);

/* "common", "vhost", "lighttpd", "journald" or "unknown"; static. */
const char *logs_format_name(const struct logs_note *note);

/* "between 3 and 7", "up to 4", "3", "none". */
struct str logs_range(const struct logs_report *report);

/* What was not read, or not sure to be counted whole: sentences; how many. */
size_t logs_caveats(const struct logs_report *report, struct str list[8]);

/* What to do about it, the most pressing first: sentences; how many. */
size_t logs_advice(const struct logs_report *report, struct str list[8]);

#endif
