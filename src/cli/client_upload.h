/*
 * A file on its way up, by tus 1.0.0, in parts that every host lets pass.
 */
#ifndef PG409_CLI_CLIENT_UPLOAD_H
#define PG409_CLI_CLIENT_UPLOAD_H

#include "cli/client_show.h"

#define UPLOAD_PART ((size_t)96 << 10)

struct upload_file {
    struct client *client;
    int file;
    const char *path;
    uint64_t size;
    struct str digest;    /* its SHA-256, 64 hex digits */
    struct str name;      /* what it is to be called */
    const char *folder;   /* the address of /_files/ */
    struct str replaces;  /* the version that it is to take the place of; STR_NONE: none */
    const char *location; /* of the upload, once it is begun */
    struct call call;     /* the last one */
    struct arena part;    /* of the answer to the last part */
};

/*
 * Sends it, or goes on where an earlier run stopped, until it has its name or is known not to get
 * it. true: it has it; else call tells why, or *words does.
 */
bool upload_send(struct upload_file *upload, const char **words, enum client_exit *exit);

/* --- where an upload that is not done is remembered: one file each --- */

/* The address of an upload of this very file, begun before; NULL. */
const char *upload_recall(struct upload_file *upload);
void upload_remember(struct upload_file *upload);
void upload_forget(struct upload_file *upload);

/* --- a bar, on a terminal --- */

struct upload_bar {
    bool shown;
    uint64_t begun, last; /* milliseconds */
    uint64_t first;       /* bytes that were there already */
};

void upload_bar_start(struct upload_bar *bar, const struct client *client, uint64_t done);
void upload_bar_show(struct upload_bar *bar, uint64_t done, uint64_t size);
void upload_bar_end(struct upload_bar *bar);

#endif
