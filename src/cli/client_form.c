#include "cli/client_form.h"

#include <string.h>

#include "cli/client_text.h"
#include "cli/merge_put.h"
#include "wire/http.h"

#include "base/banned.h"

#define SCISSORS "# ---- what stands above this line is not saved ----\n"
#define COMPLAINT "#! "

static bool is_ours(struct str name)
{
    return str_starts(name, STR("_")) && !str_starts(name, STR("__"));
}

/* Whether it is the version, which nobody writes. */
static bool is_version(const struct client_row *row, const struct json_member *member)
{
    static const char *const names[] = {"updated_at", "modified_at", "lock_version", "version"};
    struct str version = str_cut(row->version, '~', &(struct str){0});
    int64_t here, there;
    int digits;
    bool named = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        named |= str_is(member->name, names[i]);
    if (!named || !version.ptr)
        return false;
    if (http_instant(version, false, &there, &digits) == ERR_NONE)
        return http_instant(member->value.text, true, &here, &digits) == ERR_NONE && here == there;
    return str_eq(member->value.text, version);
}

static bool is_shown(const struct client_row *row, const struct json_member *member)
{
    return !is_ours(member->name) && !is_version(row, member);
}

static struct text_item item_of(struct str name, const struct json_value *value)
{
    struct text_item item = {.name = name, .json = value->type != JSON_STRING};
    item.value = item.json ? value->raw : value->text;
    return item;
}

struct str form_of_row(struct arena *arena, const struct client_row *row, struct str head)
{
    struct buf out;
    buf_init(&out, arena, SIZE_MAX / 4);
    client_text_remark(&out, head);
    for (size_t i = 0; i < row->members.count; i++) {
        const struct json_member *member = &row->members.members[i];
        struct text_item item = item_of(member->name, &member->value);
        if (is_shown(row, member))
            client_text_put(&out, &item);
    }
    return buf_slice(&out);
}

/* --- a conflict --- */

static struct str text_of(const struct json_value *value)
{
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

static const char *editor_of(struct arena *arena, const struct client_problem *problem)
{
    struct buf out;
    buf_init(&out, arena, 100);
    for (size_t i = 0; i < problem->changed_by.len && out.len < 60; i++)
        buf_char(&out, (unsigned char)problem->changed_by.ptr[i] < ' '
                           ? '?'
                           : problem->changed_by.ptr[i]);
    return out.len ? str_cstr(arena, buf_slice(&out)) : "theirs";
}

/* Both sides of a text, by lines; STR_NONE for what is no text of several lines. */
static struct str marked(struct arena *arena, const struct client_problem *problem,
                         const struct client_column *column, bool always)
{
    struct str base = text_of(column->base), yours = text_of(column->yours);
    struct str current = text_of(column->current);
    struct merge merge;
    struct buf out;
    if (!yours.ptr || !current.ptr)
        return STR_NONE;
    bool lines = memchr(yours.ptr, '\n', yours.len) || memchr(current.ptr, '\n', current.len);
    if (!always && !lines)
        return STR_NONE;
    merge3(arena, base, yours, current, MERGE_LINES, &merge);
    buf_init(&out, arena, SIZE_MAX / 4);
    struct merge_put put = {"before", "yours", editor_of(arena, problem), false};
    merge_put_text(&out, arena, &merge, &put);
    return buf_slice(&out);
}

static struct str conflict_head(struct arena *arena, const struct client_problem *problem)
{
    return str_printf(
        arena,
        "%.*s\n%.*s\n\nNothing is saved yet. Below is what is there now, with your changes in "
        "it.\nSave "
        "and leave the editor to save it; empty it to leave all as it is: your text is kept.",
        STR_ARG(problem->title), STR_ARG(problem->detail));
}

static void put_clash(struct buf *out, const struct client_problem *problem,
                      const struct client_column *column)
{
    struct arena *arena = out->arena;
    struct text_item item = {.name = column->name, .value = marked(arena, problem, column, false)};
    if (item.value.ptr) {
        item.note = STR(
            "Both changed this. Make one of the two between the markers, and delete the markers.");
        client_text_put(out, &item);
        return;
    }
    item = item_of(column->name, column->yours);
    item.note = STR("Both changed this. Yours comes first, theirs second: delete one of the two.");
    client_text_put(out, &item);
    item = item_of(column->name, column->current);
    client_text_put(out, &item);
}

static void put_column(struct buf *out, const struct client_problem *problem,
                       const struct wishes *wishes, const struct json_member *member)
{
    const struct wish *wish = wish_find(wishes, member->name);
    const struct client_column *column = client_problem_column(problem, member->name);
    struct text_item item = item_of(member->name, &member->value);
    if (wish && column && str_is(column->merge, "merged") && column->merged) {
        item = item_of(member->name, column->merged);
        item.note = STR("Merged: your changes and theirs.");
    } else if (wish && column && str_is(column->merge, "yours") && column->yours) {
        item = item_of(member->name, column->yours);
        item.note = STR("Yours.");
    } else if (wish && column && column->yours && column->current &&
               str_is(column->merge, "clash")) {
        put_clash(out, problem, column);
        return;
    }
    client_text_put(out, &item);
}

struct str form_of_conflict(struct arena *arena, const struct client_problem *problem,
                            const struct wishes *wishes)
{
    struct buf out;
    buf_init(&out, arena, SIZE_MAX / 4);
    client_text_remark(&out, conflict_head(arena, problem));
    for (size_t i = 0; i < problem->current.members.count; i++) {
        const struct json_member *member = &problem->current.members.members[i];
        if (is_shown(&problem->current, member))
            put_column(&out, problem, wishes, member);
    }
    return buf_slice(&out);
}

struct str form_of_text(struct arena *arena, const struct client_problem *problem,
                        const struct wish *wish)
{
    const struct client_column *column = client_problem_column(problem, wish->column);
    struct buf out;
    if (!column)
        return STR_NONE;
    struct str text = str_is(column->merge, "yours") ? text_of(column->yours) : STR_NONE;
    if (!text.ptr)
        text = str_is(column->merge, "merged") ? text_of(column->merged) : STR_NONE;
    if (!text.ptr)
        text = marked(arena, problem, column, true);
    if (!text.ptr)
        return STR_NONE;
    buf_init(&out, arena, SIZE_MAX / 4);
    client_text_remark(&out, conflict_head(arena, problem));
    buf_text(&out, SCISSORS);
    buf_str(&out, text);
    return buf_slice(&out);
}

/* --- what comes back --- */

struct str form_without_head(struct arena *arena, struct str text)
{
    struct buf out;
    if (client_text_crlf(text)) {
        buf_init(&out, arena, SIZE_MAX / 4);
        for (size_t i = 0; i < text.len; i++)
            if (text.ptr[i] != '\r')
                buf_char(&out, text.ptr[i]);
        text = buf_slice(&out);
    }
    size_t at = str_find(text, STR(SCISSORS));
    if (at != SIZE_MAX)
        text = str_skip(text, at + sizeof SCISSORS - 1);
    while (str_starts(text, STR(COMPLAINT))) {
        struct str rest;
        (void)str_cut(text, '\n', &rest);
        text = rest.ptr ? rest : STR("");
    }
    return text;
}

bool form_has_marker(struct str text)
{
    while (text.ptr) {
        struct str line = str_cut(text, '\n', &text);
        if (str_starts(line, STR("<<<<<<< ")) || str_starts(line, STR(">>>>>>> ")))
            return true;
    }
    return false;
}

struct str form_with_complaint(struct arena *arena, struct str text, struct str complaint)
{
    text = form_without_head(arena, text);
    return str_printf(arena, COMPLAINT "%.*s\n%.*s", STR_ARG(complaint), STR_ARG(text));
}

/* The same but for line ends inside JSON, which are not shown. */
static bool same_json(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = (unsigned char)a.ptr[i] < ' ' ? ' ' : a.ptr[i];
        char y = (unsigned char)b.ptr[i] < ' ' ? ' ' : b.ptr[i];
        if (x != y)
            return false;
    }
    return true;
}

