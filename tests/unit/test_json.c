#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/json.h"

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

/* The input in memory of exactly its own size, so that a read beyond it is seen. */
static struct str exact(struct str text)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return (struct str){copy, text.len};
}

static enum err parse(struct arena *arena, struct str text, unsigned depth, size_t *at)
{
    struct json_value value;
    struct str input = exact(text);
    enum err err = json_parse(arena, input, depth, &value, at);
    free((void *)(uintptr_t)input.ptr);
    return err;
}

static struct json_value good(struct arena *arena, struct str text)
{
    struct json_value value = {0};
    size_t at = 0;
    enum err err = json_parse(arena, text, 20, &value, &at);
    if (err)
        fail_msg("%.*s: %s at %zu", STR_ARG(text), err_text(err), at);
    return value;
}

static void assert_str(struct str text, struct str wanted)
{
    if (!str_eq(text, wanted))
        fail_msg("'%.*s' is not '%.*s'", STR_ARG(text), STR_ARG(wanted));
}

static void test_accepts(void **state)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "0.5",
        "1e5",
        "1E+5",
        "1e-5",
        "1.25e0",
        "-0.0e-0",
        "1e400000",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        " \t\r\n1 \t\r\n",
        "[1,2]",
        "[[],[[]],{}]",
        "{\"a\":1}",
        "{\"\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "\"\x7f\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "\"\\u0001\"",
        "\"\\ud83d\\ude00\"",
        "\"\\uD83D\\uDE00\"",
        "\"\\uffff\"",
        "\"\xef\xbf\xbf\"",
        "\"\\/\"",
        "[\"a\",\"a\"]",
        "[{\"a\":1},{\"a\":1}]",
        "{\"a\":1,\"A\":2}",
        "\"\xf4\x8f\xbf\xbf\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t at = 0;
        enum err err = parse(*state, str_from(texts[i]), 20, &at);
        if (err)
            fail_msg("%s: %s at %zu", texts[i], err_text(err), at);
    }
}

struct bad {
    struct str text;
    enum err err;
    size_t at;
};

static void check_bad(void **state, const struct bad *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = SIZE_MAX;
        enum err err = parse(*state, list[i].text, 20, &at);
        if (err != list[i].err || at != list[i].at)
            fail_msg("%.*s: %s at %zu, not %s at %zu", STR_ARG(list[i].text), err_text(err), at,
                     err_text(list[i].err), list[i].at);
    }
}

