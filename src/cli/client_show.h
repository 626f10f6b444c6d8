/*
 * What the client tells: on a terminal nothing that a server sent can be more than text.
 */
#ifndef PG409_CLI_CLIENT_SHOW_H
#define PG409_CLI_CLIENT_SHOW_H

#include <stdio.h>

#include "cli/client_call.h"

/* Text from elsewhere: control characters, also of C1 and those that turn text, become "?". */
void show_plain(FILE *file, struct str text);

/* What became of a command. */
struct client_result {
    enum client_exit exit;
    const char *outcome;     /* "saved" and so on; NULL: by exit */
    const char *words;       /* what to say about it; NULL: what the problem says */
    struct str version, row; /* STR_NONE: none. row is JSON */
    struct str merged;       /* which columns were merged; STR_NONE */
    const struct call *call; /* the last one; NULL: none was made */
    const char *kept;        /* the file with what could not be saved; NULL */
    const char *advice;      /* what to do now; NULL */
    unsigned rounds;         /* how often somebody else was faster */
};

/* Says it, as JSON or as text, and gives the exit status. */
int show_result(struct client *client, const struct client_result *result);

/* "conflict" and so on, for --json. Static. */
const char *client_exit_name(enum client_exit exit);

#endif
