#include "web/route.h"

#include "wire/http.h"

#include "base/banned.h"

/* A placeholder never takes a segment with a leading '_': those are ours, tables write ~5F. */
static bool take(struct str part, struct str segment, struct route_match *match)
{
    struct str *into = str_is(part, "{table}")  ? &match->table
                       : str_is(part, "{key}")  ? &match->key
                       : str_is(part, "{name}") ? &match->name
                                                : NULL;
    if (!into)
        return str_eq(part, segment);
    if (into != &match->name && str_starts(segment, STR("_")))
        return false;
    *into = segment;
    return true;
}

bool route_fits(const char *pattern, const struct str *segments, size_t count,
                struct route_match *match)
{
    struct str rest = str_skip(str_from(pattern), 1);
    size_t at = 0;
    *match = (struct route_match){0};
    while (rest.ptr && rest.len) {
        struct str part = str_cut(rest, '/', &rest);
        if (at == count || !take(part, segments[at], match))
            return false;
        at++;
    }
    return at == count;
}

unsigned route_methods(const struct route *routes, const struct str *segments, size_t count,
                       struct route_match *match)
{
    unsigned methods = 0;
    struct route_match here;
    for (const struct route *route = routes; route->pattern; route++)
        if (route_fits(route->pattern, segments, count, &here)) {
            methods |= route->method;
            *match = here;
        }
    if (methods & HTTP_GET)
        methods |= HTTP_HEAD;
    return methods ? methods | HTTP_OPTIONS : 0;
}

const struct route *route_find(const struct route *routes, const struct str *segments, size_t count,
                               unsigned method, struct route_match *match)
{
    if (method == HTTP_HEAD)
        method = HTTP_GET;
    for (const struct route *route = routes; route->pattern; route++)
        if (route->method == method && route_fits(route->pattern, segments, count, match))
            return route;
    return NULL;
}
