#include "merge/diff.h"

#include <string.h>

#include "base/banned.h"

#define MAX_EDITS 2000
#define MAX_WORDS ((size_t)200000)
#define MAX_STEPS ((size_t)20000000)

enum class { CLASS_WORD, CLASS_BLANK, CLASS_ALONE };

struct word {
    struct str text;
    uint64_t hash; /* makes most comparisons one of two numbers */
};

struct side {
    struct str text;    /* without the common beginning and end */
    struct word *words; /* of text */
    bool *changed;      /* for each word: removed or added */
    int count;
};

/* What the search for the shortest script keeps. */
struct search {
    struct arena *arena;
    const struct side *old_side;
    const struct side *new_side;
    int *rows[MAX_EDITS + 1]; /* for each number of edits: the furthest x on each diagonal */
    size_t steps;
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

static uint64_t hash_of(struct str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Cuts side->text into words; false when there are too many to compare. */
static bool split(struct arena *arena, struct side *side)
{
    size_t count = 0;
    for (struct str rest = side->text; rest.len; count++)
        rest = str_skip(rest, first_word(rest).len);
    if (count > MAX_WORDS)
        return false;
    side->words = ARENA_ARRAY(arena, count, struct word);
    side->changed = ARENA_ARRAY(arena, count, bool);
    side->count = (int)count;
    struct str rest = side->text;
    for (size_t i = 0; i < count; i++) {
        struct str text = first_word(rest);
        side->words[i] = (struct word){text, hash_of(text)};
        rest = str_skip(rest, text.len);
    }
    return true;
}

static bool same_word(const struct search *search, int x, int y)
{
    const struct word *one = &search->old_side->words[x];
    const struct word *two = &search->new_side->words[y];
    return one->hash == two->hash && str_eq(one->text, two->text);
}

/*
 * The row for so many edits holds the diagonals -edits, -edits + 2, … edits.
 * A point comes from the diagonal above by adding a word, or from the one below
 * by removing one: whichever got further.
 */
static bool came_by_adding(const struct search *search, int edits, int diagonal)
{
    if (diagonal == -edits || diagonal == edits)
        return diagonal == -edits;
    const int *row = search->rows[edits - 1];
    int below = (diagonal - 1 + edits - 1) / 2;
    return row[below] < row[below + 1];
}

/* Where the furthest path of so many edits comes onto the diagonal, before it runs along it. */
static int start_x(const struct search *search, int edits, int diagonal)
{
    if (edits == 0)
        return 0;
    const int *row = search->rows[edits - 1];
    bool adding = came_by_adding(search, edits, diagonal);
    int from = adding ? diagonal + 1 : diagonal - 1;
    return row[(from + edits - 1) / 2] + (adding ? 0 : 1);
}

/* Fills the row for so many edits; true when it reaches the end of both texts. */
static bool search_row(struct search *search, int edits)
{
    int width = search->old_side->count;
    int height = search->new_side->count;
    int *row = ARENA_ARRAY(search->arena, (size_t)edits + 1, int);
    search->rows[edits] = row;
    for (int i = 0; i <= edits; i++) {
        int diagonal = 2 * i - edits;
        int x = start_x(search, edits, diagonal);
        int from = x;
        while (x < width && x - diagonal < height && same_word(search, x, x - diagonal))
            x++;
        search->steps += (size_t)(x - from) + 1;
        row[i] = x;
        if (x == width && x - diagonal == height)
            return true;
    }
    return false;
}

/* Goes the found path backwards and marks the words that were removed and added. */
static void mark_changes(const struct search *search, int edits)
{
    int x = search->old_side->count;
    int y = search->new_side->count;
    for (; edits > 0; edits--) {
        int diagonal = x - y;
        bool adding = came_by_adding(search, edits, diagonal);
        x = start_x(search, edits, diagonal);
        y = x - diagonal;
        if (adding)
            search->new_side->changed[--y] = true;
        else
            search->old_side->changed[--x] = true;
    }
}

/* Marks what changed; false when a cap was met. */
static bool compare(struct arena *arena, struct side *old_side, struct side *new_side)
{
    if (!split(arena, old_side) || !split(arena, new_side))
        return false;
    struct search *search = ARENA_NEW(arena, struct search);
    search->arena = arena;
    search->old_side = old_side;
    search->new_side = new_side;
    for (int edits = 0; edits <= MAX_EDITS && search->steps <= MAX_STEPS; edits++) {
        if (search_row(search, edits)) {
            mark_changes(search, edits);
            return true;
        }
    }
    return false;
}

/* A blank that both texts share, alone between two changes, is marked as changed too. */
static void swallow_blanks(struct side *old_side, struct side *new_side)
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
        bool blank = class_of(old_side->words[x].text.ptr[0]) == CLASS_BLANK;
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
static struct str take_changed(const struct side *side, int *at)
{
    struct str text = {*at < side->count ? side->words[*at].text.ptr : "", 0};
    while (*at < side->count && side->changed[*at])
        text.len += side->words[(*at)++].text.len;
    return text;
}

/* The next words as long as neither text has a change there; an unchanged word has its partner. */
static struct str take_same(const struct side *old_side, const struct side *new_side, int *x,
                            int *y)
{
    struct str text = {*x < old_side->count ? old_side->words[*x].text.ptr : "", 0};
    while (*x < old_side->count && !old_side->changed[*x] && !new_side->changed[*y]) {
        text.len += old_side->words[(*x)++].text.len;
        (*y)++;
    }
    return text;
}

static void add_pieces(struct diff *diff, const struct side *old_side, const struct side *new_side)
{
    int x = 0;
    int y = 0;
    while (x < old_side->count || y < new_side->count) {
        add_piece(diff, DIFF_REMOVED, take_changed(old_side, &x));
        add_piece(diff, DIFF_ADDED, take_changed(new_side, &y));
        add_piece(diff, DIFF_SAME, take_same(old_side, new_side, &x, &y));
    }
}

static size_t count_changes(const struct side *side)
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
        swallow_blanks(&old_side, &new_side);
    size_t changes = fine ? count_changes(&old_side) + count_changes(&new_side) : 1;
    *diff = (struct diff){.too_different = !fine};
    /* At most: the beginning, three pieces for each change, the end. */
    diff->pieces = ARENA_ARRAY(arena, changes * 3 + 2, struct diff_piece);
    add_piece(diff, DIFF_SAME, beginning);
    if (fine) {
        add_pieces(diff, &old_side, &new_side);
    } else {
        add_piece(diff, DIFF_REMOVED, old_side.text);
        add_piece(diff, DIFF_ADDED, new_side.text);
    }
    add_piece(diff, DIFF_SAME, end);
    arena_release(&scratch);
}
