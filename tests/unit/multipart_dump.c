/*
 * What multipart_next makes of the body on standard input, as lines of JSON: for
 * comparing it with other parsers. The first argument is the Content-Type, each
 * further one the size of a piece; they are used in turn, without any it is all
 * one piece.
 */
#include "wire/json.h"
#include "wire/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void add_hex(struct buf *line, struct str text)
{
    json_name(line, "hex");
    buf_char(line, '"');
    for (size_t i = 0; i < text.len; i++)
        buf_printf(line, "%02x", (unsigned char)text.ptr[i]);
    buf_char(line, '"');
}

static void add_part(struct buf *line, const struct multipart_part *part)
{
    json_name(line, "name");
    json_string(line, part->name);
    json_name(line, "filename");
    json_string(line, part->filename);
    json_name(line, "media_type");
    json_string(line, part->media_type);
}

static void print(struct buf *line, const struct multipart *multipart, enum multipart_event event)
{
    static const char *const names[] = {"more", "part", "data", "part_end", "end", "fault"};
    buf_clear(line);
    buf_char(line, '{');
    json_name(line, "event");
    json_string(line, str_from(names[event]));
    if (event == MULTIPART_PART)
        add_part(line, &multipart->part);
    if (event == MULTIPART_DATA)
        add_hex(line, multipart->data);
    if (event == MULTIPART_FAULT) {
        json_name(line, "fault");
        json_string(line, str_from(multipart->fault));
    }
    buf_char(line, '}');
    (void)puts(buf_slice(line).ptr);
}

/* A block of exactly that size, so that a read beyond a piece is seen by who watches for it. */
static struct str next_piece(FILE *file, size_t size)
{
    char *bytes = malloc(size);
    if (!bytes)
        abort();
    size_t len = fread(bytes, 1, size, file);
    return (struct str){bytes, len};
}

static bool dump(struct buf *line, struct multipart *multipart, struct str piece)
{
    enum multipart_event event;
    while ((event = multipart_next(multipart, &piece)) != MULTIPART_MORE) {
        print(line, multipart, event);
        if (event == MULTIPART_FAULT)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct multipart multipart;
    struct arena arena;
    struct buf line;
    arena_init(&arena);
    buf_init(&line, &arena, SIZE_MAX / 4);
    bool more = argc > 1;
    if (more && multipart_init(&multipart, str_from(argv[1]))) {
        print(&line, &multipart, MULTIPART_FAULT);
        more = false;
    }
    for (int i = 0; more; i++) {
        size_t size = argc > 2 ? strtoul(argv[2 + i % (argc - 2)], NULL, 10) : 1 << 24;
        struct str piece = next_piece(stdin, size);
        more = dump(&line, &multipart, piece) && piece.len == size;
        free((char *)piece.ptr);
    }
    arena_release(&arena);
    return argc > 1 ? 0 : 2;
}
