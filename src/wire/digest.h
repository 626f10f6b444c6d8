/*
 * SHA-256 (FIPS 180-4), by libcrypto.
 */
#ifndef PG409_WIRE_DIGEST_H
#define PG409_WIRE_DIGEST_H

#include "base/str.h"

/*
 * The SHA-256 of count texts, each preceded by its length (8 bytes, big-endian),
 * so that moving a byte from one to its neighbour changes it; STR_NONE has the
 * length 2^64 - 1 and so differs from "". 64 lower-case hex digits in arena.
 * Aborts when libcrypto fails.
 */
struct str digest_of(struct arena *arena, const struct str *texts, size_t count);

/*
 * A SHA-256 under way, which can be put down and taken up again by another process. What it holds
 * is the business of digest.c.
 */
struct digest_state {
    uint32_t hash[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
};

void digest_start(struct digest_state *state);
void digest_add(struct digest_state *state, struct str bytes);

/* The state as a text in arena: hash, length and the block that is not full, none of it secret. */
struct str digest_save(struct arena *arena, const struct digest_state *state);
/* The state that was saved; ERR_SYNTAX for any other text. */
enum err digest_restore(struct str saved, struct digest_state *state) MUST_CHECK;

/* The digest, 64 lower-case hex digits in arena. Nothing can be added afterwards. */
struct str digest_end(struct arena *arena, struct digest_state *state);

/*
 * Random bytes of the kernel, fetched ahead, so that not every request has to ask the kernel.
 * All zero is an empty pool. A process that forks must not share one.
 */
struct random_pool {
    unsigned char bytes[4096];
    size_t left;
};

/*
 * count random bytes as 2*count lower-case hex digits in arena. Each byte is
 * given out once. Aborts when count is above 32 or the kernel has none to give.
 */
struct str digest_random(struct random_pool *pool, struct arena *arena, size_t count);

#endif
