/*
 * What the commands of the client are told on their command line.
 */
#ifndef PG409_CLI_CLIENT_OPTIONS_H
#define PG409_CLI_CLIENT_OPTIONS_H

#include "cli/transport.h"

/* How a command ends: a script can tell them apart. One row of docs/client.md each. */
enum client_exit {
    CLIENT_DONE = 0,
    CLIENT_CONFLICT = 1, /* somebody was faster, or has the value */
    CLIENT_REFUSED = 2,  /* the values, or a rule */
    CLIENT_FORBIDDEN = 3,
    CLIENT_GONE = 4,     /* not there, or not any more */
    CLIENT_BUSY = 5,     /* nothing was done; later it may be */
    CLIENT_NETWORK = 6,  /* nobody answered, and nothing was done */
    CLIENT_UNKNOWN = 7,  /* it may have been done, or not */
    CLIENT_LEFT = 8,     /* not saved because the person said so */
    CLIENT_LOCAL = 9,    /* a file or the editor on this side */
    CLIENT_FOREIGN = 10, /* the answer is not pg409's */
    CLIENT_USAGE = 255,
};

enum on_conflict { ON_MERGE, ON_ASK, ON_YOURS, ON_THEIRS, ON_FAIL };

struct client_options {
    struct transport_options transport;
    uint64_t retries;
    uint64_t delay, max_delay; /* milliseconds */
    enum on_conflict on_conflict;
    const char *version, *column, *output, *as, *from, *kept, *type;
    bool json, quiet, verbose, yes, force, create, replace, drop, no_keep;
    char *const *arguments; /* what is no option */
    int count;
    const char *command;
};

/*
 * Reads them. accepts: the letters of the options that this command has besides those that all have
 * (see client_options.c); help: what --help prints before the common options. False when it is to
 * end, with *status. Text is in arena or argv.
 */
bool client_options_read(struct arena *arena, int argc, char **argv, const char *accepts,
                         const char *help, struct client_options *options, int *status);

/* "2", "0.5", "300ms", "2s", "1m" in milliseconds, at most a day; false for anything else. */
bool client_duration(struct str text, uint64_t *milliseconds);

/*
 * Takes the name and password out of an address and completes its scheme; the password goes to
 * *user unless that is given already. STR_NONE when it is no address of http or https.
 */
struct str client_address(struct arena *arena, const char *text, const char **user);

#endif
