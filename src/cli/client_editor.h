/*
 * The person's own editor on a text: $VISUAL, $EDITOR or vi, through the shell as git does it.
 */
#ifndef PG409_CLI_CLIENT_EDITOR_H
#define PG409_CLI_CLIENT_EDITOR_H

#include "cli/client_call.h"

enum editor_end {
    EDITOR_DONE,   /* a text, and it was written */
    EDITOR_LEFT,   /* emptied, or not written at all */
    EDITOR_FAILED, /* no file, or the editor ended with an error: it was said */
};

/* A file in a folder of its own that only its owner can read. */
struct editor {
    struct client *client;
    char *folder;
    const char *path;
    bool keep; /* what is in it could not be read: it stays */
};

/* Makes the file; its name begins with name. False: it was said. */
bool editor_open(struct editor *editor, struct client *client, struct str name);

/*
 * Writes *text, lets the person edit it, and reads it back; also where the editor failed behind
 * something that was typed.
 */
enum editor_end editor_run(struct editor *editor, struct str *text);

/* Takes the file away, unless keep. */
void editor_close(struct editor *editor, bool keep);

/* All of that, for one text. */
enum editor_end editor_text(struct client *client, struct str *text);

#endif
