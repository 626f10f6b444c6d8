/*
 * Names of files: which may be used, what else to call them, how a browser is told.
 */
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

static void assert_str(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected);
}

/* piece, count times, and then end. */
static struct str many(struct arena *arena, const char *piece, size_t count, const char *end)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    for (size_t i = 0; i < count; i++)
        buf_text(&buf, piece);
    buf_text(&buf, end);
    return buf_slice(&buf);
}

struct checked {
    struct str name;
    enum filename_fault fault;
};

static void names_that_may_and_may_not_be_used(void **state)
{
    (void)state;
    const struct checked names[] = {
        {STR("a"), FILENAME_FINE},
        {STR("Bericht für Jürgen (2).tar.gz"), FILENAME_FINE},
        {STR("日本語.pdf"), FILENAME_FINE},
        {STR("\xf0\x9f\x98\x80"), FILENAME_FINE},
        {STR(" a\\b:c*?\"<>|%00"), FILENAME_FINE},
        {STR("a."), FILENAME_FINE},
        {STR_NONE, FILENAME_EMPTY},
        {STR(""), FILENAME_EMPTY},
        {STR("\xff"), FILENAME_UTF8},
        {STR("a\xc3"), FILENAME_UTF8},
        {STR("a/b"), FILENAME_SLASH},
        {STR("/"), FILENAME_SLASH},
        {STR("../etc/passwd"), FILENAME_SLASH},
        {STR("a\0b"), FILENAME_CONTROL},
        {STR("a\nb"), FILENAME_CONTROL},
        {STR("\x1f"), FILENAME_CONTROL},
        {STR("a\x7f"), FILENAME_CONTROL},
        {STR("."), FILENAME_DOT},
        {STR(".."), FILENAME_DOT},
        {STR(".htaccess"), FILENAME_DOT},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (filename_check(names[i].name) != names[i].fault)
            fail_msg("“%.*s”: %d", STR_ARG(names[i].name), (int)filename_check(names[i].name));
}

/* U+0080-FFFF, those that are valid: exactly the listed ones are refused. */
static void characters_that_cannot_be_seen(void **state)
{
    (void)state;
    for (unsigned code = 0x80; code <= 0xffff; code++) {
        char text[] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
                       (char)(0x80 | (code & 63)), 'a'};
        struct str name = {text, sizeof text};
        if (code < 0x800) {
            text[1] = (char)(0xc0 | code >> 6);
            name = str_skip(name, 1);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        bool hidden = code <= 0x9f || (code >= 0x2028 && code <= 0x202e) ||
                      (code >= 0x2066 && code <= 0x2069);
        enum filename_fault fault = hidden ? FILENAME_CONTROL : FILENAME_FINE;
        if (filename_check(name) != (surrogate ? FILENAME_UTF8 : fault))
            fail_msg("U+%04X: %d", code, (int)filename_check(name));
    }
}

static void names_have_255_bytes_at_most(void **state)
{
    assert_int_equal(filename_check(many(*state, "a", 255, "")), FILENAME_FINE);
    assert_int_equal(filename_check(many(*state, "a", 256, "")), FILENAME_TOO_LONG);
    assert_int_equal(filename_check(many(*state, "ü", 127, "a")), FILENAME_FINE);
    assert_int_equal(filename_check(many(*state, "ü", 128, "")), FILENAME_TOO_LONG);
}

static void faults_are_told_in_whole_sentences(void **state)
{
    (void)state;
    for (int fault = FILENAME_FINE; fault <= FILENAME_DOT; fault++) {
        struct str words = str_from(filename_words((enum filename_fault)fault));
        assert_true(words.len > 10 && words.len < 100 && str_ends(words, STR(".")));
        assert_true(fault == FILENAME_FINE || str_find(words, STR(": please ")) != SIZE_MAX);
        for (int other = FILENAME_FINE; other < fault; other++)
            assert_false(str_is(words, filename_words((enum filename_fault)other)));
    }
}

static void the_last_part_of_a_path(void **state)
{
    (void)state;
    assert_str(filename_last(STR("C:\\Users\\me\\report.pdf")), "report.pdf");
    assert_str(filename_last(STR("/home/me/report.pdf")), "report.pdf");
    assert_str(filename_last(STR("a/b\\c")), "c");
    assert_str(filename_last(STR("a\\b/c")), "c");
    assert_str(filename_last(STR("report.pdf")), "report.pdf");
    assert_str(filename_last(STR("folder/")), "");
    assert_str(filename_last(STR("")), "");
    assert_null(filename_last(STR_NONE).ptr);
}

struct proposal {
    const char *name;
    unsigned number;
    const char *proposed;
};

static void another_name_is_proposed(void **state)
{
    static const struct proposal proposals[] = {
        {"report.pdf", 2, "report (2).pdf"},
        {"report (2).pdf", 3, "report (3).pdf"},
        {"report (999).pdf", 1000, "report (1000).pdf"},
        {"report (2024).pdf", 2, "report (2024) (2).pdf"},
        {"report(2).pdf", 3, "report(2) (3).pdf"},
        {"report ().pdf", 2, "report () (2).pdf"},
        {"report (x).pdf", 2, "report (x) (2).pdf"},
        {"report 2).pdf", 2, "report 2) (2).pdf"},
        {" (2).pdf", 3, " (2) (3).pdf"},
        {"(2).pdf", 3, "(2) (3).pdf"},
        {"a (2) (2).pdf", 3, "a (2) (3).pdf"},
        {"archive.tar.gz", 2, "archive (2).tar.gz"},
        {"archive (2).tar.gz", 3, "archive (3).tar.gz"},
        {"archive.tar", 2, "archive (2).tar"},
        {".tar.gz", 2, ".tar (2).gz"},
        {"name", 2, "name (2)"},
        {"name (2)", 3, "name (3)"},
        {"name.", 2, "name. (2)"},
        {".name", 2, ".name (2)"},
        {"v1.5 of it", 2, "v1.5 of it (2)"},
        {"2026.11.22", 2, "2026.11.22 (2)"},
        {"song.mp3", 2, "song (2).mp3"},
        {"packed.7z", 2, "packed (2).7z"},
        {"größe.übung", 2, "größe.übung (2)"},
        {"a.abcdefghijklmnop", 2, "a (2).abcdefghijklmnop"},
        {"a.abcdefghijklmnopq", 2, "a.abcdefghijklmnopq (2)"},
        {"", 2, " (2)"},
        {"a.b", 4294967295u, "a (4294967295).b"},
    };
    for (size_t i = 0; i < sizeof proposals / sizeof *proposals; i++)
        assert_str(filename_proposed(*state, str_from(proposals[i].name), proposals[i].number),
                   proposals[i].proposed);
    assert_str(filename_proposed(*state, STR_NONE, 2), " (2)");
}

static void the_number_of_a_name(void **state)
{
    (void)state;
    assert_int_equal(filename_number(STR("report.pdf")), 1);
    assert_int_equal(filename_number(STR("report (2).pdf")), 2);
    assert_int_equal(filename_number(STR("report (999).tar.gz")), 999);
    assert_int_equal(filename_number(STR("report (2024).pdf")), 1);
    assert_int_equal(filename_number(STR("report (0).pdf")), 1);
    assert_int_equal(filename_number(STR("report ().pdf")), 1);
    assert_int_equal(filename_number(STR(" (2).pdf")), 1);
    assert_int_equal(filename_number(STR("name (12)")), 12);
    assert_int_equal(filename_number(STR_NONE), 1);
}

static void proposed_names_are_cut_at_a_code_point(void **state)
{
    struct str name = filename_proposed(*state, many(*state, "a", 251, ".pdf"), 2);
    assert_str(name, many(*state, "a", 247, " (2).pdf").ptr);
    assert_int_equal(name.len, 255);
    /* 247 bytes are room for 123 of them and a half. */
    name = filename_proposed(*state, many(*state, "ü", 125, ".pdf"), 2);
    assert_str(name, many(*state, "ü", 123, " (2).pdf").ptr);
    name = filename_proposed(*state, many(*state, "\xf0\x9f\x98\x80", 63, ""), 10);
    assert_str(name, many(*state, "\xf0\x9f\x98\x80", 62, " (10)").ptr);
    name = filename_proposed(*state, many(*state, "a", 90000, ".tar.gz"), 123);
    assert_str(name, many(*state, "a", 242, " (123).tar.gz").ptr);
    /* A number that is replaced leaves room. */
    name = filename_proposed(*state, many(*state, "a", 247, " (2).pdf"), 3);
    assert_str(name, many(*state, "a", 247, " (3).pdf").ptr);
}

static void assert_disposition(struct arena *arena, struct str name, const char *expected)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    disposition_attachment(&buf, name);
    assert_str(buf_slice(&buf), expected);
}

