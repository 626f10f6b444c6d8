/*
 * multipart/form-data: a line with the Content-Type, a line whose bytes are the
 * sizes of the pieces, the body. However it is cut, the events are the same.
 */
#include "wire/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_name(struct str name)
{
    require(name.len <= MULTIPART_MAX_NAME && str_check_utf8(name) == ERR_NONE);
}

static void add_part(struct buf *events, const struct multipart_part *part)
{
    require(part->name.ptr != NULL && part->media_type.len <= MULTIPART_MAX_TYPE);
    check_name(part->name);
    check_name(part->filename);
    check_name(part->media_type);
    buf_str(events, part->name);
    buf_char(events, part->filename.ptr ? 'f' : '-');
    buf_str(events, part->filename);
    buf_char(events, part->media_type.ptr ? 't' : '-');
    buf_str(events, part->media_type);
}

/* Adds the events of one piece, in memory of exactly its size; false after a fault. */
static bool feed(struct buf *events, struct multipart *multipart, struct str piece)
{
    enum multipart_event event = MULTIPART_MORE;
    char *copy = malloc(piece.len ? piece.len : 1);
    require(copy != NULL);
    if (piece.len)
        memcpy(copy, piece.ptr, piece.len);
    struct str input = {copy, piece.len};
    do {
        event = multipart_next(multipart, &input);
        require(event == MULTIPART_DATA ? multipart->data.len > 0 : true);
        require((event == MULTIPART_FAULT) == (multipart->err != ERR_NONE));
        /* One DATA goes on in the next. */
        if (event == MULTIPART_DATA)
            buf_str(events, multipart->data);
        else if (event != MULTIPART_MORE)
            buf_printf(events, "\n%d%s\n", (int)event, multipart->fault);
        if (event == MULTIPART_PART)
            add_part(events, &multipart->part);
    } while (event != MULTIPART_MORE && event != MULTIPART_FAULT);
    require(event == MULTIPART_FAULT || input.len == 0);
    free(copy);
    return event != MULTIPART_FAULT;
}

/* All events of a body; sizes are used in turn, without any it is one piece. */
static struct str parse(struct arena *arena, struct str type, struct str body, struct str sizes)
{
    struct multipart multipart;
    struct buf events;
    bool more = true;
    buf_init(&events, arena, SIZE_MAX / 4);
    memset(&multipart, 0x5a, sizeof multipart);
    enum err err = multipart_init(&multipart, type);
    require(err == multipart.err);
    for (size_t i = 0; more && body.len; i++) {
        size_t size = sizes.len ? (unsigned char)sizes.ptr[i % sizes.len] % 80 : body.len;
        size = size < body.len ? size : body.len;
        more = feed(&events, &multipart, (struct str){body.ptr, size});
        body = str_skip(body, size);
        if (sizes.len && i % sizes.len == sizes.len - 1 && size == 0) {
            /* Sizes that are all nothing would take for ever. */
            sizes = STR("\1");
        }
    }
    return buf_slice(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct str sizes, body;
    arena_init(&arena);
    struct str type = str_cut((struct str){(const char *)data, size}, '\n', &body);
    sizes = str_cut(body, '\n', &body);
    if (body.ptr) {
        struct str whole = parse(&arena, type, body, STR(""));
        require(str_eq(whole, parse(&arena, type, body, sizes)));
        require(str_eq(whole, parse(&arena, type, body, STR("\1"))));
    }
    arena_release(&arena);
    return 0;
}
