#include "page/merged.h"

#include "merge/diff.h"
#include "page/conflict.h"
#include "page/parked.h"
#include "page/saved.h"
#include "web/claim.h"
#include "wire/json.h"

#include "base/banned.h"

#define MAX_COLUMNS 1700

/* One column of a merge: what it held, what it holds since. */
struct replaced {
    const struct column *column;
    struct str before, after;
};

/* What the merge wrote, as far as the table still has it; NULL when it cannot be read. */
static struct replaced *read_replaced(struct work *work, const struct parked *parked, size_t *count)
{
    struct json_value value, *pair;
    struct json_object object;
    size_t at, two;
    *count = 0;
    if (!parked->current.ptr || json_parse(&work->arena, parked->current, 3, &value, &at) ||
        json_members(&work->arena, &value, MAX_COLUMNS, &object))
        return NULL;
    struct replaced *list = ARENA_ARRAY(&work->arena, object.count + 1, struct replaced);
    for (size_t i = 0; i < object.count; i++) {
        const struct column *column = table_column(work->table, object.members[i].name);
        if (!column || json_items(&work->arena, &object.members[i].value, 2, &pair, &two) ||
            two != 2)
            continue;
        list[(*count)++] = (struct replaced){column, pair[0].text, pair[1].text};
    }
    return list;
}

static void columns_of(struct work *work, const struct replaced *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            html_text(OUT(work), i + 1 == count ? STR(" and ") : STR(", "));
        html_raw(OUT(work), "<strong>");
        page_label(work, list[i].column);
        html_raw(OUT(work), "</strong>");
    }
}

void merged_notice(struct work *work, const struct answer *answer, struct str version)
{
    struct buf *out = OUT(work);
    size_t count;
    struct parked parked = park_take(&work->arena, answer, 0, work_settings(work)->schema);
    if (!parked.found || !str_is(parked.resolution, "merged"))
        return;
    const struct replaced *list = read_replaced(work, &parked, &count);
    html_raw(out, "<div class=\"notice good\" role=\"status\"><p><strong>Saved, together with what "
                  "somebody else had saved in between.</strong> Nothing of either is lost. You "
                  "changed ");
    columns_of(work, list, count);
    html_raw(out, "; all else is as they left it.</p>\n<form method=\"post\" autocomplete=\"off\"");
    parked_link(work, "action", parked.code, "?undo=1");
    html_raw(out, "><input type=\"hidden\" autocomplete=\"off\" name=\"_version\"");
    html_attr(out, "value", version);
    html_raw(out, "><button type=\"submit\">Undo my save</button></form></div>\n");
}

static void after_undo(struct save *save)
{
    struct work *work = save->ctx;
    struct buf to;
    claim_answer(work, &save->change, &save->outcome);
    if (save->outcome.kind == OUTCOME_CONFLICT || save->outcome.kind == OUTCOME_REFUSED) {
        conflict_answer(work, save);
        return;
    }
    buf_init(&to, &work->arena, 10000);
    work_link(work, &to, work_table_segment(work, work->table), work->match.key);
    buf_text(&to, "?_done=undone");
    work_redirect(work, buf_slice(&to));
}

void merged_undo(struct work *work, const struct parked *parked)
{
    struct save *save = ARENA_NEW(&work->arena, struct save);
    struct change *change = &save->change;
    struct claim claim = {.version = request_field(&work->request, STR("_version"))};
    size_t count;
    const struct replaced *list = read_replaced(work, parked, &count);
    change_start(work, CHANGE_UPDATE, change);
    if (!claim_version(work, &claim, change))
        return;
    change->fields = ARENA_ARRAY(&work->arena, count + 1, struct field);
    for (size_t i = 0; i < count; i++)
        if (column_writable(work->table, list[i].column, false))
            change->fields[change->field_count++] = (struct field){.column = list[i].column,
                                                                   .value = list[i].before,
                                                                   .has_base = true,
                                                                   .base = list[i].after};
    change->park = parked->code;
    change->resolution = STR("undone");
    change->auto_merge = AUTO_MERGE_OFF;
    save->talk = &work->talk;
    save->done = after_undo;
    save->ctx = work;
    save_row(save);
}
