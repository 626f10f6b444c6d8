/*
 * SHA-256 (FIPS 180-4), by libcrypto.
 */
#ifndef PG409_WIRE_DIGEST_H
#define PG409_WIRE_DIGEST_H

#include "base/err.h"
#include "base/str.h"

/*
 * The SHA-256 of count texts, each preceded by its length (8 bytes, big-endian),
 * so that moving a byte from one to its neighbour changes it; STR_NONE has the
 * length 2^64 - 1 and so differs from "". 64 lower-case hex digits in arena.
 * Aborts when libcrypto fails.
 */
struct str digest_of(struct arena *arena, const struct str *texts, size_t count);

/*
 * A SHA-256 on its way. It can be put down as text and taken up again by another process, so that
 * a file that arrives in parts is hashed once, without its bytes being read again. Holds no
 * memory: a copy is a second hash.
 */
struct digest_state {
    uint32_t h[8];
    uint64_t length;         /* bytes added */
    unsigned char block[64]; /* the last length % 64 of them */
};

void digest_start(struct digest_state *state);
/* The bytes as they are, without their length; as fast as libcrypto when they are many. */
void digest_add(struct digest_state *state, struct str bytes);
/* The hash of all that was added, 64 lower-case hex digits in arena. Then it can only be started
 * anew. Both abort when libcrypto fails. */
struct str digest_end(struct arena *arena, struct digest_state *state);

/*
 * The state as text, in arena: 64 hex digits of h, ':', the length in decimal, ':', the
 * unfinished block in hex; at most DIGEST_SAVED_MAX bytes of 0-9, a-f and ':'. state goes on.
 */
struct str digest_save(struct arena *arena, const struct digest_state *state);
#define DIGEST_SAVED_MAX 211
/* Takes up what digest_save put down; ERR_SYNTAX for anything else, *state is then as it was. */
enum err digest_restore(struct str saved, struct digest_state *state) MUST_CHECK;

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
