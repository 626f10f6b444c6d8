#include "page/places.h"

#include "base/clock.h"
#include "page/conflict_parts.h"
#include "page/control.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_PLACES (sizeof((struct places *)NULL)->choices / sizeof(struct str))
#define MAX_TITLE ((size_t)200)
#define MAX_WHOLE ((size_t)32 * 1024) /* longer ones are not sent a second time */

/* --- cutting, and putting together ------------------------------------------------------------ */

static bool is_clash(const struct merge_hunk *hunk)
{
    return hunk->kind == MERGE_CLASH;
}

/* A title is chosen as a whole: places are for texts of several lines, or of a long one. */
static bool is_long(struct str text)
{
    return text.len > MAX_TITLE || str_find(text, STR("\n")) < text.len - 1;
}

static bool is_blank(struct str text)
{
    size_t i = 0;
    while (i < text.len && (unsigned char)text.ptr[i] <= ' ')
        i++;
    return i == text.len;
}

/* Whether anything but blanks and line ends is settled. */
static bool settles_something(const struct merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        if (!is_clash(&merge->hunks[i]) && !is_blank(merge_chosen(&merge->hunks[i])))
            return true;
    return false;
}

bool places_of(struct work *work, const struct field *field, struct places *places)
{
    struct merge merge;
    const struct column *column = field->column;
    if (column->kind != KIND_TEXT || column->policy.kind != POLICY_ASK ||
        column->policy.group.ptr || !field->has_base || !field->base.ptr || !field->value.ptr ||
        !field->current.ptr || !(is_long(field->value) || is_long(field->current)))
        return false;
    uint64_t start = clock_micros();
    merge3(&work->arena, field->base, field->value, field->current, MERGE_PLACES, &merge);
    work->talk.told.merge_micros += clock_micros() - start;
    if (merge.too_different || merge.clashes == 0 || merge.clashes > MAX_PLACES ||
        !settles_something(&merge))
        return false;
    *places = (struct places){
        .hunks = merge.hunks,
        .count = merge.count,
        .clashes = merge.clashes,
        .ends = merge.ends,
        .seen_base = true,
    };
    return true;
}

/* "_place.body.2": the field of one place. */
static struct str field_name(struct work *work, const char *prefix, const struct column *column,
                             size_t place)
{
    return str_printf(&work->arena, "%s%.*s.%zu", prefix, STR_ARG(column->name), place);
}

/* A form's field with its line ends as LF; STR_NONE when it was not sent. */
static struct str sent_text(struct work *work, struct str name)
{
    struct str sent = request_field(&work->request, name);
    struct buf buf;
    if (!sent.ptr || str_find(sent, STR("\r")) == SIZE_MAX)
        return sent;
    buf_init(&buf, &work->arena, SIZE_MAX / 4);
    for (size_t i = 0; i < sent.len; i++)
        if (sent.ptr[i] != '\r' || i + 1 == sent.len || sent.ptr[i + 1] != '\n')
            buf_char(&buf, sent.ptr[i]);
    return buf_slice(&buf);
}

static struct str column_field(struct work *work, const char *prefix, const struct column *column)
{
    return sent_text(work, str_printf(&work->arena, "%s%.*s", prefix, STR_ARG(column->name)));
}

static struct merge_hunk settled_hunk(struct str text)
{
    return (struct merge_hunk){MERGE_SAME, text, text, text};
}

bool places_sent(struct work *work, const struct column *column, struct places *places)
{
    struct str sent = column_field(work, "_places.", column);
    uint64_t clashes = 0;
    if (!sent.ptr || str_to_u64(sent, MAX_PLACES, &clashes) || clashes == 0)
        return false;
    struct merge_hunk *hunks = ARENA_ARRAY(&work->arena, 2 * clashes + 1, struct merge_hunk);
    const char *doubled = str_starts(column->name, STR("_")) ? "_" : "";
    *places = (struct places){.hunks = hunks, .clashes = clashes, .sent = true};
    for (size_t i = 0; i <= clashes; i++) {
        struct str text = sent_text(work, field_name(work, "_text.", column, i));
        if (text.len)
            hunks[places->count++] = settled_hunk(text);
        if (i == clashes)
            break;
        hunks[places->count++] = (struct merge_hunk){
            .kind = MERGE_CLASH,
            .yours = sent_text(work, field_name(work, "_mine.", column, i)),
            .current = sent_text(work, field_name(work, "_theirs.", column, i)),
        };
        places->choices[i] = request_field(&work->request, field_name(work, "_place.", column, i));
        places->own[i] = sent_text(work, field_name(work, "_own.", column, i));
    }
    places->ends = !column_field(work, "_cut.", column).ptr;
    places->whole = column_field(work, doubled, column);
    places->whole_chosen = column_field(work, "_whole.", column).len > 0;
    return true;
}

