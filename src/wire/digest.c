#include "wire/digest.h"

#include <errno.h>
#include <inttypes.h>
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

void digest_start(struct digest_state *state)
{
    SHA256_CTX context;
    require(SHA256_Init(&context) == 1);
    *state = (struct digest_state){.length = 0};
    for (size_t i = 0; i < 8; i++)
        state->h[i] = context.h[i];
}

/* libcrypto counts bits, in two halves, and has the unfinished block as bytes in data. */
static void load(const struct digest_state *state, SHA256_CTX *context)
{
    require(SHA256_Init(context) == 1);
    for (size_t i = 0; i < 8; i++)
        context->h[i] = state->h[i];
    context->Nl = (SHA_LONG)(state->length << 3);
    context->Nh = (SHA_LONG)(state->length >> 29);
    context->num = (unsigned)(state->length % SHA256_CBLOCK);
    memcpy(context->data, state->block, context->num);
}

void digest_add(struct digest_state *state, struct str bytes)
{
    SHA256_CTX context;
    if (bytes.len == 0)
        return;
    load(state, &context);
    require(SHA256_Update(&context, bytes.ptr, bytes.len) == 1);
    for (size_t i = 0; i < 8; i++)
        state->h[i] = context.h[i];
    state->length += bytes.len;
    memcpy(state->block, context.data, context.num);
}

struct str digest_end(struct arena *arena, struct digest_state *state)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    load(state, &context);
    require(SHA256_Final(hash, &context) == 1);
    return to_hex(arena, hash, sizeof hash);
}

struct str digest_save(struct arena *arena, const struct digest_state *state)
{
    unsigned char h[32];
    for (size_t i = 0; i < sizeof h; i++)
        h[i] = (unsigned char)(state->h[i / 4] >> (24 - 8 * (i % 4)));
    struct str first = to_hex(arena, h, sizeof h);
    struct str last = to_hex(arena, state->block, state->length % SHA256_CBLOCK);
    return str_printf(arena, "%.*s:%" PRIu64 ":%.*s", STR_ARG(first), state->length, STR_ARG(last));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly count bytes in lower-case hex. */
static bool from_hex(struct str text, unsigned char *bytes, size_t count)
{
    if (text.len != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(text.ptr[2 * i]);
        int low = hex_digit(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

enum err digest_restore(struct str saved, struct digest_state *state)
{
    struct str rest, block;
    struct str first = str_cut(saved, ':', &rest);
    struct str count = str_cut(rest, ':', &block);
    struct digest_state read = {.length = 0};
    unsigned char h[32];
    /* SHA-256 ends at 2^64 bits. */
    enum err err = str_to_u64(count, UINT64_MAX / 8, &read.length);
    bool zeros = count.len > 1 && count.ptr[0] == '0';
    if (err || zeros || !block.ptr || !from_hex(first, h, sizeof h) ||
        !from_hex(block, read.block, read.length % SHA256_CBLOCK))
        return ERR_SYNTAX;
    for (size_t i = 0; i < sizeof h; i++)
        read.h[i / 4] |= (uint32_t)h[i] << (24 - 8 * (i % 4));
    *state = read;
    return ERR_NONE;
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
