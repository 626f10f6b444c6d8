/*
 * The catalog, built from answers as PostgreSQL's own catalog gives them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "feed.h"

#include "base/banned.h"

static int arena_setup(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int arena_teardown(void **state)
{
    arena_release(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

static void free_catalog(void *catalog)
{
    catalog_free(catalog);
}

#define CATALOG(state, ...)                                                                        \
    catalog_of(state, (struct feed_column[]){__VA_ARGS__},                                         \
               sizeof((struct feed_column[]){__VA_ARGS__}) / sizeof(struct feed_column))

static const struct catalog *catalog_of(void **state, const struct feed_column *columns,
                                        size_t count)
{
    struct settings settings;
    settings_defaults(&settings);
    struct catalog *catalog = feed_catalog(*state, columns, count, &settings);
    arena_defer(*state, free_catalog, catalog);
    return catalog;
}

#define ID                                                                                         \
    {                                                                                              \
        .name = "id", .type = "int4", .key = "1", .not_null = "t"                                  \
    }

static const struct table *only(const struct catalog *catalog)
{
    assert_int_equal(catalog->table_count, 1);
    return &catalog->tables[0];
}

static void assert_name(struct str name, const char *expected)
{
    if (!str_is(name, expected))
        print_error("%.*s is not %s\n", STR_ARG(name), expected);
    assert_true(str_is(name, expected));
}

static void the_first_of_the_version_columns_counts(void **state)
{
    const struct table *table = only(CATALOG(state, ID, {.name = "version", .type = "int4"},
                                             {.name = "lock_version", .type = "int4"},
                                             {.name = "modified_at", .type = "timestamp"},
                                             {.name = "updated_at", .type = "timestamptz"}));
    assert_name(table->version->name, "updated_at");
    assert_int_equal(table->version_kind, VERSION_TIMESTAMPTZ);
    table = only(CATALOG(state, ID, {.name = "version", .type = "int8"},
                         {.name = "modified_at", .type = "timestamp"}));
    assert_name(table->version->name, "modified_at");
    assert_int_equal(table->version_kind, VERSION_TIMESTAMP);
    table = only(CATALOG(state, ID, {.name = "version", .type = "int8"},
                         {.name = "lock_version", .type = "int2"}));
    assert_name(table->version->name, "lock_version");
    assert_int_equal(table->version_kind, VERSION_INTEGER);
}

static void a_version_column_of_another_type_is_passed_over(void **state)
{
    const struct table *table =
        only(CATALOG(state, ID, {.name = "updated_at", .type = "date"},
                     {.name = "modified_at", .type = "text"}, {.name = "version", .type = "int4"}));
    assert_name(table->version->name, "version");
    table =
        only(CATALOG(state, ID, {.name = "updated_at", .type = "timestamptz", .can_select = "f"},
                     {.name = "version", .type = "numeric"}));
    assert_null(table->version);
    assert_int_equal(table->version_kind, VERSION_XMIN);
}

static void a_trigger_protects_the_column_that_it_names(void **state)
{
    assert_true(only(CATALOG(state, {.guarded = "updated_at", .name = "id", .type = "int4"},
                             {.name = "updated_at", .type = "timestamptz"}))
                    ->protected);
    assert_false(only(CATALOG(state, {.guarded = "version", .name = "id", .type = "int4"},
                              {.name = "updated_at", .type = "timestamptz"}))
                     ->protected);
    assert_false(
        only(CATALOG(state, ID, {.name = "updated_at", .type = "timestamptz"}))->protected);
    assert_false(
        only(CATALOG(state, {.guarded = "gone", .name = "id", .type = "int4"}))->protected);
}

static void the_key_has_its_own_order(void **state)
{
    const struct table *table =
        only(CATALOG(state, {.name = "b", .type = "int4", .key = "2"},
                     {.name = "x", .type = "text"}, {.name = "c", .type = "int4", .key = "3"},
                     {.name = "a", .type = "uuid", .key = "1"}));
    assert_int_equal(table->key_count, 3);
    assert_name(table->key[0]->name, "a");
    assert_name(table->key[1]->name, "b");
    assert_name(table->key[2]->name, "c");
    assert_int_equal(only(CATALOG(state, {.name = "x", .type = "text"}))->key_count, 0);
}

/* Half a key would name several rows. */
static void a_key_that_is_too_long_is_no_key(void **state)
{
    struct feed_column columns[MAX_KEY + 1] = {0};
    for (size_t i = 0; i < MAX_KEY + 1; i++) {
        columns[i].name = str_printf(*state, "c%zu", i).ptr;
        columns[i].key = str_printf(*state, "%zu", i + 1).ptr;
        columns[i].type = "int4";
    }
    assert_int_equal(only(catalog_of(state, columns, MAX_KEY))->key_count, MAX_KEY);
    assert_int_equal(only(catalog_of(state, columns, MAX_KEY + 1))->key_count, 0);
    assert_false(only(catalog_of(state, columns, MAX_KEY + 1))->can_select);
}