/* One behind the other; inside a line with a blank between them, unless there is one. */
static void both(struct buf *buf, struct str first, struct str second)
{
    char end = first.len ? first.ptr[first.len - 1] : ' ';
    char begin = second.len ? second.ptr[0] : ' ';
    bool parted = end == ' ' || end == '\n' || begin == ' ' || begin == '\n';
    buf_str(buf, first);
    if (!parted)
        buf_char(buf, ' ');
    buf_str(buf, second);
}

/* What a choice makes of a place; false when it is none. An own wording ends its line as well. */
static bool add_chosen(struct buf *buf, const struct merge_hunk *hunk, struct str choice,
                       struct str own)
{
    if (str_is(choice, "mine"))
        buf_str(buf, hunk->yours);
    else if (str_is(choice, "theirs"))
        buf_str(buf, hunk->current);
    else if (str_is(choice, "mine-theirs"))
        both(buf, hunk->yours, hunk->current);
    else if (str_is(choice, "theirs-mine"))
        both(buf, hunk->current, hunk->yours);
    else if (str_is(choice, "own"))
        buf_str(buf, own);
    else
        return false;
    bool line = str_ends(hunk->yours, STR("\n")) || str_ends(hunk->current, STR("\n"));
    if (str_is(choice, "own") && line && own.len && !str_ends(own, STR("\n")))
        buf_char(buf, '\n');
    return true;
}

/* Puts it together with these choices, or the same one everywhere. STR_NONE: one is missing. */
static struct str put_together(struct work *work, const struct places *places,
                               struct str everywhere)
{
    struct buf lines, text;
    size_t place = 0;
    buf_init(&lines, &work->arena, SIZE_MAX / 4);
    for (size_t i = 0; i < places->count; i++) {
        const struct merge_hunk *hunk = &places->hunks[i];
        if (!is_clash(hunk)) {
            buf_str(&lines, merge_chosen(hunk));
            continue;
        }
        struct str choice = everywhere.ptr ? everywhere : places->choices[place];
        if (!add_chosen(&lines, hunk, choice, places->own[place]))
            return STR_NONE;
        place++;
    }
    buf_init(&text, &work->arena, SIZE_MAX / 4);
    merge_lines(&text, buf_slice(&lines), false, places->ends);
    return text.len ? buf_slice(&text) : STR("");
}

struct str places_yours(struct work *work, const struct places *places)
{
    return put_together(work, places, STR("mine"));
}

/* The whole text was changed, but nothing says that it counts. */
static bool is_unsure(struct work *work, const struct places *places)
{
    return places->whole.ptr && !places->whole_chosen &&
           !str_eq(places->whole, places_yours(work, places));
}

struct str places_chosen(struct work *work, const struct places *places)
{
    if (places->whole_chosen)
        return places->whole.ptr ? places->whole : STR("");
    if (is_unsure(work, places))
        return STR_NONE;
    return put_together(work, places, STR_NONE);
}

/* --- as a part of the page -------------------------------------------------------------------- */

/* Where we are on the page. */
struct view {
    struct work *work;
    const struct outcome *outcome;
    const struct column *column;
    const struct places *places;
    size_t place; /* the one at hand, from 0 */
};

static void place_id(const struct view *view, const char *prefix)
{
    struct buf *out = OUT(view->work);
    buf_text(out, prefix);
    html_raw(out, "-");
    url_key(out, &view->column->name, 1);
    html_raw(out, "-");
    html_number(out, view->place);
}

