/*
 * One run of pg409 doctor: what was asked for, what was found. Shared by its files.
 */
#ifndef PG409_CLI_DOCTOR_CORE_H
#define PG409_CLI_DOCTOR_CORE_H

#include "cli/doctor_checks.h"
#include "cli/doctor_options.h"
#include "db/pg.h"
#include "web/config.h"

/* One thing that was found. */
struct item {
    struct str text;
    struct str fix; /* the statements that mend it, with U+001E between them; STR_NONE: none */
};

/* What one check found. */
struct finding {
    const struct check *check;
    struct item *items;
    size_t count;
    struct str unseen; /* why it could not be looked at; STR_NONE: it could */
    size_t mended;     /* how many items went by --fix */
    struct str
        failed; /* why a statement of --fix was not carried out; STR_NONE: none was refused */
};

struct doctor {
    struct arena arena;
    struct doctor_options options;
    struct config config;
    struct pg *pg;
    struct str schema, role, user, database; /* role: that of the program; user: who is connected */
    bool installed, files;                   /* the schema pg409 is there; its files too */
    bool changed;                            /* something was mended */
    struct str sweep_note;                   /* what a sweep did; STR_NONE: none was done */
    struct finding findings[DOCTOR_MAX_CHECKS];
    size_t count;
};

/* --- doctor_look.c */

/* A connection of its own, for pg_free(). */
struct pg *doctor_open(struct doctor *doctor);

/* What there is to know before anything is asked. False, with a sentence on standard error, when
 * the database cannot be asked. */
bool doctor_connect(struct doctor *doctor);

/* Runs all checks that make sense; the local ones when there is no connection. Fills findings. */
void doctor_look(struct doctor *doctor, bool local);

/* Looks once more; the finding has what is left. */
void doctor_look_again(struct doctor *doctor, struct finding *finding);

/* Adds an item; text and fix are in the doctor's arena, fix may be STR_NONE. */
void finding_add(struct doctor *doctor, struct finding *finding, struct str text, struct str fix);

/* A statement that begins with what all of them can use. */
void doctor_sql(struct doctor *doctor, struct sql *sql);

/* Sends what is asked and waits; false when it failed: talk->error tells. */
bool doctor_run(struct doctor *doctor, struct talk *talk);

/* A talk with nothing asked, in the doctor's arena. */
struct talk *doctor_talk(struct doctor *doctor);

/* How many findings of at least this severity are left; what could not be looked at is a warning.
 */
size_t doctor_left(const struct doctor *doctor, enum severity severity);

/* --- doctor_show.c */

/* "problem" and so on. Static. */
const char *doctor_severity(enum severity severity);
/* All that was found, the worst first. */
void doctor_show(struct doctor *doctor);
/* How much of it is left. */
void doctor_show_sum(const struct doctor *doctor);
void doctor_show_json(struct doctor *doctor);
/* One statement that mends something; and why it was not carried out. */
void doctor_show_fix(struct str fix);
void doctor_show_failed(struct str fix, struct str fault);
/* --- doctor_fix.c */

/* Shows the statements that mend what was found, asks, runs them, and looks again. */
void doctor_fix(struct doctor *doctor);

/* The statements that mend a finding, none twice; *fixes in arena. Returns how many. */
size_t finding_fixes(struct arena *arena, const struct finding *finding, struct str **fixes);

#endif
