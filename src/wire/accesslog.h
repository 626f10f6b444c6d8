/*
 * One line of an access log, as Apache, lighttpd and nginx write them: common, combined, with the
 * virtual host before it (Debian's vhost_combined) or in the second field (lighttpd), and the line
 * of journald's JSON (journalctl -o json) that holds one of these.
 *
 * Two steps, because most lines of a log need only the first: accesslog_parse finds what was asked
 * when and what came of it, accesslog_who who asked. Nothing is copied: slices point into the line,
 * with the escapes that the server wrote.
 */
#ifndef PG409_WIRE_ACCESSLOG_H
#define PG409_WIRE_ACCESSLOG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum accesslog_format {
    ACCESSLOG_ANY,      /* each line shows what it is */
    ACCESSLOG_COMMON,   /* client ident user [time] "request" status bytes; combined, nginx */
    ACCESSLOG_VHOST,    /* the virtual host before that */
    ACCESSLOG_LIGHTTPD, /* the virtual host instead of ident */
};

struct accesslog {
    /* From accesslog_parse. */
    struct str method, target; /* STR_NONE when there was no request */
    int64_t time;              /* seconds since 1970-01-01T00:00:00Z */
    int zone;                  /* how far the server's clock is east of UTC, in minutes */
    int status;                /* 100 to 999, or 0 (nginx, when the client was gone) */
    struct str head, tail;     /* what stands before the time and behind the status */
    bool whole;                /* who asked is filled in already: accesslog_who has nothing to do */
    /* From accesslog_who; STR_NONE: not in the log. */
    struct str vhost, client, user, referer, agent;
};

/* Kept from line to line, as most are about the minute of the one before; all zero at first. */
struct accesslog_minute {
    char text[32];
    int64_t start;
    int zone;
};

/*
 * Reads a line without its line end; minute was used for the line before.
 * ERR_SYNTAX: it is no line of an access log, and *entry is not to be used. ERR_UNKNOWN: it is one,
 * but what came was no HTTP request ("-", a TLS handshake on a plain port); method and target are
 * then STR_NONE, all else is there.
 */
enum err accesslog_parse(struct str line, struct accesslog_minute *minute,
                         struct accesslog *entry) MUST_CHECK;

/*
 * Fills in who asked. With ACCESSLOG_ANY the second field is taken as lighttpd's virtual host
 * unless it is "-", and the first as a virtual host when the second is an address and the third
 * "-".
 */
void accesslog_who(struct accesslog *entry, enum accesslog_format format);

/* The format of the line that entry was parsed from, as accesslog_who takes it with ACCESSLOG_ANY.
 */
enum accesslog_format accesslog_guess(const struct accesslog *entry);

/*
 * The time "10/Oct/2000:13:55:36 -0700" or "2000-10-10T13:55:36-07:00", as seconds since 1970 and
 * the zone in minutes.
 */
enum err accesslog_time(struct str text, int64_t *seconds, int *zone) MUST_CHECK;

/*
 * Undoes what servers do to a field: \" \\ \n \t and the like, and \xNN. The result is in out,
 * which has room for text.len bytes; the number of bytes is returned. What is no escape stays as it
 * is.
 */
size_t accesslog_unescape(struct str text, char *out);

/* Whether the line is JSON, of journald or a log of objects: it begins with '{'. */
bool accesslog_is_journal(struct str line);

#define ACCESSLOG_NAMES 16

/* What the members of a JSON log are called that has names of its own. */
struct accesslog_names {
    struct {
        struct str name;
        int part;
    } names[ACCESSLOG_NAMES];
    size_t count;
};

/*
 * Reads "time=when,status=code": a word of ours (time, request, method, target, path, query,
 * status, client, user, host, referer, agent) and a member's name, with those of the objects around
 * it before a '.'. ERR_UNKNOWN, ERR_TOO_MANY: *fault is the word where it went wrong.
 */
enum err accesslog_names_read(struct arena *arena, struct str text, struct accesslog_names *own,
                              struct str *fault) MUST_CHECK;

/*
 * A line of a log that has an object a line: names are known from servers that write such logs, or
 * own. The strings are decoded where they stand, and a target that is in two members is put
 * together in room, which is as long as the line and one byte. As accesslog_parse otherwise;
 * accesslog_who has nothing to do then.
 */
enum err accesslog_json(char *line, size_t len, const struct accesslog_names *own, char *room,
                        struct accesslog *entry) MUST_CHECK;

/*
 * The MESSAGE of a line of journald's JSON, a string or an array of bytes, decoded into room of
 * size bytes, which may be the line itself. ERR_SYNTAX: that line is no such object; ERR_UNKNOWN:
 * it has no MESSAGE, or null; ERR_TOO_LONG: it does not fit.
 */
enum err accesslog_journal(struct str line, size_t size, char *room,
                           struct str *message) MUST_CHECK;

#endif
