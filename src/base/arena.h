/*
 * Memory with one lifetime: allocate piece by piece, free all at once. Each
 * request has one arena; the process has one for what lives as long as it.
 *
 * Running out of memory aborts: the web server starts another process, and a
 * half-made answer helps nobody. In sanitizer builds every allocation is its
 * own malloc, so that an overrun is found where it happens.
 */
#ifndef PG409_BASE_ARENA_H
#define PG409_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena_defer;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    struct arena_defer *defers; /* newest first */
    size_t used;                /* bytes used of the newest chunk */
    size_t total;               /* bytes held in all chunks */
};

/* An arena that holds nothing yet. */
void arena_init(struct arena *arena);

/* Runs what was deferred, frees everything; the arena can be used again. */
void arena_release(struct arena *arena);

/* Like arena_release, but keeps one chunk for the next request. */
void arena_reset(struct arena *arena);

/* size zeroed bytes, aligned for any type; never NULL, owned by the arena. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same with whatever the memory held before: for bytes that are written at once. */
void *arena_bytes(struct arena *arena, size_t size);

/* An array of count zeroed items; aborts when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of len bytes with a NUL behind them; ptr may be NULL when len is 0. */
char *arena_copy(struct arena *arena, const char *ptr, size_t len);

/* Calls func(arg) when the arena is reset or released, last deferred first. */
void arena_defer(struct arena *arena, void (*func)(void *arg), void *arg);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
