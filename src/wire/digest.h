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
 * count random bytes from the kernel as 2*count lower-case hex digits in arena.
 * Aborts when count is above 32 or the kernel has none to give.
 */
struct str digest_random(struct arena *arena, size_t count);

#endif