static void hidden(const struct view *view, struct str name, struct str value)
{
    struct buf *out = OUT(view->work);
    html_raw(out, "<input type=\"hidden\" autocomplete=\"off\"");
    html_attr(out, "name", name);
    html_attr(out, "value", value);
    html_raw(out, ">");
}

static void hidden_place(const struct view *view, const char *prefix, struct str value)
{
    if (value.len)
        hidden(view, field_name(view->work, prefix, view->column, view->place), value);
}

/* A card's radio button, and the beginning of the box below it. */
static void pick(const struct view *view, const char *value, struct str words, const char *box)
{
    struct buf *out = OUT(view->work);
    bool chosen = str_is(view->places->choices[view->place], value);
    html_raw(out, "<label class=\"choice\"><input type=\"radio\" autocomplete=\"off\"");
    html_attr(out, "name", field_name(view->work, "_place.", view->column, view->place));
    html_attr(out, "value", str_from(value));
    if (chosen)
        html_raw(out, " checked");
    html_raw(out, " aria-describedby=\"");
    place_id(view, value);
    html_raw(out, "\"> <span>");
    html_text(out, words);
    html_raw(out, "</span></label>\n<div class=\"");
    buf_text(out, box);
    html_raw(out, "\" id=\"");
    place_id(view, value);
    html_raw(out, "\">");
}

static void card(const struct view *view, const struct merge_hunk *hunk, const char *value,
                 struct str words)
{
    struct work *work = view->work;
    struct buf text;
    buf_init(&text, &work->arena, SIZE_MAX / 4);
    add_chosen(&text, hunk, str_from(value), STR_NONE);
    html_raw(OUT(work), "<div class=\"pick\">");
    pick(view, value, words, "diff");
    if (view->places->seen_base)
        conflict_show_words(work, hunk->base, buf_slice(&text));
    else
        html_text(OUT(work), buf_slice(&text));
    if (text.len == 0)
        html_raw(OUT(work), " <span class=\"none\">(nothing)</span>");
    html_raw(OUT(work), "</div></div>\n");
}

static void own_card(const struct view *view, const struct merge_hunk *hunk)
{
    struct buf *out = OUT(view->work);
    struct str own = view->places->own[view->place];
    html_raw(out, "<div class=\"pick own\">");
    pick(view, "own", STR("Write it differently"), "wording");
    html_raw(out, "<label class=\"sr\" for=\"");
    place_id(view, "w");
    html_raw(out, "\">Your own wording for this place</label><textarea autocomplete=\"off\" id=\"");
    place_id(view, "w");
    html_raw(out, "\"");
    html_attr(out, "name", field_name(view->work, "_own.", view->column, view->place));
    html_raw(out, " rows=\"3\">\n");
    html_text(out, own.ptr ? own : hunk->yours);
    html_raw(out, "</textarea></div></div>\n");
}

/* A place to choose, and the hidden texts of its sides. */
static void clash(const struct view *view, const struct merge_hunk *hunk)
{
    struct buf *out = OUT(view->work);
    html_raw(out, "<fieldset class=\"place\"><legend>");
    if (view->places->clashes > 1) {
        html_raw(out, "Place ");
        html_number(out, view->place + 1);
        html_raw(out, " of ");
        html_number(out, view->places->clashes);
        html_raw(out, ": ");
    }
    if (str_is(conflict_who(view->work, view->outcome), "You"))
        html_raw(out, "you changed this in both windows");
    else
        html_raw(out, "both of you changed this");
    html_raw(out, "</legend>\n<div class=\"sides\">\n");
    card(view, hunk, "mine", STR("Keep mine"));
    card(view, hunk, "theirs", conflict_take_words(view->work, view->outcome));
    if (hunk->yours.len && hunk->current.len) {
        card(view, hunk, "mine-theirs", STR("Both, mine first"));
        card(view, hunk, "theirs-mine", STR("Both, mine last"));
    }
    own_card(view, hunk);
    html_raw(out, "</div>\n");
    hidden_place(view, "_mine.", hunk->yours);
    hidden_place(view, "_theirs.", hunk->current);
    html_raw(out, "</fieldset>\n");
}

