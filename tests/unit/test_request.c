/*
 * A request taken apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "memory_gateway.h"
#include "web/request.h"

#include "base/banned.h"

static int setup(void **state)
{
    static struct memory_gateway memory;
    memory_init(&memory);
    memory_param(&memory, "REQUEST_METHOD", "GET");
    memory_param(&memory, "SCRIPT_NAME", "/desk");
    memory_param(&memory, "PATH_INFO", "/");
    memory_param(&memory, "REQUEST_URI", "/desk/");
    memory_param(&memory, "HTTP_HOST", "example.org");
    *state = &memory;
    return 0;
}

static int teardown(void **state)
{
    memory_release(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define FORM "application/x-www-form-urlencoded"

static void assert_str(struct str text, const char *expected)
{
    if (expected ? !str_is(text, expected) : text.ptr != NULL)
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected ? expected : "(none)");
}

static int start(struct memory_gateway *memory, struct request *request)
{
    return request_start(&memory->arena, &memory->gateway, request).status;
}

static int both(struct memory_gateway *memory, struct request *request)
{
    struct settings settings;
    settings_defaults(&settings);
    settings.max_fields = 5;
    settings.max_body = 1000;
    assert_int_equal(start(memory, request), 0);
    return request_body(&memory->arena, &settings, request, false).status;
}

static void the_prefix_is_what_visitors_see_before_our_addresses(void **state)
{
    static const struct {
        const char *script, *path, *uri, *prefix, *own;
    } cases[] = {
        {"/desk", "/articles/1", "/desk/articles/1?x=1", "/desk", "/articles/1"},
        {"/cgi-bin/pg409.fcgi", "/a", "/cgi-bin/pg409.fcgi/a", "/cgi-bin/pg409.fcgi", "/a"},
        {"/cgi-bin/pg409.fcgi", "/a", "/shop/a", "/shop", "/a"},
        {"/cgi-bin/pg409.fcgi", "/a", "/a", "", "/a"},
        {"/cgi-bin/pg409.fcgi", "/", "/", "", "/"},
        {"/desk", NULL, "/desk", "/desk", "/"},
        {"/desk", "", "/desk", "/desk", "/"},
        {"", "/a", "/a", "", "/a"},
        {NULL, "/a", "/a", "", "/a"},
        {"/", "/a", "/a", "", "/a"},
        {"/desk", "/a", NULL, "/desk", "/a"},
        {"/desk", "/a", "", "/desk", "/a"},
        {"/desk", "/a", "/desktop/a", "/desktop", "/a"},
        {"/desk", "/a b", "/desk/a%20b", "/desk", "/a b"},
        {"/my desk", "/a", "/my%20desk/a", "/my%20desk", "/a"},
        {"/x\"><b>", "/a", NULL, "/x%22%3E%3Cb%3E", "/a"},
        {"/x", "/\xc3\xa4", "/shop/%C3%A4", "/shop", "/\xc3\xa4"},
        {"/desk", "/a", "http://example.org/other/a", "/desk", "/a"},
        {"/desk", "/a", "/%ZZ/a", "/desk", "/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request;
        memory_param(*state, "SCRIPT_NAME", cases[i].script);
        memory_param(*state, "PATH_INFO", cases[i].path);
        memory_param(*state, "REQUEST_URI", cases[i].uri);
        assert_int_equal(start(*state, &request), 0);
        assert_str(request.prefix, cases[i].prefix);
        assert_str(request.path, cases[i].own);
    }
}

static void the_path_falls_into_segments(void **state)
{
    static const struct {
        const char *path;
        size_t count;
        const char *first, *last;
    } cases[] = {
        {"/", 0, NULL, NULL},
        {"/a", 1, "a", "a"},
        {"/a/", 1, "a", "a"},
        {"/a/1,2", 2, "a", "1,2"},
        {"/a/1/_history", 3, "a", "_history"},
        {"/a//b", 3, "a", "b"},
        {"/a/b/c/d", 4, "a", NULL},
        {"/a/b/c/d/e/f", 4, "a", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request;
        memory_param(*state, "PATH_INFO", cases[i].path);
        assert_int_equal(start(*state, &request), 0);
        assert_int_equal(request.segment_count, cases[i].count);
        if (cases[i].first)
            assert_str(request.segments[0], cases[i].first);
        if (cases[i].last)
            assert_str(request.segments[request.segment_count - 1], cases[i].last);
    }
}

static void accept_and_format_choose_the_representation(void **state)
{
    static const struct {
        const char *accept, *query;
        int status;
        enum format format;
    } cases[] = {
        {NULL, "", 0, FORMAT_JSON},
        {"*/*", "", 0, FORMAT_JSON},
        {"text/html,application/xhtml+xml,*/*;q=0.8", "", 0, FORMAT_HTML},
        {"application/json", "", 0, FORMAT_JSON},
        {"application/problem+json", "", 0, FORMAT_JSON},
        {"text/csv", "", 0, FORMAT_CSV},
        {"image/png", "", 0, FORMAT_JSON},
        {"image/png", "_format=html", 0, FORMAT_HTML},
        {"text/html", "_format=csv", 0, FORMAT_CSV},
        {"text/html", "a=1&_format=json", 0, FORMAT_JSON},
        {"text/html", "_format=xml", 400, FORMAT_JSON},
        {"text/html", "_format=", 400, FORMAT_JSON},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request;
        memory_param(*state, "HTTP_ACCEPT", cases[i].accept);
        memory_param(*state, "QUERY_STRING", cases[i].query);
        assert_int_equal(start(*state, &request), cases[i].status);
        assert_int_equal(request.format, cases[i].format);
        /* that it is none of ours is for the address to judge: a file has just one form */
        assert_int_equal(request.not_acceptable, cases[i].accept &&
                                                     strcmp(cases[i].accept, "image/png") == 0 &&
                                                     !cases[i].query[0]);
    }
}

