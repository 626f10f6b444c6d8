/*
 * Markup out: nothing but a literal gets through unescaped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/html.h"

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

static void text_is_escaped(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1000);
    html_text(&buf, STR("<a href=\"x\">'&amp;' \xc3\xa4</a>"));
    assert_str(buf_slice(&buf),
               "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39; \xc3\xa4&lt;/a&gt;");
    buf_clear(&buf);
    html_text(&buf, STR_NONE);
    html_text(&buf, STR(""));
    assert_str(buf_slice(&buf), "");
    html_text(&buf, STR("plain"));
    assert_str(buf_slice(&buf), "plain");
}

/* Whatever byte: only the five are changed, and none of the five is left. */
static void only_the_five_are_escaped(void **state)
{
    for (int byte = 1; byte < 256; byte++) {
        char c = (char)byte;
        struct buf buf;
        buf_init(&buf, *state, 100);
        html_text(&buf, (struct str){&c, 1});
        if (strchr("&<>\"'", c))
            assert_true(buf.len >= 4 && buf.ptr[0] == '&' && buf.ptr[buf.len - 1] == ';');
        else
            assert_true(buf.len == 1 && buf.ptr[0] == c);
    }
}

/* Text is looked at sixteen bytes at a time: wherever a special byte is, and how long it may be. */
static void a_special_byte_is_found_everywhere(void **state)
{
    for (size_t len = 1; len < 50; len++)
        for (size_t at = 0; at < len; at++) {
            struct buf buf;
            char *text = malloc(len); /* no byte more, so that a sanitizer sees a look beyond */
            char wanted[64];
            memset(text, 'x', len);
            text[at] = '<';
            (void)snprintf(wanted, sizeof wanted, "%.*s&lt;%.*s", (int)at, text,
                           (int)(len - at - 1), text + at + 1);
            buf_init(&buf, *state, 1000);
            html_text(&buf, (struct str){text, len});
            assert_str(buf_slice(&buf), wanted);
            free(text);
        }
}

static void markup_is_put_together(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1000);
    html_raw(&buf, "<p");
    html_attr(&buf, "title", STR("a\"b"));
    html_raw(&buf, ">");
    html_number(&buf, 0);
    html_raw(&buf, " ");
    html_number(&buf, UINT64_MAX);
    html_raw(&buf, "</p>");
    assert_str(buf_slice(&buf), "<p title=\"a&quot;b\">0 18446744073709551615</p>");
}

/* An escape is written whole or not at all, so a cut page has no half of one. */
static void an_overflow_is_noticed(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 6);
    html_text(&buf, STR("ab<"));
    assert_true(buf_ok(&buf));
    buf_clear(&buf);
    html_text(&buf, STR("abc<d"));
    assert_false(buf_ok(&buf));
    assert_str(buf_slice(&buf), "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_is_escaped),
        TEST(only_the_five_are_escaped),
        TEST(a_special_byte_is_found_everywhere),
        TEST(markup_is_put_together),
        TEST(an_overflow_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
