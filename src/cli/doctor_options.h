/*
 * What pg409 doctor was asked for. Apart from the rest, because getopt and the settings both have a
 * struct option.
 */
#ifndef PG409_CLI_DOCTOR_OPTIONS_H
#define PG409_CLI_DOCTOR_OPTIONS_H

#include <stdbool.h>

struct doctor_options {
    const char *conninfo; /* NULL: what the settings say */
    const char *schema;   /* NULL: what the settings say */
    const char *role;     /* NULL: who the settings say, else who is connected */
    const char *only;     /* names of checks, with commas; NULL: all */
    const char *skip;     /* the same; NULL: none */
    const char *sweep;    /* a file; NULL: no sweep */
    const char *workers;
    bool deep, fix, yes, json;
};

/* Does it, and returns the exit status: 0, 1 or 2 as cli_doctor() says. */
int doctor_examine(const struct doctor_options *options);

/* The names of all checks, on standard output. */
void doctor_show_list(void);

#endif
