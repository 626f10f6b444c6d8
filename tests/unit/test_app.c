/*
 * Requests from beginning to end, with a gateway in memory and no database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "memory_gateway.h"
#include "page/refuse.h"
#include "page/static.h"
#include "web/app.h"
#include "web/problem.h"

#include "base/banned.h"

/* A database that cannot be reached, at once. */
#define NOWHERE "database = host=/nonexistent/pg409 user=web password=geheim\nmetrics = off\n"

struct world {
    struct memory_gateway memory;
    struct app app;
    char file[64];
};

static void configure(struct world *world, const char *text)
{
    FILE *file = fopen(world->file, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.file = "/tmp/pg409-test-XXXXXX"};
    int fd = mkstemp(world.file);
    if (fd < 0)
        return 1;
    close(fd);
    configure(&world, NOWHERE);
    memory_init(&world.memory);
    app_init(&world.app, routes, refuse, true);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    app_release(&world->app);
    memory_release(&world->memory);
    return unlink(world->file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A request as a browser sends it (Accept: text/html), answered; the status. */
static int ask(struct world *world, const char *method, const char *path)
{
    struct memory_gateway *memory = &world->memory;
    memory->body_at = 0;
    buf_clear(&memory->out);
    buf_clear(&memory->log);
    memory_param(memory, "PG409_CONFIG", world->file);
    memory_param(memory, "REQUEST_METHOD", method);
    memory_param(memory, "SCRIPT_NAME", "/desk");
    memory_param(memory, "PATH_INFO", path);
    app_serve(&world->app, &memory->gateway);
    return memory_status(memory);
}

static void assert_has(struct str text, const char *part)
{
    if (str_find(text, str_from(part)) == SIZE_MAX)
        fail_msg("%.*s\nlacks %s", STR_ARG(text), part);
}

static struct str header(const struct world *world, const char *name)
{
    return memory_header(&world->memory, str_from(name));
}

static void the_style_sheet_is_served_by_its_content(void **state)
{
    struct world *world = *state;
    const char *path = str_printf(&world->memory.arena, "/_static/style.%s.css", style_hash).ptr;
    assert_int_equal(ask(world, "GET", path), 200);
    assert_has(header(world, "Content-Type"), "text/css");
    assert_has(header(world, "Cache-Control"), "immutable");
    assert_int_equal(memory_answer(&world->memory).len, style_size);
    assert_memory_equal(memory_answer(&world->memory).ptr, style_data, style_size);
    assert_int_equal(ask(world, "GET", "/_static/style.0.css"), 404);
    path = str_printf(&world->memory.arena, "/_static/script.%s.js", script_hash).ptr;
    assert_int_equal(ask(world, "GET", path), 200);
    assert_memory_equal(memory_answer(&world->memory).ptr, script_data, script_size);
}

static void every_problem_has_its_page(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "HTTP_ACCEPT", "text/html");
    for (const struct problem *problem = problems; problem->name; problem++) {
        struct str path = str_printf(&world->memory.arena, "/_problems/%s", problem->name);
        assert_int_equal(ask(world, "GET", path.ptr), 200);
        assert_has(memory_answer(&world->memory), problem->title);
        assert_has(memory_answer(&world->memory), "/desk/_static/style.");
    }
    assert_int_equal(ask(world, "GET", "/_problems/nonsense"), 404);
}

static void an_unknown_address_is_404_in_either_language(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "GET", "/_nothing/here"), 404);
    assert_has(header(world, "Content-Type"), "application/problem+json");
    assert_has(memory_answer(&world->memory), "\"type\":\"/desk/_problems/not-found\"");
    memory_param(&world->memory, "HTTP_ACCEPT", "text/html");
    assert_int_equal(ask(world, "GET", "/a/b/c/d/e"), 404);
    assert_has(header(world, "Content-Type"), "text/html");
    assert_int_equal(world->memory.log.len, 0);
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "DELETE", "/_health"), 405);
    assert_true(str_is(header(world, "Allow"), "GET, HEAD, OPTIONS"));
    assert_int_equal(ask(world, "PUT", "/articles/_new"), 405);
    assert_true(str_is(header(world, "Allow"), "GET, HEAD, OPTIONS"));
    assert_int_equal(ask(world, "BREW", "/articles"), 405);
    assert_int_equal(ask(world, "BREW", "/_nothing"), 404);
}

