/*
 * A log file, line by line, in memory that does not grow.
 */
#ifndef PG409_CLI_LOGS_FILE_H
#define PG409_CLI_LOGS_FILE_H

#include "cli/logs_ahead.h"
#include "wire/accesslog_layout.h"

#define LOGS_LINE_MAX LOGS_ROOM /* bytes; a longer line is passed over, and counted */

/* How much was read of how much, over all files; shown on standard error while it runs. */
struct logs_progress {
    bool shown;
    uint64_t total, done;  /* bytes on disk */
    int64_t started, last; /* when it was shown, milliseconds */
};

struct logs_file {
    const char *name; /* "-": standard input */
    struct logs_progress *progress;
    bool (*is_dull)(const struct accesslog *entry); /* who is only counted */
    enum accesslog_format format;                   /* as asked for, or found */
    bool asked;
    const struct accesslog_layout *layout; /* every line looks like that; NULL: as format says */
    const struct accesslog_names *names;   /* of the members of JSON logs */
    /* What became of it. */
    uint64_t lines, entries, unread, too_long; /* unread: not a line of an access log */
    uint64_t dull;                             /* entries that nobody gets to see */
    int64_t dull_first, dull_last;             /* their times; undefined when there are none */
    bool failed, broken, cut; /* broken: gzip damaged; cut: the last line has no end */
    bool journal, objects;    /* lines came in journald's JSON; they were objects themselves */
    int64_t first;            /* time of the first entry; INT64_MIN: there is none */
    /* While it is open. */
    bool open, ended, skipping, told;
    struct arena arena;
    struct logs_raw raw;
    struct logs_ahead ahead;
    char *at, *end; /* what is not taken of the block at hand */
    char *room;     /* for a target that is put together */
    uint64_t done;  /* bytes on disk that progress knows of */
    struct accesslog_minute minute;
    struct accesslog entry; /* the line at hand */
    enum err err;           /* what accesslog_parse said of it: nothing, or ERR_UNKNOWN */
};

/*
 * Opens it, reads its first lines and finds format and first. Says on standard error what is wrong;
 * then it is failed, and has no lines.
 */
void logs_file_open(struct logs_file *file);
void logs_file_close(struct logs_file *file);

/*
 * Goes on to the next line that is one of an access log and not dull: entry and err, valid until
 * the next call. False: there is none, and the file is closed.
 */
bool logs_file_next(struct logs_file *file);

/* Takes what progress says off the terminal. */
void logs_progress_clear(const struct logs_progress *progress);

#endif
