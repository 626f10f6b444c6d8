/*
 * What the file part reads from strangers: the first byte chooses between ranges, the fields of
 * tus, base64, names of files and a hash taken up again; the rest is the input.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/digest.h"
#include "wire/disposition.h"
#include "wire/filename.h"
#include "wire/range.h"
#include "wire/tus.h"

#include "base/banned.h"

#define RANGES_MAX 4

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Every part lies in the file, parts do not overlap, and written again they are the same. */
static void check_ranges(struct arena *arena, const struct byte_range *ranges, size_t count,
                         uint64_t size)
{
    struct byte_range again[RANGES_MAX];
    size_t again_count;
    struct buf buf;
    buf_init(&buf, arena, 1000);
    buf_text(&buf, "bytes=");
    for (size_t i = 0; i < count; i++) {
        require(ranges[i].first <= ranges[i].last && ranges[i].last < size);
        for (size_t j = 0; j < i; j++)
            require(ranges[i].last < ranges[j].first || ranges[j].last < ranges[i].first);
        buf_printf(&buf, "%llu-%llu,", (unsigned long long)ranges[i].first,
                   (unsigned long long)ranges[i].last);
    }
    enum range_answer answer = range_parse(buf_slice(&buf), size, again, RANGES_MAX, &again_count);
    require(answer == RANGE_PARTS && again_count == count);
    require(memcmp(again, ranges, count * sizeof *ranges) == 0);
}

/* The first eight bytes are the size of the file. */
static void try_range(struct arena *arena, struct str in)
{
    struct byte_range ranges[RANGES_MAX];
    size_t count = 99;
    uint64_t size = 0;
    for (size_t i = 0; i < 8 && i < in.len; i++)
        size = size << 8 | (unsigned char)in.ptr[i];
    enum range_answer answer = range_parse(str_skip(in, 8), size, ranges, RANGES_MAX, &count);
    require((answer == RANGE_PARTS) == (count > 0) && count <= RANGES_MAX);
    if (answer == RANGE_PARTS)
        check_ranges(arena, ranges, count, size);
}

static void try_metadata(struct arena *arena, struct str field)
{
    struct form form, again;
    struct buf buf;
    enum err err = tus_metadata(arena, field, &form);
    require(form.count <= TUS_METADATA_MAX);
    buf_init(&buf, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < form.count; i++) {
        require(form.fields[i].name.len > 0 && form.fields[i].value.ptr);
        require(str_check_utf8(form.fields[i].value) == ERR_NONE);
        /* Found under its name, so no name stands twice. */
        require(form_get(&form, form.fields[i].name).ptr == form.fields[i].value.ptr);
        buf_str(&buf, form.fields[i].name);
        buf_char(&buf, ' ');
        base64_encode(&buf, form.fields[i].value);
        buf_char(&buf, ',');
    }
    require(tus_metadata(arena, buf_slice(&buf), &again) == ERR_NONE && again.count == form.count);
    for (size_t i = 0; i < form.count && !err; i++)
        require(str_eq(again.fields[i].value, form.fields[i].value));
}

static void try_checksum(struct arena *arena, struct str field)
{
    struct tus_checksum checksum;
    struct tus_hash hash;
    if (tus_checksum(arena, field, &checksum))
        return;
    static const size_t lengths[] = {[TUS_SHA1] = 20, [TUS_SHA256] = 32, [TUS_MD5] = 16};
    require(checksum.digest.len == lengths[checksum.algorithm]);
    tus_hash_start(&hash, arena, checksum.algorithm);
    tus_hash_add(&hash, field);
    require(!tus_hash_matches(&hash, checksum.digest)); /* else tell the world */
}

/* Any bytes survive; what is read is written in one way only. */
static void try_base64(struct arena *arena, struct str in)
{
    struct str out;
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    base64_encode(&buf, in);
    require(base64_decode(arena, buf_slice(&buf), &out) == ERR_NONE && str_eq(out, in));
    if (base64_decode(arena, in, &out))
        return;
    buf_clear(&buf);
    base64_encode(&buf, out);
    require(str_eq(buf_slice(&buf), in));
}

/* One line of visible ASCII, with quotes around one string only. */
static void try_disposition(struct arena *arena, struct str name)
{
    struct buf buf;
    size_t quotes = 0;
    buf_init(&buf, arena, SIZE_MAX / 4);
    disposition_attachment(&buf, name);
    struct str value = buf_slice(&buf);
    require(buf_ok(&buf) && str_starts(value, STR("attachment")));
    for (size_t i = 0; i < value.len; i++) {
        require(value.ptr[i] >= ' ' && value.ptr[i] < 0x7f && value.ptr[i] != '\\');
        quotes += value.ptr[i] == '"';
    }
    require(quotes == (name.len ? 2 : 0));
}

/* What is fine has a proposal that is fine, other than itself, and leads on to the next. */
static void try_name(struct arena *arena, struct str name)
{
    struct str last = filename_last(name);
    require(last.len <= name.len && str_ends(name, last));
    enum filename_fault fault = filename_check(name);
    require(str_from(filename_words(fault)).len > 0);
    struct str second = filename_proposed(arena, name, 2);
    require(second.len <= FILENAME_MAX_BYTES);
    if (fault != FILENAME_FINE)
        return;
    require(name.len <= FILENAME_MAX_BYTES && str_check_utf8(name) == ERR_NONE);
    struct str third = filename_proposed(arena, name, 3);
    require(filename_check(second) == FILENAME_FINE && filename_check(third) == FILENAME_FINE);
    require(!str_eq(second, third));
    require(str_eq(filename_proposed(arena, second, 3), third));
}

/* What is taken up is put down as the same text, and goes on like its twin, in any slices. */
static void try_digest(struct arena *arena, struct str in)
{
    struct digest_state state, twin;
    struct str saved, rest;
    saved = str_cut(in, '\n', &rest);
    if (digest_restore(saved, &state)) {
        digest_start(&state);
        rest = in;
    } else {
        require(str_eq(digest_save(arena, &state), saved));
    }
    twin = state;
    digest_add(&state, rest);
    for (size_t i = 0; i < rest.len; i++) {
        digest_add(&twin, (struct str){rest.ptr + i, 1});
        if (i % 16 == 0)
            require(digest_restore(digest_save(arena, &twin), &twin) == ERR_NONE);
    }
    require(str_eq(digest_end(arena, &twin), digest_end(arena, &state)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct arena *, struct str) = {
        try_range, try_metadata, try_checksum, try_base64, try_disposition, try_name, try_digest,
    };
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    struct str in = {(const char *)data + 1, size - 1};
    tries[data[0] % (sizeof tries / sizeof *tries)](&arena, in);
    arena_release(&arena);
    return 0;
}