static char *repeated(struct memory_gateway *memory, char c, size_t count)
{
    char *text = arena_alloc(&memory->arena, count + 1);
    for (size_t i = 0; i < count; i++)
        text[i] = c;
    text[0] = '/';
    return text;
}

static void addresses_that_cannot_be_ours_are_refused(void **state)
{
    struct request request;
    memory_param(*state, "PATH_INFO", "/\xff");
    assert_int_equal(start(*state, &request), 400);
    memory_param(*state, "PATH_INFO", "/");
    memory_param(*state, "QUERY_STRING", "a=%FF");
    assert_int_equal(start(*state, &request), 400);
    memory_param(*state, "QUERY_STRING", "a=%4");
    assert_int_equal(start(*state, &request), 400);
    memory_param(*state, "QUERY_STRING", repeated(*state, 'a', 16385));
    assert_int_equal(start(*state, &request), 414);
    memory_param(*state, "QUERY_STRING", "");
    memory_param(*state, "PATH_INFO", repeated(*state, 'a', 4096));
    assert_int_equal(start(*state, &request), 0);
    memory_param(*state, "PATH_INFO", repeated(*state, 'a', 4097));
    assert_int_equal(start(*state, &request), 414);
}

static void nobody_logged_in_has_no_name(void **state)
{
    struct request request;
    assert_int_equal(start(*state, &request), 0);
    assert_str(request.user, NULL);
    memory_param(*state, "REMOTE_USER", "");
    assert_int_equal(start(*state, &request), 0);
    assert_str(request.user, NULL);
    memory_param(*state, "REMOTE_USER", "anna");
    assert_int_equal(start(*state, &request), 0);
    assert_str(request.user, "anna");
}

/* The refusal is a page, and shows who is logged in. */
static void a_name_that_no_page_could_show_is_refused_and_forgotten(void **state)
{
    struct request request;
    memory_param(*state, "REMOTE_USER", "ann\xe4");
    assert_int_equal(start(*state, &request), 400);
    assert_str(request.user, NULL);
    memory_param(*state, "PATH_INFO", repeated(*state, 'a', 4097));
    assert_int_not_equal(start(*state, &request), 0);
    assert_str(request.user, NULL);
}

