/*
 * Between the web server and pg409: parameters and body in, answer and log
 * lines out. One table of functions, so that FastCGI, CGI and the tests' memory
 * look the same to everybody above.
 */
#ifndef PG409_GATEWAY_GATEWAY_H
#define PG409_GATEWAY_GATEWAY_H

#include "base/err.h"
#include "base/str.h"

struct gateway {
    /* The value of a CGI variable (RFC 3875, section 4.1), valid during the request; NULL without.
     */
    const char *(*param)(struct gateway *gateway, const char *name);
    /* Reads up to size bytes of the body; less than size means its end or a failure. */
    size_t (*read)(struct gateway *gateway, char *into, size_t size);
    /* Whether reading failed or was cut short by the web server. */
    bool (*read_failed)(struct gateway *gateway);
    /* Writes the answer; ERR_IO when nobody listens any more. */
    enum err (*write)(struct gateway *gateway, struct str bytes) MUST_CHECK;
    /* One line, without its newline, to the web server's error log. */
    void (*log)(struct gateway *gateway, struct str line);
    /* The answer is whole: it goes out now, for the process has more to do. Nothing can be read,
     * written or logged any more; parameters stay. */
    void (*end)(struct gateway *gateway);
};

#endif
