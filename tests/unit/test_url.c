/*
 * Percent-encoding and keys in addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/url.h"

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

static void check_decode(struct arena *arena, const char *in, enum url_plus plus, const char *out)
{
    struct str text;
    assert_int_equal(url_decode(arena, str_from(in), plus, &text), ERR_NONE);
    assert_str(text, out);
}

static void percent_encoding_is_undone(void **state)
{
    check_decode(*state, "", URL_PLUS_IS_SPACE, "");
    check_decode(*state, "a%20b", URL_PLUS_IS_PLUS, "a b");
    check_decode(*state, "a+b%2B", URL_PLUS_IS_SPACE, "a b+");
    check_decode(*state, "a+b%2b", URL_PLUS_IS_PLUS, "a+b+");
    check_decode(*state, "%C3%a4", URL_PLUS_IS_PLUS, "\xc3\xa4");
    check_decode(*state, "%25%32%30", URL_PLUS_IS_PLUS, "%20");
    /* Half raw, half encoded: one code point all the same. */
    check_decode(*state, "\xc3%A4", URL_PLUS_IS_PLUS, "\xc3\xa4");
}

static void nothing_encoded_costs_no_copy(void **state)
{
    struct str in = STR("a+b~c"), out;
    assert_int_equal(url_decode(*state, in, URL_PLUS_IS_PLUS, &out), ERR_NONE);
    assert_ptr_equal(out.ptr, in.ptr);
    assert_int_equal(url_decode(*state, in, URL_PLUS_IS_SPACE, &out), ERR_NONE);
    assert_str(out, "a b~c");
    assert_int_equal(url_decode(*state, STR_NONE, URL_PLUS_IS_SPACE, &out), ERR_NONE);
    assert_null(out.ptr);
}

static void bad_encodings_are_refused(void **state)
{
    static const char *const bad[] = {"%", "a%", "%4", "a%4", "%g0", "%0g", "%%41", "%-1", "% 1"};
    struct str out = STR("untouched");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(url_decode(*state, str_from(bad[i]), URL_PLUS_IS_SPACE, &out), ERR_SYNTAX);
    /* The byte behind the slice would complete the escape, but is not part of it. */
    assert_int_equal(url_decode(*state, (struct str){"%41", 2}, URL_PLUS_IS_SPACE, &out),
                     ERR_SYNTAX);
    assert_int_equal(url_decode(*state, STR("a%00"), URL_PLUS_IS_SPACE, &out), ERR_NUL);
    assert_int_equal(url_decode(*state, STR("%ff"), URL_PLUS_IS_SPACE, &out), ERR_UTF8);
    assert_int_equal(url_decode(*state, STR("\xff"), URL_PLUS_IS_SPACE, &out), ERR_UTF8);
    assert_int_equal(url_decode(*state, STR("%C3"), URL_PLUS_IS_SPACE, &out), ERR_UTF8);
    assert_str(out, "untouched");
}

/* Text is copied sixteen bytes at a time: wherever the escape and the space are. */
static void an_escape_is_undone_everywhere(void **state)
{
    for (size_t at = 0; at < 40; at++)
        for (size_t space = 0; space < 40; space++) {
            char in[48], wanted[48], plain[40];
            char *exact = malloc(42); /* no byte more, so that a sanitizer sees a look beyond */
            struct str out;
            memset(plain, 'x', sizeof plain);
            plain[space] = '+';
            plain[at] = '%';
            (void)snprintf(in, sizeof in, "%.*s%%2B%.*s", (int)at, plain, (int)(39 - at),
                           plain + at + 1);
            memcpy(exact, in, 42);
            assert_int_equal(url_decode(*state, (struct str){exact, 42}, URL_PLUS_IS_SPACE, &out),
                             ERR_NONE);
            if (space != at)
                plain[space] = ' ';
            plain[at] = '+';
            (void)snprintf(wanted, sizeof wanted, "%.40s", plain);
            assert_str(out, wanted);
            free(exact);
        }
}

static void unreserved_characters_stay(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1000);
    url_encode(&buf, STR("AZaz09-._~ /?&=+,%\"\xc3\xa4\n"));
    assert_str(buf_slice(&buf), "AZaz09-._~%20%2F%3F%26%3D%2B%2C%25%22%C3%A4%0A");
}

static struct str key_of(struct arena *arena, const struct str *values, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    url_key(&buf, values, count);
    assert_true(buf_ok(&buf));
    return buf_slice(&buf);
}

