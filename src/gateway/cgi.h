/*
 * Plain CGI (RFC 3875): one request from environment and standard input.
 */
#ifndef PG409_GATEWAY_CGI_H
#define PG409_GATEWAY_CGI_H

#include "gateway/gateway.h"

struct cgi {
    struct gateway gateway; /* first, so that a pointer to it is one to the whole */
    bool failed;
    uint64_t left; /* bytes of the body still to come: a script must not read beyond them */
};

void cgi_init(struct cgi *cgi);

/*
 * Once all is written: reads what nobody wanted of the body, for five seconds at most. A process
 * that ends with a body unread resets its connection to Apache, which then has no answer to give.
 */
void cgi_finish(struct cgi *cgi);

#endif
