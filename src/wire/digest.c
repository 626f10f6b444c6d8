#include "wire/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * EVP looks the algorithm up anew for each digest, which takes longer than hashing a row. The
 * functions below do not, and are there in all of OpenSSL 3; they are only frowned upon.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/banned.h"

#define RANDOM_MAX 32

static struct str to_hex(struct arena *arena, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * count + 1);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (struct str){text, 2 * count};
}

/* A libcrypto that cannot hash is a broken process, not a bad request. */
static void require(bool ok)
{
    if (!ok)
        abort();
}

static void hash_text(SHA256_CTX *context, struct str text)
{
    uint64_t length = text.ptr ? text.len : UINT64_MAX;
    unsigned char prefix[8];
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix[i] = (unsigned char)(length >> (56 - 8 * i));
    require(SHA256_Update(context, prefix, sizeof prefix) == 1);
    if (text.len)
        require(SHA256_Update(context, text.ptr, text.len) == 1);
}

struct str digest_of(struct arena *arena, const struct str *texts, size_t count)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    require(SHA256_Init(&context) == 1);
    for (size_t i = 0; i < count; i++)
        hash_text(&context, texts[i]);
    require(SHA256_Final(hash, &context) == 1);
    return to_hex(arena, hash, sizeof hash);
}

/* libcrypto's context as it stands behind these bytes. */
static SHA256_CTX context_of(const struct digest_state *state)
{
    SHA256_CTX context;
    require(SHA256_Init(&context) == 1);
    memcpy(context.h, state->hash, sizeof state->hash);
    context.Nl = (SHA_LONG)(state->length << 3);
    context.Nh = (SHA_LONG)(state->length >> 29);
    context.num = (unsigned)(state->length % 64);
    memcpy(context.data, state->block, context.num);
    return context;
}

void digest_start(struct digest_state *state)
{
    SHA256_CTX context;
    require(SHA256_Init(&context) == 1);
    *state = (struct digest_state){.length = 0};
    memcpy(state->hash, context.h, sizeof state->hash);
}

void digest_add(struct digest_state *state, struct str bytes)
{
    SHA256_CTX context = context_of(state);
    if (bytes.len)
        require(SHA256_Update(&context, bytes.ptr, bytes.len) == 1);
    state->length += bytes.len;
    memcpy(state->hash, context.h, sizeof state->hash);
    memcpy(state->block, context.data, context.num);
}

struct str digest_save(struct arena *arena, const struct digest_state *state)
{
    unsigned char hash[32];
    for (size_t i = 0; i < sizeof hash; i++)
        hash[i] = (unsigned char)(state->hash[i / 4] >> (24 - 8 * (i % 4)));
    return str_printf(arena, "%.*s:%llu:%.*s", STR_ARG(to_hex(arena, hash, sizeof hash)),
                      (unsigned long long)state->length,
                      STR_ARG(to_hex(arena, state->block, state->length % 64)));
}

static bool from_hex(struct str text, unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    if (text.len != 2 * count)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;
        if (!at)
            return false;
        unsigned char digit = (unsigned char)(at - digits);
        bytes[i / 2] = (unsigned char)(i % 2 ? bytes[i / 2] | digit : digit << 4);
    }
    return true;
}

enum err digest_restore(struct str saved, struct digest_state *state)
{
    unsigned char hash[32];
    struct digest_state found = {.length = 0};
    struct str rest, hash_text = str_cut(saved, ':', &rest), length = str_cut(rest, ':', &rest);
    if (!rest.ptr || str_to_u64(length, INT64_MAX, &found.length) ||
        !from_hex(hash_text, hash, sizeof hash) || !from_hex(rest, found.block, found.length % 64))
        return ERR_SYNTAX;
    for (size_t i = 0; i < sizeof hash; i++)
        found.hash[i / 4] |= (uint32_t)hash[i] << (24 - 8 * (i % 4));
    *state = found;
    return ERR_NONE;
}

struct str digest_end(struct arena *arena, struct digest_state *state)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256_CTX context = context_of(state);
    require(SHA256_Final(hash, &context) == 1);
    return to_hex(arena, hash, sizeof hash);
}

static void fill(unsigned char *bytes, size_t count)
{
    for (size_t got = 0; got < count;) {
        ssize_t more = getrandom(bytes + got, count - got, 0);
        /* Only early in the boot can a signal come between. */
        require(more > 0 || (more < 0 && errno == EINTR));
        if (more > 0)
            got += (size_t)more;
    }
}

struct str digest_random(struct random_pool *pool, struct arena *arena, size_t count)
{
    require(count <= RANDOM_MAX);
    if (pool->left < count) {
        fill(pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
    }
    pool->left -= count;
    struct str text = to_hex(arena, pool->bytes + pool->left, count);
    explicit_bzero(pool->bytes + pool->left, count); /* given out once, known nowhere else */
    return text;
}
