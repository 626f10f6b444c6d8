/*
 * What a request asks, and taking its answers apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"

#include "base/banned.h"

static struct statement one(void)
{
    return (struct statement){.sql = "SELECT 1", .sql_len = 8};
}

static void continuation(void *ctx)
{
    ++*(int *)ctx;
}

static void questions_are_numbered_from_zero(void **state)
{
    struct talk talk;
    (void)state;
    talk_init(&talk, NULL);
    for (size_t i = 0; i < TALK_MAX_STATEMENTS; i++)
        assert_int_equal(talk_ask(&talk, one()), i);
    assert_int_equal(talk.asked_count, TALK_MAX_STATEMENTS);
}

static void ask_too_many(void *arg)
{
    struct talk *talk = arg;
    for (size_t i = 0; i <= TALK_MAX_STATEMENTS; i++)
        talk_ask(talk, one());
}

static void one_question_too_many_aborts(void **state)
{
    struct talk talk;
    (void)state;
    talk_init(&talk, NULL);
    assert_true(feed_aborts(ask_too_many, &talk));
}

static void naming_who_continues_begins_a_new_pipeline(void **state)
{
    struct talk talk;
    int called = 0;
    (void)state;
    talk_init(&talk, NULL);
    talk_ask(&talk, one());
    talk.repeatable = true;
    talk_then(&talk, continuation, &called);
    assert_int_equal(talk.asked_count, 0);
    assert_false(talk.repeatable);
    assert_int_equal(talk_ask(&talk, one()), 0);
    feed_then(&talk);
    assert_int_equal(called, 1);
    assert_null(talk.then);
}

static void cells_are_found_by_row_and_column(void **state)
{
    static const char *const cells[] = {"a", NULL, "t", "", "f", "true"};
    struct arena arena;
    (void)state;
    arena_init(&arena);
    struct answer answer = feed_answer(&arena, 2, 3, cells);
    assert_true(str_is(answer_cell(&answer, 0, 0), "a"));
    assert_null(answer_cell(&answer, 0, 1).ptr);
    assert_true(str_is(answer_cell(&answer, 1, 0), ""));
    assert_non_null(answer_cell(&answer, 1, 0).ptr);
    assert_true(answer_true(&answer, 0, 2));
    assert_false(answer_true(&answer, 1, 1));
    assert_false(answer_true(&answer, 1, 2));
    assert_false(answer_true(&answer, 0, 1));
    arena_release(&arena);
}

static void row_beyond(void *arg)
{
    answer_cell(arg, 1, 0);
}

static void column_beyond(void *arg)
{
    answer_cell(arg, 0, 2);
}

static void a_cell_that_is_not_there_aborts(void **state)
{
    static const char *const cells[] = {"a", "b"};
    struct arena arena;
    (void)state;
    arena_init(&arena);
    struct answer answer = feed_answer(&arena, 1, 2, cells);
    assert_true(feed_aborts(row_beyond, &answer));
    assert_true(feed_aborts(column_beyond, &answer));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_numbered_from_zero),
        cmocka_unit_test(one_question_too_many_aborts),
        cmocka_unit_test(naming_who_continues_begins_a_new_pipeline),
        cmocka_unit_test(cells_are_found_by_row_and_column),
        cmocka_unit_test(a_cell_that_is_not_there_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
