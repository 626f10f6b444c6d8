#include "merge/merge3_pass.h"

#include <string.h>

#include "base/banned.h"

#define MAX_WORDS ((size_t)200000)
#define MAX_STEPS ((size_t)3000000)
#define WORDS_BETWEEN 3 /* clashes nearer than that are one */

static bool is_word_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 || (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* U+3000 to U+9FFF, three bytes each: scripts that put no blanks between words. */
static bool is_ideograph(struct str text)
{
    unsigned char byte = (unsigned char)text.ptr[0];
    return byte >= 0xe3 && byte <= 0xe9 && text.len >= 3;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A mark inside a word: the halves of don't, 3.50, 2026-11-22 or anna@example.org mean nothing. */
static bool is_inside(struct str text, size_t at)
{
    if (at + 1 >= text.len || !is_word_byte(text.ptr[at + 1]) ||
        is_ideograph(str_skip(text, at + 1)))
        return false;
    if (is_digit(text.ptr[at - 1]) && is_digit(text.ptr[at + 1]) && strchr(",:", text.ptr[at]))
        return true;
    return strchr("'.-/@_", text.ptr[at]) != NULL;
}

static size_t word_length(struct str text)
{
    size_t len = 1;
    while (len < text.len) {
        bool more = is_word_byte(text.ptr[len]) && !is_ideograph(str_skip(text, len));
        if (!more && !is_inside(text, len))
            break;
        len++;
    }
    return len;
}

/*
 * A word, with the marks inside it; a run of blanks, one ideograph, or whatever else one character
 * is.
 */
static struct str first_word(struct str text)
{
    size_t len = 1;
    if (is_ideograph(text))
        return (struct str){text.ptr, 3};
    if (is_word_byte(text.ptr[0]))
        len = word_length(text);
    else if (text.ptr[0] == ' ' || text.ptr[0] == '\t')
        while (len < text.len && (text.ptr[len] == ' ' || text.ptr[len] == '\t'))
            len++;
    return (struct str){text.ptr, len};
}

static bool is_word(struct str token)
{
    return is_word_byte(token.ptr[0]) && !str_is(token, "。");
}

/* The end of a line, or a mark with a blank behind it. */
static bool ends_sentence(const struct tokens *base, int at)
{
    struct str text = base->items[at].text;
    bool mark = str_is(text, ".") || str_is(text, "!") || str_is(text, "?");
    if (!mark || at + 1 >= base->count)
        return str_is(text, "\n") || str_is(text, "。");
    char next = base->items[at + 1].text.ptr[0];
    return next == ' ' || next == '\t' || next == '\n';
}

static bool words_close(const struct tokens *base, int to, int from, bool insertions)
{
    (void)insertions;
    for (int i = to; i < from; i++)
        if (is_word(base->items[i].text) || ends_sentence(base, i))
            return false;
    return true;
}

static size_t count_words(struct str text, size_t most)
{
    size_t count = 0;
    while (text.len && count < most) {
        struct str word = first_word(text);
        count += is_word(word);
        text = str_skip(text, word.len);
    }
    return count;
}

static struct str common_beginning(struct str one, struct str two)
{
    struct str all = one;
    while (one.len && two.len) {
        struct str word = first_word(one);
        if (!str_eq(word, first_word(two)))
            break;
        one = str_skip(one, word.len);
        two = str_skip(two, word.len);
    }
    return (struct str){all.ptr, all.len - one.len};
}

/* What both begin with, as far as it is worth a place of its own, is none of the clash. */
static void words_clash(struct merge_pass *pass, struct merge_hunk hunk)
{
    struct str begin = common_beginning(hunk.yours, hunk.current);
    if (count_words(begin, 1)) {
        struct merge_hunk both = {MERGE_BOTH, {hunk.base.ptr, 0}, begin, hunk.current};
        both.current.len = begin.len;
        merge_list_add(pass->list, both);
        hunk.yours = str_skip(hunk.yours, begin.len);
        hunk.current = str_skip(hunk.current, begin.len);
    }
    merge_list_add(pass->list, hunk);
}

static void join(struct merge_hunk *into, const struct merge_hunk *hunk)
{
    into->kind = MERGE_CLASH;
    into->base.len += hunk->base.len;
    into->yours.len += hunk->yours.len;
    into->current.len += hunk->current.len;
}

static bool is_settled(const struct merge_hunk *hunk)
{
    return hunk->kind == MERGE_SAME || hunk->kind == MERGE_BOTH;
}

static bool is_short(const struct merge_hunk *hunk)
{
    return is_settled(hunk) && count_words(hunk->yours, WORDS_BETWEEN) < WORDS_BETWEEN &&
           str_find(hunk->yours, STR("\n")) == SIZE_MAX;
}

/* A clash takes in the change that stands close by: a choice every other word helps nobody. */
static void join_near(struct merge_list *from, struct merge_list *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct merge_hunk *hunk = &from->items[i];
        struct merge_hunk *before = to->count >= 2 ? &to->items[to->count - 2] : NULL;
        bool clash = before && (before->kind == MERGE_CLASH || hunk->kind == MERGE_CLASH);
        if (clash && !is_settled(before) && !is_settled(hunk) && is_short(before + 1)) {
            join(before, before + 1);
            join(before, hunk);
            to->count--;
        } else {
            merge_list_add(to, *hunk);
        }
    }
}

bool merge_words(struct arena *scratch, const struct merge_hunk *hunk, struct merge_list *list)
{
    struct merge_list found = {.arena = scratch};
    struct merge_pass pass = {
        .scratch = scratch,
        .first = first_word,
        .max_tokens = MAX_WORDS,
        .max_steps = MAX_STEPS,
        .close = words_close,
        .clash = words_clash,
        .list = &found,
    };
    if (!merge_pass_run(&pass, hunk->base, hunk->yours, hunk->current))
        return false;
    join_near(&found, list);
    return true;
}