static void privileges_are_those_of_the_columns(void **state)
{
    const struct table *table = only(CATALOG(state,
                                             {.name = "id",
                                              .type = "int4",
                                              .key = "1",
                                              .can_insert = "f",
                                              .can_update = "f",
                                              .may_delete = "f"},
                                             {.name = "a", .type = "text", .can_insert = "f"}));
    assert_true(table->can_select);
    assert_false(table->can_insert);
    assert_true(table->can_update);
    assert_false(table->can_delete);
    table = only(CATALOG(state, {.name = "id", .type = "int4", .key = "1", .can_select = "f"},
                         {.name = "a", .type = "text"}));
    assert_false(table->can_select || table->can_insert || table->can_update || table->can_delete);
    table = only(CATALOG(state, {.name = "a", .type = "text"})); /* no key: not editable */
    assert_false(table->can_select || table->can_insert || table->can_update || table->can_delete);
}

static void types_are_sorted_into_kinds(void **state)
{
    static const struct {
        const char *typname, *typtype, *category;
        enum kind kind;
    } cases[] = {
        {"text", "b", "S", KIND_TEXT},           {"varchar", "b", "S", KIND_TEXT},
        {"bpchar", "b", "S", KIND_TEXT},         {"citext", "b", "S", KIND_TEXT},
        {"bool", "b", "B", KIND_BOOLEAN},        {"int2", "b", "N", KIND_INTEGER},
        {"int8", "b", "N", KIND_INTEGER},        {"numeric", "b", "N", KIND_NUMERIC},
        {"float8", "b", "N", KIND_FLOAT},        {"date", "b", "D", KIND_DATE},
        {"time", "b", "D", KIND_TIME},           {"timetz", "b", "D", KIND_OTHER},
        {"timestamp", "b", "D", KIND_TIMESTAMP}, {"timestamptz", "b", "D", KIND_TIMESTAMPTZ},
        {"mood", "e", "E", KIND_ENUM},           {"text", "e", "E", KIND_ENUM},
        {"_int4", "b", "A", KIND_ARRAY},         {"json", "b", "U", KIND_JSON},
        {"jsonb", "b", "U", KIND_JSON},          {"bytea", "b", "U", KIND_BYTEA},
        {"uuid", "b", "U", KIND_UUID},           {"interval", "b", "T", KIND_OTHER},
        {"inet", "b", "I", KIND_OTHER},          {"point", "b", "G", KIND_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct table *table = only(CATALOG(state, ID,
                                                 {.name = "c",
                                                  .type = "x",
                                                  .typname = cases[i].typname,
                                                  .typtype = cases[i].typtype,
                                                  .category = cases[i].category}));
        assert_int_equal(table->columns[1].kind, cases[i].kind);
    }
}

static void a_cast_rounds_but_never_cuts_short(void **state)
{
    const struct table *table = only(CATALOG(
        state, ID,
        {.name = "n", .type = "numeric(10,2)", .base_type = "numeric", .typname = "numeric"},
        {.name = "v",
         .type = "varchar(3)",
         .base_type = "varchar",
         .typname = "varchar",
         .typmod = "7"},
        {.name = "t",
         .type = "timestamp(3)",
         .base_type = "timestamp",
         .typname = "timestamp",
         .typmod = "3"},
        {.name = "x", .type = "text"}));
    assert_name(table->columns[1].value_type.name, "numeric(10,2)");
    assert_name(table->columns[2].value_type.name, "varchar");
    assert_int_equal(table->columns[2].max_chars, 3);
    assert_name(table->columns[3].value_type.name, "timestamp(3)");
    assert_int_equal(table->columns[3].digits, 3);
    assert_int_equal(table->columns[4].max_chars, 0);
    assert_int_equal(table->columns[4].digits, 6);
}

static void what_fills_a_column_decides_whether_it_is_written(void **state)
{
    const struct table *table =
        only(CATALOG(state, {.name = "id", .type = "int4", .key = "1", .identity = "a"},
                     {.name = "serial", .type = "int4", .standard = "nextval('s'::regclass)"},
                     {.name = "plain", .type = "int4", .standard = "7"},
                     {.name = "sum", .type = "int4", .generated = "s", .standard = "(a + b)"},
                     {.name = "by_default", .type = "int4", .identity = "d"},
                     {.name = "updated_at", .type = "timestamptz", .standard = "now()"},
                     {.name = "updated_by", .type = "text"}, {.name = "data", .type = "bytea"},
                     {.name = "hidden", .type = "text", .can_select = "f"},
                     {.name = "fixed", .type = "text", .can_update = "f"}));
    static const struct {
        bool automatic, has_default, creates, updates, edits;
    } expected[] = {
        {true, true, true, false, false},  {true, true, true, true, false},
        {false, true, true, true, true},   {false, false, false, false, false},
        {true, true, true, true, false},   {false, true, false, false, false},
        {false, false, true, true, false}, {false, false, true, true, false},
        {false, false, true, true, false}, {false, false, true, false, false},
    };
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        assert_int_equal(column->automatic, expected[i].automatic);
        assert_int_equal(column->has_default, expected[i].has_default);
        assert_int_equal(column_writable(table, column, true), expected[i].creates);
        assert_int_equal(column_writable(table, column, false), expected[i].updates);
        assert_int_equal(column_editable(table, column, false), expected[i].edits);
    }
    assert_name(table->user->name, "updated_by");
}

