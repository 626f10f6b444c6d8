/*
 * Receipts: what is written beside a save, and what they tell afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edit/receipt.h"
#include "feed.h"

#include "base/banned.h"

#define EARLY "2026-11-22 07:00:00+00"
#define LATE "2026-11-22 08:00:00.5+00"

static const struct feed_column columns[] = {
    {.name = "id", .type = "int4", .key = "2", .not_null = "t", .guarded = "updated_at"},
    {.name = "part", .type = "text", .key = "1", .not_null = "t"},
    {.name = "updated_at", .type = "timestamptz", .not_null = "t"},
};

struct world {
    struct arena arena;
    struct catalog *catalog;
    struct change change;
    struct talk talk;
};

static int setup(void **state)
{
    static struct world world;
    static const struct str key[] = {{"a'b", 3}, {"7", 1}};
    struct settings settings;
    settings_defaults(&settings);
    world = (struct world){0};
    arena_init(&world.arena);
    world.catalog = feed_catalog(&world.arena, columns, 3, &settings);
    world.change = (struct change){.op = CHANGE_UPDATE,
                                   .table = &world.catalog->tables[0],
                                   .key = {key},
                                   .user = STR("anna"),
                                   .token = STR("form1")};
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

static void assert_str(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected);
}

static void a_receipt_says_who_did_what_with_which_form(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"create", "save", "delete"};
    for (enum change_op op = CHANGE_CREATE; op <= CHANGE_DELETE; op++) {
        struct sql sql;
        world->change.op = op;
        sql_init(&sql, &world->arena);
        receipt_write(&sql, &world->change);
        struct str text = buf_slice(&sql.text);
        assert_true(str_starts(text, STR(", r AS (INSERT INTO pg409.receipt")));
        assert_true(str_ends(text, STR(" FROM w)")));
        assert_string_equal(sql.values[0], "public.articles");
        assert_string_equal(sql.values[1], names[op]);
        assert_string_equal(sql.values[2], "anna");
        assert_string_equal(sql.values[3], "form1");
    }
}

static void nobody_and_no_form_are_null(void **state)
{
    struct world *world = *state;
    struct sql sql;
    world->change.user = world->change.token = STR_NONE;
    sql_init(&sql, &world->arena);
    receipt_write(&sql, &world->change);
    assert_null(sql.values[2]);
    assert_null(sql.values[3]);
}

static void receipts_are_found_by_the_whole_key(void **state)
{
    struct world *world = *state;
    size_t at = receipt_ask(&world->talk, &world->change);
    struct str sql = feed_sql(&world->talk, at);
    assert_int_not_equal(str_find(sql, STR("json_build_array(($2::text)::text, ($3::int4)::text)")),
                         SIZE_MAX);
    assert_str(feed_value(&world->talk, at, 1), "public.articles");
    assert_str(feed_value(&world->talk, at, 2), "a'b");
    assert_str(feed_value(&world->talk, at, 3), "7");
}

static struct receipt find(struct world *world, const char *version)
{
    static const char *const cells[] = {
        LATE,  "save", "anna",     "form2",  LATE,  "d1",     "null", "save",
        NULL,  NULL,   "infinity", "d2",     EARLY, "delete", "bert", NULL,
        EARLY, NULL,   LATE,       "create", "eve", "form0",  EARLY,  "d1",
    };
    struct answer answer = feed_answer(&world->arena, 4, 6, cells);
    struct version wanted;
    if (!version)
        return receipt_of(&world->arena, world->change.table, &answer, NULL);
    assert_int_equal(version_parse(&world->arena, world->change.table, str_from(version), &wanted),
                     ERR_NONE);
    return receipt_of(&world->arena, world->change.table, &answer, &wanted);
}

static void the_newest_receipt_of_the_version_counts(void **state)
{
    struct receipt receipt = find(*state, "2026-11-22T08:00:00.5Z");
    assert_true(receipt.found);
    assert_str(receipt.op, "save");
    assert_str(receipt.user, "anna");
    assert_str(receipt.token, "form2");
    assert_str(receipt.at, "2026-11-22T08:00:00.500000Z");
    assert_str(find(*state, EARLY).user, "bert");
    assert_false(find(*state, "2026-11-22T09:00:00Z").found);
}

static void a_deletion_is_found_without_a_version(void **state)
{
    struct receipt receipt = find(*state, NULL);
    assert_true(receipt.found);
    assert_str(receipt.op, "delete");
    assert_null(receipt.token.ptr);
}

static void no_receipts_mean_nothing_found(void **state)
{
    struct world *world = *state;
    struct answer none = feed_answer(&world->arena, 0, 6, NULL);
    assert_false(receipt_of(&world->arena, world->change.table, &none, NULL).found);
    assert_null(receipt_created(&world->arena, world->change.table, &none).key.ptr);
}

static void the_receipt_of_a_change_is_known_by_user_and_digest(void **state)
{
    static const char *const cells[] = {
        LATE, "save", "bert", NULL, LATE, "d1", EARLY, "save", "anna", NULL, LATE, "d2",
        LATE, "save", "anna", NULL, LATE, NULL, EARLY, "save", "anna", "f",  LATE, "d1",
    };
    static const struct {
        const char *user, *digest, *token;
        bool found;
    } cases[] = {{"anna", "d1", "f", true},  {"anna", "d2", NULL, true},
                 {"bert", "d1", NULL, true}, {"bert", "d2", NULL, false},
                 {NULL, "d1", NULL, false},  {"anna", NULL, NULL, false}};
    struct world *world = *state;
    struct answer answer = feed_answer(&world->arena, 4, 6, cells);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world->change.user = str_from(cases[i].user);
        world->change.digest = str_from(cases[i].digest);
        struct receipt receipt = receipt_of_change(&world->arena, &answer, &world->change);
        assert_int_equal(receipt.found, cases[i].found);
        assert_true(str_eq(receipt.token, str_from(cases[i].token)));
    }
}

static void the_row_that_a_form_made_has_its_address(void **state)
{
    static const struct {
        const char *key, *segment;
    } cases[] = {
        {"[\"7\"]", "7"},     {"[\"a\", \"b/c\"]", "a,b~2Fc"},
        {"[\"_x\"]", "~5Fx"}, {"[\"\\u00e4\"]", "~C3~A4"},
        {"[7]", "7"},         {"no json", NULL},
        {"{\"a\": 1}", NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *cells[] = {cases[i].key, "digest", i ? EARLY : NULL};
        struct answer answer = feed_answer(&world->arena, 1, 3, cells);
        struct created created = receipt_created(&world->arena, world->change.table, &answer);
        if (!cases[i].segment) {
            assert_null(created.key.ptr);
            continue;
        }
        assert_str(created.key, cases[i].segment);
        assert_str(created.digest, "digest");
        assert_int_equal(created.has_version, i > 0);
        if (i > 0)
            assert_str(version_token(&world->arena, created.version),
                       "2026-11-22T07:00:00.000000Z");
    }
}

static void somebody_elses_form_is_not_asked_for(void **state)
{
    struct world *world = *state;
    size_t at = receipt_ask_created(&world->talk, &world->change);
    assert_true(str_ends(feed_sql(&world->talk, at), STR("username IS NOT DISTINCT FROM $2")));
    assert_str(feed_value(&world->talk, at, 1), "form1");
    assert_str(feed_value(&world->talk, at, 2), "anna");
}

static void old_receipts_go_a_thousand_at_a_time(void **state)
{
    struct world *world = *state;
    receipt_expire(&world->talk, 7);
    assert_true(str_starts(feed_sql(&world->talk, 0), STR("DELETE FROM pg409.receipt WHERE ")));
    assert_true(str_ends(feed_sql(&world->talk, 0),
                         STR(" WHERE at < now() - interval '1 day' * 7 LIMIT 1000))")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_receipt_says_who_did_what_with_which_form),
        TEST(nobody_and_no_form_are_null),
        TEST(receipts_are_found_by_the_whole_key),
        TEST(the_newest_receipt_of_the_version_counts),
        TEST(a_deletion_is_found_without_a_version),
        TEST(no_receipts_mean_nothing_found),
        TEST(the_receipt_of_a_change_is_known_by_user_and_digest),
        TEST(the_row_that_a_form_made_has_its_address),
        TEST(somebody_elses_form_is_not_asked_for),
        TEST(old_receipts_go_a_thousand_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
