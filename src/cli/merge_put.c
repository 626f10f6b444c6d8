#include "cli/merge_put.h"

#include "wire/json.h"

#include "base/banned.h"

static void marker(struct buf *out, const char *sign, const char *label)
{
    buf_text(out, sign);
    if (label) {
        buf_char(out, ' ');
        buf_text(out, label);
    }
    buf_char(out, '\n');
}

static void clash(struct buf *out, const struct merge_hunk *hunk, const struct merge_put *how)
{
    marker(out, "<<<<<<<", how->yours);
    buf_str(out, hunk->yours);
    if (how->diff3) {
        marker(out, "|||||||", how->base);
        buf_str(out, hunk->base);
    }
    marker(out, "=======", NULL);
    buf_str(out, hunk->current);
    marker(out, ">>>>>>>", how->current);
}

void merge_put_text(struct buf *out, struct arena *arena, const struct merge *merge,
                    const struct merge_put *how)
{
    struct str text = merge_text(arena, merge);
    struct buf lines;
    if (text.ptr) {
        buf_str(out, text);
        return;
    }
    buf_init(&lines, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_hunk *hunk = &merge->hunks[i];
        if (hunk->kind == MERGE_CLASH)
            clash(&lines, hunk, how);
        else
            buf_str(&lines, merge_chosen(hunk));
    }
    bool marked = merge->hunks[merge->count - 1].kind == MERGE_CLASH;
    merge_lines(out, buf_slice(&lines), merge->crlf, merge->ends || marked);
}

#define MEMBER(out, name, text) (json_name((out), name), json_string((out), (text)))

static void hunk_json(struct buf *out, const struct merge_hunk *hunk, const size_t at[3])
{
    json_comma(out);
    buf_text(out, "\n{");
    MEMBER(out, "kind", str_from(merge_kind_name(hunk->kind)));
    json_name(out, "at");
    buf_printf(out, "{\"base\":%zu,\"yours\":%zu,\"current\":%zu}", at[0], at[1], at[2]);
    if (hunk->kind == MERGE_SAME) {
        MEMBER(out, "text", hunk->base);
    } else {
        MEMBER(out, "base", hunk->base);
        MEMBER(out, "yours", hunk->yours);
        MEMBER(out, "current", hunk->current);
    }
    buf_char(out, '}');
}

void merge_put_json(struct buf *out, struct arena *arena, const struct merge *merge)
{
    struct str text = merge_text(arena, merge);
    size_t at[3] = {0};
    buf_char(out, '{');
    json_name(out, "clashes");
    buf_u64(out, merge->clashes);
    json_name(out, "too_different");
    buf_text(out, merge->too_different ? "true" : "false");
    json_name(out, "text");
    if (text.ptr)
        json_string(out, text);
    else
        buf_text(out, "null");
    json_name(out, "hunks");
    buf_char(out, '[');
    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_hunk *hunk = &merge->hunks[i];
        hunk_json(out, hunk, at);
        at[0] += hunk->base.len;
        at[1] += hunk->yours.len;
        at[2] += hunk->current.len;
    }
    buf_text(out, "]}\n");
}
