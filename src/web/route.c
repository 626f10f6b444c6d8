#include "web/route.h"

#include <string.h>

#include "wire/http.h"

#include "base/banned.h"

/* Where the placeholder at the start of a pattern goes; NULL when a literal is there. */
static struct str *place_of(const char *pattern, struct route_match *match)
{
    if (pattern[0] != '{')
        return NULL;
    return pattern[1] == 't' ? &match->table : pattern[1] == 'k' ? &match->key : &match->name;
}

/*
 * Whether the part of a pattern fits the segment; *pattern moves behind it. A placeholder never
 * takes a segment with a leading '_': those are ours, tables write ~5F.
 */
static bool take(const char **pattern, struct str segment, struct route_match *match)
{
    const char *at = *pattern;
    struct str *into = place_of(at, match);
    if (into) {
        if (into != &match->name && str_starts(segment, STR("_")))
            return false;
        *pattern = strchrnul(at, '/');
        *into = segment;
        return true;
    }
    size_t same = 0;
    while (same < segment.len && at[same] && at[same] == segment.ptr[same])
        same++;
    *pattern = at + same;
    return same == segment.len && (at[same] == '/' || !at[same]);
}

bool route_fits(const char *pattern, const struct str *segments, size_t count,
                struct route_match *match)
{
    const char *rest = pattern + 1;
    size_t at = 0;
    *match = (struct route_match){0};
    for (; *rest; at++) {
        if (at == count || !take(&rest, segments[at], match))
            return false;
        if (*rest == '/')
            rest++;
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
