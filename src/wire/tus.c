#include "wire/tus.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"

#include "base/banned.h"

#define MAX_PAIRS 16

static const struct {
    const char *name;
    size_t length;
} algorithms[] = {{"sha1", 20}, {"sha256", 32}, {"md5", 16}};

static enum err read_pair(struct arena *arena, struct str pair, struct form *into)
{
    struct str coded, name = str_cut(pair, ' ', &coded), value = STR("");
    if (name.len == 0)
        return ERR_SYNTAX;
    if (form_get(into, name).ptr)
        return ERR_DUPLICATE;
    if (into->count == MAX_PAIRS)
        return ERR_TOO_MANY;
    if (coded.ptr && base64_decode(arena, str_trim(coded), &value))
        return ERR_SYNTAX;
    enum err err = str_check_utf8(value);
    if (!err)
        into->fields[into->count++] = (struct form_field){name, value};
    return err;
}

enum err tus_metadata(struct arena *arena, struct str field, struct form *into)
{
    struct str rest = str_trim(field);
    *into = (struct form){ARENA_ARRAY(arena, MAX_PAIRS, struct form_field), 0};
    while (rest.ptr && rest.len) {
        enum err err = read_pair(arena, str_trim(str_cut(rest, ',', &rest)), into);
        if (err)
            return err;
    }
    return ERR_NONE;
}

enum err tus_checksum(struct arena *arena, struct str field, struct tus_checksum *into)
{
    struct str coded, name = str_cut(str_trim(field), ' ', &coded);
    size_t count = sizeof algorithms / sizeof *algorithms, i = 0;
    while (i < count && !str_is(name, algorithms[i].name))
        i++;
    if (i == count)
        return ERR_UNKNOWN;
    into->algorithm = (enum tus_algorithm)i;
    if (base64_decode(arena, str_trim(coded), &into->digest) ||
        into->digest.len != algorithms[i].length)
        return ERR_SYNTAX;
    return ERR_NONE;
}

/* A libcrypto that cannot hash is a broken process, not a bad request. */
static void require(bool ok)
{
    if (!ok)
        abort();
}

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

void tus_hash_start(struct tus_hash *hash, struct arena *arena, enum tus_algorithm algorithm)
{
    const EVP_MD *kind = algorithm == TUS_SHA1     ? EVP_sha1()
                         : algorithm == TUS_SHA256 ? EVP_sha256()
                                                   : EVP_md5();
    hash->context = EVP_MD_CTX_new();
    require(hash->context && EVP_DigestInit_ex(hash->context, kind, NULL) == 1);
    arena_defer(arena, free_context, hash->context);
}

void tus_hash_add(struct tus_hash *hash, struct str bytes)
{
    require(EVP_DigestUpdate(hash->context, bytes.ptr, bytes.len) == 1);
}

bool tus_hash_matches(struct tus_hash *hash, struct str digest)
{
    unsigned char found[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    require(EVP_DigestFinal_ex(hash->context, found, &length) == 1);
    return digest.len == length && memcmp(found, digest.ptr, length) == 0;
}
