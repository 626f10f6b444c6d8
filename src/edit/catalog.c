#include "edit/catalog.h"

#include <stdlib.h>

#include "base/banned.h"

/* The columns of the answer, in the order of the query in catalog_query.c. */
enum {
    T_NAME,
    T_COMMENT,
    T_ESTIMATE,
    T_DELETE,
    T_ROW_SECURITY,
    T_PROTECTED,
    T_HISTORY,
    T_UNIQUES,
    T_FOREIGN,
    C_NAME,
    C_TYPE,
    C_BASE_TYPE,
    C_TYPNAME,
    C_TYPTYPE,
    C_CATEGORY,
    C_TYPMOD,
    C_NOT_NULL,
    C_DEFAULT,
    C_IDENTITY,
    C_GENERATED,
    C_COMMENT,
    C_SELECT,
    C_INSERT,
    C_UPDATE,
    C_KEY,
    C_LABELS,
    C_REF_TABLE,
    C_REF_COLUMN
};

struct kind_row {
    const char *typname;
    enum kind kind;
};

static const struct kind_row kinds[] = {
    {"text", KIND_TEXT},
    {"varchar", KIND_TEXT},
    {"bpchar", KIND_TEXT},
    {"citext", KIND_TEXT},
    {"name", KIND_TEXT},
    {"bool", KIND_BOOLEAN},
    {"int2", KIND_INTEGER},
    {"int4", KIND_INTEGER},
    {"int8", KIND_INTEGER},
    {"numeric", KIND_NUMERIC},
    {"float4", KIND_FLOAT},
    {"float8", KIND_FLOAT},
    {"date", KIND_DATE},
    {"time", KIND_TIME},
    {"timetz", KIND_OTHER},
    {"timestamp", KIND_TIMESTAMP},
    {"timestamptz", KIND_TIMESTAMPTZ},
    {"json", KIND_JSON},
    {"jsonb", KIND_JSON},
    {"bytea", KIND_BYTEA},
    {"uuid", KIND_UUID},
};

static enum kind kind_of(struct str typname, struct str typtype, struct str category)
{
    if (str_is(typtype, "e"))
        return KIND_ENUM;
    if (str_is(category, "A"))
        return KIND_ARRAY;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_is(typname, kinds[i].typname))
            return kinds[i].kind;
    return KIND_OTHER;
}

static int64_t to_int(struct str text)
{
    return text.ptr && text.len ? strtoll(text.ptr, NULL, 10) : 0;
}

/* The parts of text between separators, in arena. */
static struct str *split(struct arena *arena, struct str text, char sep, size_t *count)
{
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.ptr[i] == sep;
    struct str *parts = ARENA_ARRAY(arena, room, struct str);
    *count = 0;
    while (text.ptr) {
        struct str part = str_cut(text, sep, &text);
        parts[(*count)++] = str_copy(arena, part);
    }
    return parts;
}

static void column_types(struct column *column, int64_t typmod, struct str typname)
{
    bool text = column->kind == KIND_TEXT;
    bool rounds = column->kind == KIND_NUMERIC || column->kind == KIND_TIME ||
                  column->kind == KIND_TIMESTAMP || column->kind == KIND_TIMESTAMPTZ ||
                  str_is(typname, "interval") || str_is(typname, "timetz");
    column->value_type = rounds ? column->type : column->base_type;
    column->max_chars = text && typmod > 4 ? (unsigned)(typmod - 4) : 0;
    column->digits = typmod >= 0 && typmod < 6 ? (unsigned)typmod : 6;
}

/* Only whole and exact numbers add up to the digit, and only an array is a set. */
static void policy_fit(struct column *column)
{
    bool exact = column->kind == KIND_INTEGER || column->kind == KIND_NUMERIC;
    bool fits = column->policy.kind == POLICY_DELTA ? exact
                : column->policy.kind == POLICY_SET ? column->kind == KIND_ARRAY
                                                    : true;
    if (!fits)
        column->policy.kind = POLICY_ASK;
}

