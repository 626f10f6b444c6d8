/*
 * The merge of three texts: whatever they are, its hunks are the three texts, both ways round the
 * same, and two equal texts leave nothing to merge.
 */
#include <stdint.h>
#include <stdlib.h>

#include "merge/merge3.h"

#include "base/banned.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum merge_kind mirrored(enum merge_kind kind)
{
    return kind == MERGE_YOURS ? MERGE_CURRENT : kind == MERGE_CURRENT ? MERGE_YOURS : kind;
}

static void check_hunk(const struct merge_hunk *hunk, bool utf8)
{
    require(hunk->base.len + hunk->yours.len + hunk->current.len > 0);
    require(!utf8 ||
            (str_check_utf8(hunk->base) != ERR_UTF8 && str_check_utf8(hunk->yours) != ERR_UTF8 &&
             str_check_utf8(hunk->current) != ERR_UTF8));
    require((hunk->kind == MERGE_SAME) ==
            (str_eq(hunk->base, hunk->yours) && str_eq(hunk->base, hunk->current)));
    require(hunk->kind != MERGE_BOTH || str_eq(hunk->yours, hunk->current));
    require(hunk->kind != MERGE_YOURS || str_eq(hunk->base, hunk->current));
    require(hunk->kind != MERGE_CURRENT || str_eq(hunk->base, hunk->yours));
}

static void check(struct arena *arena, struct str base, struct str yours, struct str current)
{
    struct merge merge, other;
    bool utf8 = !str_check_utf8(base) && !str_check_utf8(yours) && !str_check_utf8(current);
    merge3(arena, base, yours, current, MERGE_PLACES, &merge);
    merge3(arena, base, current, yours, MERGE_PLACES, &other);
    require(merge.count == other.count && merge.clashes == other.clashes);
    for (size_t i = 0; i < merge.count; i++) {
        check_hunk(&merge.hunks[i], utf8);
        require(merge.hunks[i].kind == mirrored(other.hunks[i].kind));
        require(str_eq(merge.hunks[i].base, other.hunks[i].base) &&
                str_eq(merge.hunks[i].yours, other.hunks[i].current) &&
                str_eq(merge.hunks[i].current, other.hunks[i].yours));
    }
    require((merge_text(arena, &merge).ptr != NULL) == (merge.clashes == 0));
    merge3(arena, base, base, yours, MERGE_LINES, &merge);
    require(str_eq(merge_text(arena, &merge), yours) && merge.clashes == 0);
    merge3(arena, base, yours, yours, MERGE_LINES, &merge);
    require(str_eq(merge_text(arena, &merge), yours) && merge.clashes == 0);
}

/* The three texts are split by the bytes 0xff, which UTF-8 does not have. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct str rest, current;
    struct str base = str_cut((struct str){(const char *)data, size}, '\xff', &rest);
    struct str yours = str_cut(rest, '\xff', &current);
    if (!rest.ptr || !current.ptr)
        return 0;
    arena_init(&arena);
    check(&arena, base, yours, current);
    arena_release(&arena);
    return 0;
}
