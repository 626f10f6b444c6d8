/*
 * Every problem by name: status, title, what it means and what to do. One table
 * for the problem documents (RFC 9457), the pages under /_problems/ and the
 * sentences on error pages.
 */
#ifndef PG409_WEB_PROBLEM_H
#define PG409_WEB_PROBLEM_H

#include "edit/save.h"

struct problem {
    const char *name;   /* the last part of its type URI */
    enum reason reason; /* REASON_NONE: found before any database was asked */
    int status;
    const char *title;   /* what happened, for people */
    const char *meaning; /* a sentence or two */
    const char *cure;    /* what to do now, for people */
    const char *how;     /* the same for a program, in one line */
    bool again;          /* sending the same request later is worth it */
};

/* Ends with a NULL name. */
extern const struct problem problems[];

/* The problem of that name, or NULL. */
const struct problem *problem_named(struct str name);

/* The problem for a reason; never NULL. */
const struct problem *problem_for(enum reason reason);

/* Whether only files and their uploads have it. */
bool problem_of_files(const struct problem *problem);

/* The status of an outcome that is not a success; strict is If-Match (RFC 9110, section 13.1.1). */
int problem_status(const struct outcome *outcome, bool strict);

/*
 * The members by which clients of PostgREST know an error: code (the SQLSTATE
 * where there is one), message, details (null without), hint.
 */
void problem_members(struct buf *out, const struct problem *problem, struct str detail,
                     struct str sqlstate);

#endif
