/*
 * What pg409 doctor looks for. What is asked of the database is a statement whose rows are what was
 * found; what can be seen without it is a function.
 */
#ifndef PG409_CLI_DOCTOR_CHECKS_H
#define PG409_CLI_DOCTOR_CHECKS_H

#include "db/sql.h"

struct doctor;
struct finding;

enum severity {
    SEVERITY_HINT,    /* to be known */
    SEVERITY_WARNING, /* will make trouble some day */
    SEVERITY_PROBLEM  /* something is broken, or somebody's work is in danger */
};

/* Where a check makes sense. */
enum check_when {
    CHECK_LOCAL,     /* before the database is asked */
    CHECK_ALWAYS,    /* any database */
    CHECK_INSTALLED, /* the schema pg409 is there */
    CHECK_FILES,     /* its tables of files too */
    CHECK_ROWS,      /* every row is to be read: with --deep */
    CHECK_BYTES,     /* every byte of the files too */
    CHECK_SWEEP      /* every row is to be compared with what it was: with --sweep */
};

struct check {
    const char *name; /* for --skip, --json and the manual */
    enum severity severity;
    enum check_when when;
    /*
     * Asks; what doctor_ask() put before it can be used: said, tables, versions. Each row is one
     * item: what was found, and, where there is a second column that is not NULL, the statements
     * that mend it, with U+001E between them.
     */
    void (*ask)(struct sql *sql);
    /* Or looks by itself, and adds the items. */
    void (*look)(struct doctor *doctor, struct finding *finding);
    const char *title; /* what is wrong with all of them */
    const char *cure;  /* what to do */
};

#define DOCTOR_MAX_CHECKS 64

/* Ends with a NULL name; in the order in which they are looked for. */
extern const struct check doctor_checks[];

/* doctor_local.c: the settings file and what libpq reads. */
void look_settings_fault(struct doctor *doctor, struct finding *finding);
void look_settings_readable(struct doctor *doctor, struct finding *finding);
void look_settings_in_web(struct doctor *doctor, struct finding *finding);
void look_settings_loose(struct doctor *doctor, struct finding *finding);
void look_password_file(struct doctor *doctor, struct finding *finding);

/* doctor_server.c: the server and the connection to it. */
void ask_old_server(struct sql *sql);
void ask_read_only(struct sql *sql);
void ask_not_durable(struct sql *sql);
void ask_encoding(struct sql *sql);
void ask_few_connections(struct sql *sql);
void ask_workers(struct sql *sql);
void ask_clock(struct sql *sql);
void look_transactions(struct doctor *doctor, struct finding *finding);
void look_pooler(struct doctor *doctor, struct finding *finding);

/* doctor_role.c: the role that pg409 connects as. */
void ask_superuser(struct sql *sql);
void ask_passes_policies(struct sql *sql);
void ask_no_policy(struct sql *sql);
void ask_owner(struct sql *sql);
void ask_user_role(struct sql *sql);
void ask_grants(struct sql *sql);
void ask_nothing_readable(struct sql *sql);
void ask_half_readable(struct sql *sql);
void ask_sequences(struct sql *sql);

/* doctor_schema.c: what schema/ makes, and the files. */
void ask_not_installed(struct sql *sql);
void ask_older_schema(struct sql *sql);
void ask_not_tidied(struct sql *sql);
void ask_half_files(struct sql *sql);
void ask_changed_files(struct sql *sql);
void ask_unused_contents(struct sql *sql);
void ask_old_uploads(struct sql *sql);
void ask_misfolded(struct sql *sql);

/* doctor_tables.c: the tables and their versions. */
void ask_without_key(struct sql *sql);
void ask_unprotected(struct sql *sql);
void ask_trigger_off(struct sql *sql);
void ask_trigger_after(struct sql *sql);
void ask_rules(struct sql *sql);
void ask_unusable(struct sql *sql);
void ask_coarse(struct sql *sql);
void ask_without_zone(struct sql *sql);
void ask_nullable(struct sql *sql);
void ask_small(struct sql *sql);
void ask_null_rows(struct sql *sql);
void ask_future(struct sql *sql);
void ask_worn(struct sql *sql);
void ask_version_index(struct sql *sql);
void ask_reference_index(struct sql *sql);
void ask_invalid_index(struct sql *sql);

/* doctor_sweep.c: rows whose content moved while their version did not. */
void look_sweep(struct doctor *doctor, struct finding *finding);

#endif