static void a_harmless_request_id_is_kept(void **state)
{
    static const char *const bad[] = {"", "a b", "a\nb", "\"", "a\xff", "<b>"};
    struct request request;
    memory_param(*state, "HTTP_X_REQUEST_ID", "4bf9-2f.3577/34d=");
    assert_int_equal(start(*state, &request), 0);
    assert_str(request.id, "4bf9-2f.3577/34d=");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memory_param(*state, "HTTP_X_REQUEST_ID", bad[i]);
        assert_int_equal(start(*state, &request), 0);
        assert_null(request.id.ptr);
    }
    memory_param(*state, "HTTP_X_REQUEST_ID", repeated(*state, 'a', 65));
    assert_int_equal(start(*state, &request), 0);
    assert_null(request.id.ptr);
}

static void a_form_is_read_whole(void **state)
{
    struct request request;
    memory_param(*state, "REQUEST_METHOD", "POST");
    memory_body(*state, FORM "; charset=UTF-8", STR("title=a+b&x=%C3%A4"));
    assert_int_equal(both(*state, &request), 0);
    assert_true(request.form_body && request.has_body);
    assert_str(request_field(&request, STR("title")), "a b");
    assert_str(request_field(&request, STR("x")), "\xc3\xa4");
    assert_str(request_field(&request, STR("y")), NULL);
    assert_str(request.media_type, FORM);
}

static void a_body_of_another_type_is_left_as_it_is(void **state)
{
    struct request request;
    memory_body(*state, "Application/JSON", STR("{\"a\": 1}"));
    assert_int_equal(both(*state, &request), 0);
    assert_false(request.form_body);
    assert_str(request.body, "{\"a\": 1}");
    assert_str(request.media_type, "application/json");
}

static void a_body_cut_short_is_never_taken(void **state)
{
    struct memory_gateway *memory = *state;
    struct request request;
    memory_body(memory, FORM, STR("title=abc"));
    memory->body.len = 8;
    assert_int_equal(both(memory, &request), 400);
    assert_false(request.has_body);
    assert_null(request_field(&request, STR("title")).ptr);
    memory_body(memory, FORM, STR("title=abc"));
    memory->body_at = 0;
    memory->read_failed = true;
    assert_int_equal(both(memory, &request), 400);
}

static void a_body_longer_than_announced_is_refused(void **state)
{
    struct request request;
    memory_body(*state, FORM, STR("title=abc"));
    memory_param(*state, "CONTENT_LENGTH", "8");
    assert_int_equal(both(*state, &request), 400);
    assert_null(request_field(&request, STR("title")).ptr);
}