/* Behind a place a text begins with the blank or line end that parts it from it. */
static struct str without_indent(struct str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\n'))
        text = str_skip(text, 1);
    return text;
}

/* What stands between two places, changes marked; i is its first hunk. Returns the one behind it.
 */
static size_t stretch(const struct view *view, size_t i)
{
    const struct places *places = view->places;
    struct buf text;
    buf_init(&text, &view->work->arena, SIZE_MAX / 4);
    size_t begin = i;
    html_raw(OUT(view->work), "<div class=\"diff flow\">");
    for (; i < places->count && !is_clash(&places->hunks[i]); i++) {
        const struct merge_hunk *hunk = &places->hunks[i];
        buf_str(&text, merge_chosen(hunk));
        if (hunk->kind == MERGE_SAME)
            conflict_show_same(view->work,
                               i && i == begin ? without_indent(hunk->yours) : hunk->yours, i == 0,
                               i + 1 == places->count);
        else
            conflict_show_words(view->work, hunk->base, merge_chosen(hunk));
    }
    html_raw(OUT(view->work), "</div>\n");
    hidden_place(view, "_text.", buf_slice(&text));
    return i;
}

/* The whole text, to change whatever they like. */
static void whole(const struct view *view)
{
    struct work *work = view->work;
    struct buf *out = OUT(work);
    struct str yours = places_yours(work, view->places);
    struct str sent = view->places->whole;
    bool unsure = is_unsure(work, view->places);
    if (yours.len > MAX_WHOLE)
        return;
    html_raw(out, "<details class=\"whole\"");
    if (unsure || view->places->whole_chosen)
        html_raw(out, " open");
    html_raw(out, "><summary>Or change the whole text</summary>\n");
    if (unsure)
        html_raw(out,
                 "<p class=\"wrong\">You changed the whole text. Tick the box below it if that "
                 "is what you want to save; your choices then do not count.</p>\n");
    html_raw(out, "<label class=\"sr\" for=\"");
    control_id(out, view->column);
    html_raw(out, "\">The whole text of ");
    page_label(work, view->column);
    html_raw(out, "</label>");
    control(work, view->column, sent.ptr ? sent : yours, NULL, STR_NONE, false);
    html_raw(out, "<label class=\"choice\"><input type=\"checkbox\" autocomplete=\"off\"");
    html_attr(out, "name", str_printf(&work->arena, "_whole.%.*s", STR_ARG(view->column->name)));
    html_raw(out, " value=\"1\"");
    if (view->places->whole_chosen)
        html_raw(out, " checked");
    html_raw(out, "> <span>Save this text instead of the choices above</span></label></details>\n");
}

static void introduce(const struct view *view)
{
    struct buf *out = OUT(view->work);
    html_raw(out,
             "<p class=\"hint\">Most of it fits together and stands here as it will be saved. ");
    if (view->places->clashes == 1)
        html_raw(out, "In one place you both wrote something else: please choose.</p>\n");
    else
        html_raw(out,
                 "In some places you both wrote something else: please choose for each.</p>\n");
}

void places_show(struct work *work, const struct outcome *outcome, const struct field *field,
                 const struct places *places)
{
    struct buf *out = OUT(work);
    struct view view = {work, outcome, field->column, places, 0};
    const char *prefix = "_places.";
    html_raw(out, "<fieldset class=\"clash woven\"><legend>");
    page_label(work, field->column);
    html_raw(out, "</legend>\n<div class=\"weave\">\n");
    introduce(&view);
    for (size_t i = 0; i < places->count;) {
        if (!is_clash(&places->hunks[i])) {
            i = stretch(&view, i);
            continue;
        }
        clash(&view, &places->hunks[i++]);
        view.place++;
    }
    whole(&view);
    hidden(&view, str_printf(&work->arena, "%s%.*s", prefix, STR_ARG(field->column->name)),
           str_printf(&work->arena, "%zu", places->clashes));
    if (!places->ends)
        hidden(&view, str_printf(&work->arena, "_cut.%.*s", STR_ARG(field->column->name)),
               STR("1"));
    html_raw(out, "\n</div></fieldset>\n");
}
