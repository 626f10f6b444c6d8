/*
 * Accept, entity tags, media types and instants: the first byte chooses, the
 * rest is the input.
 */
#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* An offer that is chosen among several is acceptable alone; when none is, none is alone. */
static void try_accept(struct str accept)
{
    static const struct str offers[] = {{"application/json", 16},
                                        {"text/html", 9},
                                        {"text/csv", 8}};
    size_t choice = http_accept(accept, offers, 3);
    require(choice <= 3);
    if (choice < 3)
        require(http_accept(accept, offers + choice, 1) == 0);
    for (size_t i = 0; choice == 3 && i < 3; i++)
        require(http_accept(accept, offers + i, 1) == 1);
}

/* Tags come out clean: written in quotes and read again they are the same. */
static void try_tags(struct arena *arena, struct str value)
{
    struct http_tags tags, again;
    struct buf buf;
    if (http_tags(arena, value, &tags))
        return;
    require(tags.count <= 16 && !(tags.any && tags.count));
    require(!tags.any || str_is(str_trim(value), "*"));
    buf_init(&buf, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < tags.count; i++) {
        require(str_check_utf8(tags.tags[i]) == ERR_NONE);
        require(str_find(tags.tags[i], STR("\"")) == SIZE_MAX);
        require(!str_ends(tags.tags[i], STR("-gzip")) && !str_ends(tags.tags[i], STR(";gzip")));
        buf_printf(&buf, ",\"%.*s\"", STR_ARG(tags.tags[i]));
    }
    require(http_tags(arena, buf_slice(&buf), &again) == ERR_NONE);
    require(again.count == tags.count && !again.any);
    for (size_t i = 0; i < tags.count; i++)
        require(str_eq(tags.tags[i], again.tags[i]));
}

static void try_media_type(struct arena *arena, struct str value)
{
    struct str type = http_media_type(arena, value);
    require(type.ptr && type.len <= value.len);
    require(str_eq(http_media_type(arena, type), type));
}

/* What is accepted is written so that it is read as the same instant. */
static void try_instant(struct arena *arena, struct str text, bool naive)
{
    int64_t micros = 0, again = 0;
    int digits = 0;
    struct buf buf;
    if (http_instant(text, naive, &micros, &digits))
        return;
    require(digits >= 0 && digits < 64);
    buf_init(&buf, arena, 27);
    http_instant_write(&buf, micros);
    require(buf_ok(&buf) && buf_slice(&buf).len == 27);
    require(http_instant(buf_slice(&buf), false, &again, &digits) == ERR_NONE);
    require(again == micros && digits == 6);
}

/* Any number at all can be written; within the years that are read, also read. */
static void try_micros(struct arena *arena, struct str bytes)
{
    int64_t micros = 0, again = 0;
    int digits = 0;
    struct buf buf;
    if (bytes.len < sizeof micros)
        return;
    memcpy(&micros, bytes.ptr, sizeof micros);
    buf_init(&buf, arena, 40);
    http_instant_write(&buf, micros);
    require(buf_ok(&buf));
    if (http_instant(buf_slice(&buf), false, &again, &digits) == ERR_NONE)
        require(again == micros);
    else
        require(micros < INT64_C(-62135596800000000) || micros >= INT64_C(253402300800000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    struct str in = {(const char *)data + 1, size - 1};
    switch (data[0] % 6) {
    case 0:
        try_accept(in);
        break;
    case 1:
        try_tags(&arena, in);
        break;
    case 2:
        try_media_type(&arena, in);
        break;
    case 3:
        try_instant(&arena, in, false);
        break;
    case 4:
        try_instant(&arena, in, true);
        break;
    default:
        try_micros(&arena, in);
    }
    arena_release(&arena);
    return 0;
}