static void unique_indexes_know_their_columns(void **state)
{
    const struct table *table =
        only(CATALOG(state,
                     {.name = "id",
                      .type = "int4",
                      .key = "1",
                      .uniques = "articles_pkey\x1fid\x1e"
                                 "a_b\x1f"
                                 "b\x1f"
                                 "a\x1e"
                                 "odd\x1fnobody"},
                     {.name = "a", .type = "text"}, {.name = "b", .type = "text"}));
    const struct unique *unique = table_unique(table, STR("a_b"));
    assert_non_null(unique);
    assert_int_equal(unique->count, 2);
    assert_name(unique->columns[0]->name, "b");
    assert_name(unique->columns[1]->name, "a");
    assert_non_null(table_unique(table, STR("articles_pkey")));
    assert_null(table_unique(table, STR("odd")));
    assert_null(table_unique(table, STR("a")));
    assert_null(table_unique(table, STR_NONE));
}

static void a_row_is_called_by_its_name_or_its_first_short_text(void **state)
{
    assert_name(only(CATALOG(state, ID, {.name = "body", .type = "text", .not_null = "t"},
                             {.name = "title", .type = "text"}, {.name = "name", .type = "text"}))
                    ->label->name,
                "name");
    assert_name(only(CATALOG(state, {.name = "code", .type = "text", .key = "1", .not_null = "t"},
                             {.name = "a", .type = "text"},
                             {.name = "b", .type = "text", .not_null = "t"},
                             {.name = "name", .type = "int4"}))
                    ->label->name,
                "b");
    assert_null(only(CATALOG(state, ID, {.name = "a", .type = "text"}))->label);
}

static void labels_of_an_enum_keep_their_order_and_commas(void **state)
{
    const struct table *table = only(CATALOG(state, ID,
                                             {.name = "mood",
                                              .type = "mood",
                                              .typtype = "e",
                                              .labels = "so, so\x1fhappy\x1f"
                                                        "a=b"}));
    const struct column *column = &table->columns[1];
    assert_int_equal(column->label_count, 3);
    assert_name(column->labels[0], "so, so");
    assert_name(column->labels[2], "a=b");
}

static void tables_are_found_by_their_exact_names(void **state)
{
    /* in the order of bytes, as the query sorts them */
    static const char *const names[] = {"Zebra", "_own", "a", "a b", "ab", "b", "\xc3\xa4"};
    struct feed_column columns[14] = {0};
    for (size_t i = 0; i < 14; i++) {
        columns[i].table = names[i / 2];
        columns[i].name = i % 2 ? "x" : "id";
        columns[i].type = "int4";
    }
    const struct catalog *catalog = catalog_of(state, columns, 14);
    assert_int_equal(catalog->table_count, 7);
    for (size_t i = 0; i < 7; i++) {
        const struct table *table = catalog_table(catalog, str_from(names[i]));
        assert_ptr_equal(table, &catalog->tables[i]);
        assert_int_equal(table->column_count, 2);
        assert_name(table->schema, "public");
    }
    assert_null(catalog_table(catalog, STR("zebra")));
    assert_null(catalog_table(catalog, STR("")));
    assert_null(catalog_table(catalog, STR("c")));
    assert_null(catalog_table(catalog_of(state, columns, 0), STR("a")));
    assert_null(table_column(&catalog->tables[0], STR("ID")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_of_the_version_columns_counts),
        TEST(a_version_column_of_another_type_is_passed_over),
        TEST(a_trigger_protects_the_column_that_it_names),
        TEST(the_key_has_its_own_order),
        TEST(a_key_that_is_too_long_is_no_key),
        TEST(privileges_are_those_of_the_columns),
        TEST(types_are_sorted_into_kinds),
        TEST(a_cast_rounds_but_never_cuts_short),
        TEST(what_fills_a_column_decides_whether_it_is_written),
        TEST(unique_indexes_know_their_columns),
        TEST(a_row_is_called_by_its_name_or_its_first_short_text),
        TEST(labels_of_an_enum_keep_their_order_and_commas),
        TEST(tables_are_found_by_their_exact_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