/* What the person wants of a column; false: it is as it was. */
static bool wish_of(struct arena *arena, const struct text_item *item,
                    const struct json_value *seen, struct wish *wish)
{
    *wish = (struct wish){item->name, item->json ? WISH_JSON : WISH_TEXT, item->value};
    if (item->json)
        return seen->type == JSON_STRING || !same_json(item->value, seen->raw);
    if (seen->type != JSON_STRING)
        return true;
    struct str value = item->value;
    if (client_text_crlf(seen->text))
        value = client_text_with_crlf(arena, value);
    wish->kind = WISH_JSON; /* a text stays one, even if it reads like a number */
    wish->value = json_text(arena, value);
    return !str_eq(value, seen->text);
}

static enum err complain(struct arena *arena, size_t line, struct str words, struct str *complaint)
{
    *complaint = str_printf(arena, "Line %zu: %.*s. Nothing was saved.", line + 1, STR_ARG(words));
    return ERR_SYNTAX;
}

enum err form_read(struct arena *arena, struct str text, const struct client_row *row, bool marked_,
                   struct wishes *wishes, struct str *complaint)
{
    struct text_item *items;
    struct text_fault fault;
    size_t count;
    *wishes = (struct wishes){0};
    if (client_text_read(arena, text, &items, &count, &fault))
        return complain(arena, fault.line, fault.words, complaint);
    wishes->items = ARENA_ARRAY(arena, count, struct wish);
    for (size_t i = 0; i < count; i++) {
        const struct json_value *seen = json_get(&row->members, items[i].name);
        if (!seen || is_ours(items[i].name))
            return complain(arena, items[i].line,
                            str_printf(arena, "the row has no column “%.*s”",
                                       STR_ARG(items[i].name)),
                            complaint);
        if (marked_ && !items[i].json && form_has_marker(items[i].value))
            return complain(arena, items[i].line,
                            str_printf(arena, "a marker is left in “%.*s”", STR_ARG(items[i].name)),
                            complaint);
        if (wish_of(arena, &items[i], seen, &wishes->items[wishes->count]))
            wishes->count++;
    }
    return ERR_NONE;
}
