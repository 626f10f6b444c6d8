#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "merge/diff.h"

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

static bool is_inside(struct str text, struct str whole)
{
    return text.ptr >= whole.ptr && text.ptr + text.len <= whole.ptr + whole.len;
}

/* What the header promises of every difference. */
static void check(struct str old_text, struct str new_text, const struct diff *diff)
{
    size_t x = 0;
    size_t y = 0;
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_piece *piece = &diff->pieces[i];
        bool added = piece->kind == DIFF_ADDED;
        assert_true(piece->text.len > 0);
        assert_int_equal(str_check_utf8(piece->text), ERR_NONE);
        assert_true(is_inside(piece->text, added ? new_text : old_text));
        if (i > 0) {
            assert_int_not_equal(piece->kind, piece[-1].kind);
            assert_false(piece->kind == DIFF_REMOVED && piece[-1].kind == DIFF_ADDED);
        }
        if (!added) {
            assert_ptr_equal(piece->text.ptr, old_text.ptr + x);
            x += piece->text.len;
        }
        if (piece->kind != DIFF_REMOVED) {
            assert_true(new_text.len - y >= piece->text.len);
            assert_memory_equal(piece->text.ptr, new_text.ptr + y, piece->text.len);
            y += piece->text.len;
        }
    }
    assert_int_equal(x, old_text.len);
    assert_int_equal(y, new_text.len);
}

/* The difference in one line: [-removed-], {+added+}. */
static struct str picture(struct arena *arena, struct str old_text, struct str new_text)
{
    static const char *const open[] = {"", "[-", "{+"};
    static const char *const close[] = {"", "-]", "+}"};
    struct diff diff;
    struct buf buf;
    diff_words(arena, old_text, new_text, &diff);
    check(old_text, new_text, &diff);
    assert_false(diff.too_different);
    buf_init(&buf, arena, 10000);
    for (size_t i = 0; i < diff.count; i++) {
        buf_text(&buf, open[diff.pieces[i].kind]);
        buf_str(&buf, diff.pieces[i].text);
        buf_text(&buf, close[diff.pieces[i].kind]);
    }
    return buf_slice(&buf);
}

static void test_sentences(void **state)
{
    static const char *const list[][3] = {
        {"The meeting is on Monday.", "The meeting is on Tuesday.",
         "The meeting is on [-Monday-]{+Tuesday+}."},
        {"The quick brown fox", "The slow red fox", "The [-quick brown-]{+slow red+} fox"},
        {"We ship on Friday.", "We usually ship on Friday.", "We {+usually +}ship on Friday."},
        {"We usually ship.", "We ship.", "We [-usually -]ship."},
        {"Caf\xc3\xa9 cr\xc3\xa8me", "Caf\xc3\xa9s cr\xc3\xa8me",
         "[-Caf\xc3\xa9-]{+Caf\xc3\xa9s+} cr\xc3\xa8me"},
        {"Price: 10.50 EUR", "Price: 12.50 EUR", "Price: [-10-]{+12+}.50 EUR"},
        {"one\ntwo\nthree\n", "one\n2\nthree\n", "one\n[-two-]{+2+}\nthree\n"},
        {"a, b and c", "a, c", "a, [-b and -]c"},
        {"no end", "no end.", "no end{+.+}"},
        {"two  blanks", "two blanks", "two[-  -]{+ +}blanks"},
        {"line\r\n", "line\n", "line[-\r-]\n"},
        {"", "new", "{+new+}"},
        {"old", "", "[-old-]"},
        {"same", "same", "same"},
        {"", "", ""},
        {"one two three four", "one 2 three 4", "one [-two-]{+2+} three [-four-]{+4+}"},
        /* The line break between two changes stays: only a blank is swallowed. */
        {"a\nb", "c\nd", "[-a-]{+c+}\n[-b-]{+d+}"},
        {"a b", "c d", "[-a b-]{+c d+}"},
        {"a \t b", "c \t d", "[-a \t b-]{+c \t d+}"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct str text = picture(*state, str_from(list[i][0]), str_from(list[i][1]));
        if (!str_is(text, list[i][2]))
            fail_msg("%.*s, not %s", STR_ARG(text), list[i][2]);
    }
}

static void test_no_text(void **state)
{
    struct diff diff;
    diff_words(*state, STR_NONE, STR_NONE, &diff);
    assert_int_equal(diff.count, 0);
    diff_words(*state, STR_NONE, STR("a"), &diff);
    assert_int_equal(diff.count, 1);
    assert_int_equal(diff.pieces[0].kind, DIFF_ADDED);
}

/* A fixed sequence, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct str random_text(struct arena *arena, uint32_t *seed, unsigned max)
{
    static const char *const parts[] = {"a",
                                        "b",
                                        "cat",
                                        " ",
                                        " ",
                                        "  ",
                                        "\n",
                                        "\r\n",
                                        ".",
                                        "-",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "7",
                                        "\t",
                                        "\xc3\xa8",
                                        "the"};
    struct buf buf;
    buf_init(&buf, arena, 100000);
    for (unsigned left = next_random(seed) % (max + 1); left; left--)
        buf_text(&buf, parts[next_random(seed) % (sizeof parts / sizeof *parts)]);
    return buf_slice(&buf);
}

/* A text with a few parts cut out, from code point to code point. */
static struct str edited(struct arena *arena, uint32_t *seed, struct str text)
{
    struct buf buf;
    bool keep = true;
    buf_init(&buf, arena, 100000);
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80)
            keep = next_random(seed) % 8 != 0;
        if (keep)
            buf_char(&buf, text.ptr[i]);
    }
    return buf_slice(&buf);
}

