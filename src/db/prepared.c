#include "db/prepared.h"

#include <string.h>

#include "base/banned.h"

void prepared_init(struct prepared *prepared)
{
    *prepared = (struct prepared){0};
    arena_init(&prepared->arena);
}

void prepared_clear(struct prepared *prepared)
{
    arena_release(&prepared->arena);
    prepared_init(prepared);
}

/* In words, for every statement is looked up; it only has to spread: texts are our own. */
static uint64_t hash_of(struct str sql)
{
    uint64_t hash = sql.len;
    for (size_t at = 0; at < sql.len; at += sizeof hash) {
        size_t left = sql.len - at;
        uint64_t word = 0;
        if (left >= sizeof word)
            memcpy(&word, sql.ptr + at, sizeof word);
        else
            memcpy(&word, sql.ptr + at, left);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

/* The slot that holds sql, or the empty one where it would go: open addressing. */
static size_t slot_of(const struct prepared *prepared, struct str sql)
{
    size_t slot = hash_of(sql) % PREPARED_SLOTS;
    while (prepared->slots[slot].ptr && !str_eq(prepared->slots[slot], sql))
        slot = (slot + 1) % PREPARED_SLOTS;
    return slot;
}

unsigned prepared_find(const struct prepared *prepared, struct str sql)
{
    return prepared->numbers[slot_of(prepared, sql)];
}

bool prepared_room(const struct prepared *prepared)
{
    return prepared->count < PREPARED_MAX;
}

unsigned prepared_next(const struct prepared *prepared)
{
    return prepared->count + 1;
}

void prepared_add(struct prepared *prepared, struct str sql)
{
    size_t slot = slot_of(prepared, sql);
    if (!prepared_room(prepared) || prepared->slots[slot].ptr)
        return;
    prepared->slots[slot] = str_copy(&prepared->arena, sql);
    prepared->numbers[slot] = ++prepared->count;
}
