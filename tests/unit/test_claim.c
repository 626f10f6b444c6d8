/*
 * Which version a write claims: the places where it may stand, and when they
 * disagree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "memory_gateway.h"
#include "page/refuse.h"
#include "web/app.h"
#include "web/claim.h"

#include "base/banned.h"

#define A "2026-11-22T08:00:00.123456Z"
#define B "2026-11-22T09:00:00.000000Z"

static const struct feed_column columns[] = {
    {.name = "id", .type = "int4", .key = "1", .not_null = "t"},
    {.name = "updated_at", .type = "timestamptz", .not_null = "t"},
};

struct world {
    struct memory_gateway memory;
    struct app app;
};

static int setup(void **state)
{
    static struct world world;
    static const struct route none[] = {{.pattern = NULL}};
    struct settings settings;
    settings_defaults(&settings);
    memory_init(&world.memory);
    memory_param(&world.memory, "REQUEST_METHOD", "PATCH");
    app_init(&world.app, none, refuse, true);
    world.app.catalog = feed_catalog(&world.memory.arena, columns, 2, &settings);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    app_release(&world->app);
    memory_release(&world->memory);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct claims {
    const char *if_match, *version, *query, *column;
};

static bool claim(struct world *world, struct claims claims, struct change *change)
{
    struct work *work = &world->app.work;
    struct arena arena = work->arena;
    struct claim body = {str_from(claims.version), str_from(claims.column), {0}};
    *work = (struct work){.app = &world->app, .arena = arena};
    work->table = &world->app.catalog->tables[0];
    reply_init(&work->reply, &work->arena);
    talk_init(&work->talk, &work->arena);
    memory_param(&world->memory, "HTTP_IF_MATCH", claims.if_match);
    memory_param(&world->memory, "QUERY_STRING", claims.query);
    assert_int_equal(request_start(&work->arena, &world->memory.gateway, &work->request).status, 0);
    change_start(work, CHANGE_UPDATE, change);
    return claim_version(work, &body, change);
}

static void assert_claims(void **state, struct claims claims, const char *token, bool strict)
{
    struct world *world = *state;
    struct change change;
    assert_true(claim(world, claims, &change));
    assert_true(change.versioned);
    assert_false(change.any);
    assert_int_equal(change.strict, strict);
    assert_true(str_is(version_token(&world->app.work.arena, change.version), token));
    assert_true(str_is(world->app.work.logged_base, token));
    assert_int_equal(world->app.work.reply.status, 200);
}

static void assert_refused(void **state, struct claims claims, int status, const char *name)
{
    struct world *world = *state;
    struct change change;
    assert_false(claim(world, claims, &change));
    assert_int_equal(world->app.work.reply.status, status);
    assert_string_equal(world->app.work.reason, name);
    assert_string_equal(world->app.work.outcome, "refused");
}

static void a_version_is_taken_from_each_place(void **state)
{
    assert_claims(state, (struct claims){.if_match = "\"" A "~7\""}, A "~7", true);
    assert_claims(state, (struct claims){.version = A "~7"}, A "~7", false);
    assert_claims(state, (struct claims){.query = "_version=" A "~7"}, A "~7", false);
    assert_claims(state, (struct claims){.column = A}, A, false);
}

static void what_servers_do_to_tags_is_undone(void **state)
{
    static const char *const tags[] = {
        "W/\"" A "~7\"", "\"" A "~7-gzip\"", "\"" A "~7;gzip\"", "\"" A "~7-br\"",
        A "~7",          " \"" A "~7\" "};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        assert_claims(state, (struct claims){.if_match = tags[i]}, A "~7", true);
}

static void places_that_agree_are_one_claim_and_the_longer_counts(void **state)
{
    assert_claims(state, (struct claims){.if_match = "\"" A "~7\"", .version = A "~7", .column = A},
                  A "~7", true);
    assert_claims(state, (struct claims){.version = A, .query = "_version=" A "~7", .column = A},
                  A "~7", false);
    assert_claims(state,
                  (struct claims){.version = A "~7", .column = "2026-11-22 09:00:00.123456+01"},
                  A "~7", false);
}

static void places_that_disagree_are_refused(void **state)
{
    assert_refused(state, (struct claims){.if_match = "\"" A "\"", .version = B}, 400,
                   "versions-differ");
    assert_refused(state, (struct claims){.version = A, .query = "_version=" B}, 400,
                   "versions-differ");
    assert_refused(state, (struct claims){.version = A, .column = B}, 400, "versions-differ");
    assert_refused(state, (struct claims){.version = A "~7", .query = "_version=" A "~8"}, 400,
                   "versions-differ");
    /* the third place agrees with the second, but not with the first */
    assert_refused(state,
                   (struct claims){.if_match = "\"" A "~7\"",
                                   .version = A,
                                   .query = "_version=" A "~8"},
                   400, "versions-differ");
    assert_refused(state, (struct claims){.if_match = "\"" A "\", \"" B "\""}, 400,
                   "versions-differ");
}

