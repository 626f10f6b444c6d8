/*
 * Pages of rows: which rows lie behind a cursor, in either direction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edit/list.h"
#include "feed.h"

#include "base/banned.h"

static const struct feed_column columns[] = {
    {.name = "a", .type = "int4", .key = "1", .not_null = "t"},
    {.name = "b", .type = "text", .key = "2", .not_null = "t"},
    {.name = "title", .type = "text", .not_null = "t"},
    {.name = "due", .type = "date"},
    {.name = "data", .type = "bytea"},
    {.name = "notes", .type = "jsonb"},
    {.name = "secret", .type = "text", .can_select = "f"},
    {.name = "updated_at", .type = "timestamptz", .not_null = "t"},
    {.table = "other",
     .name = "code",
     .type = "text",
     .key = "1",
     .ref_table = "articles",
     .ref_column = "title"},
    {.table = "other",
     .name = "hidden",
     .type = "text",
     .ref_table = "articles",
     .ref_column = "secret"},
    {.table = "other", .name = "lost", .type = "text", .ref_table = "nobody", .ref_column = "x"},
};

struct world {
    struct arena arena;
    struct catalog *catalog;
    struct talk talk;
    struct list list;
};

static int setup(void **state)
{
    static struct world world;
    static const struct str key[] = {{"7", 1}, {"x", 1}};
    struct settings settings;
    settings_defaults(&settings);
    world = (struct world){.list = {.limit = 50, .key = key, .has_cursor = true}};
    arena_init(&world.arena);
    world.catalog =
        feed_catalog(&world.arena, columns, sizeof columns / sizeof *columns, &settings);
    world.list.table = &world.catalog->tables[0];
    talk_init(&world.talk, &world.arena);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    catalog_free(world->catalog);
    arena_release(&world->arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct str asked(struct world *world)
{
    return feed_sql(&world->talk, list_ask(&world->talk, &world->list));
}

static void assert_has(struct str sql, const char *part)
{
    if (str_find(sql, str_from(part)) == SIZE_MAX)
        fail_msg("%.*s\nlacks %s", STR_ARG(sql), part);
}

static void assert_lacks(struct str sql, const char *part)
{
    if (str_find(sql, str_from(part)) != SIZE_MAX)
        fail_msg("%.*s\nhas %s", STR_ARG(sql), part);
}

static const struct column *column(struct world *world, const char *name)
{
    return table_column(world->list.table, str_from(name));
}

static void the_key_alone_orders_rows(void **state)
{
    struct world *world = *state;
    assert_has(asked(world), " WHERE true AND (\"t\".\"a\", \"t\".\"b\") > ($1::int4, $2::text)"
                             " ORDER BY \"t\".\"a\", \"t\".\"b\" LIMIT 51");
    world->list.backwards = true;
    assert_has(asked(world), "(\"t\".\"a\", \"t\".\"b\") < ($1::int4, $2::text)"
                             " ORDER BY \"t\".\"a\" DESC, \"t\".\"b\" DESC LIMIT 51");
    world->list.descending = true;
    assert_has(asked(world), ") > ($1::int4, $2::text) ORDER BY \"t\".\"a\", \"t\".\"b\" LIMIT 51");
}

static void the_first_page_has_no_cursor(void **state)
{
    struct world *world = *state;
    world->list.has_cursor = false;
    assert_has(asked(world), " AS t WHERE true ORDER BY \"t\".\"a\", \"t\".\"b\" LIMIT 51");
    assert_true(world->talk.repeatable);
}

static void behind_a_value_come_the_nulls_when_ascending(void **state)
{
    struct world *world = *state;
    world->list.sort = column(world, "due");
    world->list.sort_value = STR("2026-11-22");
    assert_has(asked(world),
               " AND ((\"t\".\"due\", \"t\".\"a\", \"t\".\"b\") > ($1::date, $2::int4, $3::text)"
               " OR \"t\".\"due\" IS NULL) ORDER BY \"t\".\"due\", \"t\".\"a\", \"t\".\"b\"");
    world->list.sort = column(world, "title"); /* which is never NULL */
    assert_lacks(asked(world), "IS NULL");
}

static void behind_a_value_come_no_nulls_when_descending(void **state)
{
    struct world *world = *state;
    world->list.sort = column(world, "due");
    world->list.sort_value = STR("2026-11-22");
    world->list.descending = true;
    struct str sql = asked(world);
    assert_has(sql, ") < ($1::date, $2::int4, $3::text)) ORDER BY \"t\".\"due\" DESC,"
                    " \"t\".\"a\" DESC, \"t\".\"b\" DESC");
    assert_lacks(sql, "NULL)");
}

