/*
 * Memory, text and buffers: what everything else stands on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

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

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    unsigned char *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 7;
        pieces[i] = arena_alloc(*state, size);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * 7; j++)
            assert_int_equal(pieces[i][j], i);
}

static void memory_is_zeroed_again_after_reset(void **state)
{
    for (int round = 0; round < 3; round++) {
        unsigned char *bytes = arena_alloc(*state, 5000);
        for (size_t i = 0; i < 5000; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, 5000);
        arena_reset(*state);
    }
}

static void large_pieces_work_and_are_given_back(void **state)
{
    struct arena *arena = *state;
    char *small = arena_copy(arena, "small", 5);
    char *large = arena_alloc(arena, 1000000);
    large[0] = large[999999] = 'x';
    char *after = arena_copy(arena, "after", 5);
    assert_string_equal(small, "small");
    assert_string_equal(after, "after");
    assert_true(arena->total >= 1000000);
    arena_reset(arena);
    assert_true(arena->total < 1000000);
    arena_release(arena);
    assert_int_equal(arena->total, 0);
}

static void a_copy_ends_in_nul(void **state)
{
    char *copy = arena_copy(*state, "abcdef", 3);
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_copy(*state, NULL, 0), "");
}

struct trace {
    char text[8];
    size_t len;
};

struct step {
    struct trace *trace;
    char name;
};

static void run_step(void *arg)
{
    struct step *step = arg;
    step->trace->text[step->trace->len++] = step->name;
}

static void deferred_calls_run_once_and_last_first(void **state)
{
    struct trace trace = {0};
    struct step steps[] = {{&trace, 'a'}, {&trace, 'b'}, {&trace, 'c'}};
    for (size_t i = 0; i < 3; i++)
        arena_defer(*state, run_step, &steps[i]);
    arena_reset(*state);
    assert_string_equal(trace.text, "cba");
    arena_defer(*state, run_step, &steps[0]);
    arena_release(*state);
    arena_release(*state);
    assert_string_equal(trace.text, "cbaa");
}

/* Whether the call ends the process by abort(). */
static void assert_aborts(void (*call)(struct arena *arena), struct arena *arena)
{
    pid_t child = fork();
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)signal(SIGABRT, SIG_DFL);
        call(arena);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* The product wraps to 2, which would be given without the check. */
static void ask_for_an_overflow(struct arena *arena)
{
    (void)arena_array(arena, SIZE_MAX / 2 + 2, 2);
}

static void ask_for_everything(struct arena *arena)
{
    (void)arena_alloc(arena, SIZE_MAX);
}

static void too_much_aborts(void **state)
{
    assert_aborts(ask_for_an_overflow, *state);
    assert_aborts(ask_for_everything, *state);
}

static void slices_compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR_NONE, STR_NONE));
    assert_false(str_eq(STR_NONE, STR("")));
    assert_true(str_eq(STR("abc"), str_from("abc")));
    assert_false(str_eq(STR("abc"), STR("abC")));
    assert_false(str_eq(STR("abc"), STR("ab")));
    assert_true(str_ieq(STR("aBc-1"), STR("AbC-1")));
    assert_false(str_ieq(STR_NONE, STR("")));
    assert_true(str_is(STR("a"), "a"));
    assert_false(str_is(STR_NONE, ""));
    assert_true(str_is(STR_NONE, NULL));
    assert_int_equal(str_cmp(STR("a"), STR("b")), -1);
    assert_int_equal(str_cmp(STR("b"), STR("a")), 1);
    assert_int_equal(str_cmp(STR("a"), STR("ab")), -1);
    assert_int_equal(str_cmp(STR("\xc3"), STR("z")), 1);
    assert_int_equal(str_cmp(STR(""), STR_NONE), 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR_NONE, STR("")));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
}

static void slices_are_cut(void **state)
{
    (void)state;
    struct str rest;
    assert_true(str_is(str_cut(STR("a=b=c"), '=', &rest), "a"));
    assert_true(str_is(rest, "b=c"));
    assert_true(str_is(str_cut(STR("a="), '=', &rest), "a"));
    assert_non_null(rest.ptr);
    assert_int_equal(rest.len, 0);
    assert_true(str_is(str_cut(STR("a"), '=', &rest), "a"));
    assert_null(rest.ptr);
    assert_null(str_cut(STR_NONE, '=', &rest).ptr);
    assert_null(rest.ptr);
    assert_true(str_is(str_trim(STR(" \t a b\t ")), "a b"));
    assert_true(str_is(str_trim(STR("  ")), ""));
    assert_true(str_is(str_skip(STR("abc"), 1), "bc"));
    assert_true(str_is(str_skip(STR("abc"), 9), ""));
    assert_null(str_skip(STR_NONE, 1).ptr);
}

