#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define CHUNK_SIZE ((size_t)32 * 1024)
#define ALIGNMENT ((size_t)16)

#if defined(__SANITIZE_ADDRESS__)
#define EACH_ITS_OWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EACH_ITS_OWN 1
#endif
#endif
#ifndef EACH_ITS_OWN
#define EACH_ITS_OWN 0
#endif

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    _Alignas(16) char data[];
};

struct arena_defer {
    struct arena_defer *next;
    void (*func)(void *arg);
    void *arg;
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void run_defers(struct arena *arena)
{
    while (arena->defers) {
        struct arena_defer *defer = arena->defers;
        arena->defers = defer->next;
        defer->func(defer->arg);
    }
}

/* Frees all chunks but keep, which may be NULL. */
static void free_chunks(struct arena *arena, struct arena_chunk *keep)
{
    struct arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        if (chunk != keep)
            free(chunk);
        chunk = next;
    }
    arena->chunks = keep;
    arena->used = 0;
    arena->total = 0;
    if (keep) {
        keep->next = NULL;
        arena->total = keep->size;
    }
}

void arena_release(struct arena *arena)
{
    run_defers(arena);
    free_chunks(arena, NULL);
}

void arena_reset(struct arena *arena)
{
    run_defers(arena);
    struct arena_chunk *keep = NULL;
    for (struct arena_chunk *chunk = arena->chunks; chunk && !EACH_ITS_OWN; chunk = chunk->next)
        if (chunk->size == CHUNK_SIZE)
            keep = chunk;
    free_chunks(arena, keep);
}

static void add_chunk(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_chunk))
        abort();
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        abort();
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = 0;
    arena->total += size;
}

void *arena_bytes(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        abort();
    size_t rounded = EACH_ITS_OWN ? size : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (EACH_ITS_OWN || !arena->chunks || arena->chunks->size - arena->used < rounded)
        add_chunk(arena, EACH_ITS_OWN || rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE);
    char *ptr = arena->chunks->data + arena->used;
    arena->used += rounded;
    return ptr;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_bytes(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        abort();
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const char *ptr, size_t len)
{
    char *copy = arena_bytes(arena, len + 1);
    if (len)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

void arena_defer(struct arena *arena, void (*func)(void *arg), void *arg)
{
    struct arena_defer *defer = ARENA_NEW(arena, struct arena_defer);
    defer->func = func;
    defer->arg = arg;
    defer->next = arena->defers;
    arena->defers = defer;
}
