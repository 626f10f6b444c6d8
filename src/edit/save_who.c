#include "edit/save_steps.h"

#include "edit/history.h"

#include "base/banned.h"

/* Who and when by the history; version NULL: it was deleted. */
static void read_history(struct save *save, const struct version *version)
{
    struct outcome *outcome = &save->outcome;
    const struct table *table = save->change.table;
    if (!history_is_kept(table))
        return;
    struct revision last =
        history_take_last(save->talk->arena, table, &save->talk->answers[save->past_answer]);
    bool wanted = version ? version_same(last.version, *version) : str_is(last.op, "delete");
    if (!last.id.ptr || !wanted)
        return;
    if (!outcome->changed_by.ptr)
        outcome->changed_by = last.user;
    if (last.at.ptr)
        outcome->changed_at = last.at;
}

struct receipt save_who(struct save *save, const struct version *version)
{
    struct receipt receipt = {0};
    struct outcome *outcome = &save->outcome;
    bool moved = version && !str_eq(version->column, save->change.version.column);
    if (moved && save->change.table->version_kind == VERSION_TIMESTAMPTZ)
        outcome->changed_at = version->column;
    if (!save->change.receipts) {
        read_history(save, version);
        return receipt;
    }
    receipt = receipt_of(save->talk->arena, save->change.table,
                         &save->talk->answers[save->receipt_answer], version);
    if (!outcome->changed_by.ptr)
        outcome->changed_by = receipt.user;
    if (receipt.at.ptr)
        outcome->changed_at = receipt.at;
    if (!receipt.found)
        read_history(save, version);
    return receipt;
}
