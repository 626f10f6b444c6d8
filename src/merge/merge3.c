#include "merge/merge3.h"

#include <string.h>

#include "merge/merge3_pass.h"

#include "base/banned.h"

#define MAX_LINES ((size_t)1000000)
#define MAX_STEPS ((size_t)3000000)

enum line_ends { ENDS_NONE, ENDS_LF, ENDS_CRLF };

struct text {
    struct str lines; /* with LF, and one behind the last line */
    enum line_ends style;
    bool ends; /* it had one there */
};

const char *merge_kind_name(enum merge_kind kind)
{
    switch (kind) {
    case MERGE_SAME:
        return "same";
    case MERGE_YOURS:
        return "yours";
    case MERGE_CURRENT:
        return "current";
    case MERGE_BOTH:
        return "both";
    case MERGE_CLASH:
        return "clash";
    }
    return "";
}

static struct str first_line(struct str text)
{
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    return end ? str_range(text.ptr, end + 1) : text;
}

/* Its line ends: those of the majority, and none where there is one line only. */
static enum line_ends style_of(struct str text)
{
    size_t lines = 0, with_cr = 0;
    for (struct str rest = text; rest.len;) {
        struct str line = first_line(rest);
        bool ends = line.ptr[line.len - 1] == '\n';
        lines += ends;
        with_cr += ends && line.len > 1 && line.ptr[line.len - 2] == '\r';
        rest = str_skip(rest, line.len);
    }
    return lines == 0 ? ENDS_NONE : with_cr * 2 > lines ? ENDS_CRLF : ENDS_LF;
}

static struct text text_of(struct arena *arena, struct str text)
{
    bool ends = text.len && text.ptr[text.len - 1] == '\n';
    struct text found = {text.ptr ? text : STR(""), style_of(text), ends};
    bool has_cr = text.len && memchr(text.ptr, '\r', text.len);
    if (!text.len || (ends && !has_cr))
        return found;
    char *copy = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r' || i + 1 == text.len || text.ptr[i + 1] != '\n')
            copy[len++] = text.ptr[i];
    if (!ends)
        copy[len++] = '\n';
    found.lines = (struct str){copy, len};
    return found;
}

/* A value of its own: what one side changed counts; none says nothing. */
static enum line_ends merged_style(enum line_ends base, enum line_ends yours,
                                   enum line_ends current)
{
    if (yours == ENDS_NONE || (yours == base && current != ENDS_NONE))
        return current != ENDS_NONE ? current : base;
    return yours;
}

/* An empty text has no last line that could say anything. */
static bool merged_end(const struct text *base, const struct text *yours,
                       const struct text *current)
{
    if (!yours->lines.len)
        return current->ends;
    if (!current->lines.len)
        return yours->ends;
    return !base->lines.len || yours->ends == base->ends ? current->ends : yours->ends;
}

/* Lines next to each other fit together, but who knows which of two insertions comes first? */
static bool lines_close(const struct tokens *base, int to, int from, bool insertions)
{
    (void)base;
    return from == to && insertions;
}

struct lines {
    enum merge_depth depth;
};

static bool has_clash(const struct merge_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == MERGE_CLASH)
            return true;
    return false;
}

/* Lines that both changed: by words. */
static void lines_clash(struct merge_pass *pass, struct merge_hunk hunk)
{
    const struct lines *lines = pass->ctx;
    struct merge_list words = {.arena = pass->scratch};
    struct arena scratch;
    arena_init(&scratch);
    bool fine = merge_words(&scratch, &hunk, &words);
    arena_release(&scratch);
    if (!fine || (lines->depth == MERGE_LINES && has_clash(&words))) {
        merge_list_add(pass->list, hunk);
        return;
    }
    for (size_t i = 0; i < words.count; i++)
        merge_list_add(pass->list, words.items[i]);
}

