/*
 * What a log holds, as people may see it: strangers wrote it.
 */
#ifndef PG409_CLI_LOGS_SHOW_H
#define PG409_CLI_LOGS_SHOW_H

#include "base/str.h"

#define LOGS_TEXT_MAX 200

/* A text of its own, at most LOGS_TEXT_MAX bytes of valid UTF-8 without control characters. */
struct logs_text {
    unsigned char len;
    bool full; /* not all fitted: it ends in "…" */
    char ptr[LOGS_TEXT_MAX];
};

/*
 * A field of a log as such a text: the server's escapes are undone, then whatever is a control
 * character or not UTF-8 becomes \xNN. What does not fit ends in "…".
 */
void logs_text(struct logs_text *out, struct str field);
/* Adds another field behind it, if there is still room. */
void logs_text_add(struct logs_text *out, struct str field);
struct str logs_str(const struct logs_text *text);

/* "2026-11-22 07:49:00 +0100": seconds since 1970 in a zone of so many minutes. */
void logs_show_time(struct buf *out, int64_t seconds, int zone);
/* The same as RFC 3339 has it: "2026-11-22T07:49:00+01:00". */
void logs_show_iso(struct buf *out, int64_t seconds, int zone);
/* "07:49:00". */
void logs_show_clock(struct buf *out, int64_t seconds, int zone);
/* "2026-11-22 07:00", the hour it falls into. */
void logs_show_hour(struct buf *out, int64_t seconds, int zone);
/* 1234567 as "1,234,567". */
void logs_show_number(struct buf *out, uint64_t number);

#endif
