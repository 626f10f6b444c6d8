#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "merge/merge3.h"

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

/* The places as one line: "=same" "+yours" "-current" "&both" "!yours|current". */
static const char *picture(struct arena *arena, const struct merge *merge)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_hunk *hunk = &merge->hunks[i];
        buf_char(&buf, "=+-&!"[hunk->kind]);
        buf_str(&buf, merge_chosen(hunk));
        if (hunk->kind == MERGE_CLASH) {
            buf_char(&buf, '|');
            buf_str(&buf, hunk->current);
        }
    }
    return str_cstr(arena, buf_slice(&buf));
}

/* What the header promises of every merge. */
static void check(const struct merge *merge)
{
    struct str at[3] = {{NULL, 0}};
    size_t clashes = 0;
    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_hunk *hunk = &merge->hunks[i];
        struct str texts[] = {hunk->base, hunk->yours, hunk->current};
        clashes += hunk->kind == MERGE_CLASH;
        assert_true(texts[0].len + texts[1].len + texts[2].len > 0);
        for (size_t side = 0; side < 3; side++) {
            if (!texts[side].len)
                continue;
            if (at[side].ptr)
                assert_ptr_equal(at[side].ptr + at[side].len, texts[side].ptr);
            at[side] = texts[side];
        }
        if (hunk->kind == MERGE_SAME)
            assert_true(str_eq(hunk->base, hunk->yours) && str_eq(hunk->base, hunk->current));
        else if (hunk->kind == MERGE_BOTH)
            assert_true(str_eq(hunk->yours, hunk->current));
        else if (hunk->kind == MERGE_YOURS)
            assert_true(str_eq(hunk->base, hunk->current) && !str_eq(hunk->base, hunk->yours));
        else if (hunk->kind == MERGE_CURRENT)
            assert_true(str_eq(hunk->base, hunk->yours) && !str_eq(hunk->base, hunk->current));
    }
    assert_int_equal(clashes, merge->clashes);
}

static enum merge_kind mirrored(enum merge_kind kind)
{
    return kind == MERGE_YOURS ? MERGE_CURRENT : kind == MERGE_CURRENT ? MERGE_YOURS : kind;
}

/* Merges both ways round, which has to give the same places. */
static struct merge merged(struct arena *arena, const char *base, const char *yours,
                           const char *current)
{
    struct merge merge, other;
    merge3(arena, str_from(base), str_from(yours), str_from(current), MERGE_PLACES, &merge);
    merge3(arena, str_from(base), str_from(current), str_from(yours), MERGE_PLACES, &other);
    check(&merge);
    check(&other);
    assert_int_equal(merge.count, other.count);
    for (size_t i = 0; i < merge.count; i++) {
        assert_int_equal(merge.hunks[i].kind, mirrored(other.hunks[i].kind));
        assert_true(str_eq(merge.hunks[i].yours, other.hunks[i].current));
    }
    return merge;
}

struct scene {
    const char *base, *yours, *current;
    const char *text; /* NULL: it clashes */
};

static void check_scenes(struct arena *arena, const struct scene *scenes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct scene *scene = &scenes[i];
        struct merge merge = merged(arena, scene->base, scene->yours, scene->current);
        struct str text = merge_text(arena, &merge);
        if (!scene->text && text.ptr)
            fail_msg("%zu: “%.*s” instead of a clash", i, STR_ARG(text));
        else if (scene->text && !str_is(text, scene->text))
            fail_msg("%zu: “%.*s” instead of “%s”: %s", i, STR_ARG(text), scene->text,
                     picture(arena, &merge));
    }
}

