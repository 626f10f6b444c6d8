#include "merge/myers.h"

#include <limits.h>

#include "base/banned.h"

#define MAX_EDITS 2000

/* How far each diagonal (x - y) is reached, from one end of the texts. */
struct front {
    int *x; /* by diagonal; goes below 0 */
    int least, most;
};

/* What the search for the shortest script keeps. */
struct search {
    const struct token *old_items, *new_items;
    bool *removed, *added;
    struct front ahead, behind; /* from the beginning, from the end */
    size_t steps, max_steps;
};

/* A part of both texts. */
struct box {
    int left, right, top, bottom; /* old [left, right), new [top, bottom) */
};

struct point {
    int x, y, edits; /* edits: of the whole box; 0: nothing was found */
};

static uint64_t hash_of(struct str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool tokens_split(struct arena *arena, struct str text, struct str (*first)(struct str text),
                  size_t max, struct tokens *tokens)
{
    size_t count = 0;
    for (struct str rest = text; rest.len; count++)
        rest = str_skip(rest, first(rest).len);
    if (count > max)
        return false;
    tokens->items = ARENA_ARRAY(arena, count, struct token);
    tokens->changed = ARENA_ARRAY(arena, count, bool);
    tokens->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        struct str token = first(text);
        tokens->items[i] = (struct token){token, hash_of(token)};
        text = str_skip(text, token.len);
    }
    return true;
}

static bool same(const struct token *one, const struct token *two)
{
    return one->hash == two->hash && str_eq(one->text, two->text);
}

static bool matches(const struct search *search, int x, int y)
{
    return same(&search->old_items[x], &search->new_items[y]);
}

/* One edit more: the diagonals on both sides too, as far as the box has them. */
static void widen(struct front *front, const struct box *box, int nowhere)
{
    if (front->least > box->left - box->bottom)
        front->x[--front->least - 1] = nowhere;
    else
        front->least++;
    if (front->most < box->right - box->top)
        front->x[++front->most + 1] = nowhere;
    else
        front->most--;
}

static bool reaches(const struct front *front, int diagonal)
{
    return diagonal >= front->least && diagonal <= front->most;
}

/* Forwards by one edit; true when it meets what comes from the end, at *x on *diagonal. */
static bool go_ahead(struct search *search, const struct box *box, bool may_meet, struct point *at)
{
    struct front *ahead = &search->ahead;
    widen(ahead, box, -1);
    for (int diagonal = ahead->most; diagonal >= ahead->least; diagonal -= 2) {
        int below = ahead->x[diagonal - 1], above = ahead->x[diagonal + 1];
        int from = below >= above ? below + 1 : above, x = from;
        while (x < box->right && x - diagonal < box->bottom && matches(search, x, x - diagonal))
            x++;
        ahead->x[diagonal] = x;
        search->steps += (size_t)(x - from) + 1;
        *at = (struct point){x, x - diagonal, 1};
        if (may_meet && reaches(&search->behind, diagonal) && search->behind.x[diagonal] <= x)
            return true;
    }
    return false;
}

static bool go_back(struct search *search, const struct box *box, bool may_meet, struct point *at)
{
    struct front *behind = &search->behind;
    widen(behind, box, INT_MAX);
    for (int diagonal = behind->most; diagonal >= behind->least; diagonal -= 2) {
        int below = behind->x[diagonal - 1], above = behind->x[diagonal + 1];
        int from = below < above ? below : above - 1, x = from;
        while (x > box->left && x - diagonal > box->top && matches(search, x - 1, x - diagonal - 1))
            x--;
        behind->x[diagonal] = x;
        search->steps += (size_t)(from - x) + 1;
        *at = (struct point){x, x - diagonal, 1};
        if (may_meet && reaches(&search->ahead, diagonal) && x <= search->ahead.x[diagonal])
            return true;
    }
    return false;
}

/* A point in the middle of a shortest way through the box; both texts have something in it. */
static struct point middle(struct search *search, const struct box *box)
{
    struct point at;
    int first = box->left - box->top, last = box->right - box->bottom;
    bool odd = (first - last) & 1;
    search->ahead.least = search->ahead.most = first;
    search->behind.least = search->behind.most = last;
    search->ahead.x[first] = box->left;
    search->behind.x[last] = box->right;
    for (int half = 1; 2 * half - 1 <= MAX_EDITS && search->steps <= search->max_steps; half++) {
        if (go_ahead(search, box, odd, &at)) {
            at.edits = 2 * half - 1;
            return at;
        }
        if (go_back(search, box, !odd, &at)) {
            at.edits = 2 * half;
            return at;
        }
    }
    return (struct point){0, 0, 0};
}

