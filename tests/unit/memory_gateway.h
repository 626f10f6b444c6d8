/*
 * The gateway's twin in memory: parameters from a list, a body that can be cut
 * short, and the answer and the log kept to be looked at.
 */
#ifndef PG409_TESTS_MEMORY_GATEWAY_H
#define PG409_TESTS_MEMORY_GATEWAY_H

#include "gateway/gateway.h"

#define MEMORY_PARAMS 40

struct memory_gateway {
    struct gateway gateway; /* first: the functions are given a pointer to it */
    struct arena arena;
    struct {
        const char *name;
        const char *value;
    } params[MEMORY_PARAMS];
    size_t param_count;
    struct str body; /* what arrives */
    size_t body_at;
    bool read_failed; /* what the web server says about the body */
    bool ended;       /* the answer was sent off */
    bool deaf;        /* nobody listens: each write fails */
    unsigned writes;
    struct buf out;
    struct buf log; /* lines, each with its newline */
};

void memory_init(struct memory_gateway *memory);
void memory_release(struct memory_gateway *memory);

/* Sets a parameter, or takes it away when value is NULL. Both are kept, not copied. */
void memory_param(struct memory_gateway *memory, const char *name, const char *value);
/* A body that arrives whole, with its CONTENT_LENGTH and CONTENT_TYPE. */
void memory_body(struct memory_gateway *memory, const char *type, struct str body);

/* Of the answer: its status (0: there is none), a header field (STR_NONE: absent), its body. */
int memory_status(const struct memory_gateway *memory);
struct str memory_header(const struct memory_gateway *memory, struct str name);
struct str memory_answer(const struct memory_gateway *memory);

#endif