static void test_lines(void **state)
{
    static const struct scene scenes[] = {
        {"a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},
        {"a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n", "A\nB\nc\n"}, /* next to each other */
        {"a\nb\nc\n", "a\nc\n", "a\nb\nC\n", "a\nC\n"},       /* deleted beside changed */
        {"a\nb\n", "a\nx\nb\n", "a\nB\n", "a\nx\nB\n"},       /* inserted before changed */
        {"a\nb\n", "a\nx\nb\n", "A\nb\n", "A\nx\nb\n"},       /* and behind */
        {"a\nb\n", "a\nx\nb\n", "a\nx\nb\n", "a\nx\nb\n"},    /* the same */
        {"a\nb\n", "a\nx\nb\n", "a\ny\nb\n", NULL},           /* two in one place */
        {"a\nb\n", "A\nb\n", "A\nB\n", "A\nB\n"},             /* one the same */
        {"a\nb\nc\n", "c\n", "a\nb\nc\nd\n", "c\nd\n"},       /* cut and added */
        {"a\n", "b\n", "", NULL},                             /* changed and deleted */
        {"", "a\n", "b\n", NULL},
        {"", "a\n", "a\n", "a\n"},
        {"a\n", "", "", ""},
        {"", "", "", ""},
        {"a\na\na\n", "a\na\n", "a\na\na\nb\n", "a\na\nb\n"},    /* which of them was deleted? */
        {"one\ntwo\n", "two\none\n", "one\ntwo\nthree\n", NULL}, /* both put one at the end */
    };
    check_scenes(*state, scenes, sizeof scenes / sizeof *scenes);
}

static void test_words(void **state)
{
    static const struct scene scenes[] = {
        {"The cat sat on the mat.", "The black cat sat on the mat.", "The cat sat on the red mat.",
         "The black cat sat on the red mat."},
        {"It rains. They sleep.", "It pours. They sleep.", "It rains. They dream.",
         "It pours. They dream."},
        {"One here. Two there.", "One now. Two there.", "One here. Three there.",
         "One now. Three there."}, /* only the end of a sentence between them */
        {"the cat sat", "the dog sat", "the cat stood", NULL}, /* only a blank */
        {"10.5", "11.5", "10.7", NULL},
        {"10 apples", "12 apples", "10 pears", NULL},
        {"price: 10", "price: 11", "price: 12", NULL},
        {"Grüße aus Köln", "Grüße aus Bonn", "Liebe Grüße aus Köln", "Liebe Grüße aus Bonn"},
        {"我喜欢吃苹果和梨", "我很喜欢吃苹果和梨", "我喜欢吃苹果和桃", "我很喜欢吃苹果和桃"},
        {"a b c d e f", "a b c d e f g", "z a b c d e f", "z a b c d e f g"},
        {"a b c d", "a b d", "a b c d e", "a b d e"},
        /* Halves of one word mean nothing: a day nobody wrote, half a name. */
        {"On 2026-11-22 at ten", "On 2027-11-22 at ten", "On 2026-11-23 at ten", NULL},
        {"at 10:30:15.5", "at 11:30:15.5", "at 10:30:16.5", NULL},
        {"1,234,567 cars", "2,234,567 cars", "1,234,568 cars", NULL},
        {"Bob's", "Anna's", "Bob's boat", NULL},
        {"to anna.b@example.org", "to bob.b@example.org", "to anna.b@example.com", NULL},
        {"a,b,c", "x,b,c", "a,b,y", "x,b,y"},
        {"f(a, b, c, d);\n", "f(x, b, c, d);\n", "f(a, b, c, y);\n", "f(x, b, c, y);\n"},
    };
    check_scenes(*state, scenes, sizeof scenes / sizeof *scenes);
}

static void test_line_ends(void **state)
{
    static const struct scene scenes[] = {
        {"a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n", "A\r\nb\r\nC\r\n"},
        {"a\nb\nc\n", "A\r\nb\r\nc\r\n", "a\nb\nC\n", "A\r\nb\r\nC\r\n"}, /* yours moved it */
        {"a\r\nb\r\nc\r\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},       /* both did */
        {"a\nb\n", "a\r\nb\r\n", "a\nB\n", "a\r\nB\r\n"},
        {"a", "A", "a\r\nb", "A\r\nb"},
        {"a\nb\nc", "A\nb\nc", "a\nb\nc\n", "A\nb\nc\n"}, /* theirs added the last one */
        {"a\nb\nc\n", "A\nb\nc", "a\nb\nC\n", "A\nb\nC"}, /* yours took it away */
        {"a\nb", "A\nb", "a\nb\nc", "A\nb\nc"},
        {"a\nb\nc", "A\nb\nc", "a\nb", "A\nb"},
        {"a\rb\n", "a\rc\n", "a\rb\n", "a\rc\n"},             /* alone it is no line end */
        {"a\r\nb\nc", "a\r\nb\nc", "a\r\nb\nC", "a\r\nb\nC"}, /* mixed, and one side's: as it is */
    };
    check_scenes(*state, scenes, sizeof scenes / sizeof *scenes);
}

static void test_places(void **state)
{
    static const struct {
        const char *base, *yours, *current, *picture;
    } scenes[] = {
        {"a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "+A\n=b\n-C\n"},
        {"a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", "=a\n!X|Y=\nc\n"},
        {"The old ferry left at ten past four.\n", "The old ferry left at noon past four.\n",
         "The old ferry left at nine past four.\n",
         "=The old ferry left at !noon|nine= past four.\n"},
        {"see you", "see you tomorrow at ten", "see you tomorrow at noon",
         "=see you& tomorrow at !ten|noon=\n"},
        {"one two three", "ONE two THREE", "Eins two Drei", "!ONE two THREE|Eins two Drei=\n"},
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct merge merge = merged(*state, scenes[i].base, scenes[i].yours, scenes[i].current);
        assert_string_equal(picture(*state, &merge), scenes[i].picture);
    }
}

static void test_lines_alone_keep_a_clash_whole(void **state)
{
    struct merge merge;
    struct str base = STR("k\nThe cat sat here today\nl\n");
    struct str yours = STR("k\nThe dog sat here today\nl\n");
    merge3(*state, base, yours, STR("k\nThe cow sat here today\nl\n"), MERGE_LINES, &merge);
    check(&merge);
    assert_string_equal(picture(*state, &merge),
                        "=k\n!The dog sat here today\n|The cow sat here today\n=l\n");
    merge3(*state, base, yours, STR("k\nThe cat sat there today\nl\n"), MERGE_LINES, &merge);
    assert_true(str_is(merge_text(*state, &merge), "k\nThe dog sat there today\nl\n"));
}

static void test_nothing_is_an_empty_text(void **state)
{
    struct merge merge;
    merge3(*state, STR_NONE, STR("a"), STR_NONE, MERGE_PLACES, &merge);
    assert_true(str_is(merge_text(*state, &merge), "a"));
    merge3(*state, STR_NONE, STR_NONE, STR_NONE, MERGE_PLACES, &merge);
    assert_true(str_is(merge_text(*state, &merge), ""));
    assert_int_equal(merge.count, 0);
}

static void test_kinds_have_names(void **state)
{
    static const char *const names[] = {"same", "yours", "current", "both", "clash"};
    (void)state;
    for (int kind = MERGE_SAME; kind <= MERGE_CLASH; kind++)
        assert_string_equal(merge_kind_name((enum merge_kind)kind), names[kind]);
}

/* --- generated ----------------------------------------------------------------------------------
 */

static uint32_t seed;

static unsigned any(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 10) % below;
}

static const char *const tokens[] = {"a",  "b",  "the", "Öl",    " ", " ",
                                     "\n", "\n", ".",   "x\r\n", "7"};

static struct str random_text(struct arena *arena)
{
    struct buf buf;
    unsigned count = any(14);
    buf_init(&buf, arena, 10000);
    for (unsigned i = 0; i < count; i++)
        buf_text(&buf, tokens[any(sizeof tokens / sizeof *tokens)]);
    return buf_slice(&buf);
}

/* What somebody made of a text: pieces cut out, pieces put in. */
static struct str edited(struct arena *arena, struct str text)
{
    struct buf buf;
    unsigned left = any(4);
    buf_init(&buf, arena, 10000);
    for (size_t i = 0; i <= text.len; i++) {
        if (left && any((unsigned)text.len + 1) < 3) {
            left--;
            if (any(2))
                buf_text(&buf, tokens[any(sizeof tokens / sizeof *tokens)]);
            else
                continue;
        }
        if (i < text.len)
            buf_char(&buf, text.ptr[i]);
    }
    return buf_slice(&buf);
}

/* b, b, x gives x; b, x, x gives x; both ways round the same; no character from nowhere. */
static void test_generated(void **state)
{
    (void)state;
    for (seed = 1; seed < 20000; seed++) {
        uint32_t kept = seed;
        struct arena arena;
        arena_init(&arena);
        struct str base = random_text(&arena), yours = edited(&arena, base);
        struct str current = any(4) ? edited(&arena, base) : random_text(&arena);
        const char *b = str_cstr(&arena, base), *y = str_cstr(&arena, yours);
        struct merge merge = merged(&arena, b, y, str_cstr(&arena, current));
        struct str text = merge_text(&arena, &merge);
        assert_int_equal(text.ptr == NULL, merge.clashes > 0);
        merge = merged(&arena, b, b, y);
        assert_true(str_eq(merge_text(&arena, &merge), yours));
        merge = merged(&arena, b, y, y);
        assert_true(str_eq(merge_text(&arena, &merge), yours));
        arena_release(&arena);
        seed = kept;
    }
}

static struct str lines_of(struct arena *arena, size_t bytes, const char *word, size_t every)
{
    struct buf buf;
    buf_init(&buf, arena, bytes * 2);
    for (size_t i = 0; buf.len < bytes; i++)
        buf_printf(&buf, "%s %zu of a text that goes on\n", i % every ? "line" : word, i);
    return buf_slice(&buf);
}

static void test_large_texts(void **state)
{
    size_t size = 1 << 20;
    struct merge merge;
    struct str base = lines_of(*state, size, "Base", 1000);
    struct str yours = lines_of(*state, size, "Yours", 3000);
    merge3(*state, base, yours, base, MERGE_PLACES, &merge);
    assert_true(str_eq(merge_text(*state, &merge), yours));
    merge3(*state, base, lines_of(*state, size, "Yours", 1), lines_of(*state, size, "Theirs", 1),
           MERGE_PLACES, &merge);
    assert_true(merge.too_different);
    assert_int_equal(merge.clashes, 1);
    check(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines_alone_keep_a_clash_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_an_empty_text, set_up, tear_down),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_generated),
        cmocka_unit_test_setup_teardown(test_large_texts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
