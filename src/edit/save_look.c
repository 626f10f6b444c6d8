#include "edit/save_sql.h"

#include "base/clock.h"
#include "edit/history.h"
#include "edit/receipt.h"
#include "merge/merge3.h"

#include "base/banned.h"

#define ALIAS STR("t")

/* Of c (current), y (yours) and b (base): in the order of c, then what is new in y. */
#define HAS(array)                                                                                 \
    "EXISTS (SELECT FROM unnest(" array ") z(f) WHERE f::text IS NOT DISTINCT FROM e::text)"
#define SET_OF_BOTH                                                                                \
    "CASE WHEN coalesce(array_ndims(v.c), 1) = 1 AND coalesce(array_ndims(v.y), 1) = 1"            \
    " AND coalesce(cardinality(v.c), 0) + coalesce(cardinality(v.y), 0) <= 2000 THEN"              \
    " ARRAY(SELECT e FROM (SELECT e, 0 AS side, n FROM unnest(v.c) WITH ORDINALITY x(e, n) WHERE"  \
    " NOT " HAS("v.b") " OR " HAS(                                                                 \
        "v.y") " UNION ALL SELECT e, 1, n FROM unnest(v.y)"                                        \
               " WITH ORDINALITY x(e, n) WHERE NOT " HAS("v.b") " AND NOT " HAS(                   \
                   "v.c") ") s"                                                                    \
                          " ORDER BY side, n) END"

/*
 * Whether the base is enough to compare with: a form's field that was not touched
 * holds what PostgreSQL itself wrote, and that is compared byte by byte.
 */
static bool compared_here(const struct field *field)
{
    return field->kept && field->has_base && !field->base_json.ptr;
}

static bool is_based(const struct field *field)
{
    return field->has_base || field->base_past;
}

/* Whether PostgreSQL is asked what both changes together make of it. */
static bool is_counted(const struct field *field)
{
    enum policy_kind policy = field->column->policy.kind;
    return (policy == POLICY_DELTA || policy == POLICY_SET) && is_based(field) &&
           !compared_here(field);
}

static void both_as(struct sql *sql, struct change *change, struct field *field, bool json)
{
    bool set = field->column->policy.kind == POLICY_SET;
    sql_raw(sql, ", (SELECT ");
    if (json)
        sql_raw(sql, "to_json(");
    if (set)
        sql_raw(sql, SET_OF_BOTH);
    else
        sql_raw(sql, "(v.c::numeric + (v.y::numeric - v.b::numeric))");
    if (json)
        sql_raw(sql, ")");
    sql_raw(sql, "::text FROM (SELECT ");
    sql_ident(sql, field->column->name);
    sql_raw(sql, " AS c, ");
    save_sql_yours(sql, change->table, field);
    sql_raw(sql, " AS y, ");
    save_sql_base(sql, change->table, field);
    sql_raw(sql, " AS b) v)");
}

/* yours = current, current = base, yours = base: three columns a field. */
static void compare(struct sql *sql, struct change *change, struct field *field)
{
    sql_raw(sql, ", ");
    save_sql_stored(sql, field);
    sql_raw(sql, " IS NOT DISTINCT FROM ");
    save_sql_yours(sql, change->table, field);
    sql_raw(sql, "::text, ");
    if (is_based(field)) {
        save_sql_stored(sql, field);
        sql_raw(sql, " IS NOT DISTINCT FROM ");
        save_sql_base(sql, change->table, field);
        sql_raw(sql, "::text, ");
    } else {
        sql_raw(sql, "false, ");
    }
    if (field->kept) {
        sql_raw(sql, "true");
    } else if (is_based(field)) {
        save_sql_yours(sql, change->table, field);
        sql_raw(sql, "::text IS NOT DISTINCT FROM ");
        save_sql_base(sql, change->table, field);
        sql_raw(sql, "::text");
    } else {
        sql_raw(sql, "false");
    }
}

/* The comparisons that PostgreSQL has to make, and each current value as JSON when it is wanted. */
static void compare_all(struct sql *sql, struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        if (!compared_here(field))
            compare(sql, change, field);
        if (is_counted(field)) {
            both_as(sql, change, field, false);
            if (change->json)
                both_as(sql, change, field, true);
        }
        if (!change->json)
            continue;
        sql_raw(sql, ", to_json(");
        sql_ident(sql, field->column->name);
        sql_raw(sql, ")::text");
    }
}

/*
 * A client that sent a version and nothing else: what it had read is in the history, if one is
 * kept. Looked for once; then the fields have it.
 */
static void find_past(struct change *change)
{
    bool known = history_is_kept(change->table) && change->op == CHANGE_UPDATE &&
                 change->versioned && change->version.column.ptr;
    for (size_t i = 0; i < change->field_count; i++)
        known &= !change->fields[i].has_base;
    change->past |= known;
    for (size_t i = 0; i < change->field_count; i++)
        change->fields[i].base_past = known;
}

static bool looks_back(const struct change *change)
{
    return change->field_count > 0 && change->fields[0].base_past;
}

