/*
 * One request, taken apart: method, address, who asks, what for, the body.
 */
#ifndef PG409_WEB_REQUEST_H
#define PG409_WEB_REQUEST_H

#include "gateway/gateway.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/settings.h"

enum format { FORMAT_JSON, FORMAT_HTML, FORMAT_CSV };

#define MAX_SEGMENTS 3

struct request {
    struct gateway *gateway;
    unsigned method;      /* enum http_method; 0: one we do not know */
    unsigned sent_method; /* before an override */
    struct str prefix;    /* what stands before our addresses, ready for a link: "/desk" */
    struct str path;      /* behind the prefix, as the web server decoded it: "/articles/42" */
    struct str segments[MAX_SEGMENTS];
    size_t segment_count; /* MAX_SEGMENTS + 1: too many to be one of ours */
    struct str query_text;
    struct form query;
    struct str user; /* STR_NONE: nobody is logged in */
    struct str id;   /* X-Request-Id; STR_NONE when the client gave none worth keeping */
    enum format format;
    bool not_acceptable; /* Accept names none of these: fine only where the address has one form */
    bool object;         /* exactly one row, as an object: application/vnd.pgrst.object+json */
    bool has_body;
    bool streams;          /* the body is not read yet: its handler does, by request_read */
    bool cut_short;        /* less of it arrived than was announced */
    uint64_t left;         /* announced bytes that were not read yet */
    struct str media_type; /* of the body, lower case */
    struct str body;
    bool form_body; /* the body is a form, parsed into form */
    struct form form;
};

/* A refusal before any handler ran: a status, a problem name and a sentence. 0 is none. */
struct refusal {
    int status;
    const char *name; /* of the page under /_problems/ */
    struct str detail;
};

/* A header field by its CGI name, "HTTP_IF_MATCH"; STR_NONE when absent. */
struct str request_header(const struct request *request, const char *name);

/*
 * All but the body. On a refusal, what is known already is filled in, so that
 * the refusal itself can be answered in the right form.
 */
struct refusal request_start(struct arena *arena, struct gateway *gateway, struct request *request);

/*
 * Reads the body, checks its announced length, parses a form and applies
 * _method or X-HTTP-Method-Override. With may_stream, any body but a posted form is left for
 * request_read, however long it is.
 */
struct refusal request_body(struct arena *arena, const struct settings *settings,
                            struct request *request, bool may_stream);

/*
 * The next bytes of a body that streams, at most size; less than size is its end, or that it was
 * cut short.
 */
size_t request_read(struct request *request, char *into, size_t size);

/* The method that X-HTTP-Method-Override asks for beside a POST, else the one that was sent. */
unsigned request_meant_method(const struct request *request);

/*
 * Whether a browser sent this from a page of another site (Fetch Metadata's
 * Sec-Fetch-Site, else RFC 6454's Origin against Host and settings->origins).
 */
bool request_is_foreign(const struct settings *settings, const struct request *request);

/* A form field by name, STR_NONE when absent. */
struct str request_field(const struct request *request, struct str name);

#endif
