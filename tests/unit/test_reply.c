/*
 * The answer: its headers, its status, its pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "memory_gateway.h"
#include "web/reply.h"

#include "base/banned.h"

struct world {
    struct memory_gateway memory;
    struct reply reply;
};

static int setup(void **state)
{
    static struct world world;
    memory_init(&world.memory);
    reply_init(&world.reply, &world.memory.arena);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    memory_release(&world->memory);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void assert_out(const struct world *world, const char *expected)
{
    struct str out = buf_slice(&world->memory.out);
    if (!str_is(out, expected))
        fail_msg("sent:\n%.*s", STR_ARG(out));
}

static void status_headers_and_body_are_one_write(void **state)
{
    struct world *world = *state;
    world->reply.status = 409;
    reply_header(&world->reply, "Content-Type", STR("text/plain"));
    buf_text(&world->reply.body, "stale\n");
    reply_send(&world->reply, &world->memory.gateway);
    assert_out(world, "Status: 409 Conflict\r\nContent-Type: text/plain\r\n"
                      "Content-Length: 6\r\n\r\nstale\n");
    assert_int_equal(world->memory.writes, 1);
}

static void a_value_cannot_begin_another_header(void **state)
{
    struct world *world = *state;
    reply_header(&world->reply, "Location", STR("/a\r\nSet-Cookie: x=1\r\n\r\n<b>\t\x7f\x01z"));
    reply_header(&world->reply, "ETag", STR("\xc3\xa4"));
    assert_string_equal(buf_slice(&world->reply.headers).ptr,
                        "Location: /aSet-Cookie: x=1<b>z\r\nETag: \xc3\xa4\r\n");
}

/* Values are looked at sixteen bytes at a time: a control character is found wherever it is. */
static void a_control_character_is_left_out_everywhere(void **state)
{
    struct world *world = *state;
    for (size_t at = 0; at < 40; at++) {
        char value[40];
        memset(value, 'v', sizeof value);
        value[at] = at % 3 == 0 ? '\n' : at % 3 == 1 ? '\x7f' : '\x1f';
        buf_clear(&world->reply.headers);
        reply_field(&world->reply, STR("X"), (struct str){value, sizeof value});
        assert_string_equal(buf_slice(&world->reply.headers).ptr,
                            "X: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\r\n");
    }
}

static void an_answer_without_content_has_no_length(void **state)
{
    static const int statuses[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        struct world *world = *state;
        buf_clear(&world->memory.out);
        reply_init(&world->reply, &world->memory.arena);
        world->reply.status = statuses[i];
        reply_send(&world->reply, &world->memory.gateway);
        assert_int_equal(memory_status(&world->memory), statuses[i]);
        assert_null(memory_header(&world->memory, STR("Content-Length")).ptr);
        assert_int_equal(memory_answer(&world->memory).len, 0);
    }
}

static void head_sends_the_length_and_no_body(void **state)
{
    struct world *world = *state;
    buf_text(&world->reply.body, "twelve bytes");
    world->reply.head = true;
    reply_send(&world->reply, &world->memory.gateway);
    assert_out(world, "Status: 200 OK\r\nContent-Length: 12\r\n\r\n");
}

static void what_was_put_in_can_be_thrown_away(void **state)
{
    struct world *world = *state;
    world->reply.status = 404;
    reply_header(&world->reply, "ETag", STR("x"));
    buf_text(&world->reply.body, "half a page");
    reply_clear(&world->reply);
    buf_text(&world->reply.body, "new");
    reply_send(&world->reply, &world->memory.gateway);
    assert_out(world, "Status: 200 OK\r\nContent-Length: 3\r\n\r\nnew");
}

static void a_large_body_arrives_whole(void **state)
{
    struct world *world = *state;
    char block[1000];
    memset(block, 'x', sizeof block);
    for (size_t i = 0; i < 200; i++)
        buf_add(&world->reply.body, block, sizeof block);
    reply_send(&world->reply, &world->memory.gateway);
    assert_int_equal(memory_answer(&world->memory).len, 200000);
    assert_true(str_is(memory_header(&world->memory, STR("Content-Length")), "200000"));
}

static void pieces_follow_each_other(void **state)
{
    struct world *world = *state;
    reply_header(&world->reply, "Content-Type", STR("text/csv"));
    buf_text(&world->reply.body, "a,b\n");
    reply_piece(&world->reply, &world->memory.gateway);
    assert_true(world->reply.begun);
    assert_int_equal(world->reply.body.len, 0);
    buf_text(&world->reply.body, "1,2\n");
    reply_piece(&world->reply, &world->memory.gateway);
    reply_piece(&world->reply, &world->memory.gateway); /* nothing to send: nothing sent */
    buf_text(&world->reply.body, "3,4\n");
    reply_send(&world->reply, &world->memory.gateway);
    assert_out(world, "Status: 200 OK\r\nContent-Type: text/csv\r\n\r\na,b\n1,2\n3,4\n");
    assert_int_equal(world->memory.writes, 3);
}

static void nobody_listening_ends_the_sending(void **state)
{
    struct world *world = *state;
    world->memory.deaf = true;
    buf_text(&world->reply.body, "a");
    reply_piece(&world->reply, &world->memory.gateway);
    assert_true(world->reply.lost);
    buf_text(&world->reply.body, "b");
    reply_piece(&world->reply, &world->memory.gateway);
    reply_send(&world->reply, &world->memory.gateway);
    assert_int_equal(world->memory.writes, 1);
}

/* RAISE SQLSTATE 'PT4xx' promises that very status, registered or not. */
static void every_status_of_4xx_can_be_sent(void **state)
{
    for (int status = 400; status < 500; status++) {
        struct world *world = *state;
        buf_clear(&world->memory.out);
        reply_init(&world->reply, &world->memory.arena);
        world->reply.status = status;
        reply_send(&world->reply, &world->memory.gateway);
        assert_int_equal(memory_status(&world->memory), status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(status_headers_and_body_are_one_write),
        TEST(a_value_cannot_begin_another_header),
        TEST(a_control_character_is_left_out_everywhere),
        TEST(an_answer_without_content_has_no_length),
        TEST(head_sends_the_length_and_no_body),
        TEST(what_was_put_in_can_be_thrown_away),
        TEST(a_large_body_arrives_whole),
        TEST(pieces_follow_each_other),
        TEST(nobody_listening_ends_the_sending),
        TEST(every_status_of_4xx_can_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