static const struct bad bad_syntax[] = {
    {STR(""), ERR_SYNTAX, 0},
    {STR("  "), ERR_SYNTAX, 2},
    {STR("01"), ERR_SYNTAX, 1},
    {STR("-"), ERR_SYNTAX, 1},
    {STR("+1"), ERR_SYNTAX, 0},
    {STR("1."), ERR_SYNTAX, 2},
    {STR(".5"), ERR_SYNTAX, 0},
    {STR("1e"), ERR_SYNTAX, 2},
    {STR("1e+"), ERR_SYNTAX, 3},
    {STR("-a"), ERR_SYNTAX, 1},
    {STR("0x1"), ERR_SYNTAX, 1},
    {STR("1 2"), ERR_SYNTAX, 2},
    {STR("NaN"), ERR_SYNTAX, 0},
    {STR("Infinity"), ERR_SYNTAX, 0},
    {STR("-Infinity"), ERR_SYNTAX, 1},
    {STR("True"), ERR_SYNTAX, 0},
    {STR("tru"), ERR_SYNTAX, 3},
    {STR("truex"), ERR_SYNTAX, 4},
    {STR("nul"), ERR_SYNTAX, 3},
    {STR("'a'"), ERR_SYNTAX, 0},
    {STR("\"a"), ERR_SYNTAX, 2},
    {STR("\"a\nb\""), ERR_SYNTAX, 2},
    {STR("\"\t\""), ERR_SYNTAX, 1},
    {STR("\"\\x\""), ERR_SYNTAX, 2},
    {STR("\"\\u12g4\""), ERR_SYNTAX, 1},
    {STR("\"\\u12\""), ERR_SYNTAX, 1},
    {STR("\"\\"), ERR_SYNTAX, 2},
    {STR("\"\\U0041\""), ERR_SYNTAX, 2},
    {STR("[1,]"), ERR_SYNTAX, 3},
    {STR("[,1]"), ERR_SYNTAX, 1},
    {STR("[1 2]"), ERR_SYNTAX, 3},
    {STR("[1}"), ERR_SYNTAX, 2},
    {STR("{\"a\":1]"), ERR_SYNTAX, 6},
    {STR("{\"a\"}"), ERR_SYNTAX, 4},
    {STR("{\"a\":}"), ERR_SYNTAX, 5},
    {STR("{a:1}"), ERR_SYNTAX, 1},
    {STR("{1:1}"), ERR_SYNTAX, 1},
    {STR("{\"a\":1,}"), ERR_SYNTAX, 7},
    {STR("{,}"), ERR_SYNTAX, 1},
    {STR("[] []"), ERR_SYNTAX, 3},
    {STR("]"), ERR_SYNTAX, 0},
    {STR("[1,,2]"), ERR_SYNTAX, 3},
    {STR("// c\n1"), ERR_SYNTAX, 0},
    {STR("[1]/**/"), ERR_SYNTAX, 3},
    {STR("\xef\xbb\xbf"
         "1"),
     ERR_SYNTAX, 0},
    {STR("\xc2\xa0"
         "1"),
     ERR_SYNTAX, 0},
    {STR("1\f"), ERR_SYNTAX, 1},
    {STR("[\v1]"), ERR_SYNTAX, 1},
    {STR("{\"a\" \"b\"}"), ERR_SYNTAX, 5},
    {STR("[\"a\":1]"), ERR_SYNTAX, 4},
};

static void test_bad_syntax(void **state)
{
    check_bad(state, bad_syntax, sizeof bad_syntax / sizeof *bad_syntax);
    size_t at = 7;
    struct json_value value;
    assert_int_equal(json_parse(*state, STR_NONE, 20, &value, &at), ERR_SYNTAX);
    assert_int_equal(at, 0);
}

static void test_bad_text(void **state)
{
    static const struct bad list[] = {
        {STR("\"\\u0000\""), ERR_NUL, 1},
        {STR("[\"a\\u0000\"]"), ERR_NUL, 3},
        {STR("\"a\0b\""), ERR_NUL, 2},
        {STR("1\0"), ERR_NUL, 1},
        {STR("\0"), ERR_NUL, 0},
        {STR("{\"\\u0000\":1}"), ERR_NUL, 2},
        {STR("\"\\\0\""), ERR_NUL, 2},
        {STR("\"\\ud800\""), ERR_UTF8, 1},
        {STR("\"\\udc00\""), ERR_UTF8, 1},
        {STR("\"\\ud800\\ud800\""), ERR_UTF8, 1},
        {STR("\"\\ud800\\u0041\""), ERR_UTF8, 1},
        {STR("\"\\ud800x\""), ERR_UTF8, 1},
        {STR("\"\\udfff\\ud800\""), ERR_UTF8, 1},
        {STR("\"\\ud83d\\ude00\\ude00\""), ERR_UTF8, 13},
        {STR("{\"\\udbff\":1}"), ERR_UTF8, 2},
        {STR("\"\xff\""), ERR_UTF8, 1},
        {STR("\"a\x80\""), ERR_UTF8, 2},
        {STR("\"\xc0\x80\""), ERR_UTF8, 1},
        {STR("\"\xed\xa0\x80\""), ERR_UTF8, 1},
        {STR("\"\xf4\x90\x80\x80\""), ERR_UTF8, 1},
        {STR("\"\xe2\x82\""), ERR_UTF8, 1},
        {STR("\"\xe2\x82"), ERR_UTF8, 1},
        {STR("\"\xc3(\""), ERR_UTF8, 1},
        {STR("\"\xf8\x88\x80\x80\x80\""), ERR_UTF8, 1},
    };
    check_bad(state, list, sizeof list / sizeof *list);
}

