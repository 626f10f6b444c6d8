/*
 * Looking for the few bytes of a text that are special, sixteen at a time: most of what is
 * escaped, checked or copied has none of them. Nothing beyond the text is ever read.
 *
 * The blocks are the compilers' own vectors, so this is SSE2 on x86-64, NEON on ARM, and
 * plain words where there is neither.
 */
#ifndef PG409_BASE_SCAN_H
#define PG409_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_BLOCK ((size_t)16)

typedef uint8_t scan_block __attribute__((vector_size(16)));

/* The sixteen bytes at ptr, which have to be there. */
static inline scan_block scan_load(const char *ptr)
{
    scan_block block;
    memcpy(&block, ptr, sizeof block);
    return block;
}

/* 0xff where block holds byte, 0 elsewhere. */
static inline scan_block scan_is(scan_block block, char byte)
{
    return (scan_block)(block == (uint8_t)byte);
}

/* The same where it holds one that is smaller. */
static inline scan_block scan_below(scan_block block, uint8_t byte)
{
    return (scan_block)(block < byte);
}

/* The same where it holds that one or a larger one. */
static inline scan_block scan_from(scan_block block, uint8_t byte)
{
    return (scan_block)(block >= byte);
}

/* The index of the first byte that is not 0; SCAN_BLOCK when all are. */
static inline size_t scan_first(scan_block found)
{
    uint64_t half[2];
    memcpy(half, &found, sizeof half);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (half[0])
        return (size_t)__builtin_ctzll(half[0]) / 8;
    return half[1] ? 8 + (size_t)__builtin_ctzll(half[1]) / 8 : SCAN_BLOCK;
#else
    if (half[0])
        return (size_t)__builtin_clzll(half[0]) / 8;
    return half[1] ? 8 + (size_t)__builtin_clzll(half[1]) / 8 : SCAN_BLOCK;
#endif
}

#endif
