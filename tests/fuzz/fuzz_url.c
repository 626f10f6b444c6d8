/*
 * Percent-decoding and keys: the first byte chooses, the rest is the input.
 */
#include "wire/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define VALUES_MAX 8

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* What is accepted is valid, no longer than the input, and survives encoding. */
static void try_decode(struct arena *arena, struct str in, enum url_plus plus)
{
    struct str out, again;
    struct buf buf;
    if (url_decode(arena, in, plus, &out))
        return;
    require(str_check_utf8(out) == ERR_NONE && out.len <= in.len);
    buf_init(&buf, arena, 3 * out.len + 1);
    url_encode(&buf, out);
    require(buf_ok(&buf));
    require(url_decode(arena, buf_slice(&buf), plus, &again) == ERR_NONE);
    require(again.len == out.len && str_cmp(again, out) == 0);
}

/* Whether written as a key the values come back, in the key's alphabet. */
static void round_trip(struct arena *arena, const struct str *values, size_t count)
{
    struct str parsed[VALUES_MAX];
    size_t parsed_count = 0;
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    url_key(&buf, values, count);
    struct str key = buf_slice(&buf);
    require(buf_ok(&buf) && key.len > 0 && key.ptr[0] != '_');
    require(!str_is(key, ".") && !str_is(key, ".."));
    for (size_t i = 0; i < key.len; i++)
        require(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~,",
                       key.ptr[i]) != NULL);
    require(url_key_parse(arena, key, parsed, VALUES_MAX, &parsed_count) == ERR_NONE);
    require(parsed_count == count);
    for (size_t i = 0; i < count; i++)
        require(str_eq(parsed[i], values[i]));
}

static void try_key(struct arena *arena, struct str segment)
{
    struct str values[VALUES_MAX];
    size_t count = 0;
    enum err err = url_key_parse(arena, segment, values, VALUES_MAX, &count);
    require(count <= VALUES_MAX && (err || count > 0));
    for (size_t i = 0; i < count; i++)
        require(str_check_utf8(values[i]) == ERR_NONE);
    if (!err)
        round_trip(arena, values, count);
}

/* The input as values parted by line ends, with whatever bytes they have. */
static void try_values(struct arena *arena, struct str text)
{
    struct str values[VALUES_MAX];
    size_t count = 0;
    while (text.ptr && count < VALUES_MAX)
        values[count++] = str_cut(text, '\n', &text);
    for (size_t i = 0; i < count; i++)
        if (str_check_utf8(values[i]))
            return;
    round_trip(arena, values, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    struct str in = {(const char *)data + 1, size - 1};
    switch (data[0] % 4) {
    case 0:
        try_decode(&arena, in, URL_PLUS_IS_PLUS);
        break;
    case 1:
        try_decode(&arena, in, URL_PLUS_IS_SPACE);
        break;
    case 2:
        try_key(&arena, in);
        break;
    default:
        try_values(&arena, in);
    }
    arena_release(&arena);
    return 0;
}
