/*
 * What the readers of access logs have in common: the parts of a line by what they mean, and how
 * an entry is made of them. Only they include this.
 */
#ifndef PG409_WIRE_ACCESSLOG_PARTS_H
#define PG409_WIRE_ACCESSLOG_PARTS_H

#include "wire/accesslog.h"

enum accesslog_part {
    PART_OTHER, /* nothing that is looked at */
    PART_CLIENT,
    PART_FORWARDED, /* X-Forwarded-For: the client, where nothing else says who that is */
    PART_USER,
    PART_VHOST,
    PART_REFERER,
    PART_AGENT,
    PART_REQUEST, /* the whole first line */
    PART_METHOD,
    PART_TARGET,
    PART_PATH, /* perhaps without its query */
    PART_QUERY,
    PART_STATUS,
    PART_TIME,
    ACCESSLOG_PARTS
};

/*
 * Fills in the entry, but for its time, from the parts; those that are not there are STR_NONE. A
 * target is put together in room, which is as long as path and query and one byte. ERR_SYNTAX:
 * status is neither three digits nor nothing; ERR_UNKNOWN: it was no HTTP request.
 */
enum err accesslog_join(const struct str parts[ACCESSLOG_PARTS], char *room,
                        struct accesslog *entry) MUST_CHECK;

/* Method and target of a request's first line; ERR_UNKNOWN: it is none, and both are STR_NONE. */
enum err accesslog_request(struct str request, struct accesslog *entry) MUST_CHECK;

/* Where the next quote stands that no backslash escapes, or NULL. */
const char *accesslog_quote(const char *at, const char *end);

/* text, or STR_NONE for what servers write when there is nothing: "-", "" and nothing. */
struct str accesslog_or_none(struct str text);

/* The time of 26 bytes at at, of the minute before if it is that; false: it is none. */
bool accesslog_classic(const char *at, struct accesslog_minute *minute, struct accesslog *entry);

/* Days from 1970-01-01 to that day, from 1900-03-01 on. */
int64_t accesslog_days(int year, int month, int day);

/* 1 to 12, or 0, of three letters. */
int accesslog_month(const char *at);

/*
 * A time as RFC 3339 has it, also with a blank for T, a comma, any number of digits, +0100, or no
 * zone at all (UTC). Returns where it ends, or NULL.
 */
const char *accesslog_take_iso(const char *at, const char *end, int64_t *seconds, int *zone);

/* One of these two, also in brackets, or seconds (milli-, micro-, nanoseconds) since 1970. */
enum err accesslog_any_time(struct str text, int64_t *seconds, int *zone) MUST_CHECK;

#endif
