/*
 * One request of the client until it is answered: what did not get through is sent again, after
 * pauses with full jitter, where that cannot do it twice.
 */
#ifndef PG409_CLI_CLIENT_CALL_H
#define PG409_CLI_CLIENT_CALL_H

#include "cli/client_options.h"
#include "cli/client_row.h"

struct client {
    struct arena arena;
    struct client_options options;
    struct transport *transport;
    const char *url;       /* absolute, without a login */
    unsigned attempts;     /* requests so far */
    struct arena *scratch; /* what answers are kept in, instead of arena; NULL: none */
    bool holds;  /* somebody's text is at stake: who stops it (Ctrl-C) waits until it is kept */
    int stopped; /* the signal that did; 0: none. Nothing is asked any more then */
};

/* One request. Zeroed, then method, url, headers, body and so on filled in. */
struct call {
    struct exchange exchange;
    bool repeatable;       /* sent twice it is done once */
    const char *when_lost; /* a header for every try behind one that was lost; NULL: none */
    bool (*before)(struct call *call); /* asked before each try; false: no further one. Or NULL */
    void *ctx;                         /* of before */
    bool lost;                         /* a try got no answer: it may have been done */
    struct client_problem problem;     /* reason is STR_NONE when the answer was none of pg409's */
    uint64_t asked; /* milliseconds that the server wants to be left alone; 0: not said */
};

/* Takes the options and a transport. False: it said why, and *status. client_end in either case. */
bool client_start(struct client *client, int argc, char **argv, const char *accepts,
                  const char *help, int *status);
void client_end(struct client *client);

/*
 * Checks that there are least to most arguments, and takes the address from the one of that index,
 * if it is there. False: it said why, and *status.
 */
bool client_url(struct client *client, int least, int most, int index, int *status);

/* Sends until there is an answer, or no use in going on. */
void client_call(struct client *client, struct call *call);

/* Whether it was answered with 2xx. */
bool call_fine(const struct call *call);

/* What an exchange that did not end well means. */
enum client_exit call_exit(const struct call *call);

/* A header of the answer, such as PG409-Outcome. */
struct str call_header(const struct call *call, const char *name);

/*
 * A line that a person types, at most size - 1 bytes, as fgets gives it. False at the end of the
 * input, and when a signal would stop the command (Ctrl-C): what was typed before is to be kept.
 */
bool client_answer(char *line, int size);

/* Waits a random part of what the delay has become by this round, from 0 on, at most most ms. */
void client_pause(struct client *client, uint64_t first, uint64_t most, unsigned round);

/* An Idempotency-Key, random. */
const char *client_key(struct client *client);

/* Makes the address that answered the one to go on with; false, and says so, on another host. */
bool client_follow(struct client *client, const struct call *call);

#endif
