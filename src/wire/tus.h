/*
 * Parts of tus 1.0, resumable uploads: the fields Upload-Metadata and Upload-Checksum.
 */
#ifndef PG409_WIRE_TUS_H
#define PG409_WIRE_TUS_H

#include "base/err.h"
#include "base/str.h"
#include "wire/form.h"

#define TUS_METADATA_MAX 16
#define TUS_ALGORITHMS "sha1,sha256,md5" /* the value of Tus-Checksum-Algorithm */

/*
 * The keys and values of an Upload-Metadata field, for form_get: a comma-separated list of
 * "key base64value", or a key alone, whose value is "". STR_NONE and an empty field have none;
 * empty members are passed over. ERR_SYNTAX for a key with anything but visible ASCII or a value
 * that is not strict base64; ERR_DUPLICATE for a key that stands twice; ERR_TOO_MANY beyond
 * TUS_METADATA_MAX; ERR_UTF8, ERR_NUL in a value. On an error *into holds what stood before it.
 * Values are in arena, keys point into field.
 */
enum err tus_metadata(struct arena *arena, struct str field, struct form *into) MUST_CHECK;

enum tus_algorithm { TUS_SHA1, TUS_SHA256, TUS_MD5 };

struct tus_checksum {
    enum tus_algorithm algorithm;
    struct str digest; /* 20, 32 or 16 bytes */
};

/*
 * The checksum of an Upload-Checksum field, "sha1 base64digest"; the digest is in arena.
 * ERR_UNKNOWN for another algorithm; ERR_SYNTAX for all else, a digest that has not the length
 * of its algorithm included. On an error *into is as it was.
 */
enum err tus_checksum(struct arena *arena, struct str field, struct tus_checksum *into) MUST_CHECK;

struct evp_md_ctx_st; /* of libcrypto */

struct tus_hash {
    struct evp_md_ctx_st *context; /* freed with the arena */
};

/* All three abort when libcrypto fails. */
void tus_hash_start(struct tus_hash *hash, struct arena *arena, enum tus_algorithm algorithm);
void tus_hash_add(struct tus_hash *hash, struct str bytes);
/* Whether what was added has that digest. Ends the hash: nothing can be added or asked again. */
bool tus_hash_matches(struct tus_hash *hash, struct str digest);

#endif
