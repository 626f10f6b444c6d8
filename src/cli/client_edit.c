#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/client_editor.h"
#include "cli/client_form.h"
#include "cli/client_keep.h"
#include "cli/client_settle.h"
#include "cli/client_text.h"

#include "base/banned.h"

static const char help[] =
    "pg409 edit [OPTION]... URL\n"
    "\n"
    "Opens a row in $VISUAL or $EDITOR, and saves what was changed. When somebody else saved it\n"
    "meanwhile, both changes are laid into the editor, merged where they fit together, and "
    "nothing\n"
    "is saved before you have seen it. An emptied text, or one that was not written, changes "
    "nothing.\n"
    "\n"
    "  pg409 edit http://localhost:8409/articles/1\n"
    "  pg409 edit --column body http://localhost:8409/articles/1\n"
    "\n"
    "      --column=NAME      only the text of this column\n"
    "      --on-conflict=HOW  merge or ask (in the editor; this is what happens anyway), yours,\n"
    "                         theirs, fail\n"
    "      --no-keep          write no file with what could not be saved\n";

/* One row under a person's hands. */
struct edit {
    struct client *client;
    struct editor editor;
    struct str typed; /* the last that came out of the editor; STR_NONE: nothing was written */
    bool unfit;       /* it cannot be read, and there is nobody to mend it */
};

static int say(struct client *client, enum client_exit exit, const char *words)
{
    struct client_result result = {.exit = exit, .words = words};
    return show_result(client, &result);
}

/* Of one column: the wish. False: there is none. */
static bool text_wish(struct edit *edit, struct str text, const struct client_row *row,
                      struct wishes *wishes)
{
    struct arena *arena = &edit->client->arena;
    struct str column = str_from(edit->client->options.column);
    const struct json_value *seen = json_get(&row->members, column);
    struct str before = seen && seen->type == JSON_STRING ? seen->text : STR_NONE;
    if (client_text_crlf(before))
        text = client_text_with_crlf(arena, text);
    else if (before.ptr && text.len && text.ptr[text.len - 1] == '\n' && before.len &&
             before.ptr[before.len - 1] != '\n')
        text.len--; /* editors end the last line; the text had none */
    wishes->items = ARENA_NEW(arena, struct wish);
    wishes->items[0] = (struct wish){column, WISH_JSON, json_text(arena, text)};
    wishes->count = !str_eq(text, before);
    return wishes->count > 0;
}

/* What was typed as wishes; ERR_SYNTAX with a complaint. */
static enum err read_typed(struct edit *edit, struct str text, const struct client_row *row,
                           bool marked, struct wishes *wishes, struct str *complaint)
{
    struct arena *arena = &edit->client->arena;
    if (!edit->client->options.column)
        return form_read(arena, text, row, marked, wishes, complaint);
    if (str_check_utf8(text)) {
        *complaint = STR("This is no UTF-8 text. Nothing was saved.");
        return ERR_UTF8;
    }
    if (marked && form_has_marker(text)) {
        *complaint = STR("A marker is left in it. Nothing was saved.");
        return ERR_SYNTAX;
    }
    (void)text_wish(edit, text, row, wishes);
    return ERR_NONE;
}

/* Until it can be read, or is left. */
static enum editor_end let_edit(struct edit *edit, struct str text, const struct client_row *row,
                                bool marked, struct wishes *wishes)
{
    struct arena *arena = &edit->client->arena;
    for (;;) {
        struct str complaint, shown = text;
        enum editor_end end = editor_run(&edit->editor, &text);
        if (end == EDITOR_FAILED && !str_eq(text, shown))
            edit->typed = text;
        if (end != EDITOR_DONE)
            return end;
        text = form_without_head(arena, text);
        edit->typed = text;
        if (read_typed(edit, text, row, marked, wishes, &complaint) == ERR_NONE)
            return EDITOR_DONE;
        (void)fputs("pg409 edit: ", stderr);
        show_plain(stderr, complaint);
        (void)fputc('\n', stderr);
        edit->unfit = !isatty(STDIN_FILENO); /* a program would write the same again, for ever */
        if (edit->unfit)
            return EDITOR_FAILED;
        text = form_with_complaint(arena, text, complaint);
    }
}