static void behind_a_null_come_more_nulls_when_ascending(void **state)
{
    struct world *world = *state;
    world->list.sort = column(world, "due");
    struct str sql = asked(world);
    assert_has(sql, " AND (\"t\".\"due\" IS NULL AND (\"t\".\"a\", \"t\".\"b\") > "
                    "($1::int4, $2::text)) ORDER BY");
    assert_lacks(sql, "IS NOT NULL");
}

static void behind_a_null_comes_everything_else_when_descending(void **state)
{
    struct world *world = *state;
    world->list.sort = column(world, "due");
    world->list.descending = true;
    assert_has(asked(world), " AND (\"t\".\"due\" IS NULL AND (\"t\".\"a\", \"t\".\"b\") < "
                             "($1::int4, $2::text) OR \"t\".\"due\" IS NOT NULL) ORDER BY");
}

static void a_search_takes_the_signs_of_like_literally(void **state)
{
    struct world *world = *state;
    world->list.has_cursor = false;
    world->list.search = STR("50%_\\'");
    struct str sql = asked(world);
    assert_has(sql, " WHERE true AND (false OR \"t\".\"a\"::text ILIKE $1::text OR "
                    "\"t\".\"b\"::text ILIKE $1::text OR \"t\".\"title\"::text ILIKE $1::text) ");
    assert_lacks(sql, "secret");
    assert_true(
        str_is(feed_value(&world->talk, world->talk.asked_count - 1, 1), "%50\\%\\_\\\\'%"));
}

static void what_may_not_be_read_is_never_asked(void **state)
{
    struct world *world = *state;
    assert_lacks(asked(world), "secret");
    assert_int_equal(list_first_text(&world->list), 5);
    assert_false(list_sortable(column(world, "secret")));
}

static void long_texts_and_bytes_are_cut_short_on_a_page(void **state)
{
    struct world *world = *state;
    world->list.short_texts = true;
    struct str sql = asked(world);
    assert_has(sql, "left(\"t\".\"title\"::text, 200)");
    assert_has(sql, "octet_length(\"t\".\"data\")::text");
    assert_lacks(sql, "left(octet_length");
}

static void only_what_has_an_order_can_be_sorted(void **state)
{
    struct world *world = *state;
    assert_true(list_sortable(column(world, "title")));
    assert_true(list_sortable(column(world, "due")));
    assert_false(list_sortable(column(world, "data")));
    assert_false(list_sortable(column(world, "notes")));
}

/* The same rule as for a single row: a NULL in the column leaves only xmin to go by. */
static void xmin_is_asked_where_the_column_may_not_be_enough(void **state)
{
    struct world *world = *state;
    struct table *table = &world->catalog->tables[0];
    struct column *version = table_column(table, STR("updated_at"));
    assert_has(asked(world), "\"t\".\"updated_at\"::text, t.xmin::text");
    table->protected = true;
    assert_lacks(asked(world), "xmin");
    version->not_null = false;
    assert_has(asked(world), "\"t\".\"updated_at\"::text, t.xmin::text");
    table->protected = false;
    table->version = NULL;
    assert_has(asked(world), "NULL::text, t.xmin::text");
}

static void a_reference_offers_the_rows_it_can_read(void **state)
{
    struct world *world = *state;
    const struct table *other = catalog_table(world->catalog, STR("other"));
    const struct table *found = column_reference(world->catalog, &other->columns[0]);
    assert_ptr_equal(found, world->list.table);
    assert_null(column_reference(world->catalog, &other->columns[1]));
    assert_null(column_reference(world->catalog, &other->columns[2]));
    assert_null(column_reference(world->catalog, column(world, "title")));
    size_t at = choices_ask(&world->talk, found, &other->columns[0]);
    assert_has(feed_sql(&world->talk, at),
               "SELECT \"t\".\"title\"::text, \"t\".\"title\"::text FROM \"public\".\"articles\" "
               "AS t ORDER BY 2, 1 LIMIT 201");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_key_alone_orders_rows),
        TEST(the_first_page_has_no_cursor),
        TEST(behind_a_value_come_the_nulls_when_ascending),
        TEST(behind_a_value_come_no_nulls_when_descending),
        TEST(behind_a_null_come_more_nulls_when_ascending),
        TEST(behind_a_null_comes_everything_else_when_descending),
        TEST(a_search_takes_the_signs_of_like_literally),
        TEST(what_may_not_be_read_is_never_asked),
        TEST(long_texts_and_bytes_are_cut_short_on_a_page),
        TEST(only_what_has_an_order_can_be_sorted),
        TEST(xmin_is_asked_where_the_column_may_not_be_enough),
        TEST(a_reference_offers_the_rows_it_can_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