static void lengths_are_numbers_within_the_limit(void **state)
{
    static const struct {
        const char *length;
        int status;
    } cases[] = {
        {NULL, 0},
        {"", 0},
        {"0", 0},
        {"x", 400},
        {"-1", 400},
        {"1 ", 400},
        {"0x5", 400},
        {"1001", 413},
        {"9223372036854775807", 413},
        {"99999999999999999999", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request;
        memory_param(*state, "CONTENT_LENGTH", cases[i].length);
        assert_int_equal(both(*state, &request), cases[i].status);
        assert_false(request.has_body);
    }
}

static void forms_have_limits_and_are_utf8(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {"a=1&b=2&c=3&d=4&e=5", 0},
        {"a=1&b=2&c=3&d=4&e=5&f=6", 413},
        {"a=%FF", 400},
        {"a=%4", 400},
        {"a=%00", 422},
        {"a=\xff", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct memory_gateway *memory = *state;
        struct request request;
        memory_body(memory, FORM, str_from(cases[i].body));
        memory->body_at = 0;
        assert_int_equal(both(memory, &request), cases[i].status);
    }
}

static void a_post_may_say_which_method_it_means(void **state)
{
    static const struct {
        const char *sent, *header, *body;
        int status;
        unsigned method;
    } cases[] = {
        {"POST", NULL, "_method=DELETE", 0, HTTP_DELETE},
        {"POST", "PATCH", "a=1", 0, HTTP_PATCH},
        {"POST", "PATCH", "_method=PUT", 0, HTTP_PUT},
        {"POST", "", "_method=", 0, HTTP_POST},
        {"POST", NULL, "_method=POST", 0, HTTP_POST},
        {"POST", "GET", "", 400, HTTP_POST},
        {"POST", NULL, "_method=delete", 400, HTTP_POST},
        {"POST", NULL, "_method=OPTIONS", 400, HTTP_POST},
        {"PUT", "DELETE", "_method=DELETE", 0, HTTP_PUT},
        {"GET", "DELETE", "", 0, HTTP_GET},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct memory_gateway *memory = *state;
        struct request request;
        memory_param(memory, "REQUEST_METHOD", cases[i].sent);
        memory_param(memory, "HTTP_X_HTTP_METHOD_OVERRIDE", cases[i].header);
        memory_body(memory, FORM, str_from(cases[i].body));
        memory->body_at = 0;
        assert_int_equal(both(memory, &request), cases[i].status);
        assert_int_equal(request.method, cases[i].method);
    }
}

static void pages_of_other_sites_are_told_apart(void **state)
{
    static const struct {
        const char *site, *origin, *host;
        bool foreign;
    } cases[] = {
        {NULL, NULL, "example.org", false}, /* no browser */
        {"same-origin", "https://example.org", "example.org", false},
        {"none", NULL, "example.org", false},
        {"same-site", "https://www.example.org", "example.org", true},
        {"cross-site", "https://evil.example", "example.org", true},
        {"cross-site", "https://friend.example", "example.org", false},
        {"cross-site", "https://friend.example.evil", "example.org", true},
        {"cross-site", NULL, "example.org", true},
        {"nonsense", NULL, "example.org", true},
        {NULL, "https://example.org", "example.org", false},
        {NULL, "https://EXAMPLE.org", "example.org", false},
        {NULL, "http://example.org:8080", "example.org:8080", false},
        {NULL, "http://example.org:8080", "example.org", true},
        {NULL, "https://evil.example", "example.org", true},
        {NULL, "https://example.org.evil", "example.org", true},
        {NULL, "null", "example.org", true},
        {NULL, "https://", "", true},
        {NULL, "https://example.org", NULL, true},
        {"", "https://evil.example", "example.org", true},
    };
    struct settings settings;
    settings_defaults(&settings);
    settings.origins = STR("https://other.example, https://friend.example");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request;
        memory_param(*state, "HTTP_SEC_FETCH_SITE", cases[i].site);
        memory_param(*state, "HTTP_ORIGIN", cases[i].origin);
        memory_param(*state, "HTTP_HOST", cases[i].host);
        assert_int_equal(start(*state, &request), 0);
        if (request_is_foreign(&settings, &request) != cases[i].foreign)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_prefix_is_what_visitors_see_before_our_addresses),
        TEST(the_path_falls_into_segments),
        TEST(accept_and_format_choose_the_representation),
        TEST(addresses_that_cannot_be_ours_are_refused),
        TEST(nobody_logged_in_has_no_name),
        TEST(a_name_that_no_page_could_show_is_refused_and_forgotten),
        TEST(a_harmless_request_id_is_kept),
        TEST(a_form_is_read_whole),
        TEST(a_body_of_another_type_is_left_as_it_is),
        TEST(a_body_cut_short_is_never_taken),
        TEST(a_body_longer_than_announced_is_refused),
        TEST(lengths_are_numbers_within_the_limit),
        TEST(forms_have_limits_and_are_utf8),
        TEST(a_post_may_say_which_method_it_means),
        TEST(pages_of_other_sites_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