/* ", id, [each base as text, and as JSON when it is wanted]" */
static void select_past(struct sql *sql, struct change *change)
{
    sql_raw(sql, ", past._pg409_id");
    for (size_t i = 0; i < change->field_count; i++) {
        sql_raw(sql, ", ");
        history_column(sql, change->fields[i].column);
        sql_raw(sql, "::text, ");
        if (change->json) {
            sql_raw(sql, "to_json(");
            history_column(sql, change->fields[i].column);
            sql_raw(sql, ")::text");
        } else {
            sql_raw(sql, "NULL");
        }
    }
}

/* Gives the fields their bases, if the history had them. Returns the column behind them. */
static size_t take_past(struct change *change, const struct answer *answer, size_t at)
{
    bool found = answer_cell(answer, 0, at++).ptr != NULL;
    for (size_t i = 0; i < change->field_count; i++, at += 2) {
        struct field *field = &change->fields[i];
        field->has_base = found;
        field->base = answer_cell(answer, 0, at);
        field->base_json = answer_cell(answer, 0, at + 1);
    }
    return at;
}

static void ask_exists(struct save *save)
{
    const struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT pg409.row_exists((SELECT c.oid FROM pg_class c JOIN pg_namespace n"
                  " ON n.oid = c.relnamespace WHERE n.nspname = ");
    sql_value(&sql, table->schema);
    sql_raw(&sql, " AND c.relname = ");
    sql_value(&sql, table->name);
    sql_raw(&sql, ")::regclass, ARRAY[");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_value(&sql, table->key[i]->name);
        sql_raw(&sql, "::name");
    }
    sql_raw(&sql, "], ARRAY[");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_value(&sql, change->key.values[i]);
        sql_raw(&sql, "::text");
    }
    sql_raw(&sql, "])");
    save->exists_answer = sql_ask(&sql, save->talk);
}

/* Version, who, [JSON of the row], each column's text, the comparisons, [what is shown]. */
struct str save_likely(const struct change *change)
{
    return change->versioned ? STR("stale") : STR("version-required");
}

void save_ask_look(struct save *save)
{
    struct change *change = &save->change;
    const struct table *table = change->table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    save_sql_forget(change);
    find_past(change);
    sql_raw(&sql, "SELECT ");
    version_select(&sql, table, ALIAS);
    sql_raw(&sql, ", ");
    if (table->user)
        row_column_text(&sql, table->user);
    else
        sql_raw(&sql, "NULL");
    sql_raw(&sql, ", ");
    if (change->json)
        row_json(&sql, table, ALIAS);
    else
        sql_raw(&sql, "NULL");
    for (size_t i = 0; i < table->key_count; i++) {
        sql_raw(&sql, ", ");
        row_column_text(&sql, table->key[i]);
    }
    for (size_t i = 0; i < table->column_count; i++) {
        sql_raw(&sql, ", ");
        if (table->columns[i].can_select)
            row_column_text(&sql, &table->columns[i]);
        else
            sql_raw(&sql, "NULL");
    }
    compare_all(&sql, change);
    if (looks_back(change))
        select_past(&sql, change);
    if (change->show) {
        sql_raw(&sql, ", ");
        save_sql_shown(&sql, change);
    }
    row_from(&sql, table);
    if (looks_back(change))
        history_join(&sql, table, change->key, change->version);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, table, change->key);
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
    save->talk->personal = table->row_security;
    if (change->receipts)
        save->receipt_answer = receipt_ask(save->talk, change);
    if (history_is_kept(table))
        save->past_answer = history_ask_last(save->talk, table, change->key);
    if (table->row_security && change->row_exists)
        ask_exists(save);
}

/* Both changed it, and both changes count, even when they are the same one. */
static void count_both(struct field *field)
{
    if (field->has_base && !field->kept && !field->is_as_seen && field->merged.ptr &&
        (field->merge == ROW_CLASH || field->column->policy.kind == POLICY_DELTA))
        field->merge = ROW_MERGED;
}

/* Both changed a text: perhaps in different places. */
static void merge_field(struct talk *talk, struct field *field)
{
    struct merge merge;
    bool text = field->column->kind == KIND_TEXT && field->column->policy.kind == POLICY_ASK;
    if (field->merge != ROW_CLASH || !text || !field->has_base || !field->base.ptr ||
        !field->value.ptr || !field->current.ptr)
        return;
    merge3(talk->arena, field->base, field->value, field->current, MERGE_PLACES, &merge);
    field->merged = merge_text(talk->arena, &merge);
    if (field->merged.ptr)
        field->merge = ROW_MERGED;
    talk->told.merged += field->merged.ptr != NULL;
    talk->told.clashed += field->merged.ptr == NULL;
}

/* A column that others may change as they like, unless the editor did too. */
static void pass_over(struct field *field)
{
    if (field->column->policy.kind != POLICY_IGNORE || field->merge != ROW_CURRENT)
        return;
    field->is_as_seen = true;
    field->kept = true;
    field->merge = ROW_SAME;
}