static void keys_are_written_as_the_contract_says(void **state)
{
    static const struct {
        const char *value;
        const char *key;
    } cases[] = {
        {"42", "42"},
        {"aZ0.x_y-z", "aZ0.x_y-z"},
        {"a/b", "a~2Fb"},
        {"a,b", "a~2Cb"},
        {"it's \"%\"", "it~27s~20~22~25~22"},
        {"\xc3\xa4", "~C3~A4"},
        {"~", "~7E"},
        {"_new", "~5Fnew"},
        {"a_", "a_"},
        {".", "~2E"},
        {"..", "~2E."},
        {"...", "..."},
        {".a", ".a"},
        {"", "~"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str value = str_from(cases[i].value);
        assert_str(key_of(*state, &value, 1), cases[i].key);
    }
    assert_str(key_of(*state, (struct str[]){STR("_a"), STR("_b")}, 2), "~5Fa,_b");
    assert_str(key_of(*state, (struct str[]){STR("a"), STR(".")}, 2), "a,~2E");
    assert_str(key_of(*state, (struct str[]){STR(""), STR("")}, 2), "~,~");
    assert_str(key_of(*state, (struct str[]){STR(""), STR("_a")}, 2), "~,_a");
}

/* Writes the values as a key, checks its alphabet, reads it again: the same values. */
static void check_round_trip(struct arena *arena, const struct str *values, size_t count)
{
    struct str parsed[8];
    size_t parsed_count = 99;
    struct str key = key_of(arena, values, count);
    assert_true(key.len > 0);
    assert_int_not_equal(key.ptr[0], '_');
    for (size_t i = 0; i < key.len; i++)
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789._-~,",
                               key.ptr[i]));
    assert_false(str_is(key, ".") || str_is(key, ".."));
    assert_int_equal(url_key_parse(arena, key, parsed, 8, &parsed_count), ERR_NONE);
    assert_int_equal(parsed_count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(str_eq(parsed[i], values[i]));
}

static void every_byte_makes_the_round_trip(void **state)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        /* A byte of its own, or the lead or the tail of a valid sequence. */
        unsigned char text[4] = {(unsigned char)byte};
        size_t len = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        if (byte >= 0x80 && byte < 0xc0) {
            text[0] = 0xc3;
            text[1] = (unsigned char)byte;
        } else if (len > 1) {
            static const unsigned char tail[] = {0, 0xa4, 0xa4, 0xa4};
            memcpy(text + 1, tail + 1, len - 1);
            text[1] = byte == 0xed || byte == 0xf4 ? 0x80 : 0xa4;
        }
        struct str value = {(char *)text, len};
        if (str_check_utf8(value)) {
            assert_true(byte == 0xc0 || byte == 0xc1 || byte > 0xf4);
            continue;
        }
        check_round_trip(*state, &value, 1);
        check_round_trip(*state, (struct str[]){value, value, STR(""), value}, 4);
    }
}

static void every_list_of_awkward_values_makes_the_round_trip(void **state)
{
    static const char *const awkward[] = {
        "",   ",", ",,",  "/", "'", "\"", "%",  "%2F", "~",   "~~",       ".",
        "..", "_", "__a", "+", " ", "a",  "=&", "\n",  "~2F", "\xc3\xbc", "\xf0\x9f\x98\x80"};
    enum { COUNT = sizeof awkward / sizeof awkward[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            for (size_t k = 0; k < COUNT; k++) {
                struct str values[] = {str_from(awkward[i]), str_from(awkward[j]),
                                       str_from(awkward[k])};
                for (size_t count = 1; count <= 3; count++)
                    check_round_trip(*state, values, count);
                arena_reset(*state);
            }
}

static void hand_written_keys_are_read(void **state)
{
    struct str values[2];
    size_t count;
    assert_int_equal(url_key_parse(*state, STR("_a b/\xc3\xa4%2F,~c3~a4"), values, 2, &count),
                     ERR_NONE);
    assert_int_equal(count, 2);
    assert_str(values[0], "_a b/\xc3\xa4%2F");
    assert_str(values[1], "\xc3\xa4");
}

static void bad_keys_are_refused(void **state)
{
    static const struct {
        const char *key;
        enum err err;
        size_t count;
    } cases[] = {
        {"", ERR_SYNTAX, 0},          {",", ERR_SYNTAX, 0},       {"a,", ERR_SYNTAX, 1},
        {",a", ERR_SYNTAX, 0},        {"a,,b", ERR_SYNTAX, 1},    {"a~", ERR_SYNTAX, 0},
        {"~a", ERR_SYNTAX, 0},        {"~4", ERR_SYNTAX, 0},      {"~~", ERR_SYNTAX, 0},
        {"~4g", ERR_SYNTAX, 0},       {"a,~,~g0", ERR_SYNTAX, 2}, {"~00", ERR_NUL, 0},
        {"a,~FF", ERR_UTF8, 1},       {"\xff", ERR_UTF8, 0},      {"~C3,~A4", ERR_UTF8, 0},
        {"a,b,c,d", ERR_TOO_MANY, 3},
    };
    struct str values[3];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t count = 99;
        assert_int_equal(url_key_parse(*state, str_from(cases[i].key), values, 3, &count),
                         cases[i].err);
        assert_int_equal(count, cases[i].count);
    }
    size_t count;
    assert_int_equal(url_key_parse(*state, STR("a,b,c"), values, 3, &count), ERR_NONE);
    assert_int_equal(count, 3);
    assert_int_equal(url_key_parse(*state, STR_NONE, values, 3, &count), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(percent_encoding_is_undone),
        TEST(nothing_encoded_costs_no_copy),
        TEST(bad_encodings_are_refused),
        TEST(an_escape_is_undone_everywhere),
        TEST(unreserved_characters_stay),
        TEST(keys_are_written_as_the_contract_says),
        TEST(every_byte_makes_the_round_trip),
        TEST(every_list_of_awkward_values_makes_the_round_trip),
        TEST(hand_written_keys_are_read),
        TEST(bad_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
