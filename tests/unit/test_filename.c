#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/disposition.h"
#include "wire/filename.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct str repeated(struct arena *arena, const char *text, size_t count, const char *end)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    for (size_t i = 0; i < count; i++)
        buf_text(&buf, text);
    buf_text(&buf, end);
    return buf_slice(&buf);
}

static void names_that_can_be(void **state)
{
    static const char *const names[] = {"a",
                                        "a.b",
                                        "über (1).txt",
                                        "日本語",
                                        "a b",
                                        "back\\slash",
                                        "~",
                                        "_x",
                                        "a..",
                                        "café",
                                        "…",
                                        "a\xc2\xa0"
                                        "b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(filename_check(str_from(names[i])), FILENAME_FINE);
    assert_int_equal(filename_check(repeated(*state, "x", 255, "")), FILENAME_FINE);
}

static void names_that_cannot_be(void **state)
{
    static const struct {
        const char *name;
        enum filename_fault fault;
    } names[] = {{"", FILENAME_EMPTY},
                 {"a/b", FILENAME_SLASH},
                 {"/", FILENAME_SLASH},
                 {".", FILENAME_DOT},
                 {".htaccess", FILENAME_DOT},
                 {"a\nb", FILENAME_CONTROL},
                 {"a\x7f", FILENAME_CONTROL},
                 {"a\xc2\x85", FILENAME_CONTROL},
                 {"\u202egpj", FILENAME_CONTROL},
                 {"a\u2028b", FILENAME_CONTROL},
                 {"\u2066", FILENAME_CONTROL},
                 {"a\xff", FILENAME_UTF8},
                 {"\xc3", FILENAME_UTF8}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (filename_check(str_from(names[i].name)) != names[i].fault)
            fail_msg("“%s”", names[i].name);
    assert_int_equal(filename_check(repeated(*state, "x", 256, "")), FILENAME_TOO_LONG);
    assert_int_equal(filename_check((struct str){"a\0b", 3}), FILENAME_CONTROL);
}

static void each_fault_has_words(void **state)
{
    (void)state;
    for (int fault = FILENAME_FINE; fault <= FILENAME_DOT; fault++)
        assert_true(strlen(filename_words((enum filename_fault)fault)) > 10);
}

static void the_last_part_of_a_path(void **state)
{
    (void)state;
    assert_true(str_is(filename_last(STR("C:\\fake\\a.txt")), "a.txt"));
    assert_true(str_is(filename_last(STR("/tmp/a.txt")), "a.txt"));
    assert_true(str_is(filename_last(STR("a.txt")), "a.txt"));
    assert_true(str_is(filename_last(STR("a/")), ""));
}

static void proposals(void **state)
{
    static const struct {
        const char *name;
        unsigned number;
        const char *proposed;
    } names[] = {{"report.pdf", 2, "report (2).pdf"},
                 {"report (2).pdf", 3, "report (3).pdf"},
                 {"archive.tar.gz", 2, "archive (2).tar.gz"},
                 {"name", 2, "name (2)"},
                 {"a.b c is no extension at all", 2, "a.b c is no extension at all (2)"},
                 {"(2).txt", 2, "(2) (2).txt"},
                 {"x ().txt", 2, "x () (2).txt"},
                 {"x.", 2, "x (2)."}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str found = filename_proposed(*state, str_from(names[i].name), names[i].number);
        if (!str_is(found, names[i].proposed))
            fail_msg("%s: %.*s", names[i].name, STR_ARG(found));
    }
}

static void long_proposals_are_cut_at_a_character(void **state)
{
    struct str name = repeated(*state, "ü", 125, ".txt");
    struct str found = filename_proposed(*state, name, 20);
    assert_true(found.len <= 255 && found.len >= 253);
    assert_int_equal(filename_check(found), FILENAME_FINE);
    assert_true(str_ends(found, STR(" (20).txt")));
}

static void assert_disposition(struct arena *arena, const char *name, const char *expected)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    disposition_attachment(&buf, str_from(name));
    if (!str_is(buf_slice(&buf), expected))
        fail_msg("%.*s", STR_ARG(buf_slice(&buf)));
}

static void dispositions(void **state)
{
    assert_disposition(*state, "a b.txt", "attachment; filename=\"a b.txt\"");
    assert_disposition(*state, "ü\"%.txt",
                       "attachment; filename=\"___.txt\"; filename*=UTF-8''%C3%BC%22%25.txt");
    assert_disposition(*state, "a\\b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%5Cb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_can_be),
        TEST(names_that_cannot_be),
        TEST(each_fault_has_words),
        TEST(the_last_part_of_a_path),
        TEST(proposals),
        TEST(long_proposals_are_cut_at_a_character),
        TEST(dispositions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
