#include <stdlib.h>
#include <string.h>

#include "merge/diff.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

/* The next piece stands in text at *at, which moves behind it. */
static void follow(struct str text, struct str piece, size_t *at)
{
    require(text.len - *at >= piece.len && memcmp(text.ptr + *at, piece.ptr, piece.len) == 0);
    *at += piece.len;
}

/* The two texts are split by the first byte 0xff, which UTF-8 does not have. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct diff diff;
    struct str two;
    struct str one = str_cut((struct str){(const char *)data, size}, '\xff', &two);
    if (!two.ptr || str_check_utf8(one) || str_check_utf8(two))
        return 0;
    arena_init(&arena);
    diff_words(&arena, one, two, &diff);
    size_t x = 0;
    size_t y = 0;
    for (size_t i = 0; i < diff.count; i++) {
        const struct diff_piece *piece = &diff.pieces[i];
        require(piece->text.len > 0 && str_check_utf8(piece->text) == ERR_NONE);
        require(i == 0 || (piece->kind != piece[-1].kind &&
                           !(piece->kind == DIFF_REMOVED && piece[-1].kind == DIFF_ADDED)));
        if (piece->kind != DIFF_ADDED)
            follow(one, piece->text, &x);
        if (piece->kind != DIFF_REMOVED)
            follow(two, piece->text, &y);
    }
    require(x == one.len && y == two.len);
    require(!str_eq(one, two) || diff.count <= 1);
    arena_release(&arena);
    return 0;
}
