#include "edit/save_sql.h"

#include "wire/digest.h"

#include "base/banned.h"

#define DIGEST_CHARS 32 /* 128 bits: enough to tell a repeat from something else */

/* What kind of value a field has: NULL, "" and the column's default are three things. */
static struct str kind_of_value(const struct field *field)
{
    return field->standard ? STR("default") : field->nested ? STR("json") : STR("text");
}

/* The fields in the table's own order: the same members in another order say the same. */
static const struct field **in_order(const struct save *save)
{
    const struct change *change = &save->change;
    const struct field **fields =
        ARENA_ARRAY(save->talk->arena, change->table->column_count, const struct field *);
    for (size_t i = 0; i < change->field_count; i++)
        if (!change->fields[i].kept)
            fields[change->fields[i].column - change->table->columns] = &change->fields[i];
    return fields;
}

/* Of several rows the body as it was sent, and what else decides how it is taken. */
static struct str digest_of_bulk(const struct save *save)
{
    const struct change *change = &save->change;
    const struct bulk *bulk = change->bulk;
    struct str *parts =
        ARENA_ARRAY(save->talk->arena, 5 + bulk->column_count + bulk->conflict_count, struct str);
    size_t count = 0;
    parts[count++] = change->table->schema;
    parts[count++] = change->table->name;
    parts[count++] = bulk->json;
    parts[count++] = bulk->defaults ? STR("defaults") : STR("");
    parts[count++] = bulk->pass_taken ? STR("pass") : STR("");
    for (size_t i = 0; i < bulk->column_count; i++)
        parts[count++] = bulk->columns[i]->name;
    for (size_t i = 0; i < bulk->conflict_count; i++)
        parts[count++] = bulk->conflict[i]->name;
    struct str digest = digest_of(save->talk->arena, parts, count);
    digest.len = DIGEST_CHARS;
    return digest;
}

/*
 * A version is the base of one write at most, so a write that names it is known by what it says.
 * "Whatever is there" can be said again and mean it.
 */
static struct str based_on(const struct save *save)
{
    const struct change *change = &save->change;
    if (change->any)
        return change->mark;
    return change->versioned ? version_token(save->talk->arena, change->version) : STR_NONE;
}

static struct str operation(const struct change *change)
{
    return change->op == CHANGE_CREATE   ? STR("create")
           : change->op == CHANGE_DELETE ? STR("delete")
                                         : STR("save");
}

struct str save_digest(const struct save *save)
{
    const struct change *change = &save->change;
    const struct table *table = change->table;
    if (change->bulk)
        return digest_of_bulk(save);
    const struct field **fields = in_order(save);
    struct str *parts =
        ARENA_ARRAY(save->talk->arena, 4 + MAX_KEY + 3 * change->field_count, struct str);
    size_t count = 0;
    parts[count++] = table->schema;
    parts[count++] = table->name;
    parts[count++] = operation(change);
    parts[count++] = based_on(save);
    for (size_t i = 0; change->op != CHANGE_CREATE && i < table->key_count; i++)
        parts[count++] = change->key.values[i];
    for (size_t i = 0; i < table->column_count; i++) {
        if (!fields[i])
            continue;
        parts[count++] = table->columns[i].name;
        parts[count++] = kind_of_value(fields[i]);
        parts[count++] = fields[i]->value;
    }
    struct str digest = digest_of(save->talk->arena, parts, count);
    digest.len = DIGEST_CHARS;
    return digest;
}
