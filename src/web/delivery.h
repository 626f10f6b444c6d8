/*
 * One file on its way in: begun, its bytes stored, and then given its name, unless somebody has it.
 * The same for a body that is the file, for a part of a form, and for what comes in parts.
 */
#ifndef PG409_WEB_DELIVERY_H
#define PG409_WEB_DELIVERY_H

#include "web/receive.h"

enum delivery_end {
    DELIVERY_DONE,      /* upload.outcome says what became of it */
    DELIVERY_REFUSED,   /* problem and detail say why; nothing of it is stored */
    DELIVERY_FAILED,    /* the database failed: work->talk.error tells */
    DELIVERY_ELSEWHERE, /* somebody else is sending the same upload */
    DELIVERY_PART       /* what came is stored, and more is to come */
};

struct delivery {
    struct work *work;
    struct upload upload;
    struct file current; /* what has the name, once it is done */
    struct str proposed; /* a name that is free, where this one is not */
    /* The first bytes of both, where they are text that can be shown; else STR_NONE. */
    struct str text_yours, text_current;
    enum delivery_end end;
    const char *problem; /* DELIVERY_REFUSED: its name */
    struct str detail;
    bool strict; /* the version came by If-Match, or it was asked only to create */
    struct receive receive;
    /* Who continues. */
    void (*done)(struct delivery *delivery);
    void *ctx;
};

/* Whether there are files here; otherwise the request is answered. */
bool delivery_files_here(struct work *work);

/* A name with the setting file_names. */
struct file_name delivery_name(const struct work *work, struct str name);

/*
 * Looks, before any byte comes, whether the name can be had: ends with DELIVERY_PART when nothing
 * is in the way, or a file of size bytes: it may be the very same, which its bytes will show. Else
 * with DELIVERY_DONE and what is in upload.outcome, current and proposed.
 */
void delivery_check(struct delivery *delivery, struct str name, struct str replaces, uint64_t size);

/*
 * Begins an upload of that name and size (what it may have at most), for work's user: checks name
 * and size, finds room. delivery holds work, done and ctx already. Ends with DELIVERY_PART, or
 * refused.
 */
void delivery_begin(struct delivery *delivery, struct str name, struct str media_type,
                    struct str replaces, uint64_t size);

/*
 * Stores what the source has, then gives the upload its name. One that breaks off is taken away
 * again. receive.read and receive.source are set.
 */
void delivery_take(struct delivery *delivery);

/* Gives an upload whose bytes are all there its name. sha256 is their digest. */
void delivery_finish(struct delivery *delivery, struct str sha256);

/* The same for one that was kept, under a name, based on a version. */
void delivery_again(struct delivery *delivery, struct str name, struct str replaces);

/* Looks up, for an upload that is kept, what has its name and which name is free. */
void delivery_look(struct delivery *delivery);

/* Ends it for what the database said: a disk that is full is a reason of its own. */
void delivery_fail(struct delivery *delivery);

#endif
