/*
 * One HTTP/1.1 answer as it arrives: when is it whole, what does it say. For
 * the load generator only: it trusts the servers that it measures.
 */
#ifndef PG409_BENCH_ANSWER_H
#define PG409_BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_MAX ((size_t)256 * 1024)

struct answer {
    char *bytes; /* what arrived so far, with a NUL behind it; ANSWER_MAX + 1 bytes */
    size_t len;
    size_t head;     /* bytes of status line and fields; 0: not whole yet */
    size_t body_len; /* bytes of the body that arrived, chunk lines not counted */
    int status;
    bool closes; /* the server closes the connection behind it */
};

/* Whether bytes now hold a whole answer; fills head, status, body_len and closes when so. */
bool answer_whole(struct answer *answer);

/* Copies a field's value into into (size bytes, with its NUL); false when there is none. */
bool answer_field(const struct answer *answer, const char *name, char *into, size_t size);

#endif
