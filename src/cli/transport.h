/*
 * HTTP as a client speaks it, on libcurl: the only file that knows it. Connections are kept and
 * used again. Nothing is retried here and nothing but what was asked is followed: what is safe to
 * send again is for the caller to know.
 */
#ifndef PG409_CLI_TRANSPORT_H
#define PG409_CLI_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct transport;

/* For all exchanges. Text is borrowed and has to outlive the transport; NULL: none. */
struct transport_options {
    const char *user;         /* "NAME:PASSWORD"; NULL: as .netrc says */
    const char *netrc;        /* another .netrc file */
    const char *cacert;       /* a file of certificates to trust instead of the system's */
    const char *agent;        /* User-Agent; NULL: pg409/VERSION */
    bool insecure;            /* certificates are not checked */
    bool cookies;             /* cookies are kept, in memory */
    bool compressed;          /* asks for compression; the body comes unpacked */
    uint64_t connect_timeout; /* milliseconds; 0: 10,000 */
    uint64_t timeout;         /* milliseconds for one exchange in which no byte moves; 0: 60,000 */
};

enum fault {
    FAULT_NONE,
    FAULT_URL,       /* no address that could be asked */
    FAULT_CONNECT,   /* nobody answered: nothing was sent */
    FAULT_TLS,       /* no trust: nothing was sent */
    FAULT_LOST,      /* broken off after something was sent: nobody knows whether it was done */
    FAULT_TOO_LARGE, /* the answer is larger than allowed */
    FAULT_STOPPED,   /* the sink said so */
};

/* One request and its answer. Zeroed, then filled in by the caller as far as it needs. */
struct exchange {
    const char *method; /* NULL: GET */
    const char *url;    /* absolute, percent-encoded */
    const char *const
        *headers;    /* "Name: value"; NULL-terminated; may be NULL. "Name:" leaves it out */
    struct str body; /* STR_NONE: none; its Content-Type is one of the headers */
    uint64_t total;  /* milliseconds for all of it; 0: no limit */
    bool follow;     /* redirects, ten at most; only of GET and HEAD */
    size_t max_body; /* bytes of the answer that are kept; 0: 64 MiB */
    /* Takes the answer's body instead, when the status is 2xx; false stops. */
    bool (*sink)(void *ctx, const char *ptr, size_t len);
    void *ctx;
    bool (*stop)(void); /* asked while it lasts: true breaks it off. NULL: nobody is */

    enum fault fault;
    const char *trouble; /* libcurl's words for the fault, in the arena */
    int status;          /* 0: none came */
    struct str head;     /* the header lines of the last answer, CRLF-terminated, no status line */
    struct str answer;   /* the body, in the arena */
    const char *effective; /* the address that answered, in the arena */
    uint64_t micros;       /* from the start to the last byte */
};

/* NULL when libcurl cannot be had. */
struct transport *transport_new(const struct transport_options *options);
/* NULL is fine. */
void transport_free(struct transport *transport);

/*
 * Sends and waits. What the answer holds lives in arena. The result is in exchange->fault and
 * exchange->status; a status of 4xx or 5xx is no fault.
 */
void transport_run(struct transport *transport, struct arena *arena, struct exchange *exchange);

/* The value of a header of the answer, trimmed; the first of several; STR_NONE: not there. */
struct str exchange_header(const struct exchange *exchange, const char *name);

/* reference (RFC 3986, section 5) as seen from base, in the arena; NULL when that is no address. */
const char *transport_resolve(struct arena *arena, const char *base, struct str reference);

#endif
