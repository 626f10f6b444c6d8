#include "merge/diff.h"

#include "merge/myers.h"

#include "base/banned.h"

#define MAX_WORDS ((size_t)200000)
#define MAX_STEPS ((size_t)20000000)

enum class { CLASS_WORD, CLASS_BLANK, CLASS_ALONE };

struct side {
    struct str text; /* without the common beginning and end */
    struct tokens words;
};

static enum class class_of(char c) {
    unsigned char byte = (unsigned char)c;
    bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (byte >= 0x80 || letter || (byte >= '0' && byte <= '9')) return CLASS_WORD;
    return c == ' ' || c == '\t' ? CLASS_BLANK : CLASS_ALONE;
}

/* The word at the beginning of text, which is not empty. */
static struct str first_word(struct str text)
{
    enum class class = class_of(text.ptr[0]);
    size_t len = 1;
    while (class != CLASS_ALONE && len < text.len && class_of(text.ptr[len]) == class)
        len++;
    return (struct str){text.ptr, len};
}

/* The word at the end of text: words are runs, so both directions find the same ones. */
static struct str last_word(struct str text)
{
    enum class class = class_of(text.ptr[text.len - 1]);
    size_t at = text.len - 1;
    while (class != CLASS_ALONE && at > 0 && class_of(text.ptr[at - 1]) == class)
        at--;
    return str_skip(text, at);
}

static struct str cut_beginning(struct str *one, struct str *two)
{
    const char *begin = one->ptr;
    while (one->len && two->len) {
        struct str word = first_word(*one);
        if (!str_eq(word, first_word(*two)))
            break;
        *one = str_skip(*one, word.len);
        *two = str_skip(*two, word.len);
    }
    return str_range(begin, one->ptr);
}

static struct str cut_end(struct str *one, struct str *two)
{
    const char *end = one->ptr + one->len;
    while (one->len && two->len) {
        struct str word = last_word(*one);
        if (!str_eq(word, last_word(*two)))
            break;
        one->len -= word.len;
        two->len -= word.len;
    }
    return str_range(one->ptr + one->len, end);
}

/* Marks what changed; false when a cap was met. */
static bool compare(struct arena *arena, struct side *old_side, struct side *new_side)
{
    return tokens_split(arena, old_side->text, first_word, MAX_WORDS, &old_side->words) &&
           tokens_split(arena, new_side->text, first_word, MAX_WORDS, &new_side->words) &&
           tokens_compare(arena, &old_side->words, &new_side->words, MAX_STEPS);
}

/* A blank that both texts share, alone between two changes, is marked as changed too. */
static void swallow_blanks(struct tokens *old_side, struct tokens *new_side)
{
    int x = 0;
    int y = 0;
    bool after_change = false;
    while (x < old_side->count && y < new_side->count) {
        if (old_side->changed[x] || new_side->changed[y]) {
            after_change = true;
            if (old_side->changed[x])
                x++;
            else
                y++;
            continue;
        }
        bool before_change = (x + 1 < old_side->count && old_side->changed[x + 1]) ||
                             (y + 1 < new_side->count && new_side->changed[y + 1]);
        bool blank = class_of(old_side->items[x].text.ptr[0]) == CLASS_BLANK;
        bool swallow = after_change && before_change && blank;
        old_side->changed[x++] = swallow;
        new_side->changed[y++] = swallow;
        after_change = swallow;
    }
}

static void add_piece(struct diff *diff, enum diff_kind kind, struct str text)
{
    struct diff_piece *last = diff->count ? &diff->pieces[diff->count - 1] : NULL;
    if (text.len == 0)
        return;
    if (last && last->kind == kind)
        last->text.len += text.len;
    else
        diff->pieces[diff->count++] = (struct diff_piece){kind, text};
}

/* The next words as long as they are changed; *at moves behind them. */
static struct str take_changed(const struct tokens *side, int *at)
{
    struct str text = {*at < side->count ? side->items[*at].text.ptr : "", 0};
    while (*at < side->count && side->changed[*at])
        text.len += side->items[(*at)++].text.len;
    return text;
}

/* The next words as long as neither text has a change there; an unchanged word has its partner. */
static struct str take_same(const struct tokens *old_side, const struct tokens *new_side, int *x,
                            int *y)
{
    struct str text = {*x < old_side->count ? old_side->items[*x].text.ptr : "", 0};
    while (*x < old_side->count && !old_side->changed[*x] && !new_side->changed[*y]) {
        text.len += old_side->items[(*x)++].text.len;
        (*y)++;
    }
    return text;
}

static void add_pieces(struct diff *diff, const struct tokens *old_side,
                       const struct tokens *new_side)
{
    int x = 0;
    int y = 0;
    while (x < old_side->count || y < new_side->count) {
        add_piece(diff, DIFF_REMOVED, take_changed(old_side, &x));
        add_piece(diff, DIFF_ADDED, take_changed(new_side, &y));
        add_piece(diff, DIFF_SAME, take_same(old_side, new_side, &x, &y));
    }
}

static size_t count_changes(const struct tokens *side)
{
    size_t changes = 0;
    for (int i = 0; i < side->count; i++)
        changes += side->changed[i];
    return changes;
}

void diff_words(struct arena *arena, struct str old_text, struct str new_text, struct diff *diff)
{
    struct side old_side = {.text = old_text.ptr ? old_text : STR("")};
    struct side new_side = {.text = new_text.ptr ? new_text : STR("")};
    struct str beginning = cut_beginning(&old_side.text, &new_side.text);
    struct str end = cut_end(&old_side.text, &new_side.text);
    /* Its own arena: a page with many long columns would otherwise hold all their tables. */
    struct arena scratch;
    arena_init(&scratch);
    bool fine = compare(&scratch, &old_side, &new_side);
    if (fine)
        swallow_blanks(&old_side.words, &new_side.words);
    size_t changes = fine ? count_changes(&old_side.words) + count_changes(&new_side.words) : 1;
    *diff = (struct diff){.too_different = !fine};
    /* At most: the beginning, three pieces for each change, the end. */
    diff->pieces = ARENA_ARRAY(arena, changes * 3 + 2, struct diff_piece);
    add_piece(diff, DIFF_SAME, beginning);
    if (fine) {
        add_pieces(diff, &old_side.words, &new_side.words);
    } else {
        add_piece(diff, DIFF_REMOVED, old_side.text);
        add_piece(diff, DIFF_ADDED, new_side.text);
    }
    add_piece(diff, DIFF_SAME, end);
    arena_release(&scratch);
}