static bool is_touched(const struct field *field, enum row_merge side)
{
    return field->merge == side || field->merge == ROW_CLASH || field->merge == ROW_MERGED;
}

/* Columns that change together: when both touched the group, all that differs in it clashes. */
static void clash_together(struct change *change, struct str group)
{
    bool yours = false, current = false;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        bool here = str_eq(field->column->policy.group, group);
        yours |= here && is_touched(field, ROW_YOURS);
        current |= here && is_touched(field, ROW_CURRENT);
    }
    for (size_t i = 0; yours && current && i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        if (str_eq(field->column->policy.group, group) && field->merge != ROW_SAME)
            field->merge = ROW_CLASH;
    }
}

static void apply_policies(struct talk *talk, struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++) {
        if (is_counted(&change->fields[i]))
            count_both(&change->fields[i]);
        else
            merge_field(talk, &change->fields[i]);
        pass_over(&change->fields[i]);
    }
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].column->policy.group.ptr)
            clash_together(change, change->fields[i].column->policy.group);
}

/* The comparisons of one field; at is where they begin, if it has some. Returns where they end. */
static size_t take_comparison(const struct change *change, struct field *field,
                              const struct answer *answer, size_t at)
{
    bool counted = is_counted(field);
    field->compared = true;
    field->yours_is_base = true;
    if (compared_here(field)) {
        field->is_as_seen = str_eq(field->current, field->base);
        field->is_current = field->is_as_seen;
    } else {
        field->is_current = answer_true(answer, 0, at);
        field->is_as_seen = answer_true(answer, 0, at + 1);
        field->yours_is_base = answer_true(answer, 0, at + 2);
        /* 2026-11-22T07:49 for 07:49:00 */
        field->kept |= field->yours_is_base && field->has_base && !change->past;
        at += 3;
    }
    if (counted) {
        field->merged = answer_cell(answer, 0, at++);
        if (change->json)
            field->merged_json = answer_cell(answer, 0, at++);
    }
    if (change->json)
        field->current_json = answer_cell(answer, 0, at++);
    return at;
}

static void merge_fields(struct talk *talk, struct change *change)
{
    uint64_t start = clock_micros();
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        field->merge =
            row_merge(field->has_base, field->yours_is_base, field->is_as_seen, field->is_current);
        field->base_past = false;
    }
    apply_policies(talk, change);
    talk->told.merge_micros += clock_micros() - start;
}

bool save_take_look(struct save *save)
{
    struct change *change = &save->change;
    struct outcome *outcome = &save->outcome;
    struct arena *arena = save->talk->arena;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    size_t at = 4, count = change->table->column_count;
    if (answer->rows == 0)
        return false;
    outcome->version =
        version_of(arena, change->table, answer_cell(answer, 0, 0), answer_cell(answer, 0, 1));
    outcome->has_version = true;
    outcome->changed_by = answer_cell(answer, 0, 2);
    outcome->json = answer_cell(answer, 0, 3);
    outcome->key = row_key_segment(arena, change->table, answer, 0, at);
    at += change->table->key_count;
    outcome->texts = ARENA_ARRAY(arena, count, struct str);
    for (size_t i = 0; i < count; i++)
        outcome->texts[i] = answer_cell(answer, 0, at + i);
    at += count;
    for (size_t i = 0; i < change->field_count; i++) {
        struct field *field = &change->fields[i];
        field->current = outcome->texts[field->column - change->table->columns];
        at = take_comparison(change, field, answer, at);
    }
    if (looks_back(change))
        at = take_past(change, answer, at);
    merge_fields(save->talk, change);
    if (change->show)
        outcome->shown = answer_cell(answer, 0, at);
    return true;
}

void save_ask_lock(struct save *save)
{
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT 1");
    row_from(&sql, save->change.table);
    sql_raw(&sql, " WHERE ");
    row_key_condition(&sql, save->change.table, save->change.key);
    sql_raw(&sql, " FOR NO KEY UPDATE");
    save->talk->personal = true;
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
}

bool save_ask_duplicate(struct save *save, const struct unique *unique)
{
    const struct table *table = save->change.table;
    struct sql sql;
    sql_init(&sql, save->talk->arena);
    sql_raw(&sql, "SELECT ");
    for (size_t i = 0; i < table->key_count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_ident(&sql, table->key[i]->name);
        sql_raw(&sql, "::text");
    }
    row_from(&sql, table);
    sql_raw(&sql, " WHERE ");
    for (size_t i = 0; i < unique->count; i++) {
        struct field *field = change_field(&save->change, unique->columns[i]);
        if (!field || !field->value.ptr || field->nested)
            return false;
        if (i)
            sql_raw(&sql, " AND ");
        sql_ident(&sql, field->column->name);
        sql_raw(&sql, " = ");
        sql_typed(&sql, field->value, field->column->value_type);
    }
    save->talk->personal = table->row_security;
    save->row_answer = sql_ask(&sql, save->talk);
    save->talk->repeatable = true;
    return true;
}