static void column_fill(struct arena *arena, struct column *column, const struct answer *answer,
                        size_t row)
{
#define CELL(index) answer_cell(answer, row, (index))
#define COPY(index) str_copy(arena, CELL(index))
    column->name = COPY(C_NAME);
    column->comment = policy_take(COPY(C_COMMENT), &column->policy);
    column->standard.text = COPY(C_DEFAULT);
    column->type.name = COPY(C_TYPE);
    column->base_type.name = COPY(C_BASE_TYPE);
    column->kind = kind_of(CELL(C_TYPNAME), CELL(C_TYPTYPE), CELL(C_CATEGORY));
    policy_fit(column);
    column_types(column, to_int(CELL(C_TYPMOD)), CELL(C_TYPNAME));
    column->not_null = answer_true(answer, row, C_NOT_NULL);
    column->generated = CELL(C_GENERATED).len > 0;
    column->identity_always = str_is(CELL(C_IDENTITY), "a");
    column->has_default = column->standard.text.ptr && !column->generated;
    column->automatic = CELL(C_IDENTITY).len > 0 ||
                        (column->has_default && str_starts(column->standard.text, STR("nextval(")));
    column->has_default |= column->automatic;
    column->can_select = answer_true(answer, row, C_SELECT);
    column->can_insert = answer_true(answer, row, C_INSERT);
    column->can_update = answer_true(answer, row, C_UPDATE);
    column->key_position = (unsigned)to_int(CELL(C_KEY));
    if (CELL(C_LABELS).ptr)
        column->labels = split(arena, CELL(C_LABELS), '\x1f', &column->label_count);
    column->reference_table = COPY(C_REF_TABLE);
    column->reference_column = COPY(C_REF_COLUMN);
#undef COPY
#undef CELL
}

static bool version_kind_of(const struct column *column, enum version_kind *kind)
{
    if (column->kind == KIND_TIMESTAMPTZ)
        *kind = VERSION_TIMESTAMPTZ;
    else if (column->kind == KIND_TIMESTAMP)
        *kind = VERSION_TIMESTAMP;
    else if (column->kind == KIND_INTEGER)
        *kind = VERSION_INTEGER;
    else
        return false;
    return true;
}

static void find_version(struct table *table, struct str names, struct str guarded)
{
    while (names.ptr && !table->version) {
        struct str name = str_trim(str_cut(names, ',', &names));
        const struct column *column = table_column(table, name);
        if (column && column->can_select && version_kind_of(column, &table->version_kind))
            table->version = column;
    }
    table->protected = table->version && guarded.ptr && str_eq(guarded, table->version->name);
}

static void find_user(struct table *table, struct str names)
{
    while (names.ptr && !table->user) {
        const struct column *column = table_column(table, str_trim(str_cut(names, ',', &names)));
        if (column && column->can_select)
            table->user = column;
    }
}

/* What people call a row by: a name or title, else the first short text that is no key. */
static void find_label(struct table *table)
{
    static const char *const names[] = {"name", "title", "label", "subject", "slug"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !table->label; i++) {
        const struct column *column = table_column(table, str_from(names[i]));
        if (column && column->can_select && column->kind == KIND_TEXT)
            table->label = column;
    }
    for (size_t i = 0; i < table->column_count && !table->label; i++) {
        const struct column *column = &table->columns[i];
        if (column->can_select && column->kind == KIND_TEXT && column->not_null &&
            !column->key_position)
            table->label = column;
    }
}

static void find_key(struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->key_position == 0)
            continue;
        if (column->key_position > MAX_KEY) { /* part of a key would fit several rows */
            table->key_count = 0;
            return;
        }
        table->key[column->key_position - 1] = column;
        if (column->key_position > table->key_count)
            table->key_count = column->key_position;
    }
}

static void find_privileges(struct table *table)
{
    table->can_select = table->key_count > 0;
    for (size_t i = 0; i < table->key_count; i++)
        table->can_select = table->can_select && table->key[i]->can_select;
    for (size_t i = 0; i < table->column_count; i++) {
        table->can_insert |= table->columns[i].can_insert;
        table->can_update |= table->columns[i].can_update;
    }
    table->can_insert = table->can_insert && table->can_select;
    table->can_update = table->can_update && table->can_select;
    table->can_delete = table->can_delete && table->can_select;
}

/* "name US column US column RS name US column": the unique indexes. */
static void find_uniques(struct arena *arena, struct table *table, struct str text)
{
    size_t count;
    if (!text.ptr)
        return;
    struct str *items = split(arena, text, '\x1e', &count);
    table->uniques = ARENA_ARRAY(arena, count, struct unique);
    for (size_t i = 0; i < count; i++) {
        struct unique *unique = &table->uniques[table->unique_count];
        size_t parts;
        struct str *names = split(arena, items[i], '\x1f', &parts);
        unique->name = names[0];
        unique->columns = ARENA_ARRAY(arena, parts, const struct column *);
        for (size_t j = 1; j < parts; j++) {
            const struct column *column = table_column(table, names[j]);
            if (column)
                unique->columns[unique->count++] = column;
        }
        table->unique_count += unique->count > 0;
    }
}

