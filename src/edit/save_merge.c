#include "edit/save_steps.h"

#include <string.h>

#include "wire/json.h"

#include "base/banned.h"

/* Whether this field can be saved without asking anybody. */
static bool fits(const struct field *field, enum auto_merge mode)
{
    bool known = field->compared && !field->standard && !field->row_newlines;
    if (!known || field->merge == ROW_CLASH)
        return false;
    return field->merge != ROW_MERGED || mode == AUTO_MERGE_TEXT ||
           field->column->kind != KIND_TEXT; /* its comment says that both changes count */
}

bool save_counts(const struct change *change)
{
    for (size_t i = 0; i < change->table->column_count; i++)
        if (change->table->columns[i].policy.kind == POLICY_DELTA)
            return true;
    return false;
}

/* {"column": [what it held, what it holds then]} of all that is going to be written. */
static struct str replaced(struct arena *arena, const struct change *change)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        if (field->kept)
            continue;
        json_comma(&buf);
        json_string(&buf, field->column->name);
        buf_text(&buf, ":[");
        json_string(&buf, field->current);
        buf_char(&buf, ',');
        json_string(&buf, field->value);
        buf_char(&buf, ']');
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

bool save_merge(struct save *save)
{
    struct change *change = &save->change;
    struct arena *arena = save->talk->arena;
    if (change->auto_merge == AUTO_MERGE_OFF || change->strict || !save->outcome.parked ||
        save->moved.values || change->field_count == 0)
        return false;
    for (size_t i = 0; i < change->field_count; i++)
        if (!fits(&change->fields[i], change->auto_merge) || change->fields[i].nested)
            return false;
    save->unmerged = ARENA_ARRAY(arena, change->field_count, struct field);
    memcpy(save->unmerged, change->fields, change->field_count * sizeof *change->fields);
    save->unresolved = change->resolution;
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        field->kept = field->merge == ROW_SAME || field->merge == ROW_CURRENT;
        if (field->merge == ROW_MERGED)
            field->value = field->merged;
    }
    change->resolution = STR("merged");
    change->replaced = replaced(arena, change);
    return true;
}

void save_unmerge(struct save *save)
{
    struct change *change = &save->change;
    if (!save->unmerged)
        return;
    memcpy(change->fields, save->unmerged, change->field_count * sizeof *change->fields);
    change->resolution = save->unresolved;
    change->replaced = STR_NONE;
    save->unmerged = NULL;
}