static void options_answers_allow_alone(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "OPTIONS", "/articles/1"), 204);
    assert_true(str_is(header(world, "Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    assert_int_equal(memory_answer(&world->memory).len, 0);
    assert_null(header(world, "Content-Length").ptr);
}

static void head_has_the_headers_of_get(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "HTTP_ACCEPT", "text/html");
    assert_int_equal(ask(world, "GET", "/_problems/stale"), 200);
    struct str length = str_copy(&world->memory.arena, header(world, "Content-Length"));
    assert_int_equal(ask(world, "HEAD", "/_problems/stale"), 200);
    assert_true(str_eq(header(world, "Content-Length"), length));
    assert_int_equal(memory_answer(&world->memory).len, 0);
}

static void who_is_not_logged_in_may_do_what_the_setting_says(void **state)
{
    static const struct {
        const char *setting, *method, *path;
        int status;
    } cases[] = {
        {"read", "GET", "/articles/1", 503},      {"read", "POST", "/articles", 403},
        {"read", "PATCH", "/articles/1", 403},    {"read", "DELETE", "/articles/1", 403},
        {"read", "GET", "/articles/_new", 403},   {"deny", "GET", "/", 403},
        {"deny", "GET", "/articles", 403},        {"deny", "GET", "/articles/1", 403},
        {"deny", "GET", "/_problems/stale", 200}, {"write", "POST", "/articles", 503},
        {"write", "GET", "/articles/_new", 503},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world *world = *state;
        app_release(&world->app);
        app_init(&world->app, routes, refuse, true);
        configure(
            world,
            str_printf(&world->memory.arena, NOWHERE "anonymous = %s\n", cases[i].setting).ptr);
        memory_param(&world->memory, "HTTP_ACCEPT", "text/html");
        if (ask(world, cases[i].method, cases[i].path) != cases[i].status)
            fail_msg("case %zu: %d", i, memory_status(&world->memory));
    }
}

static void a_page_of_another_site_may_not_write(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    memory_param(&world->memory, "HTTP_SEC_FETCH_SITE", "cross-site");
    assert_int_equal(ask(world, "POST", "/articles"), 403);
    assert_has(memory_answer(&world->memory), "foreign-origin");
    assert_int_equal(ask(world, "GET", "/_problems/stale"), 200);
}

static void a_type_that_nobody_reads_is_415(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    memory_body(&world->memory, "text/xml", STR("<a/>"));
    assert_int_equal(ask(world, "POST", "/articles"), 415);
}

static void a_slip_in_the_settings_is_told_to_the_log_alone(void **state)
{
    struct world *world = *state;
    configure(world, "database = password=geheim\nnonsense = 1\n");
    assert_int_equal(ask(world, "GET", "/_problems/stale"), 503);
    assert_non_null(header(world, "Retry-After").ptr);
    struct str answer = memory_answer(&world->memory);
    assert_int_equal(str_find(answer, str_from(world->file)), SIZE_MAX);
    assert_int_equal(str_find(answer, STR("nonsense")), SIZE_MAX);
    assert_has(buf_slice(&world->memory.log), "nonsense");
    assert_int_equal(str_find(buf_slice(&world->memory.log), STR("geheim")), SIZE_MAX);
}

static void a_database_that_is_away_is_503_without_its_address(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "GET", "/articles"), 503);
    assert_non_null(header(world, "Retry-After").ptr);
    assert_has(header(world, "Cache-Control"), "no-store");
    struct str answer = memory_answer(&world->memory);
    assert_int_equal(str_find(answer, STR("nonexistent")), SIZE_MAX);
    assert_int_equal(str_find(answer, STR("geheim")), SIZE_MAX);
    assert_has(buf_slice(&world->memory.log), "pg409 error ");
    assert_int_equal(str_find(buf_slice(&world->memory.log), STR("geheim")), SIZE_MAX);
    assert_int_equal(ask(world, "GET", "/_health"), 503);
}

/* Contract, sections 4 and 9: refused writes are logged and named too. */
static void a_write_whose_body_is_refused_is_logged(void **state)
{
    static const struct {
        const char *type, *body, *length;
        int status;
    } cases[] = {
        {"application/x-www-form-urlencoded", "a=%4", "4", 400},
        {"application/x-www-form-urlencoded", "a=1", "4", 400},
        {"application/json", "{}", "999999999", 413},
        {"text/plain", "x", "1", 415},
    };
    struct world *world = *state;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memory_body(&world->memory, cases[i].type, str_from(cases[i].body));
        memory_param(&world->memory, "CONTENT_LENGTH", cases[i].length);
        assert_int_equal(ask(world, "POST", "/articles/1"), cases[i].status);
        assert_true(str_is(header(world, "PG409-Outcome"), "refused"));
        assert_has(buf_slice(&world->memory.log), "pg409 write ");
        assert_has(buf_slice(&world->memory.log), " user=anna method=POST table=articles key=1 ");
    }
}

static void what_was_typed_is_shown_when_the_form_is_refused(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    memory_body(&world->memory, "application/x-www-form-urlencoded",
                STR("title=my+%3Cb%3Enew%3C%2Fb%3E+text&_version=5"));
    assert_int_equal(ask(world, "POST", "/articles/1"), 503);
    assert_has(memory_answer(&world->memory), "my &lt;b&gt;new&lt;/b&gt; text");
}

static void requests_do_not_leak_into_each_other(void **state)
{
    struct world *world = *state;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    memory_param(&world->memory, "HTTP_X_REQUEST_ID", "first");
    assert_int_equal(ask(world, "DELETE", "/_health"), 405);
    memory_param(&world->memory, "REMOTE_USER", NULL);
    memory_param(&world->memory, "HTTP_X_REQUEST_ID", "second");
    memory_param(&world->memory, "HTTP_ACCEPT", "text/html");
    assert_int_equal(ask(world, "GET", "/_problems/stale"), 200);
    struct str out = buf_slice(&world->memory.out);
    assert_int_equal(str_find(out, STR("anna")), SIZE_MAX);
    assert_null(header(world, "Allow").ptr);
    assert_true(str_is(header(world, "X-Request-Id"), "second"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_style_sheet_is_served_by_its_content),
        TEST(every_problem_has_its_page),
        TEST(an_unknown_address_is_404_in_either_language),
        TEST(a_wrong_method_is_told_the_right_ones),
        TEST(options_answers_allow_alone),
        TEST(head_has_the_headers_of_get),
        TEST(who_is_not_logged_in_may_do_what_the_setting_says),
        TEST(a_page_of_another_site_may_not_write),
        TEST(a_type_that_nobody_reads_is_415),
        TEST(a_slip_in_the_settings_is_told_to_the_log_alone),
        TEST(a_database_that_is_away_is_503_without_its_address),
        TEST(a_write_whose_body_is_refused_is_logged),
        TEST(what_was_typed_is_shown_when_the_form_is_refused),
        TEST(requests_do_not_leak_into_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