static void needles_are_found(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
    assert_int_equal(str_find(STR("abc"), STR("abc")), 0);
    assert_true(str_find(STR("abc"), STR("abcd")) == SIZE_MAX);
    assert_true(str_find(STR_NONE, STR("a")) == SIZE_MAX);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_true(str_in_list(STR("a, bb ,c"), STR("bb")));
    assert_true(str_in_list(STR("a,c"), STR("c")));
    assert_false(str_in_list(STR("a,bb"), STR("b")));
    assert_false(str_in_list(STR("a,,b"), STR("")));
    assert_false(str_in_list(STR_NONE, STR("a")));
}

static void copies_are_terminated(void **state)
{
    struct str part = {"abcdef", 3};
    struct str copy = str_copy(*state, part);
    assert_true(str_is(copy, "abc"));
    assert_ptr_not_equal(copy.ptr, part.ptr);
    assert_int_equal(copy.ptr[3], 0);
    assert_null(str_copy(*state, STR_NONE).ptr);
    assert_non_null(str_copy(*state, STR("")).ptr);
    assert_string_equal(str_cstr(*state, part), "abc");
    assert_null(str_cstr(*state, STR_NONE));
}

static void numbers_are_read_within_their_limit(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_int_equal(str_to_u64(STR("0"), 0, &value), ERR_NONE);
    assert_int_equal(value, 0);
    assert_int_equal(str_to_u64(STR("255"), 255, &value), ERR_NONE);
    assert_int_equal(value, 255);
    assert_int_equal(str_to_u64(STR("256"), 255, &value), ERR_TOO_LONG);
    assert_int_equal(str_to_u64(STR("9999999999999999999"), UINT64_MAX, &value), ERR_NONE);
    assert_true(value == UINT64_C(9999999999999999999));
    assert_int_equal(str_to_u64(STR("10000000000000000000"), UINT64_MAX, &value), ERR_TOO_LONG);
    static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "\xd9\xa1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(str_to_u64(str_from(bad[i]), 99, &value), ERR_SYNTAX);
    assert_int_equal(str_to_u64(STR_NONE, 99, &value), ERR_SYNTAX);
}

static void utf8_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "abc\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",
        "a\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2g",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe2\x82",
        "\xe2\x82z",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x90\x80",
        "\xff",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(str_check_utf8(str_from(good[i])), ERR_NONE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(str_check_utf8(str_from(bad[i])), ERR_UTF8);
    assert_int_equal(str_check_utf8((struct str){"a\0b", 3}), ERR_NUL);
    assert_int_equal(str_check_utf8(STR_NONE), ERR_NONE);
    assert_int_equal(str_chars(STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
}

/* Every code point there is, against an encoder written from the table in RFC 3629. */
static void utf8_takes_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x111000; code += code < 0x11000 ? 1 : 17) {
        unsigned char bytes[4] = {(unsigned char)code};
        size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = 0; len > 1 && i < len; i++) {
            uint32_t part = code >> (6 * (len - 1 - i));
            bytes[i] = (unsigned char)(i == 0 ? first[len] | part : 0x80 | (part & 0x3f));
        }
        bool valid = (code < 0xd800 || code > 0xdfff) && code <= 0x10ffff;
        assert_int_equal(str_check_utf8((struct str){(char *)bytes, len}),
                         valid ? ERR_NONE : ERR_UTF8);
    }
}

static void a_buffer_takes_its_maximum_and_no_more(void **state)
{
    for (size_t max = 0; max < 700; max += 13) {
        struct buf buf;
        buf_init(&buf, *state, max);
        for (size_t i = 0; i < max; i++)
            buf_char(&buf, 'x');
        assert_true(buf_ok(&buf));
        assert_int_equal(buf_slice(&buf).len, max);
        assert_int_equal(buf_slice(&buf).ptr[max], 0);
        buf_char(&buf, 'y');
        assert_false(buf_ok(&buf));
        assert_int_equal(buf_slice(&buf).len, max);
    }
}