/* "name US table US column US its column RS name ...": the foreign keys. */
static void find_foreign_keys(struct arena *arena, struct table *table, struct str text)
{
    size_t count, parts;
    if (!text.ptr)
        return;
    struct str *items = split(arena, text, '\x1e', &count);
    table->foreign_keys = ARENA_ARRAY(arena, count, struct foreign_key);
    for (size_t i = 0; i < count; i++) {
        struct foreign_key *key = &table->foreign_keys[table->foreign_key_count++];
        struct str *names = split(arena, items[i], '\x1f', &parts);
        key->name = names[0];
        key->target = names[1];
        key->columns = ARENA_ARRAY(arena, parts, struct str);
        key->target_columns = ARENA_ARRAY(arena, parts, struct str);
        for (size_t j = 2; j + 1 < parts; j += 2) {
            key->columns[key->count] = names[j];
            key->target_columns[key->count++] = names[j + 1];
        }
    }
}

/* One table from the rows first .. first + count - 1. */
static void table_fill(struct catalog *catalog, struct table *table, const struct answer *answer,
                       size_t first, size_t count, const struct settings *settings)
{
    struct arena *arena = &catalog->arena;
    table->schema = str_copy(arena, settings->schema);
    table->name = str_copy(arena, answer_cell(answer, first, T_NAME));
    table->comment = str_copy(arena, answer_cell(answer, first, T_COMMENT));
    table->estimate = to_int(answer_cell(answer, first, T_ESTIMATE));
    table->can_delete = answer_true(answer, first, T_DELETE);
    table->row_security = answer_true(answer, first, T_ROW_SECURITY);
    table->columns = ARENA_ARRAY(arena, count, struct column);
    table->column_count = count;
    for (size_t i = 0; i < count; i++)
        column_fill(arena, &table->columns[i], answer, first + i);
    find_key(table);
    find_version(table, settings->version_columns, answer_cell(answer, first, T_PROTECTED));
    table->history = catalog->histories && answer_true(answer, first, T_HISTORY);
    find_user(table, settings->user_columns);
    find_label(table);
    find_privileges(table);
    find_uniques(arena, table, answer_cell(answer, first, T_UNIQUES));
    find_foreign_keys(arena, table, answer_cell(answer, first, T_FOREIGN));
}

struct catalog *catalog_build(const struct answer *tables, const struct answer *schema,
                              const struct settings *settings)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        abort();
    arena_init(&catalog->arena);
    catalog->receipts = answer_true(schema, 0, 0);
    catalog->row_exists = answer_true(schema, 0, 1);
    catalog->conflicts = catalog->receipts && answer_true(schema, 0, 2);
    catalog->opened = answer_true(schema, 0, 4);
    catalog->files = answer_true(schema, 0, 5);
    catalog->reports = catalog->conflicts && answer_true(schema, 0, 6);
    catalog->histories = answer_true(schema, 0, 3);
    catalog->tables = ARENA_ARRAY(&catalog->arena, tables->rows, struct table);
    for (size_t first = 0, next; first < tables->rows; first = next) {
        next = first + 1;
        while (next < tables->rows &&
               str_eq(answer_cell(tables, next, T_NAME), answer_cell(tables, first, T_NAME)))
            next++;
        table_fill(catalog, &catalog->tables[catalog->table_count++], tables, first, next - first,
                   settings);
    }
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    arena_release(&catalog->arena);
    free(catalog);
}

const struct table *catalog_table(const struct catalog *catalog, struct str name)
{
    size_t low = 0, high = catalog->table_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(name, catalog->tables[middle].name);
        if (order == 0)
            return &catalog->tables[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct column *table_column(const struct table *table, struct str name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (str_eq(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

const struct unique *table_unique(const struct table *table, struct str name)
{
    for (size_t i = 0; i < table->unique_count; i++)
        if (str_eq(table->uniques[i].name, name))
            return &table->uniques[i];
    return NULL;
}

bool column_writable(const struct table *table, const struct column *column, bool creating)
{
    if (column->generated || column == table->version)
        return false;
    return creating ? column->can_insert : column->can_update && !column->identity_always;
}

bool column_forbidden(const struct table *table, const struct column *column, bool creating)
{
    bool ours = column->generated || column == table->version || column->identity_always ||
                column->key_position > 0 || column == table->user;
    return !ours && !(creating ? column->can_insert : column->can_update);
}

bool column_editable(const struct table *table, const struct column *column, bool creating)
{
    if (!column_writable(table, column, creating) || !column->can_select)
        return false;
    return column->kind != KIND_BYTEA && !column->automatic && column != table->user;
}
