/*
 * One row saved, however many others are at it: sent, and where somebody was faster read again,
 * merged again, then sent.
 */
#ifndef PG409_CLI_CLIENT_SAVE_H
#define PG409_CLI_CLIENT_SAVE_H

#include "cli/client_change.h"
#include "cli/client_show.h"

struct saving;

/* What a clash becomes. */
enum settled {
    SETTLED,       /* the wishes are as they are to be; go on */
    SETTLED_FAIL,  /* it is a conflict */
    SETTLED_LEAVE, /* the person leaves it */
    SETTLED_LOCAL, /* the editor cannot be had */
};

struct saving {
    struct client *client;
    struct client_row base; /* what the wishes are based on; version: STR_NONE only with create */
    struct wishes wishes;
    struct wishes asked; /* as they were at first: for what is kept */
    struct client_row asked_base;
    /* Settles a conflict: changes wishes; problem says what is there. base is still the old one. */
    enum settled (*settle)(struct saving *saving, const struct client_problem *problem);
    void *ctx;         /* of settle */
    bool strict;       /* this version or none */
    bool left;         /* a column was left as others have it */
    struct buf merged; /* names of columns that were merged */
    unsigned rounds;
    const char *method; /* of a create: POST or PUT; NULL: PATCH */
    /* The last request, for when nobody knows what became of it. */
    const char *key;
    struct str body;
    struct call call;
};

/* A saving of these wishes on that row. */
void saving_init(struct saving *saving, struct client *client, const struct client_row *base,
                 struct wishes wishes);

/* Saves. What could not be saved is in a file then, unless --no-keep. Shows it; the exit status. */
int saving_run(struct saving *saving);

/* The same, where the fate of a request with this key and body is unknown: that is sent first. */
int saving_resume(struct saving *saving, const char *key, struct str body);

/* Reads the row at client->url. False: it was shown, and *status. */
bool saving_read(struct client *client, struct client_row *row, int *status);

/* Shows that it ended so, and keeps the text in a file. The exit status. */
int saving_fail(struct saving *saving, enum client_exit exit, const char *words);

#endif
