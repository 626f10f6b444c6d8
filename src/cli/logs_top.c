#include "cli/logs_top.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct top {
    struct top_entry *slots; /* twice as many as names, so that a search is short */
    struct top_entry *spare; /* as many as names, for clearing up */
    size_t size, count;
    uint64_t missing;
};

struct top *top_new(struct arena *arena, size_t size)
{
    struct top *top = ARENA_NEW(arena, struct top);
    top->size = size;
    top->slots = ARENA_ARRAY(arena, 2 * size, struct top_entry);
    top->spare = ARENA_ARRAY(arena, size, struct top_entry);
    return top;
}

/* The entry of key, or the free place where it belongs. */
static struct top_entry *place_of(const struct top *top, uint64_t key)
{
    size_t mask = 2 * top->size - 1, at = (size_t)(key >> 8) & mask;
    while (top->slots[at].key && top->slots[at].key != key)
        at = (at + 1) & mask;
    return &top->slots[at];
}

static int by_total(const void *left, const void *right)
{
    const struct top_entry *a = left, *b = right;
    if (a->total != b->total)
        return a->total < b->total ? 1 : -1;
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.ptr, b->name.ptr, len);
    if (order)
        return order;
    return a->name.len != b->name.len ? a->name.len - b->name.len : a->key < b->key ? -1 : 1;
}

static size_t collect(const struct top *top, struct top_entry *list)
{
    size_t count = 0;
    for (size_t i = 0; i < 2 * top->size; i++)
        if (top->slots[i].key)
            list[count++] = top->slots[i];
    qsort(list, count, sizeof *list, by_total);
    return count;
}

/* Forgets the half that is seen least; none of them had more than what is then missing. */
static void clear_up(struct top *top)
{
    size_t count = collect(top, top->spare);
    top->missing += top->spare[count / 2].total;
    memset(top->slots, 0, 2 * top->size * sizeof *top->slots);
    top->count = count / 2;
    for (size_t i = 0; i < top->count; i++)
        *place_of(top, top->spare[i].key) = top->spare[i];
}

struct top_entry *top_add(struct top *top, uint64_t key, size_t which, bool *fresh)
{
    struct top_entry *entry = place_of(top, key);
    *fresh = !entry->key;
    if (*fresh && top->count == top->size) {
        clear_up(top);
        entry = place_of(top, key);
    }
    if (*fresh) {
        *entry = (struct top_entry){.key = key};
        top->count++;
    }
    entry->total++;
    entry->counts[which]++;
    return entry;
}

size_t top_sorted(struct arena *arena, const struct top *top, size_t max, struct top_entry **list)
{
    *list = ARENA_ARRAY(arena, top->count ? top->count : 1, struct top_entry);
    size_t count = collect(top, *list);
    return count > max ? max : count;
}

uint64_t top_missing(const struct top *top)
{
    return top->missing;
}

size_t top_count(const struct top *top)
{
    return top->count;
}
