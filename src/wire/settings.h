/*
 * The one table of options: name, type, default, help. The settings file, the
 * --help text, the sample file and the manual all follow from it.
 *
 * The file: a line an option, "name = value"; '#' starts a comment at the start
 * of a line; spaces around name and value do not count; a value may be as long
 * as its line. No sections, no quotes, no continuation lines. Lines may end in
 * CRLF, and a byte order mark at the beginning is passed over: shared hosts are
 * fed from all sorts of editors.
 */
#ifndef PG409_WIRE_SETTINGS_H
#define PG409_WIRE_SETTINGS_H

#include "base/err.h"
#include "base/str.h"

enum anonymous { ANONYMOUS_DENY, ANONYMOUS_READ, ANONYMOUS_WRITE };

struct settings {
    struct str database;
    struct str schema;
    struct str title;
    struct str version_columns; /* comma-separated names, first match counts */
    struct str user_columns;    /* the same, for who changed a row */
    struct str origins;         /* further origins whose forms may post here */
    uint64_t anonymous;         /* enum anonymous */
    uint64_t allow_overwrite;   /* 0 or 1, like every switch */
    uint64_t user_role;
    uint64_t page_rows;
    uint64_t max_rows; /* 0: no limit */
    uint64_t max_body; /* bytes */
    uint64_t max_fields;
    uint64_t max_rows_in;
    uint64_t max_changes;
    uint64_t lock_timeout; /* milliseconds, like all times below but days */
    uint64_t statement_timeout;
    uint64_t connect_timeout;
    uint64_t idle_timeout;
    uint64_t catalog_age;
    uint64_t receipt_days;
    uint64_t park_days;
    uint64_t history_days;
    uint64_t opened_minutes; /* 0: nobody is told */
    uint64_t park_size;      /* bytes */
    uint64_t files;          /* a switch */
    uint64_t file_names;     /* enum file_names */
    uint64_t file_max_bytes;
    uint64_t file_total_bytes; /* 0: no limit */
    uint64_t file_keep_days;
    uint64_t upload_days;
    uint64_t auto_merge; /* enum auto_merge */
    uint64_t prepare;    /* enum prepare */
    uint64_t metrics;    /* enum metrics_access */
    uint64_t metrics_tables;
    struct str metrics_file;
};

enum auto_merge { AUTO_MERGE_OFF, AUTO_MERGE_COLUMNS, AUTO_MERGE_TEXT };
enum metrics_access { METRICS_OFF, METRICS_LOGIN, METRICS_OPEN };
enum prepare { PREPARE_AUTO, PREPARE_OFF };
enum file_names { FILE_NAMES_FOLDED, FILE_NAMES_EXACT };

enum option_type {
    OPTION_TEXT,   /* struct str */
    OPTION_SWITCH, /* on | off */
    OPTION_CHOICE, /* one of the words of choices, kept as its index */
    OPTION_NUMBER, /* a whole number from min to max */
    OPTION_SIZE,   /* bytes, with an optional k, M or G (1024) in either case */
    OPTION_TIME    /* milliseconds, with an optional ms, s, min or h */
};

struct option {
    const char *name;
    enum option_type type;
    const char *standard; /* the default, as it would stand in the file */
    const char *choices;  /* OPTION_CHOICE: "deny|read|write" */
    uint64_t min, max;
    size_t offset; /* of the member in struct settings */
    const char *help;
};

#define SETTINGS_MAX_FILE ((size_t)64 * 1024)

/* All options; ends with a NULL name. */
extern const struct option settings_options[];

/* Every option at its default; texts are static. */
void settings_defaults(struct settings *settings);

/*
 * Reads a settings file's text over what *settings holds; values are copied to
 * arena. The first fault ends it: *why is then a sentence for the log with the
 * line number, the option and what it takes, and *settings is not touched. The
 * sentence never repeats a value: it may hold a password.
 *
 * ERR_TOO_LONG: a file over SETTINGS_MAX_FILE, or a number outside its limits;
 * ERR_SYNTAX: a line without '=', or a bad number, unit or choice; ERR_UNKNOWN:
 * no such name; ERR_DUPLICATE: a name twice; ERR_UTF8, ERR_NUL: a text's bytes.
 */
enum err settings_parse(struct arena *arena, struct str text, struct settings *settings,
                        struct str *why) MUST_CHECK;

/* What the option takes, in words: "a whole number from 1 to 1000". */
void settings_takes(struct buf *buf, const struct option *option);

/* The --help text: each option with type, default and help, wrapped at 80 columns. */
void settings_help(struct buf *buf);

/* The sample file: every option commented out at its default, its help above it. */
void settings_sample(struct buf *buf);

#endif