/* In a string each control character must be escaped; the next one need not be. */
static void test_control_characters(void **state)
{
    char raw[] = "\"a?\"";
    size_t at = 0;
    for (char c = 1; c <= ' '; c++) {
        raw[2] = c;
        enum err err = parse(*state, str_from(raw), 1, &at);
        assert_int_equal(err, c < ' ' ? ERR_SYNTAX : ERR_NONE);
        assert_true(c == ' ' || at == 2);
    }
}

static void test_values(void **state)
{
    struct json_value value = good(*state, STR(" \"a\\u00e9\\n\" "));
    assert_int_equal(value.type, JSON_STRING);
    assert_str(value.raw, STR("\"a\\u00e9\\n\""));
    assert_str(value.text, STR("a\xc3\xa9\n"));
    value = good(*state, STR("null"));
    assert_int_equal(value.type, JSON_NULL);
    assert_null(value.text.ptr);
    assert_str(value.raw, STR("null"));
    value = good(*state, STR(" [1, 2] "));
    assert_int_equal(value.type, JSON_ARRAY);
    assert_str(value.text, STR("[1, 2]"));
    assert_int_equal(good(*state, STR("true")).type, JSON_BOOL);
    assert_int_equal(good(*state, STR("false")).type, JSON_BOOL);
    assert_int_equal(good(*state, STR("{}")).type, JSON_OBJECT);
    value = good(*state, STR("\"\""));
    assert_non_null(value.text.ptr);
    assert_int_equal(value.text.len, 0);
}

static void test_all_escapes(void **state)
{
    struct json_value value = good(
        *state,
        STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00DF\\u20ac\\uD834\\uDD1E\\udbff\\udfff\""));
    assert_str(value.text,
               STR("\"\\/\b\f\n\r\tA\xc3\x9f\xe2\x82\xac\xf0\x9d\x84\x9e\xf4\x8f\xbf\xbf"));
}

/* Each code point that may be escaped: decoded, then written, then read again. */
static void test_every_code_point(void **state)
{
    struct arena *arena = *state;
    char raw[20];
    for (unsigned code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 17) {
        if (code >= 0xd800 && code < 0xe000)
            continue;
        if (code < 0x10000)
            (void)snprintf(raw, sizeof raw, "\"\\u%04x\"", code);
        else
            (void)snprintf(raw, sizeof raw, "\"\\u%04X\\u%04X\"", 0xd800 + ((code - 0x10000) >> 10),
                           0xdc00 + (code & 0x3ff));
        struct json_value value = good(arena, str_from(raw));
        assert_int_equal(str_chars(value.text), 1);
        assert_int_equal(str_check_utf8(value.text), ERR_NONE);
        struct buf buf;
        buf_init(&buf, arena, 100);
        json_string(&buf, value.text);
        assert_str(good(arena, buf_slice(&buf)).text, value.text);
        arena_reset(arena);
    }
}

static void test_long_numbers(void **state)
{
    char digits[400];
    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = (char)('1' + i % 9);
    struct json_value value = good(*state, (struct str){digits, sizeof digits});
    assert_int_equal(value.type, JSON_NUMBER);
    assert_int_equal(value.raw.len, 400);
    assert_memory_equal(value.text.ptr, digits, 400);
    digits[0] = '-';
    digits[200] = '.';
    value = good(*state, (struct str){digits, sizeof digits});
    assert_int_equal(value.raw.len, 400);
    assert_str(good(*state, STR("[1.000000000000000000001]")).raw,
               STR("[1.000000000000000000001]"));
}

