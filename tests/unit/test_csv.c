#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/csv.h"

#include "base/banned.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static void assert_str(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected);
}

static void values_of_all_kinds(void **state)
{
    struct csv csv;
    size_t line;
    struct str text = STR("\xef\xbb\xbf"
                          "a,\"b,\"\"c\"\r\n1,\"x\r\ny\"\n,NULL\r\n\"\",\"NULL\"");
    assert_int_equal(csv_parse(*state, text, 10, &csv, &line), ERR_NONE);
    assert_int_equal(csv.columns, 2);
    assert_int_equal(csv.row_count, 3);
    assert_str(csv.names[1], "b,\"c");
    assert_str(csv.rows[0][1], "x\r\ny");
    assert_null(csv.rows[1][0].ptr);
    assert_null(csv.rows[1][1].ptr);
    assert_str(csv.rows[2][0], "");
    assert_str(csv.rows[2][1], "NULL");
}

struct fault {
    const char *text;
    enum err err;
    size_t line;
};

static void faults_have_a_line(void **state)
{
    static const struct fault faults[] = {
        {"", ERR_SYNTAX, 1},
        {"a,a\n1,2", ERR_DUPLICATE, 1},
        {"a,\n1,2", ERR_SYNTAX, 1},
        {"a,b\n1", ERR_SYNTAX, 2},
        {"a,b\n1,2,3", ERR_SYNTAX, 2},
        {"a\n\"x", ERR_SYNTAX, 2},
        {"a\nx\"y\"", ERR_SYNTAX, 2},
        {"a\n\"x\"y", ERR_SYNTAX, 2},
        {"a\nx\ry", ERR_SYNTAX, 2},
        {"a\n\xff", ERR_UTF8, 1},
        {"a\n\"1\n2\n\",x", ERR_SYNTAX, 4},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct csv csv;
        size_t line;
        enum err err = csv_parse(*state, str_from(faults[i].text), 10, &csv, &line);
        if (err != faults[i].err || line != faults[i].line)
            fail_msg("%s: %s in line %zu", faults[i].text, err_text(err), line);
    }
}

static struct str many(struct arena *arena, const char *first, const char *more, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, 1000000);
    buf_text(&buf, first);
    for (size_t i = 1; i < count; i++)
        buf_printf(&buf, more, i);
    return buf_slice(&buf);
}

static void limits_on_both_sides(void **state)
{
    struct csv csv;
    size_t line;
    assert_int_equal(csv_parse(*state, STR("a\n1\n2\n"), 2, &csv, &line), ERR_NONE);
    assert_int_equal(csv_parse(*state, STR("a\n1\n2\n3"), 2, &csv, &line), ERR_TOO_MANY);
    struct str names = many(*state, "c", ",c%zu", CSV_MAX_COLUMNS);
    assert_int_equal(csv_parse(*state, names, 2, &csv, &line), ERR_NONE);
    assert_int_equal(csv.columns, CSV_MAX_COLUMNS);
    names = many(*state, "c", ",c%zu", CSV_MAX_COLUMNS + 1);
    assert_int_equal(csv_parse(*state, names, 2, &csv, &line), ERR_TOO_MANY);
}

static void what_is_written_is_read_again(void **state)
{
    static const struct str values[] = {{"a", 1},  {NULL, 0},    {"", 0},   {"NULL", 4},
                                        {"\"", 1}, {",\r\n", 3}, {" x ", 3}};
    struct csv csv;
    size_t line, count = sizeof values / sizeof *values;
    struct buf buf;
    buf_init(&buf, *state, 1000);
    buf_text(&buf, "a,b,c,d,e,f,g\r\n");
    for (size_t i = 0; i < count; i++)
        csv_value(&buf, values[i], i == 0);
    assert_int_equal(csv_parse(*state, buf_slice(&buf), 2, &csv, &line), ERR_NONE);
    for (size_t i = 0; i < count; i++)
        assert_true(str_eq(csv.rows[0][i], values[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_of_all_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_have_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_on_both_sides, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
