#include "db/talk.h"

#include <stdlib.h>

#include "base/banned.h"

void talk_init(struct talk *talk, struct arena *arena)
{
    *talk = (struct talk){.arena = arena};
}

void talk_then(struct talk *talk, void (*then)(void *ctx), void *ctx)
{
    talk->asked_count = 0;
    talk->repeatable = false;
    talk->personal = false;
    talk->each = NULL;
    talk->each_count = 0;
    talk->patience = 0;
    talk->writing = false;
    talk->then = then;
    talk->ctx = ctx;
}

void talk_each(struct talk *talk, size_t index, bool (*each)(void *ctx, const struct answer *row))
{
    talk->each = each;
    talk->each_statement = index;
}

size_t talk_ask(struct talk *talk, struct statement statement)
{
    if (talk->asked_count == TALK_MAX_STATEMENTS)
        abort();
    talk->asked[talk->asked_count] = statement;
    return talk->asked_count++;
}

struct str answer_cell(const struct answer *answer, size_t row, size_t column)
{
    if (row >= answer->rows || column >= answer->columns)
        abort();
    return answer->cells[row * answer->columns + column];
}

bool answer_true(const struct answer *answer, size_t row, size_t column)
{
    return str_eq(answer_cell(answer, row, column), STR("t"));
}
