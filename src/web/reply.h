/*
 * The answer: buffered, its status decided last, sent once; it can be thrown
 * away and begun again. Downloads stream in pieces once their status is certain.
 */
#ifndef PG409_WEB_REPLY_H
#define PG409_WEB_REPLY_H

#include "gateway/gateway.h"

struct reply {
    int status;
    struct buf headers; /* lines "Name: value\r\n" */
    struct buf body;
    bool head;  /* the request was HEAD: no body is sent */
    bool begun; /* streaming: the headers are out */
    bool lost;  /* nobody listens any more */
};

/* An empty 200; both buffers grow in arena. */
void reply_init(struct reply *reply, struct arena *arena);

/* Throws away what was put in so far. */
void reply_clear(struct reply *reply);

/*
 * A header field. The name is a literal; of the value, what would end the line
 * is left out.
 */
void reply_field(struct reply *reply, struct str name, struct str value);
#define reply_header(reply, name, value) reply_field((reply), STR(name), (value))

/* Sends status, headers and body; for HEAD without the body (RFC 9110, section 9.3.2). */
void reply_send(struct reply *reply, struct gateway *gateway);

/* Sends what is in the body so far and empties it; the first time, status and headers before it. */
void reply_piece(struct reply *reply, struct gateway *gateway);

#endif
