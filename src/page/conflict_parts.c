#include "page/conflict_parts.h"

#include "base/clock.h"
#include "merge/diff.h"
#include "page/control.h"

#include "base/banned.h"

#define CONTEXT ((size_t)160) /* bytes of unchanged text around a change */

struct str conflict_who(const struct work *work, const struct outcome *outcome)
{
    bool self = work->request.user.ptr && str_eq(outcome->changed_by, work->request.user);
    if (self)
        return STR("You");
    return outcome->changed_by.len ? outcome->changed_by : STR("Somebody");
}

struct str conflict_take_words(struct work *work, const struct outcome *outcome)
{
    bool self = work->request.user.ptr && str_eq(outcome->changed_by, work->request.user);
    if (self)
        return STR("Take what I saved before");
    if (!outcome->changed_by.len)
        return STR("Take the other");
    return str_printf(&work->arena, "Take what %.*s saved", STR_ARG(outcome->changed_by));
}

/* Not inside a word, if a blank is near; never inside a character. */
static size_t at_word(struct str text, size_t at, bool forward)
{
    size_t blank = at;
    for (size_t i = 0; i < 40 && blank > 0 && blank < text.len; i++) {
        if (text.ptr[blank] == ' ' || text.ptr[blank] == '\n')
            return blank;
        blank = forward ? blank + 1 : blank - 1;
    }
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
        at = forward ? at + 1 : at - 1;
    return at;
}

void conflict_show_same(struct work *work, struct str text, bool first, bool last)
{
    struct buf *out = OUT(work);
    if (text.len <= 3 * CONTEXT) {
        html_text(out, text);
        return;
    }
    size_t head = at_word(text, CONTEXT, false);
    size_t tail = at_word(text, text.len - CONTEXT, true);
    if (!first)
        html_text(out, (struct str){text.ptr, head});
    html_raw(out, "<span class=\"fold\" title=\"unchanged text left out\"> … </span>");
    if (!last)
        html_text(out, str_skip(text, tail));
}

static void removed(struct work *work, struct str text)
{
    html_raw(OUT(work), "<del><span class=\"sr\">removed: </span>");
    html_text(OUT(work), text);
    html_raw(OUT(work), "</del>");
}

static void added(struct work *work, struct str text)
{
    html_raw(OUT(work), "<ins><span class=\"sr\">added: </span>");
    html_text(OUT(work), text);
    html_raw(OUT(work), "</ins>");
}

void conflict_show_words(struct work *work, struct str old_text, struct str new_text)
{
    struct diff diff;
    uint64_t start = clock_micros();
    diff_words(&work->arena, old_text, new_text, &diff);
    work->talk.told.merge_micros += clock_micros() - start;
    for (size_t i = 0; i < diff.count; i++) {
        struct str text = diff.pieces[i].text;
        if (diff.pieces[i].kind == DIFF_SAME) {
            conflict_show_same(work, text, i == 0, i + 1 == diff.count);
            continue;
        }
        if (diff.pieces[i].kind == DIFF_REMOVED)
            removed(work, text);
        else
            added(work, text);
    }
}

/* Half a date or number says nothing: old and new whole. */
static void show_whole(struct work *work, const struct column *column, struct str old_text,
                       struct str new_text)
{
    bool boolean = column->kind == KIND_BOOLEAN;
    struct str before = boolean && old_text.len ? control_words(old_text) : old_text;
    struct str after = boolean && new_text.len ? control_words(new_text) : new_text;
    if (str_eq(before, after)) {
        html_text(OUT(work), after);
        return;
    }
    if (before.len)
        removed(work, before);
    if (before.len && after.len)
        html_raw(OUT(work), "<span aria-hidden=\"true\"> → </span>");
    if (after.len)
        added(work, after);
}

void conflict_show_change(struct work *work, const struct field *field, struct str value)
{
    enum kind kind = field->column->kind;
    if (!field->has_base)
        control_show(work, field->column, value);
    else if (kind == KIND_TEXT || kind == KIND_JSON || kind == KIND_ARRAY)
        conflict_show_words(work, field->base, value);
    else
        show_whole(work, field->column, field->base, value);
    if (!value.len && (field->has_base || value.ptr))
        html_raw(OUT(work), " <span class=\"none\">(empty)</span>");
}