static void what_cannot_be_read_is_refused(void **state)
{
    assert_refused(state, (struct claims){.version = "04/03/2026"}, 400, "bad-version");
    assert_refused(state, (struct claims){.version = ""}, 400, "bad-version");
    assert_refused(state, (struct claims){.column = "yesterday"}, 400, "bad-version");
    assert_refused(state, (struct claims){.if_match = "\"abc\""}, 400, "bad-version");
    assert_refused(state, (struct claims){.if_match = "\"abc"}, 400, "malformed");
    assert_refused(state, (struct claims){.if_match = "*, \"" A "\""}, 400, "malformed");
}

static void no_claim_is_no_version(void **state)
{
    struct world *world = *state;
    struct change change;
    assert_true(claim(world, (struct claims){0}, &change));
    assert_false(change.versioned || change.any || change.strict);
    assert_null(world->app.work.logged_base.ptr);
    assert_true(claim(world, (struct claims){.if_match = ""}, &change));
    assert_false(change.versioned || change.any || change.strict);
}

static void whatever_is_there_has_to_be_allowed(void **state)
{
    static const struct claims ways[] = {{.if_match = "*"},
                                         {.version = "*"},
                                         {.query = "_version=*"},
                                         {.query = "_version=%2A"}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct change change;
        world->app.config.settings.allow_overwrite = 0;
        assert_refused(state, ways[i], 403, "overwrite");
        world->app.config.settings.allow_overwrite = 1;
        assert_true(claim(world, ways[i], &change));
        assert_true(change.any);
        assert_false(change.versioned);
        assert_true(str_is(world->app.work.logged_base, "*"));
    }
}

static void whatever_is_there_excludes_a_version(void **state)
{
    struct world *world = *state;
    world->app.config.settings.allow_overwrite = 1;
    assert_refused(state, (struct claims){.if_match = "*", .version = A}, 400, "versions-differ");
    assert_refused(state, (struct claims){.version = "*", .column = A}, 400, "versions-differ");
}

static void a_change_begins_with_who_and_what(void **state)
{
    struct world *world = *state;
    struct change change;
    memory_param(&world->memory, "REMOTE_USER", "anna");
    assert_true(claim(world, (struct claims){.version = A}, &change));
    assert_true(str_is(change.user, "anna"));
    assert_ptr_equal(change.table, &world->app.catalog->tables[0]);
    assert_true(change.receipts && change.row_exists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_version_is_taken_from_each_place),
        TEST(what_servers_do_to_tags_is_undone),
        TEST(places_that_agree_are_one_claim_and_the_longer_counts),
        TEST(places_that_disagree_are_refused),
        TEST(what_cannot_be_read_is_refused),
        TEST(no_claim_is_no_version),
        TEST(whatever_is_there_has_to_be_allowed),
        TEST(whatever_is_there_excludes_a_version),
        TEST(a_change_begins_with_who_and_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
