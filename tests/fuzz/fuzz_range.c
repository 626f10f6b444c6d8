/*
 * What belongs to files: ranges, names, tus's fields, a digest that was put down. The first byte
 * chooses, the rest is the input.
 */
#include <stdlib.h>

#include "wire/base64.h"
#include "wire/digest.h"
#include "wire/disposition.h"
#include "wire/filename.h"
#include "wire/range.h"
#include "wire/tus.h"

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* The parts lie within, do not overlap, and are not more than was asked for at most. */
static void try_range(struct str in)
{
    struct byte_range ranges[8];
    uint64_t size = in.len ? (uint64_t)(unsigned char)in.ptr[0] * 1000 : 0, sum = 0;
    size_t count;
    enum range_answer answer = range_parse(str_skip(in, 1), size, ranges, 8, &count);
    require((answer == RANGE_PARTS) == (count > 0) && count <= 8);
    for (size_t i = 0; i < count; i++) {
        require(ranges[i].first <= ranges[i].last && ranges[i].last < size);
        sum += ranges[i].last - ranges[i].first + 1;
        for (size_t j = 0; j < i; j++)
            require(ranges[i].last < ranges[j].first || ranges[j].last < ranges[i].first);
    }
    require(sum <= size);
}

/* What may be proposed for a name that can be is one too, and another one. */
static void try_name(struct arena *arena, struct str in)
{
    struct buf buf;
    require(filename_last(in).len <= in.len);
    if (filename_check(in) != FILENAME_FINE)
        return;
    struct str proposed = filename_proposed(arena, in, 2);
    require(filename_check(proposed) == FILENAME_FINE);
    require(!str_eq(filename_proposed(arena, in, 3), proposed));
    buf_init(&buf, arena, 4000);
    disposition_attachment(&buf, in);
    require(buf_ok(&buf) && str_check_utf8(buf_slice(&buf)) == ERR_NONE);
    for (size_t i = 0; i < buf.len; i++)
        require(buf.ptr[i] >= ' ' && (unsigned char)buf.ptr[i] < 0x7f);
}

static void try_tus(struct arena *arena, struct str in)
{
    struct form form;
    struct tus_checksum checksum;
    if (tus_metadata(arena, in, &form) == ERR_NONE)
        for (size_t i = 0; i < form.count; i++)
            require(form.fields[i].value.ptr && !str_check_utf8(form.fields[i].value));
    if (tus_checksum(arena, in, &checksum) == ERR_NONE)
        require(checksum.digest.len >= 16 && checksum.digest.len <= 32);
}

static void try_base64(struct arena *arena, struct str in)
{
    struct str bytes, back;
    struct buf buf;
    buf_init(&buf, arena, in.len * 2 + 8);
    base64_encode(&buf, in);
    require(base64_decode(arena, buf_slice(&buf), &back) == ERR_NONE && str_eq(back, in));
    if (base64_decode(arena, in, &bytes))
        return;
    buf_init(&buf, arena, in.len * 2 + 8);
    base64_encode(&buf, bytes);
    require(str_eq(buf_slice(&buf), in));
}

static void try_state(struct arena *arena, struct str in)
{
    struct digest_state state;
    if (digest_restore(in, &state))
        return;
    require(str_eq(digest_save(arena, &state), in));
    digest_add(&state, in);
    require(digest_end(arena, &state).len == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    struct str in = {arena_copy(&arena, (const char *)data + 1, size - 1), size - 1};
    switch (data[0] % 5) {
    case 0:
        try_range(in);
        break;
    case 1:
        try_name(&arena, in);
        break;
    case 2:
        try_tus(&arena, in);
        break;
    case 3:
        try_base64(&arena, in);
        break;
    default:
        try_state(&arena, in);
        break;
    }
    arena_release(&arena);
    return 0;
}
