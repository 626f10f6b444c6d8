/*
 * One request under way: what came in, what was asked of the database, what
 * goes out. Handlers get nothing else.
 */
#ifndef PG409_WEB_WORK_H
#define PG409_WEB_WORK_H

#include "db/talk.h"
#include "edit/save.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/route.h"

struct app;

/* Outcomes of writes that save nothing of a row: part of an upload; an edit that was thrown away.
 */
#define WORK_RECEIVED "received"
#define WORK_DROPPED "dropped"

struct work {
    struct app *app;
    struct arena arena;
    struct request request;
    struct talk talk;
    struct reply reply;
    const struct route *route;
    struct route_match match;
    const struct table *table;      /* of the route's {table} */
    struct str key_values[MAX_KEY]; /* of the route's {key} */
    struct key key;
    struct str mark;  /* random, of this request's writes; STR_NONE before the first */
    bool retried;     /* the catalog was read again for this request */
    uint64_t started; /* monotonic microseconds */
    /* For the log line of a write. */
    bool is_write;
    const char *outcome; /* NULL: none yet */
    const char *reason;
    size_t logged_rows;     /* of several that are written together; 0: one */
    struct str logged_file; /* the name that a write to a file was about */
    struct str logged_columns, logged_base, logged_current, logged_sqlstate;
    /* For metrics. */
    unsigned catalogs_read, uploads;
    uint64_t upload_bytes; /* that were stored, of files */
    bool changes_counted;  /* one by one: the request is not counted as one more */
    /* A write that was kept for its editor: what became of it is noted behind the answer. */
    const struct change *parked_change;
    const struct outcome *parked_outcome;
    bool sandboxed;     /* the answer is somebody's file: a browser must not run it */
    bool files_changed; /* files that are not needed any more may go, behind the answer */
    bool opened;        /* a form was opened, which is noted behind the answer */
    struct str about;   /* stands before the detail of a refusal: which of several changes it is */
    struct str trouble; /* for the log only: what PostgreSQL said, what is missing */
};

const struct settings *work_settings(const struct work *work);
const struct catalog *work_catalog(const struct work *work);

/* count random bytes as hex digits, in arena: for names that nobody can guess. */
struct str work_random(struct work *work, size_t count);

/* Adds prefix and address to buf: "/desk/articles/42"; both segments are escaped already. */
void work_link(const struct work *work, struct buf *buf, struct str table, struct str key);

/* The address segment of a table, in arena. */
struct str work_table_segment(struct work *work, const struct table *table);

/* Answers with that refusal, in the form that was asked for. */
void work_refuse(struct work *work, struct refusal refusal);
/* The same from a problem's name and a detail (STR_NONE: none). */
void work_problem(struct work *work, const char *name, struct str detail);
/* The same for what the database said; logs its message. */
void work_failed(struct work *work);

/*
 * A name was not known: when the catalog may be read again, starts the request
 * anew with a fresh one and returns true; the handler then just returns.
 */
bool work_reread(struct work *work);

/* 303 See Other to an address below the prefix or a path of this site. */
void work_redirect(struct work *work, struct str location);

#endif
