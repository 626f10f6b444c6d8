/*
 * SQL out: names are quoted, values are parameters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "feed.h"

#include "base/banned.h"

static int arena_setup(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int arena_teardown(void **state)
{
    arena_release(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

static void assert_sql(const struct sql *sql, const char *expected)
{
    struct str text = buf_slice(&sql->text);
    assert_string_equal(text.ptr, expected);
    assert_int_equal(text.len, strlen(expected));
}

static void a_name_is_always_quoted(void **state)
{
    static const struct {
        const char *name, *quoted;
    } cases[] = {
        {"title", "\"title\""},
        {"Order", "\"Order\""},
        {"a\"b", "\"a\"\"b\""},
        {"\"", "\"\"\"\""},
        {"\"; DROP TABLE x; --", "\"\"\"; DROP TABLE x; --\""},
        {"a'b\\c$1", "\"a'b\\c$1\""},
        {"f\xc3\xa9", "\"f\xc3\xa9\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sql sql;
        sql_init(&sql, *state);
        sql_ident(&sql, str_from(cases[i].name));
        assert_sql(&sql, cases[i].quoted);
        assert_int_equal(sql.count, 0);
    }
}

static void both_parts_of_a_name_are_quoted(void **state)
{
    struct sql sql;
    sql_init(&sql, *state);
    sql_name(&sql, STR("my \"schema"), STR("t.t"));
    assert_sql(&sql, "\"my \"\"schema\".\"t.t\"");
}

static void a_value_is_a_parameter_and_never_text(void **state)
{
    struct sql sql;
    sql_init(&sql, *state);
    sql_raw(&sql, "SELECT ");
    assert_int_equal(sql_value(&sql, STR("'; DROP TABLE x; --")), 1);
    sql_raw(&sql, ", ");
    assert_int_equal(sql_typed(&sql, STR("7"), (struct sql_type){STR("numeric(10,2)")}), 2);
    sql_raw(&sql, ", ");
    assert_int_equal(sql_value(&sql, STR_NONE), 3);
    sql_raw(&sql, ", ");
    assert_int_equal(sql_value(&sql, STR("")), 4);
    assert_sql(&sql, "SELECT $1, $2::numeric(10,2), $3, $4");
    assert_string_equal(sql.values[0], "'; DROP TABLE x; --");
    assert_string_equal(sql.values[1], "7");
    assert_null(sql.values[2]);
    assert_string_equal(sql.values[3], "");
}

static void a_parameter_can_be_used_again(void **state)
{
    struct sql sql;
    struct sql_type json = {STR("json")};
    sql_init(&sql, *state);
    size_t n = sql_typed(&sql, STR("{}"), json);
    sql_raw(&sql, " = ");
    sql_again(&sql, n, (struct sql_type){STR("text")});
    assert_sql(&sql, "$1::json = $1::text");
    assert_int_equal(sql.count, 1);
}

static void many_parameters_keep_their_order(void **state)
{
    struct sql sql;
    struct talk talk;
    talk_init(&talk, *state);
    sql_init(&sql, *state);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(sql_value(&sql, str_printf(*state, "v%zu", i)), i + 1);
    assert_int_equal(sql_ask(&sql, &talk), 0);
    assert_int_equal(talk.asked[0].value_count, 500);
    assert_true(str_is(feed_value(&talk, 0, 1), "v0"));
    assert_true(str_is(feed_value(&talk, 0, 17), "v16"));
    assert_true(str_is(feed_value(&talk, 0, 500), "v499"));
    assert_true(str_ends(feed_sql(&talk, 0), STR("$499$500")));
}

static void a_value_is_cut_where_its_slice_ends(void **state)
{
    struct sql sql;
    sql_init(&sql, *state);
    sql_value(&sql, (struct str){"secretive", 6});
    assert_string_equal(sql.values[0], "secret");
}

static void what_is_asked_ends_with_nul(void **state)
{
    struct sql sql;
    struct talk talk;
    talk_init(&talk, *state);
    sql_init(&sql, *state);
    sql_raw(&sql, "LIMIT ");
    sql_number(&sql, UINT64_MAX);
    sql_ask(&sql, &talk);
    assert_string_equal(talk.asked[0].sql, "LIMIT 18446744073709551615");
    assert_int_equal(talk.asked[0].sql_len, strlen(talk.asked[0].sql));
}

static void ask_too_much(void *arg)
{
    struct sql sql;
    struct talk talk;
    talk_init(&talk, arg);
    sql_init(&sql, arg);
    for (size_t i = 0; i < ((size_t)5 << 20) / 64; i++)
        sql_raw(&sql, "0123456789012345678901234567890123456789012345678901234567890123");
    sql_ask(&sql, &talk);
}

static void sql_that_was_cut_is_never_sent(void **state)
{
    assert_true(feed_aborts(ask_too_much, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_always_quoted),
        TEST(both_parts_of_a_name_are_quoted),
        TEST(a_value_is_a_parameter_and_never_text),
        TEST(a_parameter_can_be_used_again),
        TEST(many_parameters_keep_their_order),
        TEST(a_value_is_cut_where_its_slice_ends),
        TEST(what_is_asked_ends_with_nul),
        TEST(sql_that_was_cut_is_never_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
