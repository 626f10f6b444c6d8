/*
 * Which route answers which address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/routes.h"
#include "web/route.h"
#include "wire/http.h"

#include "base/banned.h"

/* The segments of an address, as a request has them. */
static size_t segments_of(const char *address, struct str *segments)
{
    size_t count = 0;
    struct str rest = str_skip(str_from(address), 1);
    while (rest.ptr && rest.len)
        segments[count++] = str_cut(rest, '/', &rest);
    return count;
}

static bool fits(const char *pattern, const char *address, struct route_match *match)
{
    struct str segments[8];
    size_t count = segments_of(address, segments);
    return route_fits(pattern, segments, count, match);
}

static void patterns_fit_segment_by_segment(void **state)
{
    static const struct {
        const char *pattern, *address;
        bool fits;
    } cases[] = {
        {"/", "/", true},
        {"/", "/a", false},
        {"/{table}", "/", false},
        {"/{table}", "/a", true},
        {"/{table}", "/a/b", false},
        {"/{table}/{key}", "/a", false},
        {"/{table}/{key}", "/a/b", true},
        {"/{table}/{key}", "/a/b/c", false},
        {"/{table}/_new", "/a/_new", true},
        {"/{table}/_new", "/a/new", false},
        {"/{table}/{key}/_history", "/a/b/_history", true},
        {"/_problems/{name}", "/_problems/stale", true},
        {"/_problems/{name}", "/_problems", false},
        {"/_health", "/_Health", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct route_match match;
        if (fits(cases[i].pattern, cases[i].address, &match) != cases[i].fits)
            fail_msg("%s and %s", cases[i].pattern, cases[i].address);
    }
}

static void names_with_an_underscore_are_never_tables_or_keys(void **state)
{
    struct route_match match;
    (void)state;
    assert_false(fits("/{table}", "/_own", &match));
    assert_false(fits("/{table}/{key}", "/a/_new", &match));
    assert_true(fits("/{table}/{key}", "/~5Fown/~5F1", &match));
    assert_true(fits("/_static/{name}", "/_static/_x", &match));
}

static void placeholders_give_the_raw_segments(void **state)
{
    struct route_match match;
    (void)state;
    assert_true(fits("/{table}/{key}", "/my~20table/1,~2F", &match));
    assert_true(str_is(match.table, "my~20table"));
    assert_true(str_is(match.key, "1,~2F"));
    assert_null(match.name.ptr);
    assert_true(fits("/_health", "/_health", &match));
    assert_null(match.table.ptr);
    assert_null(match.key.ptr);
}

static unsigned methods(const char *address)
{
    struct str segments[8];
    struct route_match match;
    size_t count = segments_of(address, segments);
    return route_methods(routes, segments, count, &match);
}

static void an_address_knows_its_methods(void **state)
{
    const unsigned reading = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
    (void)state;
    assert_int_equal(methods("/"), reading);
    assert_int_equal(methods("/_health"), reading);
    assert_int_equal(methods("/_metrics"), reading);
    assert_int_equal(methods("/articles"),
                     reading | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE);
    assert_int_equal(methods("/articles/_new"), reading);
    assert_int_equal(methods("/articles/1"),
                     reading | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE);
    assert_int_equal(methods("/_nothing"), 0);
    assert_int_equal(methods("/articles/1/2"), 0);
    assert_int_equal(methods("/_health/x"), 0);
}

static const struct route *find(const char *address, unsigned method)
{
    struct str segments[8];
    struct route_match match;
    size_t count = segments_of(address, segments);
    return route_find(routes, segments, count, method, &match);
}

static void head_is_answered_by_the_route_of_get(void **state)
{
    (void)state;
    assert_non_null(find("/articles/1", HTTP_HEAD));
    assert_ptr_equal(find("/articles/1", HTTP_HEAD), find("/articles/1", HTTP_GET));
    assert_null(find("/articles/_new", HTTP_POST));
    assert_null(find("/articles/1", HTTP_OPTIONS));
    assert_null(find("/articles/1", 0));
    assert_null(find("/_nothing", HTTP_GET));
}

static void a_literal_wins_over_a_placeholder(void **state)
{
    (void)state;
    assert_string_equal(find("/articles/_new", HTTP_GET)->pattern, "/{table}/_new");
    assert_string_equal(find("/_health", HTTP_GET)->pattern, "/_health");
}

/* No column of the table has a zero that could mean "open". */
static void every_route_says_what_it_demands(void **state)
{
    (void)state;
    for (const struct route *route = routes; route->pattern; route++) {
        assert_true(route->access && route->origin && route->body && route->catalog);
        assert_true(*http_method_name(route->method) != '\0');
        assert_true(route->html || route->json || route->csv);
        if (route->method == HTTP_GET || route->method == HTTP_OPTIONS)
            continue;
        assert_int_equal(route->access, ACCESS_WRITE);
        assert_int_equal(route->origin, ORIGIN_SAME);
        assert_true(route->body != BODY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_fit_segment_by_segment),
        cmocka_unit_test(names_with_an_underscore_are_never_tables_or_keys),
        cmocka_unit_test(placeholders_give_the_raw_segments),
        cmocka_unit_test(an_address_knows_its_methods),
        cmocka_unit_test(head_is_answered_by_the_route_of_get),
        cmocka_unit_test(a_literal_wins_over_a_placeholder),
        cmocka_unit_test(every_route_says_what_it_demands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
