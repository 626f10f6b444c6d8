/*
 * The steps along which a line is scanned, between the reader of formats and the scanner.
 */
#ifndef PG409_WIRE_ACCESSLOG_LAYOUT_STEPS_H
#define PG409_WIRE_ACCESSLOG_LAYOUT_STEPS_H

#include "wire/accesslog_layout.h"
#include "wire/accesslog_parts.h"

#define LAYOUT_STEPS 96

enum layout_kind {
    LAYOUT_TEXT,    /* stands there as it is */
    LAYOUT_VALUE,   /* up to the next text, or the end */
    LAYOUT_STATUS,  /* three digits, or "-" */
    LAYOUT_CLASSIC, /* 10/Oct/2000:13:55:36 -0700 */
    LAYOUT_ISO,     /* 2000-10-10T13:55:36-07:00 */
    LAYOUT_EPOCH,   /* seconds since 1970, perhaps with a fraction; milli- and microseconds too */
    LAYOUT_DIGITS,  /* a fraction of a second */
    LAYOUT_CLOCK    /* as strftime has it */
};

struct layout_step {
    enum layout_kind kind;
    enum accesslog_part part;
    struct str text; /* LAYOUT_TEXT; LAYOUT_CLOCK: its format */
    bool quoted;     /* LAYOUT_VALUE between quotes */
};

struct accesslog_layout {
    struct layout_step steps[LAYOUT_STEPS];
    size_t count;
    bool clocked; /* the time is put together of what LAYOUT_CLOCK found */
};

/* A time that is put together. */
struct layout_clock {
    int year, month, day, hour, minute, second, zone;
};

/* Reads what strftime wrote with this format; where it ends, or NULL. */
const char *layout_clock_take(struct layout_clock *clock, struct str format, const char *at,
                              const char *end);

/* Whether that can be read: it has no conversion but those that are known. */
bool layout_clock_knows(struct str format);

/* Seconds since 1970; ERR_SYNTAX: there is no such day, or something of it is missing. */
enum err layout_clock_time(const struct layout_clock *clock, int64_t *seconds) MUST_CHECK;

#endif