/* Marks what changed in the box: halves it until one text has nothing left. False: a cap was met.
 */
static bool mark(struct search *search, struct box box)
{
    while (box.left < box.right && box.top < box.bottom && matches(search, box.left, box.top)) {
        box.left++;
        box.top++;
    }
    while (box.left < box.right && box.top < box.bottom &&
           matches(search, box.right - 1, box.bottom - 1)) {
        box.right--;
        box.bottom--;
    }
    if (box.left == box.right || box.top == box.bottom) {
        for (; box.left < box.right; box.left++)
            search->removed[box.left] = true;
        for (; box.top < box.bottom; box.top++)
            search->added[box.top] = true;
        return true;
    }
    struct point at = middle(search, &box);
    return at.edits > 0 && at.edits <= MAX_EDITS &&
           mark(search, (struct box){box.left, at.x, box.top, at.y}) &&
           mark(search, (struct box){at.x, box.right, at.y, box.bottom});
}

/* Room for every diagonal of the two texts, and one more on either side. */
static int *diagonals(struct arena *arena, const struct tokens *one, const struct tokens *two)
{
    return ARENA_ARRAY(arena, (size_t)one->count + (size_t)two->count + 3, int) + two->count + 1;
}

bool tokens_compare(struct arena *arena, struct tokens *old_side, struct tokens *new_side,
                    size_t max_steps)
{
    struct search search = {
        .old_items = old_side->items,
        .new_items = new_side->items,
        .removed = old_side->changed,
        .added = new_side->changed,
        .ahead.x = diagonals(arena, old_side, new_side),
        .behind.x = diagonals(arena, old_side, new_side),
        .max_steps = max_steps,
    };
    return mark(&search, (struct box){0, old_side->count, 0, new_side->count});
}

/* A run of changed tokens on its way. */
struct run {
    struct tokens *side;
    const bool *meets; /* for each unchanged token: the other side has a change before it */
    int from, to;
    int before; /* unchanged tokens before it */
};

/* One token back, taking in the run that it meets there; false when it cannot. */
static bool step_back(struct run *run)
{
    struct tokens *side = run->side;
    if (run->from == 0 || !same(&side->items[run->from - 1], &side->items[run->to - 1]))
        return false;
    side->changed[--run->from] = true;
    side->changed[--run->to] = false;
    run->before--;
    while (run->from > 0 && side->changed[run->from - 1])
        run->from--;
    return true;
}

static bool step_on(struct run *run)
{
    struct tokens *side = run->side;
    if (run->to == side->count || !same(&side->items[run->from], &side->items[run->to]))
        return false;
    side->changed[run->from++] = false;
    side->changed[run->to++] = true;
    run->before++;
    while (run->to < side->count && side->changed[run->to])
        run->to++;
    return true;
}

/* To the end as far as it goes, then back to the last place where it meets a change of the other
 * side: what was replaced stands where its replacement stands. */
static void settle(struct run *run)
{
    int meeting = -1;
    for (int len = 0; len != run->to - run->from;) {
        len = run->to - run->from;
        while (step_back(run)) {
        }
        meeting = run->meets[run->before] ? run->before : -1;
        while (step_on(run))
            if (run->meets[run->before])
                meeting = run->before;
    }
    while (meeting >= 0 && run->before > meeting && step_back(run)) {
    }
}

static bool *meeting_places(struct arena *arena, const struct tokens *other)
{
    bool *meets = ARENA_ARRAY(arena, (size_t)other->count + 1, bool);
    for (int i = 0, unchanged = 0; i < other->count; i++) {
        meets[unchanged] |= other->changed[i];
        unchanged += !other->changed[i];
    }
    return meets;
}

static void settle_all(struct arena *arena, struct tokens *side, const struct tokens *other)
{
    struct run run = {.side = side, .meets = meeting_places(arena, other)};
    while (run.to < side->count) {
        run.from = run.to;
        while (run.to < side->count && side->changed[run.to])
            run.to++;
        if (run.to > run.from)
            settle(&run);
        run.to++;
        run.before++;
    }
}

void tokens_settle(struct arena *arena, struct tokens *old_side, struct tokens *new_side)
{
    settle_all(arena, old_side, new_side);
    settle_all(arena, new_side, old_side);
}

/* Where the token begins, or the text ends. */
static const char *place(const struct tokens *side, int at)
{
    if (side->count == 0)
        return "";
    const struct str *last = &side->items[side->count - 1].text;
    return at < side->count ? side->items[at].text.ptr : last->ptr + last->len;
}

struct str tokens_text(const struct tokens *side, int from, int to)
{
    return from < to ? str_range(place(side, from), place(side, to))
                     : (struct str){place(side, from), 0};
}
