/*
 * The bytes of a file that come in, stored piece by piece while they come: the same memory for any
 * size. Each round stores some pieces and is one round trip; the next one reads on.
 */
#ifndef PG409_WEB_RECEIVE_H
#define PG409_WEB_RECEIVE_H

#include "edit/upload.h"
#include "web/work.h"
#include "wire/digest.h"

enum receive_end {
    RECEIVE_ALL,       /* what the source had is stored */
    RECEIVE_SHORT,     /* the same, but the source broke off before its end */
    RECEIVE_FAILED,    /* the database failed: work->talk.error tells */
    RECEIVE_ELSEWHERE, /* somebody else is sending the same upload */
    RECEIVE_TOO_LARGE  /* the source had more than upload->size */
};

/* Set by the caller: the first group. upload->received and state say where it goes on. */
struct receive {
    struct work *work;
    struct upload *upload;
    /* Up to size bytes; less than size: there are no more, or broken is set. */
    size_t (*read)(void *source, char *into, size_t size, bool *broken);
    void *source;
    /* It stays one open transaction, which whoever continues ends: all of it is stored, or nothing.
     */
    bool whole;
    /* Who continues. upload->received is what is stored then. */
    void (*then)(void *ctx, enum receive_end end);
    void *ctx;

    struct digest_state digest;
    struct arena arena; /* of the round under way */
    char *bytes;        /* of that round; whoever has several uploads hands it on to the next */
    size_t count;
    bool last, broken;
};

/* Begins; then is called when the end is reached, at once where the source has nothing. */
void receive_start(struct receive *receive);

/* The body of the request as a source, which is its struct request. */
size_t receive_body(void *request, char *into, size_t size, bool *broken);

/* The digest of all bytes of the upload, 64 hex digits in the request's arena. */
struct str receive_digest(struct receive *receive);

#endif
