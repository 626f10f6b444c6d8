/*
 * What the client does without a server: sums, changes as they are typed, a row as a text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/client_change.h"
#include "cli/client_form.h"
#include "cli/client_text.h"
#include "wire/decimal.h"

#include "base/banned.h"

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_release(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEXT(arena, text) str_cstr((arena), (text))

static void sums_are_exact(void **state)
{
    static const char *const cases[][3] = {
        {"5", "1", "6"},
        {"-1", "1", "0"},
        {"1", "-2", "-1"},
        {"0", "-0", "0"},
        {"1.50", "-0.5", "1.00"},
        {"0.1", "0.2", "0.3"},
        {"999999999999999999999999", "1", "1000000000000000000000000"},
        {"9007199254740993", "0", "9007199254740993"},
        {"-0.001", "0.0010", "0.0000"},
        {"1e3", "1", "1001"},
        {"1.25E-2", "1", "1.0125"},
        {"2.5e1", "0", "25"},
        {".5", "5.", "5.5"},
        {"+7", "-10", "-3"},
        {"007", "0", "7"},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str sum;
        assert_int_equal(decimal_add(arena, str_from(cases[i][0]), str_from(cases[i][1]), &sum), 0);
        assert_string_equal(TEXT(arena, sum), cases[i][2]);
        assert_int_equal(decimal_add(arena, str_from(cases[i][1]), str_from(cases[i][0]), &sum), 0);
        assert_string_equal(TEXT(arena, sum), cases[i][2]);
    }
    assert_string_equal(TEXT(arena, decimal_negative(arena, STR("+1.5"))), "-1.5");
    assert_string_equal(TEXT(arena, decimal_negative(arena, STR("-1"))), "1");
}

static void what_is_no_number_is_not_added(void **state)
{
    static const char *const bad[] = {"",   " 1", "1 ", "x",   "1x",  "--1", "1.2.3", ".",
                                      "1e", "e1", "+",  "0x1", "NaN", "1e+", "1e1e1", "1,5"};
    struct arena *arena = *state;
    struct str sum = STR("untouched");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decimal_add(arena, str_from(bad[i]), STR("1"), &sum), ERR_SYNTAX);
    assert_int_equal(decimal_add(arena, STR("1e2001"), STR("1"), &sum), ERR_TOO_LONG);
    assert_int_equal(decimal_add(arena, STR("1e-2001"), STR("1"), &sum), ERR_TOO_LONG);
    assert_int_equal(decimal_add(arena, STR("1e999999999999999999"), STR("1"), &sum), ERR_TOO_LONG);
    assert_string_equal(TEXT(arena, sum), "untouched");
    assert_int_equal(decimal_add(arena, STR("1e1999"), STR("1"), &sum), ERR_NONE);
    assert_int_equal(sum.len, 2000);
    assert_int_equal(decimal_add(arena, STR("1e-2000"), STR("1"), &sum), ERR_NONE);
    assert_int_equal(sum.len, 2002);
}

static void changes_are_read_as_they_are_typed(void **state)
{
    static const struct {
        const char *text, *column, *value;
        enum wish_kind kind;
    } cases[] = {
        {"title=The ferry", "title", "The ferry", WISH_TEXT},
        {"title=", "title", "", WISH_TEXT},
        {"mail=anna@example.org", "mail", "anna@example.org", WISH_TEXT},
        {"f=a=b:=c", "f", "a=b:=c", WISH_TEXT},
        {"note:=null", "note", "null", WISH_JSON},
        {"tags:=[\"a\"]", "tags", "[\"a\"]", WISH_JSON},
        {"n+=1", "n", "1", WISH_ADD},
        {"n-=0.50", "n", "-0.50", WISH_ADD},
        {"n-=-2", "n", "2", WISH_ADD},
        {"body@a=b.txt", "body", "a=b.txt", WISH_FILE},
        {"body@-", "body", "-", WISH_FILE},
        {"\"a=b@c\"=1", "a=b@c", "1", WISH_TEXT},
        {"\"n-\"-=1", "n-", "-1", WISH_ADD},
        {"größe=3", "größe", "3", WISH_TEXT},
    };
    static const char *const bad[] = {"",       "=1",  "title",  "n+=x",  "n-=",
                                      "a:={",   "a@",  "\"a=1",  "\"a\"", "\"a\"x=1",
                                      "a:=1 2", "+=1", "\"\"=1", "\xff=1"};
    struct arena *arena = *state;
    struct wish wish;
    const char *trouble;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(wish_parse(arena, str_from(cases[i].text), &wish, &trouble), 0);
        assert_string_equal(TEXT(arena, wish.column), cases[i].column);
        assert_string_equal(TEXT(arena, wish.value), cases[i].value);
        assert_int_equal(wish.kind, cases[i].kind);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trouble = NULL;
        assert_int_not_equal(wish_parse(arena, str_from(bad[i]), &wish, &trouble), 0);
        assert_non_null(trouble);
    }
}

static void values_are_sent_so_that_nothing_of_them_changes(void **state)
{
    static const struct {
        const char *text, *sent;
    } cases[] = {
        {"plain", "\"plain\""}, {"5", "5"},       {"007", "\"007\""},
        {"null", "\"null\""},   {"true", "true"}, {"\"x\"", "\"\\\"x\\\"\""},
        {"[1, 2]", "[1, 2]"},   {" 5", "\" 5\""}, {"{\"a\":1}", "{\"a\":1}"},
        {"", "\"\""},           {"-3", "-3"},     {"1e5", "1e5"},
        {"[1,5)", "\"[1,5)\""},
    };
    struct arena *arena = *state;
    struct json_value seen = {JSON_NUMBER, STR("1.50"), STR("1.50")};
    struct str sent;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wish wish = {STR("c"), WISH_TEXT, str_from(cases[i].text)};
        assert_int_equal(wish_value(arena, &wish, NULL, &sent), 0);
        assert_string_equal(TEXT(arena, sent), cases[i].sent);
    }
    struct wish add = {STR("c"), WISH_ADD, STR("-0.5")};
    assert_int_equal(wish_value(arena, &add, &seen, &sent), 0);
    assert_string_equal(TEXT(arena, sent), "1.00");
    seen = (struct json_value){JSON_NULL, STR("null"), STR_NONE};
    assert_int_equal(wish_value(arena, &add, &seen, &sent), ERR_SYNTAX);
    assert_int_equal(wish_value(arena, &add, NULL, &sent), ERR_SYNTAX);
}

static struct str put(struct arena *arena, struct str name, struct str value, bool json)
{
    struct text_item item = {.name = name, .value = value, .json = json, .note = STR("seen\r\nby")};
    struct buf out;
    buf_init(&out, arena, 100000);
    client_text_put(&out, &item);
    return buf_slice(&out);
}

static void texts_survive_being_edited(void **state)
{
    static const char *const texts[] = {
        "",
        "plain",
        " in front",
        "behind ",
        "two\nlines",
        "ends\n",
        "\n",
        "\n\n",
        "# no remark",
        "= x",
        "a\rb",
        "END-OF-c\nx",
        "x\nEND-OF-c",
        "x\nEND-OF-c \nEND-OF-c-",
        "tab\there",
        "  in\n  front",
        "\"quoted\"",
        "a\001b",
        "größe\nß",
        "<<<<<<< yours\nx\n",
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text_item *items;
        struct text_fault fault;
        size_t count;
        struct str text = put(arena, STR("c"), str_from(texts[i]), false);
        assert_int_equal(client_text_read(arena, text, &items, &count, &fault), 0);
        assert_int_equal(count, 1);
        assert_string_equal(TEXT(arena, items[0].name), "c");
        assert_string_equal(TEXT(arena, items[0].value), texts[i]);
        assert_false(items[0].json);
    }
    assert_string_equal(TEXT(arena, put(arena, STR("c"), STR("a\r\nb"), false)),
                        "# seen \n# by\nc <<END-OF-c\na\nb\nEND-OF-c\n");
    assert_string_equal(TEXT(arena, put(arena, STR("a b"), STR("{\"x\":\n1}"), true)),
                        "# seen \n# by\n\"a b\" := {\"x\": 1}\n");
    assert_string_equal(TEXT(arena, client_text_with_crlf(arena, STR("a\nb"))), "a\r\nb");
    assert_true(client_text_crlf(STR("a\r\nb\r\n")));
    assert_false(client_text_crlf(STR("a\r\nb\n")));
}

static void slips_in_a_text_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *words;
        size_t line;
    } cases[] = {
        {"a = 1\nwhat is this\n",
         "“what is this” is none of: name = text, name := JSON, name <<END", 2},
        {"a = 1\n\n# x\na = 2\n", "“a” stands here and in line 1: delete one of the two", 4},
        {"a <<END\nx\n", "the line “END”, which ends this text, is missing", 1},
        {"a <<\nx\n", "behind << of “a” the word of its last line is missing", 1},
        {"a := {\n", "what stands behind := of “a” is no JSON; a text stands behind =", 1},
        {"\"a = 1\n", "“\"a = 1” is no name of a column", 1},
        {"\n\xff\n", "this is no UTF-8 text", 0},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_item *items;
        struct text_fault fault;
        size_t count;
        assert_int_not_equal(client_text_read(arena, str_from(cases[i].text), &items, &count,
                                              &fault),
                             0);
        assert_string_equal(TEXT(arena, fault.words), cases[i].words);
        assert_int_equal(fault.line, cases[i].line);
    }
}

#define ROW                                                                                        \
    "{\"id\":1,\"title\":\"Old\",\"body\":\"a\\r\\nb\",\"n\":5,\"x\":null,\"updated_at\":"         \
    "\"2026-11-22T07:49:00.123456+00:00\",\"_version\":\"2026-11-22T07:49:00.123456Z\"}"

static void a_form_gives_back_only_what_was_changed(void **state)
{
    struct arena *arena = *state;
    struct client_row row;
    struct wishes wishes;
    struct str complaint;
    assert_int_equal(client_row_read(arena, STR(ROW), &row), 0);
    struct str form = form_of_row(arena, &row, STR("head"));
    assert_string_equal(TEXT(arena, form),
                        "# head\nid := 1\ntitle = Old\nbody <<END-OF-body\na\nb\n"
                        "END-OF-body\nn := 5\nx := null\n");
    assert_int_equal(form_read(arena, form, &row, false, &wishes, &complaint), 0);
    assert_int_equal(wishes.count, 0);
    form = STR("title = 7\nn = 6\nbody <<E\na\nc\nE\n");
    assert_int_equal(form_read(arena, form, &row, false, &wishes, &complaint), 0);
    assert_int_equal(wishes.count, 3);
    assert_string_equal(TEXT(arena, wishes.items[0].value), "\"7\"");
    assert_int_equal(wishes.items[1].kind, WISH_TEXT);
    assert_string_equal(TEXT(arena, wishes.items[2].value), "\"a\\r\\nc\"");
    assert_int_not_equal(form_read(arena, STR("y = 1"), &row, false, &wishes, &complaint), 0);
    assert_string_equal(TEXT(arena, complaint),
                        "Line 2: the row has no column “y”. Nothing was saved.");
    form = STR("title <<E\n<<<<<<< yours\nE\n");
    assert_int_equal(form_read(arena, form, &row, false, &wishes, &complaint), 0);
    assert_int_not_equal(form_read(arena, form, &row, true, &wishes, &complaint), 0);
    form = form_with_complaint(arena, form_with_complaint(arena, form, complaint), complaint);
    assert_string_equal(TEXT(arena, form),
                        "#! Line 2: a marker is left in “title”. Nothing was saved.\n"
                        "title <<E\n<<<<<<< yours\nE\n");
}

#define PROBLEM                                                                                    \
    "{\"reason\":\"stale\",\"title\":\"T\",\"detail\":\"D\",\"changed_by\":\"bob\","               \
    "\"version\":{\"yours\":\"1\",\"current\":\"2\"},\"current\":{\"id\":1,\"a\":\"A\",\"b\":7,"   \
    "\"c\":\"x\\nC\\n\",\"d\":\"theirs\"},\"columns\":["                                           \
    "{\"name\":\"a\",\"merge\":\"merged\",\"merged\":\"AA\",\"yours\":\"a\",\"current\":\"A\"},"   \
    "{\"name\":\"b\",\"merge\":\"clash\",\"base\":5,\"yours\":6,\"current\":7},"                   \
    "{\"name\":\"c\",\"merge\":\"clash\",\"base\":\"x\\nc\\n\",\"yours\":\"x\\ny\\n\","            \
    "\"current\":\"x\\nC\\n\"}],\"retry\":{\"same_request\":\"never\",\"after\":0}}"

static void a_conflict_is_laid_before_the_editor(void **state)
{
    struct arena *arena = *state;
    struct client_problem problem;
    struct wish items[] = {{STR("a"), WISH_TEXT, STR("a")},
                           {STR("b"), WISH_TEXT, STR("6")},
                           {STR("c"), WISH_TEXT, STR("x\ny\n")}};
    struct wishes wishes = {items, 3}, read;
    struct str complaint;
    assert_int_equal(client_problem_read(arena, STR(PROBLEM), &problem), 0);
    assert_true(problem.has_current && problem.has_columns && !problem.again);
    struct str form = form_of_conflict(arena, &problem, &wishes);
    size_t at = str_find(form, STR("id := 1"));
    assert_string_equal(
        TEXT(arena, str_skip(form, at)),
        "id := 1\n# Merged: your changes and theirs.\na = AA\n"
        "# Both changed this. Yours comes first, theirs second: delete one of the two.\n"
        "b := 6\nb := 7\n"
        "# Both changed this. Make one of the two between the markers, and delete the markers.\n"
        "c <<END-OF-c\nx\n<<<<<<< yours\ny\n=======\nC\n>>>>>>> bob\n\nEND-OF-c\nd = theirs\n");
    assert_int_not_equal(form_read(arena, form, &problem.current, true, &read, &complaint), 0);
    struct str text = form_of_text(arena, &problem, &items[2]);
    assert_string_equal(TEXT(arena, form_without_head(arena, text)),
                        "x\n<<<<<<< yours\ny\n=======\nC\n>>>>>>> bob\n");
    assert_null(form_of_text(arena, &problem, &items[1]).ptr);
    assert_int_not_equal(client_problem_read(arena, STR("{\"status\":404}"), &problem), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums_are_exact),
        TEST(what_is_no_number_is_not_added),
        TEST(changes_are_read_as_they_are_typed),
        TEST(values_are_sent_so_that_nothing_of_them_changes),
        TEST(texts_survive_being_edited),
        TEST(slips_in_a_text_are_named_with_their_line),
        TEST(a_form_gives_back_only_what_was_changed),
        TEST(a_conflict_is_laid_before_the_editor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