/* What was merged, and left without being written: nobody said that it is to be saved. */
static bool agrees(void)
{
    char line[100];
    if (!isatty(STDIN_FILENO))
        return false;
    (void)fputs("Save the merged text as it was shown? [y/N] ", stderr);
    (void)fflush(stderr);
    return client_answer(line, sizeof line) && *line == 'y';
}

static enum settled settle(struct saving *saving, const struct client_problem *problem)
{
    struct edit *edit = saving->ctx;
    struct arena *arena = &edit->client->arena;
    struct wishes wishes = {0};
    struct str text, complaint;
    if (!problem->has_current || !problem->has_columns || saving->wishes.count == 0)
        return SETTLED_FAIL;
    text = edit->client->options.column ? form_of_text(arena, problem, &saving->wishes.items[0])
                                        : form_of_conflict(arena, problem, &saving->wishes);
    if (!text.ptr)
        return SETTLED_FAIL;
    (void)fputs("pg409 edit: ", stderr);
    show_plain(stderr, problem->detail);
    (void)fputc('\n', stderr);
    struct str shown = form_without_head(arena, text);
    edit->typed = STR_NONE; /* what came before is in the wishes */
    enum editor_end end = let_edit(edit, text, &problem->current, true, &wishes);
    if (end == EDITOR_LEFT &&
        read_typed(edit, shown, &problem->current, true, &wishes, &complaint) == ERR_NONE &&
        agrees())
        end = EDITOR_DONE;
    if (end != EDITOR_DONE) {
        client_keep_text(edit->client, edit->typed);
        return end == EDITOR_LEFT ? SETTLED_LEAVE : SETTLED_LOCAL;
    }
    saving->asked = saving->wishes = wishes;
    saving->asked_base = problem->current;
    saving->left = wishes.count == 0;
    return SETTLED;
}

static struct str first_text(struct client *client, const struct client_row *row)
{
    struct arena *arena = &client->arena;
    const char *column = client->options.column;
    if (column) {
        const struct json_value *value = json_get(&row->members, str_from(column));
        if (!value || (value->type != JSON_STRING && value->type != JSON_NULL))
            return STR_NONE;
        struct str text = value->text.ptr ? value->text : STR("");
        return client_text_crlf(text) ? form_without_head(arena, text) : text;
    }
    return form_of_row(
        arena, row,
        str_printf(arena,
                   "%s\nname = text, name := JSON, name <<END for lines up to END. What you do not "
                   "change,\nor delete, stays as it is.",
                   client->url));
}

static int edit_row(struct edit *edit, const struct client_row *row)
{
    struct client *client = edit->client;
    struct wishes wishes = {0};
    struct saving saving;
    struct str text = first_text(client, row);
    if (!text.ptr)
        return say(client, CLIENT_GONE, "The row has no such column, or it is no text.");
    switch (let_edit(edit, text, row, false, &wishes)) {
    case EDITOR_DONE:
        break;
    case EDITOR_LEFT:
        client_keep_text(client, edit->typed);
        return say(client, CLIENT_LEFT, "Nothing was changed.");
    case EDITOR_FAILED:
        client_keep_text(client, edit->typed);
        return say(client, CLIENT_LOCAL,
                   edit->unfit ? "The text cannot be used as it is. Nothing was changed."
                               : "The editor cannot be used. Nothing was changed.");
    }
    if (wishes.count == 0)
        return say(client, CLIENT_LEFT, "Nothing was changed.");
    saving_init(&saving, client, row, wishes);
    client->holds = true;
    saving.ctx = edit;
    if (client->options.on_conflict == ON_MERGE || client->options.on_conflict == ON_ASK)
        saving.settle = settle;
    return saving_run(&saving);
}

static int edit(struct client *client)
{
    struct edit edit = {.client = client};
    struct client_row row;
    int status;
    if (!saving_read(client, &row, &status))
        return status;
    struct str name =
        str_printf(&client->arena, "%.*s-%.*s", STR_ARG(client_segment(client->url, 1)),
                   STR_ARG(client_segment(client->url, 0)));
    if (!editor_open(&edit.editor, client, name))
        return CLIENT_LOCAL;
    status = edit_row(&edit, &row);
    editor_close(&edit.editor, false);
    return status;
}

int cli_edit(int argc, char **argv)
{
    struct client client;
    int status;
    if (client_start(&client, argc, argv, "Lck", help, &status) &&
        client_url(&client, 1, 1, 0, &status))
        status = edit(&client);
    client_end(&client);
    return status;
}