/* However large the pieces are, and however far the memory has grown before. */
static void a_piece_fits_whole_or_not_at_all(void **state)
{
    struct str piece = str_printf(*state, "%0500d", 0);
    for (size_t max = 200; max < 1200; max += 99)
        for (size_t first = 0; first <= 300; first += 50) {
            struct buf buf;
            buf_init(&buf, *state, max);
            buf_add(&buf, piece.ptr, first);
            bool fits = first <= max && piece.len <= max - first;
            buf_str(&buf, piece);
            assert_int_equal(buf_ok(&buf), fits);
            assert_int_equal(buf_slice(&buf).len, fits           ? first + piece.len
                                                  : first <= max ? first
                                                                 : 0);
        }
}

static void overflow_is_sticky(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 4);
    buf_text(&buf, "abc");
    buf_text(&buf, "de");
    assert_false(buf_ok(&buf));
    buf_text(&buf, "f");
    buf_printf(&buf, "%d", 1);
    buf_add(&buf, "", 0);
    assert_true(str_is(buf_slice(&buf), "abc"));
    assert_false(buf_ok(&buf));
    buf_clear(&buf);
    assert_true(buf_ok(&buf));
    assert_int_equal(buf_slice(&buf).len, 0);
    assert_int_equal(buf_slice(&buf).ptr[0], 0);
    buf_text(&buf, "wxyz");
    assert_true(buf_ok(&buf));
    assert_true(str_is(buf_slice(&buf), "wxyz"));
}

static void a_formatted_text_has_the_same_limit(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 5);
    buf_printf(&buf, "%05d", 42);
    assert_true(buf_ok(&buf));
    assert_true(str_is(buf_slice(&buf), "00042"));
    buf_clear(&buf);
    buf_printf(&buf, "%06d", 42);
    assert_false(buf_ok(&buf));
    assert_int_equal(buf_slice(&buf).len, 0);
    assert_true(str_is(str_printf(*state, "%.*s|%d", STR_ARG(STR("a")), 9), "a|9"));
    assert_true(str_is(str_printf(*state, "%s", ""), ""));
    assert_true(str_is(str_number(*state, 0), "0"));
    assert_true(str_is(str_number(*state, UINT64_MAX), "18446744073709551615"));
}

static void a_buffer_joins_what_it_is_given(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 100000);
    assert_non_null(buf_slice(&buf).ptr);
    assert_int_equal(buf_slice(&buf).len, 0);
    buf_str(&buf, STR_NONE);
    buf_u64(&buf, 0);
    buf_char(&buf, ' ');
    buf_u64(&buf, UINT64_MAX);
    buf_str(&buf, STR(" z"));
    assert_true(str_is(buf_slice(&buf), "0 18446744073709551615 z"));
    struct str chunk = str_printf(*state, "%0900d", 7);
    for (int i = 0; i < 100; i++)
        buf_str(&buf, chunk);
    assert_int_equal(buf_slice(&buf).len, 24 + 90000);
    assert_int_equal(buf_slice(&buf).ptr[24 + 900 - 1], '7');
    assert_true(buf_ok(&buf));
}

static void every_error_has_words(void **state)
{
    (void)state;
    for (int err = ERR_NONE; err <= ERR_SHORT; err++) {
        assert_string_not_equal(err_text((enum err)err), err_text((enum err)99));
        for (int other = ERR_NONE; other < err; other++)
            assert_string_not_equal(err_text((enum err)err), err_text((enum err)other));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_aligned_and_apart),
        TEST(memory_is_zeroed_again_after_reset),
        TEST(large_pieces_work_and_are_given_back),
        TEST(a_copy_ends_in_nul),
        TEST(deferred_calls_run_once_and_last_first),
        TEST(too_much_aborts),
        TEST(slices_compare),
        TEST(slices_are_cut),
        TEST(needles_are_found),
        TEST(copies_are_terminated),
        TEST(numbers_are_read_within_their_limit),
        TEST(utf8_is_checked),
        TEST(utf8_takes_every_code_point),
        TEST(a_buffer_takes_its_maximum_and_no_more),
        TEST(a_piece_fits_whole_or_not_at_all),
        TEST(overflow_is_sticky),
        TEST(a_formatted_text_has_the_same_limit),
        TEST(a_buffer_joins_what_it_is_given),
        TEST(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