/* What became of a text as a whole. */
static enum merge_kind whole_kind(struct str base, struct str yours, struct str current)
{
    if (str_eq(yours, current))
        return str_eq(yours, base) ? MERGE_SAME : MERGE_BOTH;
    return str_eq(current, base) ? MERGE_YOURS : str_eq(yours, base) ? MERGE_CURRENT : MERGE_CLASH;
}

/* Too different: what all three begin with, and then one place. */
static void one_place(struct merge_list *list, struct str base, struct str yours,
                      struct str current)
{
    size_t at = 0;
    for (;;) {
        struct str line = first_line(str_skip(base, at));
        if (!line.len || !str_starts(str_skip(yours, at), line) ||
            !str_starts(str_skip(current, at), line))
            break;
        at += line.len;
    }
    merge_list_add(
        list, (struct merge_hunk){MERGE_SAME, {base.ptr, at}, {yours.ptr, at}, {current.ptr, at}});
    merge_list_add(list, (struct merge_hunk){whole_kind(base, yours, current), str_skip(base, at),
                                             str_skip(yours, at), str_skip(current, at)});
}

static struct str not_none(struct str text)
{
    return text.ptr ? text : STR("");
}

/* The text where two of the three are the same, to the byte. */
static struct str exact(struct str base, struct str yours, struct str current)
{
    enum merge_kind kind = whole_kind(not_none(base), not_none(yours), not_none(current));
    return kind == MERGE_CLASH ? STR_NONE : not_none(kind == MERGE_CURRENT ? current : yours);
}

void merge3(struct arena *arena, struct str base, struct str yours, struct str current,
            enum merge_depth depth, struct merge *merge)
{
    struct text was = text_of(arena, base), mine = text_of(arena, yours);
    struct text theirs = text_of(arena, current);
    struct merge_list list = {.arena = arena};
    struct lines lines = {depth};
    struct arena scratch;
    arena_init(&scratch);
    struct merge_pass pass = {
        .scratch = &scratch,
        .first = first_line,
        .max_tokens = MAX_LINES,
        .max_steps = MAX_STEPS,
        .close = lines_close,
        .clash = lines_clash,
        .list = &list,
        .ctx = &lines,
    };
    *merge = (struct merge){.exact = exact(base, yours, current)};
    if (!merge_pass_run(&pass, was.lines, mine.lines, theirs.lines)) {
        merge->too_different = true;
        one_place(&list, was.lines, mine.lines, theirs.lines);
    }
    arena_release(&scratch);
    merge->hunks = list.items;
    merge->count = list.count;
    for (size_t i = 0; i < list.count; i++)
        merge->clashes += list.items[i].kind == MERGE_CLASH;
    merge->crlf = merged_style(was.style, mine.style, theirs.style) == ENDS_CRLF;
    merge->ends = merged_end(&was, &mine, &theirs);
}

struct str merge_chosen(const struct merge_hunk *hunk)
{
    return hunk->kind == MERGE_CURRENT ? hunk->current : hunk->yours;
}

void merge_lines(struct buf *buf, struct str text, bool crlf, bool ends)
{
    if (!ends && str_ends(text, STR("\n")))
        text.len--;
    while (crlf && text.len) {
        struct str line = first_line(text);
        text = str_skip(text, line.len);
        bool lf = line.ptr[line.len - 1] == '\n';
        buf_add(buf, line.ptr, line.len - lf);
        buf_text(buf, lf ? "\r\n" : "");
    }
    buf_str(buf, text);
}

struct str merge_text(struct arena *arena, const struct merge *merge)
{
    struct buf lines, text;
    if (merge->exact.ptr)
        return merge->exact;
    if (merge->clashes)
        return STR_NONE;
    buf_init(&lines, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < merge->count; i++)
        buf_str(&lines, merge_chosen(&merge->hunks[i]));
    buf_init(&text, arena, SIZE_MAX / 4);
    merge_lines(&text, buf_slice(&lines), merge->crlf, merge->ends);
    return text.len ? buf_slice(&text) : STR("");
}
