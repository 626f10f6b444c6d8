/*
 * FastCGI by libfcgi's fcgiapp: the only file that knows it. One request at a
 * time; traps and cures are listed in ARCHITECTURE.md.
 */
#ifndef PG409_GATEWAY_FASTCGI_H
#define PG409_GATEWAY_FASTCGI_H

#include "gateway/gateway.h"

struct fastcgi;

enum fastcgi_event {
    FASTCGI_REQUEST, /* a request is there */
    FASTCGI_IDLE,    /* nothing came for the time given */
    FASTCGI_STOP     /* the process was asked to end, or the socket is broken */
};

/* Whether the process was started with a listening socket on descriptor 0. */
bool fastcgi_wanted(void);

/* Takes over SIGTERM, SIGUSR1 and SIGPIPE and prepares libfcgi; owned by the caller. NULL when
 * libfcgi fails. */
struct fastcgi *fastcgi_new(void);
void fastcgi_free(struct fastcgi *fastcgi);

/*
 * Waits for the next request, at most idle milliseconds (0: for ever). A signal
 * to end is seen only here: the request at hand is always finished.
 */
enum fastcgi_event fastcgi_next(struct fastcgi *fastcgi, uint64_t idle);

/* The gateway of the request that fastcgi_next announced. */
struct gateway *fastcgi_gateway(struct fastcgi *fastcgi);

/* Ends that request; its parameters are gone. */
void fastcgi_finish(struct fastcgi *fastcgi);

#endif
