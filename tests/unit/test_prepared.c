/*
 * Which statements a connection has prepared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "db/prepared.h"

#include "base/banned.h"

static int setup(void **state)
{
    struct prepared *prepared = malloc(sizeof *prepared);
    if (!prepared)
        return 1;
    prepared_init(prepared);
    *state = prepared;
    return 0;
}

static int teardown(void **state)
{
    prepared_clear(*state);
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The n-th of many different texts. */
static struct str text(char *into, size_t size, unsigned n)
{
    size_t len = 0;
    for (; n && len < size; n /= 10)
        into[len++] = (char)('0' + n % 10);
    return (struct str){into, len};
}

static void fill(struct prepared *prepared)
{
    char bytes[16];
    for (unsigned n = 1; n <= PREPARED_MAX; n++) {
        assert_true(prepared_room(prepared));
        assert_int_equal(prepared_next(prepared), n);
        prepared_add(prepared, text(bytes, sizeof bytes, n));
    }
}

static void nothing_is_known_at_first(void **state)
{
    assert_int_equal(prepared_find(*state, STR("SELECT 1")), 0);
    assert_int_equal(prepared_find(*state, STR("")), 0);
    assert_int_equal(prepared_next(*state), 1);
    assert_true(prepared_room(*state));
}

static void numbers_count_from_one(void **state)
{
    char first[] = "SELECT 1";
    prepared_add(*state, str_from(first));
    prepared_add(*state, STR("SELECT 2"));
    first[7] = '9'; /* the text is kept as a copy */
    assert_int_equal(prepared_find(*state, STR("SELECT 1")), 1);
    assert_int_equal(prepared_find(*state, STR("SELECT 2")), 2);
    assert_int_equal(prepared_find(*state, STR("SELECT 9")), 0);
    assert_int_equal(prepared_find(*state, STR("SELECT ")), 0);
}

/* 200 texts in 512 slots collide for certain; each still has its own number. */
static void colliding_texts_keep_their_numbers(void **state)
{
    char bytes[16];
    fill(*state);
    for (unsigned n = 1; n <= PREPARED_MAX; n++)
        assert_int_equal(prepared_find(*state, text(bytes, sizeof bytes, n)), n);
    for (unsigned n = PREPARED_MAX + 1; n < 5000; n++)
        assert_int_equal(prepared_find(*state, text(bytes, sizeof bytes, n)), 0);
}

static void a_full_table_takes_no_more(void **state)
{
    fill(*state);
    assert_false(prepared_room(*state));
    prepared_add(*state, STR("one more"));
    assert_int_equal(prepared_find(*state, STR("one more")), 0);
}

static void a_text_added_twice_keeps_its_first_number(void **state)
{
    prepared_add(*state, STR("a"));
    prepared_add(*state, STR("b"));
    prepared_add(*state, STR("a"));
    assert_int_equal(prepared_find(*state, STR("a")), 1);
    assert_int_equal(prepared_next(*state), 3);
}

static void clearing_forgets_everything(void **state)
{
    char bytes[16];
    fill(*state);
    prepared_clear(*state);
    for (unsigned n = 1; n <= PREPARED_MAX; n++)
        assert_int_equal(prepared_find(*state, text(bytes, sizeof bytes, n)), 0);
    assert_int_equal(prepared_next(*state), 1);
    fill(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_at_first),
        TEST(numbers_count_from_one),
        TEST(colliding_texts_keep_their_numbers),
        TEST(a_full_table_takes_no_more),
        TEST(a_text_added_twice_keeps_its_first_number),
        TEST(clearing_forgets_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
