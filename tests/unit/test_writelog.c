/*
 * What every answer and every write leaves behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "memory_gateway.h"
#include "web/app.h"
#include "web/writelog.h"

#include "base/banned.h"

struct world {
    struct memory_gateway memory;
    struct app app;
};

static int setup(void **state)
{
    static struct world world;
    memory_init(&world.memory);
    world.app = (struct app){0};
    struct work *work = &world.app.work;
    arena_init(&work->arena);
    work->app = &world.app;
    work->started = app_now();
    reply_init(&work->reply, &work->arena);
    talk_init(&work->talk, &work->arena);
    work->request.gateway = &world.memory.gateway;
    work->request.id = STR("id1");
    work->request.method = HTTP_PATCH;
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    arena_release(&world->app.work.arena);
    memory_release(&world->memory);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The one line that was logged. */
static struct str line_of(struct world *world)
{
    struct str rest;
    buf_clear(&world->memory.log);
    writelog_line(&world->app.work);
    struct str line = str_cut(buf_slice(&world->memory.log), '\n', &rest);
    assert_int_equal(rest.len, 0);
    return line;
}

static void assert_has(struct str text, const char *part)
{
    if (str_find(text, str_from(part)) == SIZE_MAX)
        fail_msg("%.*s\nlacks %s", STR_ARG(text), part);
}

static void a_write_is_one_line_of_pairs(void **state)
{
    struct world *world = *state;
    struct work *work = &world->app.work;
    work->is_write = true;
    work->reply.status = 409;
    work->request.user = STR("anna");
    work->match.table = STR("articles");
    work->match.key = STR("42");
    work->outcome = "conflict";
    work->reason = "stale";
    work->logged_columns = STR("title,body");
    work->logged_base = STR("5");
    work->logged_current = STR("6");
    assert_has(line_of(world),
               "pg409 write id=id1 user=anna method=PATCH table=articles key=42 outcome=conflict "
               "reason=stale columns=title,body base=5 current=6 status=409 ms=");
}

static void what_is_absent_is_left_out(void **state)
{
    struct world *world = *state;
    world->app.work.is_write = true;
    assert_has(line_of(world), "pg409 write id=id1 method=PATCH status=200 ms=");
}

static void reading_is_not_logged_unless_it_fails(void **state)
{
    struct world *world = *state;
    struct work *work = &world->app.work;
    work->request.method = HTTP_GET;
    for (int status = 200; status < 500; status += 20) {
        work->reply.status = status;
        writelog_line(work);
    }
    assert_int_equal(world->memory.log.len, 0);
    work->reply.status = 503;
    work->trouble = STR("connection refused");
    memcpy(work->talk.error.sqlstate, "08006", 6);
    assert_has(line_of(world), "pg409 error id=id1 method=GET status=503 ms=");
    assert_has(line_of(world), " sqlstate=08006 error=\"connection refused\"");
}

static void no_value_can_begin_another_pair_or_line(void **state)
{
    static const struct {
        const char *user, *logged;
    } cases[] = {
        {"a b", "user=\"a b\" "},
        {"a\" outcome=\"saved", "user=\"a' outcome='saved\" "},
        {"a\npg409 write", "user=\"a.pg409 write\" "},
        {"a\r\n\x1b[31m\x7f", "user=\"a...[31m.\" "},
        {"a=b", "user=\"a=b\" "},
        {"", "user=\"\" "},
        {"\xc3\xa4nne", "user=\xc3\xa4nne "},
    };
    struct world *world = *state;
    world->app.work.is_write = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world->app.work.request.user = str_from(cases[i].user);
        assert_has(line_of(world), cases[i].logged);
    }
}

static void a_line_has_an_end(void **state)
{
    struct world *world = *state;
    char *key = arena_alloc(&world->app.work.arena, 10001);
    memset(key, 'k', 10000);
    world->app.work.is_write = true;
    world->app.work.match.key = str_from(key);
    assert_in_range(line_of(world).len, 100, 4000);
}

static void every_answer_has_its_safety_headers(void **state)
{
    struct world *world = *state;
    struct work *work = &world->app.work;
    work->talk.told.db_micros = 1500;
    work->talk.told.merge_micros = 20;
    writelog_headers(work);
    reply_send(&work->reply, &world->memory.gateway);
    assert_has(memory_header(&world->memory, STR("X-Request-Id")), "id1");
    assert_has(memory_header(&world->memory, STR("Server-Timing")),
               "db;dur=1.500, merge;dur=0.020, total;dur=");
    assert_has(memory_header(&world->memory, STR("X-Content-Type-Options")), "nosniff");
    struct str policy = memory_header(&world->memory, STR("Content-Security-Policy"));
    assert_has(policy, "default-src 'none'");
    assert_has(policy, "frame-ancestors 'none'");
    assert_int_equal(str_find(policy, STR("unsafe-inline")), SIZE_MAX);
    assert_null(memory_header(&world->memory, STR("PG409-Outcome")).ptr);
}

static void only_a_write_names_its_outcome(void **state)
{
    struct world *world = *state;
    struct work *work = &world->app.work;
    work->outcome = "refused";
    writelog_headers(work);
    assert_int_equal(str_find(buf_slice(&work->reply.headers), STR("PG409-Outcome")), SIZE_MAX);
    work->is_write = true;
    writelog_headers(work);
    assert_has(buf_slice(&work->reply.headers), "PG409-Outcome: refused\r\n");
}

static void headers_that_are_out_are_not_added_to(void **state)
{
    struct world *world = *state;
    world->app.work.reply.begun = true;
    writelog_headers(&world->app.work);
    assert_int_equal(world->app.work.reply.headers.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_write_is_one_line_of_pairs),
        TEST(what_is_absent_is_left_out),
        TEST(reading_is_not_logged_unless_it_fails),
        TEST(no_value_can_begin_another_pair_or_line),
        TEST(a_line_has_an_end),
        TEST(every_answer_has_its_safety_headers),
        TEST(only_a_write_names_its_outcome),
        TEST(headers_that_are_out_are_not_added_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
