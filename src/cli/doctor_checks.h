/*
 * What pg409 doctor looks for: statements whose rows are what was found.
 */
#ifndef PG409_CLI_DOCTOR_CHECKS_H
#define PG409_CLI_DOCTOR_CHECKS_H

#include "db/sql.h"

/* Where a check makes sense. */
enum check_when {
    CHECK_ALWAYS,
    CHECK_INSTALLED, /* the schema pg409 is there */
    CHECK_FILES,     /* its tables of files too */
    CHECK_DEEP       /* the same, and every byte is to be read */
};

struct check {
    /* Asks; $1 is the schema of the tables. Each row is one finding: its first column says what. */
    void (*ask)(struct sql *sql);
    const char *title; /* what is wrong with all of them */
    const char *cure;  /* what to do */
    enum check_when when;
    bool grave; /* something is broken, not only to be known */
};

/* Ends with a NULL title. */
extern const struct check doctor_checks[];

#endif