static void test_depth(void **state)
{
    size_t at = 0;
    assert_int_equal(parse(*state, STR("1"), 0, &at), ERR_NONE);
    assert_int_equal(parse(*state, STR("[]"), 0, &at), ERR_TOO_DEEP);
    assert_int_equal(at, 0);
    assert_int_equal(parse(*state, STR("[[{}]]"), 3, &at), ERR_NONE);
    assert_int_equal(parse(*state, STR("[[{}]]"), 2, &at), ERR_TOO_DEEP);
    assert_int_equal(at, 2);
    assert_int_equal(parse(*state, STR("[[],[],{\"a\":[]}]"), 3, &at), ERR_NONE);
    enum { DEEP = 200000 };
    char *text = malloc(2 * DEEP);
    assert_non_null(text);
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    assert_int_equal(parse(*state, (struct str){text, 2 * DEEP}, DEEP, &at), ERR_NONE);
    assert_int_equal(parse(*state, (struct str){text, 2 * DEEP}, DEEP - 1, &at), ERR_TOO_DEEP);
    assert_int_equal(at, DEEP - 1);
    assert_int_equal(parse(*state, (struct str){text, 2 * DEEP - 1}, DEEP, &at), ERR_SYNTAX);
    free(text);
}

static void test_duplicates(void **state)
{
    static const struct bad list[] = {
        {STR("{\"a\":1,\"a\":2}"), ERR_DUPLICATE, 7},
        {STR("{\"a\":1, \"b\":[{}], \"\\u0061\":2}"), ERR_DUPLICATE, 18},
        {STR("{\"\":1,\"\":2}"), ERR_DUPLICATE, 6},
        {STR("{\"z\":1,\"a\":1,\"z\":1,\"a\":1}"), ERR_DUPLICATE, 13},
    };
    struct json_object object;
    check_bad(state, list, sizeof list / sizeof *list);
    struct json_value value = good(*state, STR("{\"a\":{\"b\":1,\"b\":2}}"));
    assert_int_equal(json_members(*state, &value, 9, &object), ERR_NONE);
    assert_int_equal(json_members(*state, &object.members[0].value, 9, &object), ERR_DUPLICATE);
}

static void test_members(void **state)
{
    struct json_object object = {0};
    struct json_value value =
        good(*state,
             STR("{ \"a\" : 1 , \"b\\n\":[1,{\"x\":2}],\"c\":{\"y\":\"}\"} , \"d\":null }"));
    assert_int_equal(json_members(*state, &value, 3, &object), ERR_TOO_MANY);
    assert_int_equal(object.count, 0);
    assert_int_equal(json_members(*state, &value, 4, &object), ERR_NONE);
    assert_int_equal(object.count, 4);
    assert_str(object.members[0].name, STR("a"));
    assert_str(object.members[1].name, STR("b\n"));
    assert_str(json_get(&object, STR("a"))->raw, STR("1"));
    assert_str(json_get(&object, STR("b\n"))->raw, STR("[1,{\"x\":2}]"));
    assert_str(json_get(&object, STR("c"))->raw, STR("{\"y\":\"}\"}"));
    assert_int_equal(json_get(&object, STR("d"))->type, JSON_NULL);
    assert_null(json_get(&object, STR("x")));
    assert_null(json_get(&object, STR("")));
    value = good(*state, STR("{}"));
    assert_int_equal(json_members(*state, &value, 0, &object), ERR_NONE);
    assert_int_equal(object.count, 0);
    value = good(*state, STR("[]"));
    assert_int_equal(json_members(*state, &value, 9, &object), ERR_SYNTAX);
}

static void test_items(void **state)
{
    struct json_value *items = NULL;
    size_t count = 9;
    struct json_value value = good(*state, STR("[ 1 , \"a,b\" , [2,3] , {\"a\":[]} , null ]"));
    assert_int_equal(json_items(*state, &value, 4, &items, &count), ERR_TOO_MANY);
    assert_int_equal(json_items(*state, &value, 5, &items, &count), ERR_NONE);
    assert_int_equal(count, 5);
    assert_str(items[0].raw, STR("1"));
    assert_str(items[1].text, STR("a,b"));
    assert_str(items[2].raw, STR("[2,3]"));
    assert_str(items[3].raw, STR("{\"a\":[]}"));
    assert_int_equal(items[4].type, JSON_NULL);
    value = good(*state, STR("[]"));
    assert_int_equal(json_items(*state, &value, 0, &items, &count), ERR_NONE);
    assert_int_equal(count, 0);
    value = good(*state, STR("{}"));
    assert_int_equal(json_items(*state, &value, 9, &items, &count), ERR_SYNTAX);
}