static void test_properties(void **state)
{
    struct arena *arena = *state;
    uint32_t seed = 409;
    for (unsigned i = 0; i < 5000; i++) {
        struct diff diff;
        struct str one = random_text(arena, &seed, 60);
        struct str two = i % 2 ? random_text(arena, &seed, 60) : edited(arena, &seed, one);
        diff_words(arena, one, two, &diff);
        assert_false(diff.too_different);
        check(one, two, &diff);
        assert_int_equal(diff.count == 1 && diff.pieces[0].kind == DIFF_SAME,
                         one.len && str_eq(one, two));
        diff_words(arena, one, one, &diff);
        assert_int_equal(diff.count, one.len ? 1 : 0);
        assert_true(one.len == 0 || diff.pieces[0].kind == DIFF_SAME);
        arena_reset(arena);
    }
}

/* How many words the shortest script changes, by the table that Myers' algorithm avoids. */
static unsigned slow_distance(const char *one, const char *two)
{
    unsigned table[20][20];
    for (size_t x = 0; x <= strlen(one); x++)
        for (size_t y = 0; y <= strlen(two); y++) {
            unsigned least = (unsigned)(x + y);
            if (x && table[x - 1][y] + 1 < least)
                least = table[x - 1][y] + 1;
            if (y && table[x][y - 1] + 1 < least)
                least = table[x][y - 1] + 1;
            if (x && y && one[x - 1] == two[y - 1] && table[x - 1][y - 1] < least)
                least = table[x - 1][y - 1];
            table[x][y] = least;
        }
    return table[strlen(one)][strlen(two)];
}

/* Signs stand alone, so that each byte is a word and nothing is swallowed. */
static void test_shortest(void **state)
{
    struct arena *arena = *state;
    uint32_t seed = 7;
    for (unsigned i = 0; i < 5000; i++) {
        char texts[2][20] = {"", ""};
        struct diff diff;
        unsigned changed = 0;
        for (size_t side = 0; side < 2; side++)
            for (size_t at = next_random(&seed) % 19; at > 0; at--)
                texts[side][at - 1] = "+-*/"[next_random(&seed) % 4];
        diff_words(arena, str_from(texts[0]), str_from(texts[1]), &diff);
        check(str_from(texts[0]), str_from(texts[1]), &diff);
        for (size_t at = 0; at < diff.count; at++)
            changed += diff.pieces[at].kind == DIFF_SAME ? 0 : (unsigned)diff.pieces[at].text.len;
        assert_int_equal(changed, slow_distance(texts[0], texts[1]));
        arena_reset(arena);
    }
}

/* count lines, each with a number; every step-th has the mark instead. */
static struct str lines(struct arena *arena, unsigned count, unsigned step, char mark)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_text(&buf, "begin\n");
    for (unsigned i = 0; i < count; i++) {
        if (step && i % step == 0)
            buf_char(&buf, mark);
        else
            buf_printf(&buf, "%u", i);
        buf_char(&buf, '\n');
    }
    buf_text(&buf, "end");
    return buf_slice(&buf);
}

static void assert_capped(const struct diff *diff)
{
    static const enum diff_kind kinds[] = {DIFF_SAME, DIFF_REMOVED, DIFF_ADDED, DIFF_SAME};
    assert_true(diff->too_different);
    assert_int_equal(diff->count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(diff->pieces[i].kind, kinds[i]);
}

static void test_cap_of_edits(void **state)
{
    struct diff diff;
    /* 1000 lines replaced: 2000 edits, one more is too many. */
    struct str one = lines(*state, 5000, 5, 'x');
    struct str two = lines(*state, 5000, 5, 'y');
    diff_words(*state, one, two, &diff);
    check(one, two, &diff);
    assert_false(diff.too_different);
    assert_int_equal(diff.count, 3001);
    one = lines(*state, 5001, 5, 'x');
    two = lines(*state, 5001, 5, 'y');
    diff_words(*state, one, two, &diff);
    check(one, two, &diff);
    assert_capped(&diff);
}

static void test_cap_of_words(void **state)
{
    struct diff diff;
    struct str one = lines(*state, 110000, 110000, 'x');
    struct str two = str_printf(*state, "begin\ny%.*sy\nend", STR_ARG(str_skip(one, 6)));
    diff_words(*state, one, two, &diff);
    check(one, two, &diff);
    assert_true(diff.too_different);
    /* The same length is no matter as long as the changed middle is short. */
    two = str_printf(*state, "%.*s!", STR_ARG(one));
    diff_words(*state, one, two, &diff);
    check(one, two, &diff);
    assert_false(diff.too_different);
    assert_int_equal(diff.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sentences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shortest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cap_of_edits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cap_of_words, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
