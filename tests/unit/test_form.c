/*
 * Form data: bodies and query strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/form.h"

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

static void assert_str(struct str text, const char *expected)
{
    assert_non_null(text.ptr);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void fields_come_in_their_order(void **state)
{
    struct form form;
    struct str bad;
    struct str text = STR("title=a+b%26c&&=x&flag&title=second&e=&k=a=b&n%C3%A4=%E2%82%AC&");
    assert_int_equal(form_parse(*state, text, 100, &form, &bad), ERR_NONE);
    static const char *const expected[][2] = {
        {"title", "a b&c"},
        {"", "x"},
        {"flag", ""},
        {"title", "second"},
        {"e", ""},
        {"k", "a=b"},
        {"n\xc3\xa4", "\xe2\x82\xac"},
    };
    assert_int_equal(form.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < form.count; i++) {
        assert_str(form.fields[i].name, expected[i][0]);
        assert_str(form.fields[i].value, expected[i][1]);
    }
    assert_null(bad.ptr);
    assert_str(form_get(&form, STR("title")), "a b&c");
    assert_str(form_get(&form, STR("flag")), "");
    assert_str(form_get(&form, STR("n\xc3\xa4")), "\xe2\x82\xac");
    assert_null(form_get(&form, STR("Title")).ptr);
}

static void nothing_is_an_empty_form(void **state)
{
    static const char *const empty[] = {"", "&", "&&&", NULL};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct form form;
        struct str bad;
        assert_int_equal(form_parse(*state, str_from(empty[i]), 0, &form, &bad), ERR_NONE);
        assert_int_equal(form.count, 0);
        assert_null(form_get(&form, STR("a")).ptr);
    }
}

static void the_number_of_fields_is_limited(void **state)
{
    struct form form;
    struct str bad;
    assert_int_equal(form_parse(*state, STR("a=1&&b=2&c=3&"), 3, &form, &bad), ERR_NONE);
    assert_int_equal(form.count, 3);
    assert_int_equal(form_parse(*state, STR("a=1&b=2&c=3&d=4"), 3, &form, &bad), ERR_TOO_MANY);
    assert_int_equal(form.count, 3);
    assert_str(bad, "d");
    assert_int_equal(form_parse(*state, STR("a"), 0, &form, &bad), ERR_TOO_MANY);
    assert_str(bad, "a");
}

/* The form is "x=1&", then the escape times over as a name, then "=v". */
static enum err parse_long_name(struct arena *arena, const char *letter, size_t times)
{
    struct form form;
    struct str bad;
    struct buf buf;
    buf_init(&buf, arena, 100000);
    buf_text(&buf, "x=1&");
    for (size_t i = 0; i < times; i++)
        buf_text(&buf, letter);
    buf_text(&buf, "=v");
    enum err err = form_parse(arena, buf_slice(&buf), 9, &form, &bad);
    assert_int_equal(form.count, err ? 1 : 2);
    assert_int_equal(bad.len, err ? times * strlen(letter) : 0);
    return err;
}

static void the_length_of_names_is_limited(void **state)
{
    assert_int_equal(parse_long_name(*state, "n", 256), ERR_NONE);
    assert_int_equal(parse_long_name(*state, "n", 257), ERR_TOO_LONG);
    assert_int_equal(parse_long_name(*state, "%41", 256), ERR_NONE);
    assert_int_equal(parse_long_name(*state, "%41", 257), ERR_TOO_LONG);
}

static void faults_name_their_field(void **state)
{
    static const struct {
        const char *text;
        enum err err;
        const char *bad;
    } cases[] = {
        {"ok=1&a=%4&b=2", ERR_SYNTAX, "a"},  {"ok=1&%zz=1", ERR_SYNTAX, "%zz"},
        {"ok=1&a=%FF", ERR_UTF8, "a"},       {"ok=1&\xff=1", ERR_UTF8, "\xff"},
        {"ok=1&a=x%00y", ERR_NUL, "a"},      {"ok=1&a%00", ERR_NUL, "a%00"},
        {"ok=1&a=%ED%A0%80", ERR_UTF8, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct form form;
        struct str bad;
        assert_int_equal(form_parse(*state, str_from(cases[i].text), 9, &form, &bad), cases[i].err);
        assert_str(bad, cases[i].bad);
        assert_int_equal(form.count, 1);
        assert_str(form_get(&form, STR("ok")), "1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_come_in_their_order),      TEST(nothing_is_an_empty_form),
        TEST(the_number_of_fields_is_limited), TEST(the_length_of_names_is_limited),
        TEST(faults_name_their_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