static void browsers_are_told_the_name(void **state)
{
    assert_disposition(*state, STR("report.pdf"), "attachment; filename=\"report.pdf\"");
    assert_disposition(*state, STR("a b;c=d,'(2)'.txt"),
                       "attachment; filename=\"a b;c=d,'(2)'.txt\"");
    assert_disposition(*state, STR("Übung €.pdf"),
                       "attachment; filename=\"_bung _.pdf\"; "
                       "filename*=UTF-8''%C3%9Cbung%20%E2%82%AC.pdf");
    assert_disposition(*state, STR("a\"b\\c%41.txt"),
                       "attachment; filename=\"a'b_c_41.txt\"; "
                       "filename*=UTF-8''a%22b%5Cc%2541.txt");
    assert_disposition(*state, STR("\xf0\x9f\x98\x80"),
                       "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%98%80");
    assert_disposition(*state, STR(""), "attachment");
    assert_disposition(*state, STR_NONE, "attachment");
}

static void no_name_ends_the_line(void **state)
{
    assert_disposition(*state, STR("a\r\nSet-Cookie: b\0/\x7f"),
                       "attachment; filename=\"a__Set-Cookie: b___\"; "
                       "filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b%00%2F%7F");
    assert_disposition(*state, STR("\xff\x80z"),
                       "attachment; filename=\"_z\"; filename*=UTF-8''%FF%80z");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_may_and_may_not_be_used),
        TEST(characters_that_cannot_be_seen),
        TEST(names_have_255_bytes_at_most),
        TEST(faults_are_told_in_whole_sentences),
        TEST(the_last_part_of_a_path),
        TEST(another_name_is_proposed),
        TEST(the_number_of_a_name),
        TEST(proposed_names_are_cut_at_a_code_point),
        TEST(browsers_are_told_the_name),
        TEST(no_name_ends_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
