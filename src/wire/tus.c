#include "wire/tus.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "wire/base64.h"

#include "base/banned.h"

static enum err read_key(const struct form *form, struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] >= 0x7f)
            return ERR_SYNTAX;
    return form_get(form, key).ptr ? ERR_DUPLICATE : ERR_NONE;
}

static enum err read_member(struct arena *arena, struct str member, struct form *into)
{
    struct str text;
    struct form_field field = {.name = str_cut(member, ' ', &text)};
    enum err err = read_key(into, field.name);
    if (!err && into->count == TUS_METADATA_MAX)
        err = ERR_TOO_MANY;
    if (!err)
        err = base64_decode(arena, text, &field.value);
    if (!err)
        err = str_check_utf8(field.value);
    if (!err)
        into->fields[into->count++] = field;
    return err;
}

enum err tus_metadata(struct arena *arena, struct str field, struct form *into)
{
    *into = (struct form){0};
    into->fields = ARENA_ARRAY(arena, TUS_METADATA_MAX, struct form_field);
    while (field.ptr) {
        struct str member = str_trim(str_cut(field, ',', &field));
        enum err err = member.len ? read_member(arena, member, into) : ERR_NONE;
        if (err)
            return err;
    }
    return ERR_NONE;
}

struct algorithm {
    const char *name;
    size_t length; /* of a digest, in bytes */
    const EVP_MD *(*evp)(void);
};

static const struct algorithm algorithms[] = {
    [TUS_SHA1] = {"sha1", 20, EVP_sha1},
    [TUS_SHA256] = {"sha256", 32, EVP_sha256},
    [TUS_MD5] = {"md5", 16, EVP_md5},
};

enum err tus_checksum(struct arena *arena, struct str field, struct tus_checksum *into)
{
    struct str text, digest;
    struct str name = str_cut(str_trim(field), ' ', &text);
    size_t count = sizeof algorithms / sizeof *algorithms, i = 0;
    if (name.len == 0)
        return ERR_SYNTAX;
    while (i < count && !str_is(name, algorithms[i].name))
        i++;
    if (i == count)
        return ERR_UNKNOWN;
    enum err err = base64_decode(arena, text, &digest);
    if (!err && digest.len != algorithms[i].length)
        err = ERR_SYNTAX;
    if (!err)
        *into = (struct tus_checksum){(enum tus_algorithm)i, digest};
    return err;
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
    hash->context = EVP_MD_CTX_new();
    require(hash->context != NULL);
    arena_defer(arena, free_context, hash->context);
    require(EVP_DigestInit_ex(hash->context, algorithms[algorithm].evp(), NULL) == 1);
}

void tus_hash_add(struct tus_hash *hash, struct str bytes)
{
    if (bytes.len)
        require(EVP_DigestUpdate(hash->context, bytes.ptr, bytes.len) == 1);
}

bool tus_hash_matches(struct tus_hash *hash, struct str digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    require(EVP_DigestFinal_ex(hash->context, bytes, &length) == 1);
    return str_eq(digest, (struct str){(const char *)bytes, length});
}
