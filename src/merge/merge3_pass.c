#include "merge/merge3_pass.h"

#include <string.h>

#include "base/banned.h"

void merge_list_add(struct merge_list *list, struct merge_hunk hunk)
{
    struct merge_hunk *last = list->count ? &list->items[list->count - 1] : NULL;
    if (!hunk.base.len && !hunk.yours.len && !hunk.current.len)
        return;
    if (last && hunk.kind == MERGE_SAME && last->kind == MERGE_SAME) {
        last->base.len += hunk.base.len;
        last->yours.len += hunk.yours.len;
        last->current.len += hunk.current.len;
        return;
    }
    if (!list->items || list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        struct merge_hunk *items = ARENA_ARRAY(list->arena, room, struct merge_hunk);
        if (list->items)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = hunk;
}

/* The marks of both as a list: each change with its place on both sides. */
static void collect(struct arena *arena, struct merge_side *side)
{
    const bool *removed = side->base.changed, *added = side->own.changed;
    int width = side->base.count, height = side->own.count;
    size_t most = 1;
    for (int i = 0; i < width; i++)
        most += removed[i];
    for (int i = 0; i < height; i++)
        most += added[i];
    side->changes = ARENA_ARRAY(arena, most, struct merge_change);
    for (int x = 0, y = 0; x < width || y < height;) {
        struct merge_change change = {x, x, y, y};
        while (change.to < width && removed[change.to])
            change.to++;
        while (change.side_to < height && added[change.side_to])
            change.side_to++;
        if (change.to > x || change.side_to > y)
            side->changes[side->count++] = change;
        bool same = change.to < width; /* an unchanged token has its partner */
        x = change.to + same;
        y = change.side_to + same;
    }
}

static bool compare(struct merge_pass *pass, struct merge_side *side, const struct tokens *base,
                    struct str text)
{
    side->base = *base;
    side->base.changed = ARENA_ARRAY(pass->scratch, (size_t)base->count, bool);
    if (!tokens_split(pass->scratch, text, pass->first, pass->max_tokens, &side->own) ||
        !tokens_compare(pass->scratch, &side->base, &side->own, pass->max_steps))
        return false;
    tokens_settle(pass->scratch, &side->base, &side->own);
    collect(pass->scratch, side);
    return true;
}

static const struct merge_change *next_of(const struct merge_side *side)
{
    return side->next < side->count ? &side->changes[side->next] : NULL;
}

/* Whose change comes first in base; insertions before what they stand in front of. */
static struct merge_side *first_side(struct merge_pass *pass)
{
    const struct merge_change *one = next_of(&pass->yours), *two = next_of(&pass->current);
    if (!one || !two)
        return one ? &pass->yours : two ? &pass->current : NULL;
    if (one->from != two->from)
        return one->from < two->from ? &pass->yours : &pass->current;
    return one->to <= two->to ? &pass->yours : &pass->current;
}

/* The tokens of one side that stand for base's [from, to), which holds its changes since `since`.
 */
static struct str cut(struct merge_side *side, size_t since, int from, int to)
{
    int begin = from + side->delta, end = to + side->delta;
    if (side->next > since) {
        const struct merge_change *first = &side->changes[since];
        const struct merge_change *last = &side->changes[side->next - 1];
        begin = first->side_from - (first->from - from);
        end = last->side_to + (to - last->to);
    }
    side->delta = end - to;
    return tokens_text(&side->own, begin, end);
}

static struct merge_hunk unchanged(struct merge_pass *pass, int from, int to)
{
    return (struct merge_hunk){MERGE_SAME, tokens_text(&pass->yours.base, from, to),
                               cut(&pass->yours, pass->yours.next, from, to),
                               cut(&pass->current, pass->current.next, from, to)};
}

/* Takes one change and all that come too close to it: the end of base's tokens for them. */
static int take_group(struct merge_pass *pass, int *from)
{
    struct merge_side *side = first_side(pass);
    const struct merge_change *change = next_of(side);
    int to = change->to;
    bool insertion = change->from == change->to;
    *from = change->from;
    for (side->next++; (side = first_side(pass)) != NULL; side->next++) {
        change = next_of(side);
        bool insertions = insertion && change->from == change->to;
        if (change->from >= to && !pass->close(&pass->yours.base, to, change->from, insertions))
            break;
        to = change->to > to ? change->to : to;
        insertion = insertions;
    }
    return to;
}

static void add_group(struct merge_pass *pass, size_t yours, size_t current, int from, int to)
{
    bool mine = pass->yours.next > yours, theirs = pass->current.next > current;
    struct merge_hunk hunk = {MERGE_CLASH, tokens_text(&pass->yours.base, from, to),
                              cut(&pass->yours, yours, from, to),
                              cut(&pass->current, current, from, to)};
    if (!mine || !theirs)
        hunk.kind = mine ? MERGE_YOURS : MERGE_CURRENT;
    else if (str_eq(hunk.yours, hunk.current))
        hunk.kind = MERGE_BOTH;
    if (hunk.kind == MERGE_CLASH)
        pass->clash(pass, hunk);
    else
        merge_list_add(pass->list, hunk);
}

bool merge_pass_run(struct merge_pass *pass, struct str base, struct str yours, struct str current)
{
    struct tokens tokens;
    int at = 0;
    pass->yours = pass->current = (struct merge_side){.next = 0};
    if (!tokens_split(pass->scratch, base, pass->first, pass->max_tokens, &tokens) ||
        !compare(pass, &pass->yours, &tokens, yours) ||
        !compare(pass, &pass->current, &tokens, current))
        return false;
    while (first_side(pass)) {
        size_t mine = pass->yours.next, theirs = pass->current.next;
        int from;
        int to = take_group(pass, &from);
        merge_list_add(pass->list, unchanged(pass, at, from));
        add_group(pass, mine, theirs, from, to);
        at = to;
    }
    merge_list_add(pass->list, unchanged(pass, at, tokens.count));
    return true;
}
