/*
 * The route table: every address with what it demands. All of a route's columns
 * are checked once, in app_serve; none of them has a zero that means "open".
 */
#ifndef PG409_WEB_ROUTE_H
#define PG409_WEB_ROUTE_H

#include "base/str.h"

struct work;

enum access {
    ACCESS_READ = 1, /* who may read: setting anonymous, else logged in */
    ACCESS_WRITE,    /* who may write */
    ACCESS_METRICS,  /* who is logged in, or everybody: setting metrics */
    ACCESS_ANYONE    /* no data of the database is shown */
};

enum origin {
    ORIGIN_SAME = 1, /* a browser must have sent it from a page of this site */
    ORIGIN_ANY
};

enum body {
    BODY_NONE = 1, /* a body is not looked at */
    BODY_LIMITED,  /* a form or JSON, up to the setting max_body */
    BODY_ROWS,     /* the same, or CSV */
    BODY_STREAM    /* a posted form, or anything else: that its handler reads piece by piece */
};

enum catalog_need {
    CATALOG_NONE = 1,
    CATALOG_KEPT, /* the one at hand will do */
    CATALOG_FRESH /* not older than a second */
};

struct route {
    const char *pattern; /* "/{table}/{key}/_history": {table} and {key} become work's */
    unsigned method;     /* one of enum http_method */
    enum access access;
    enum origin origin;
    enum body body;
    enum catalog_need catalog;
    /* Handlers by representation, or for writes by the type of the body; NULL: not acceptable. */
    void (*html)(struct work *work);
    void (*json)(struct work *work);
    void (*csv)(struct work *work);
};

/* The segments that a pattern's placeholders stand for. */
struct route_match {
    struct str table, key, name; /* raw segments; STR_NONE where the pattern has none */
};

/* Whether the pattern fits these segments. */
bool route_fits(const char *pattern, const struct str *segments, size_t count,
                struct route_match *match);

/*
 * The methods that an address answers, as a mask (0: no such address); *match is
 * that of the last pattern that fits. A literal segment wins over a placeholder:
 * names with a leading '_' are never tables.
 */
unsigned route_methods(const struct route *routes, const struct str *segments, size_t count,
                       struct route_match *match);

/* The route for that method, or NULL. routes ends with a NULL pattern. */
const struct route *route_find(const struct route *routes, const struct str *segments, size_t count,
                               unsigned method, struct route_match *match);

#endif
