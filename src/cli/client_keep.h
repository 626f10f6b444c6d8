/*
 * What could not be saved, in a file, and from there once more.
 */
#ifndef PG409_CLI_CLIENT_KEEP_H
#define PG409_CLI_CLIENT_KEEP_H

#include "cli/client_save.h"

/*
 * Writes the wishes and what they were based on into a new file that only its owner can read, in
 * the working directory, else in TMPDIR. unknown: the last request belongs to it, for it may have
 * been done. Its name, in the arena; NULL when it cannot be written: that was said.
 */
const char *client_keep(struct saving *saving, bool unknown);

/*
 * A text that was typed and is in no wish, as it is, into a new file of that kind. Says its name,
 * or prints the text when it cannot be written. Nothing with --no-keep, or when there is none.
 */
void client_keep_text(struct client *client, struct str text);

struct kept {
    const char *url;
    struct client_row base;
    struct wishes wishes;
    const char *method; /* it was a create, by POST or PUT; NULL: a change */
    const char *key;    /* of the request of which nobody knows; NULL: there is none */
    struct str body;
};

/* Takes such a file apart; ERR_SYNTAX and others of json_parse for anything else. */
enum err client_keep_read(struct arena *arena, struct str text, struct kept *kept) MUST_CHECK;

/* The whole of a file, "-": standard input; false, and errno, when it cannot be read or is over 64
 * MiB. */
bool client_read_file(struct arena *arena, const char *name, struct str *text);

/* A part of a file's name: whatever may be odd in one is "_". */
struct str client_file_part(struct arena *arena, struct str text);

/* The last segment of an address but index ones, as it stands there; "" when there are not so many.
 */
struct str client_segment(const char *url, size_t index);

#endif