/* Cut anywhere, a document whose first byte opens it is none. */
static void test_truncation(void **state)
{
    struct str text = STR("{\"a\":[1,-2.5e+10,true,false,null,\"\\ud83d\\ude00\\n\xe2\x82\xac\"],"
                          "\"b\":{\"c\":{},\"d\":[]},\"e\":\"x\"}");
    size_t at;
    assert_int_equal(parse(*state, text, 9, &at), ERR_NONE);
    for (size_t len = 0; len < text.len; len++) {
        at = SIZE_MAX;
        assert_int_not_equal(parse(*state, (struct str){text.ptr, len}, 9, &at), ERR_NONE);
        assert_true(at <= len);
    }
}

/* Quadratic work would take minutes here. */
static void test_many_members(void **state)
{
    enum { MANY = 100000 };
    struct buf buf;
    struct json_object object;
    buf_init(&buf, *state, (size_t)64 * MANY);
    buf_char(&buf, '{');
    for (unsigned i = 0; i < MANY; i++) {
        json_comma(&buf);
        buf_printf(&buf, "\"common beginning %u\":{}", i * 7919 % MANY);
    }
    buf_text(&buf, "}");
    assert_true(buf_ok(&buf));
    struct json_value value = good(*state, buf_slice(&buf));
    assert_int_equal(json_members(*state, &value, MANY, &object), ERR_NONE);
    assert_int_equal(object.count, MANY);
    assert_str(object.members[1].name, STR("common beginning 7919"));
    buf.len--;
    buf_text(&buf, ",\"common beginning 5\":1}");
    size_t at;
    size_t wanted = buf.len - sizeof "\"common beginning 5\":1}" + 1;
    assert_int_equal(json_parse(*state, buf_slice(&buf), 3, &value, &at), ERR_DUPLICATE);
    assert_int_equal(at, wanted);
}

static void test_writing(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1000);
    buf_char(&buf, '{');
    json_name(&buf, "a");
    json_string(&buf, STR("<\"\\/>&'\x01\x1f\x7f\b\f\n\r\t\xc3\xa9"));
    json_name(&buf, "b");
    json_string(&buf, STR_NONE);
    json_name(&buf, "c");
    buf_char(&buf, '[');
    json_comma(&buf);
    json_string(&buf, STR(""));
    json_comma(&buf);
    json_string(&buf, STR("a\0b"));
    json_comma(&buf);
    json_comma(&buf);
    buf_text(&buf, "1]}");
    assert_str(
        buf_slice(&buf),
        STR("{\"a\":\"\\u003c\\\"\\\\/\\u003e\\u0026'\\u0001\\u001f\x7f\\b\\f\\n\\r\\t\xc3\xa9\","
            "\"b\":null,\"c\":[\"\",\"a\\u0000b\",1]}"));
    buf_clear(&buf);
    json_comma(&buf);
    assert_int_equal(buf_slice(&buf).len, 0);
}

/* It is looked at sixteen bytes at a time: what is read back is what was written. */
static void test_writing_everywhere(void **state)
{
    for (size_t at = 0; at < 40; at++)
        for (int byte = 1; byte < 0x80; byte++) {
            struct json_value value;
            struct buf buf;
            char text[40];
            memset(text, 'x', sizeof text);
            text[at] = (char)byte;
            buf_init(&buf, *state, 1000);
            json_string(&buf, (struct str){text, sizeof text});
            assert_int_equal(json_parse(*state, buf_slice(&buf), 0, &value, &(size_t){0}), 0);
            assert_str(value.text, (struct str){text, sizeof text});
            assert_int_equal(buf.len == 42, byte >= 0x20 && !strchr("\"\\<>&", byte));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accepts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_syntax, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_code_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_duplicates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_items, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writing_everywhere, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
