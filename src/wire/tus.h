/*
 * The fields of tus 1.0.0, the protocol for uploads in parts
 * (https://tus.io/protocols/resumable-upload).
 */
#ifndef PG409_WIRE_TUS_H
#define PG409_WIRE_TUS_H

#include "wire/form.h"

#define TUS_ALGORITHMS "sha1,sha256,md5"

/*
 * Upload-Metadata: names, each with a value in Base64 or without one (then ""). The values are in
 * arena. At most 16 (ERR_TOO_MANY); a name twice is ERR_DUPLICATE; ERR_SYNTAX; ERR_UTF8, ERR_NUL: a
 * value that is no text.
 */
enum err tus_metadata(struct arena *arena, struct str field, struct form *into) MUST_CHECK;

enum tus_algorithm { TUS_SHA1, TUS_SHA256, TUS_MD5 };

struct tus_checksum {
    enum tus_algorithm algorithm;
    struct str digest; /* bytes */
};

/* Upload-Checksum. ERR_UNKNOWN: another algorithm; ERR_SYNTAX: also a digest of the wrong length.
 */
enum err tus_checksum(struct arena *arena, struct str field, struct tus_checksum *into) MUST_CHECK;

/* A hash under way; what it holds is freed with the arena. Aborts when libcrypto fails. */
struct tus_hash {
    void *context;
};

void tus_hash_start(struct tus_hash *hash, struct arena *arena, enum tus_algorithm algorithm);
void tus_hash_add(struct tus_hash *hash, struct str bytes);
/* Ends it. */
bool tus_hash_matches(struct tus_hash *hash, struct str digest);

#endif
