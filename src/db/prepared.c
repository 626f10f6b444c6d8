#include "db/prepared.h"

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

/* The slot that holds sql, or the empty one where it would go: FNV-1a, open addressing. */
static size_t slot_of(const struct prepared *prepared, struct str sql)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < sql.len; i++)
        hash = (hash ^ (unsigned char)sql.ptr[i]) * 1099511628211u;
    size_t slot = hash % PREPARED_SLOTS;
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
