/*
 * What the client reads: changes as they are typed, a text that a person edited, rows and problems
 * of any server. What was read from a text is written and read again as the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/client_change.h"
#include "cli/client_form.h"
#include "cli/client_text.h"

#include "base/banned.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_change(struct arena *arena, struct str text)
{
    static const struct json_value seen = {JSON_NUMBER, {"1.5", 3}, {"1.5", 3}};
    struct wish wish;
    const char *trouble = NULL;
    struct json_value value;
    struct str sent;
    size_t at;
    if (wish_parse(arena, text, &wish, &trouble)) {
        require(trouble != NULL);
        return;
    }
    require(wish.column.len > 0);
    if (wish.kind != WISH_FILE && !wish_value(arena, &wish, &seen, &sent))
        require(str_check_utf8(sent) || !json_parse(arena, sent, 64, &value, &at) ||
                str_find(text, (struct str){"\0", 1}) != SIZE_MAX);
}

static void check_text(struct arena *arena, struct str text)
{
    struct text_item *items, *again;
    struct text_fault fault;
    size_t count, twice;
    struct buf out;
    if (client_text_read(arena, text, &items, &count, &fault)) {
        require(fault.words.len > 0);
        return;
    }
    buf_init(&out, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++)
        client_text_put(&out, &items[i]);
    require(!client_text_read(arena, buf_slice(&out), &again, &twice, &fault) && twice == count);
    for (size_t i = 0; i < count; i++) {
        bool crlf = client_text_crlf(items[i].value);
        require(str_eq(items[i].name, again[i].name) && items[i].json == again[i].json);
        require(items[i].json || crlf || str_eq(items[i].value, again[i].value));
    }
}

static void check_problem(struct arena *arena, struct str text)
{
    struct client_problem problem;
    struct client_row row;
    struct wishes wishes = {0}, read;
    struct str complaint;
    if (!client_row_read(arena, text, &row)) {
        struct str form = form_of_row(arena, &row, STR("head"));
        if (!form_read(arena, form, &row, false, &read, &complaint))
            require(read.count == 0);
    }
    if (client_problem_read(arena, text, &problem))
        return;
    wishes.items = ARENA_ARRAY(arena, problem.column_count, struct wish);
    for (size_t i = 0; i < problem.column_count; i++)
        wishes.items[wishes.count++] = (struct wish){problem.columns[i].name, WISH_TEXT, STR("")};
    (void)form_of_conflict(arena, &problem, &wishes);
    for (size_t i = 0; i < wishes.count; i++)
        (void)form_of_text(arena, &problem, &wishes.items[i]);
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0 || size > 100000)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    arena_init(&arena);
    if (*data == 'c')
        check_change(&arena, text);
    else if (*data == 't')
        check_text(&arena, text);
    else
        check_problem(&arena, text);
    arena_release(&arena);
    return 0;
}
