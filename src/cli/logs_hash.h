/*
 * Hashes of 64 bits, for tables that keep no text: two things in one log that share one are as
 * good as impossible. They differ from one kind of machine to another, and are never stored.
 */
#ifndef PG409_CLI_LOGS_HASH_H
#define PG409_CLI_LOGS_HASH_H

#include <string.h>

#include "base/str.h"

/* Both halves of the product, folded. */
static inline uint64_t logs_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of text behind what seed is the hash of; never 0. */
static inline uint64_t logs_hash(uint64_t seed, struct str text)
{
    uint64_t hash = (seed ^ UINT64_C(0x9e3779b97f4a7c15)) + text.len, part = 0, other = 0;
    size_t at = 0;
    for (; at + 16 <= text.len; at += 16) {
        memcpy(&part, text.ptr + at, 8);
        memcpy(&other, text.ptr + at + 8, 8);
        hash = logs_mix(hash ^ part, other ^ UINT64_C(0xd6e8feb86659fd93));
    }
    if (at + 8 <= text.len) {
        memcpy(&part, text.ptr + at, 8);
        hash = logs_mix(hash ^ part, UINT64_C(0xd6e8feb86659fd93));
        at += 8;
    }
    part = 0;
    if (at < text.len)
        memcpy(&part, text.ptr + at, text.len - at);
    hash = logs_mix(hash ^ part, UINT64_C(0xa0761d6478bd642f));
    return logs_mix(hash, UINT64_C(0xe7037ed1a0b428db)) | 1;
}

#endif
