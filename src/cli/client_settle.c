#include "cli/client_settle.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/client_editor.h"
#include "cli/client_form.h"
#include "cli/client_keep.h"
#include "cli/merge_put.h"

#include "base/banned.h"

static void note_merged(struct saving *saving, struct str column)
{
    if (saving->merged.len)
        buf_char(&saving->merged, ',');
    buf_str(&saving->merged, column);
}

bool settle_column(struct saving *saving, const struct client_problem *problem, struct wish *wish,
                   bool *clash)
{
    const struct client_column *column = client_problem_column(problem, wish->column);
    *clash = false;
    if (wish->kind == WISH_ADD)
        return true; /* on the value that is there now */
    if (!problem->has_columns) {
        *clash = true;
        return true;
    }
    if (!column || str_is(column->merge, "same") || str_is(column->merge, "current"))
        return false;
    if (str_is(column->merge, "yours"))
        return true;
    if (str_is(column->merge, "merged") && column->merged) {
        wish->kind = WISH_JSON;
        wish->value = column->merged->raw;
        note_merged(saving, wish->column);
        return true;
    }
    *clash = true;
    return true;
}

static struct str text_of(const struct json_value *value)
{
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

struct str settle_marked(struct saving *saving, const struct client_column *column)
{
    struct arena *arena = &saving->client->arena;
    struct str base = text_of(column->base), yours = text_of(column->yours);
    struct str current = text_of(column->current);
    struct merge merge;
    struct buf out;
    if (!yours.ptr || !current.ptr)
        return STR_NONE;
    merge3(arena, base, yours, current, MERGE_LINES, &merge);
    buf_init(&out, arena, SIZE_MAX / 4);
    merge_put_text(&out, arena, &merge, &(struct merge_put){"before", "yours", "theirs", false});
    return buf_slice(&out);
}

/* --- asking --- */

static void show_value(const char *who, const struct json_value *value)
{
    (void)fprintf(stderr, "  %-7s ", who);
    if (value)
        show_plain(stderr, value->type == JSON_STRING ? value->text : value->raw);
    (void)fputc('\n', stderr);
}

/* The first letter of what is typed; 'q' at the end of the input. */
static int ask_letter(void)
{
    char line[100];
    (void)fputs("Keep [y]ours, take [t]heirs, [e]dit, [q]uit? ", stderr);
    (void)fflush(stderr);
    return client_answer(line, sizeof line) ? *line : 'q';
}

/* Why what came out of the editor cannot be the value; NULL: it can. */
static const char *unfit(struct arena *arena, struct str text, bool is_text)
{
    struct json_value value;
    size_t at;
    if (str_check_utf8(text))
        return "This is no UTF-8 text.";
    if (form_has_marker(text))
        return "A marker is left in it.";
    if (!is_text && json_parse(arena, str_trim(text), 64, &value, &at))
        return "This is no JSON.";
    return NULL;
}

static enum settled edit_clash(struct saving *saving, const struct client_column *column,
                               struct wish *wish)
{
    struct str text = settle_marked(saving, column), yours = text_of(column->yours);
    bool is_text = column->yours && column->yours->type == JSON_STRING;
    const char *why = NULL;
    if (!text.ptr)
        text = column->yours ? column->yours->text : STR("");
    do {
        enum editor_end end = editor_text(saving->client, &text);
        if (end == EDITOR_LEFT && why)
            client_keep_text(saving->client, text);
        if (end != EDITOR_DONE)
            return end == EDITOR_LEFT ? SETTLED_LEAVE : SETTLED_LOCAL;
        why = unfit(&saving->client->arena, text, is_text);
        if (why)
            (void)fprintf(stderr, "pg409 %s: %s Nothing was saved.\n",
                          saving->client->options.command, why);
    } while (why);
    bool ended = yours.len && yours.ptr[yours.len - 1] == '\n';
    if (is_text && !ended && text.len && text.ptr[text.len - 1] == '\n')
        text.len--; /* editors end the last line */
    wish->kind = is_text ? WISH_TEXT : WISH_JSON;
    wish->value = is_text ? text : str_trim(text);
    return SETTLED;
}

/* *drop: it is left as others have it. */
static enum settled ask(struct saving *saving, const struct client_problem *problem,
                        struct wish *wish, bool *drop)
{
    const struct client_column *column = client_problem_column(problem, wish->column);
    if (!column || !isatty(STDIN_FILENO))
        return SETTLED_FAIL;
    (void)fputs("“", stderr);
    show_plain(stderr, wish->column);
    (void)fputs("” was changed by ", stderr);
    show_plain(stderr, problem->changed_by.len ? problem->changed_by : STR("somebody"));
    (void)fputs(" meanwhile:\n", stderr);
    show_value("before", column->base);
    show_value("yours", column->yours);
    show_value("theirs", column->current);
    for (;;) {
        switch (ask_letter()) {
        case 'y':
            return SETTLED;
        case 't':
            *drop = true;
            return SETTLED;
        case 'e':
            return edit_clash(saving, column, wish);
        case 'q':
            return SETTLED_LEAVE;
        default:
            break;
        }
    }
}

static enum settled settle_clash(struct saving *saving, const struct client_problem *problem,
                                 struct wish *wish, bool *drop)
{
    switch (saving->client->options.on_conflict) {
    case ON_YOURS:
        return SETTLED;
    case ON_THEIRS:
        *drop = true;
        return SETTLED;
    case ON_ASK:
        return ask(saving, problem, wish, drop);
    default:
        return SETTLED_FAIL;
    }
}

enum settled client_settle(struct saving *saving, const struct client_problem *problem)
{
    struct wishes left = {ARENA_ARRAY(&saving->client->arena, saving->wishes.count, struct wish),
                          0};
    buf_clear(&saving->merged);
    for (size_t i = 0; i < saving->wishes.count; i++) {
        struct wish wish = saving->wishes.items[i];
        bool clash, drop = false;
        if (!settle_column(saving, problem, &wish, &clash))
            continue;
        if (clash) {
            enum settled settled = settle_clash(saving, problem, &wish, &drop);
            if (settled != SETTLED)
                return settled;
            saving->left |= drop;
        }
        if (!drop)
            left.items[left.count++] = wish;
    }
    saving->wishes = left;
    return SETTLED;
}
