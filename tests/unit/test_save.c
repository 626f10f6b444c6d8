/*
 * The conditional write: scripted answers of the database and what became of
 * the change, with the number of round trips it took.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "scene.h"

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

static void a_write_that_meets_its_version_is_saved_in_one_round_trip(void **state)
{
    static const struct scene scenes[] = {
        {"update", CHANGE_UPDATE, .steps = {{.what = WRITTEN}}, .trips = 1, .key = "7"},
        {"create", CHANGE_CREATE, .steps = {{.what = WRITTEN}}, .trips = 1, .key = "7"},
        {"delete", CHANGE_DELETE, .steps = {{.what = WRITTEN}}, .trips = 1, .key = "7"},
        {"with a receipt", CHANGE_UPDATE, .receipts = true, .steps = {{.what = WRITTEN}},
         .trips = 1},
        {"json", CHANGE_UPDATE, .json = true, .steps = {{.what = WRITTEN}}, .trips = 1},
        {"whatever is there", CHANGE_UPDATE, .any = true, .steps = {{.what = WRITTEN}}, .trips = 1},
        {"If-Match", CHANGE_UPDATE, .strict = true, .steps = {{.what = WRITTEN}}, .trips = 1},
    };
    PLAY(scenes);
}

static void no_row_at_the_same_version_is_told_apart(void **state)
{
    static const struct scene scenes[] = {
        {"stored already", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, LOOKED(OLD, STORED)},
         .kind = OUTCOME_UNCHANGED, .trips = 2, .key = "7"},
        {"stored already, If-Match", CHANGE_UPDATE, .strict = true,
         .steps = {{.what = NO_ROW}, LOOKED(OLD, STORED)}, .kind = OUTCOME_UNCHANGED, .trips = 2},
        {"a trigger", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, LOOKED(OLD, AS_SEEN)},
         .kind = OUTCOME_REFUSED, .reason = REASON_TRIGGER, .trips = 2},
        {"a trigger, with policies", CHANGE_UPDATE, .row_security = true,
         .steps = {{.what = NO_ROW}, LOOKED(OLD, AS_SEEN), {.what = LOCK}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_TRIGGER, .trips = 3},
        {"a policy", CHANGE_UPDATE, .row_security = true,
         .steps = {{.what = NO_ROW}, LOOKED(OLD, AS_SEEN), {.what = NO_LOCK}},
         .kind = OUTCOME_REFUSED, .reason = REASON_ROW_SECURITY, .trips = 3},
        {"locked meanwhile", CHANGE_UPDATE, .row_security = true,
         .steps = {{.what = NO_ROW}, LOOKED(OLD, AS_SEEN), FAILED("55P03")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_LOCKED, .trips = 3},
        {"delete, a trigger", CHANGE_DELETE, .steps = {{.what = NO_ROW}, LOOKED(OLD, "")},
         .kind = OUTCOME_REFUSED, .reason = REASON_TRIGGER, .trips = 2},
        {"delete, a policy", CHANGE_DELETE, .row_security = true,
         .steps = {{.what = NO_ROW}, LOOKED(OLD, "")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_ROW_SECURITY, .trips = 2},
        {"create, a trigger", CHANGE_CREATE, .steps = {{.what = NO_ROW}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_TRIGGER, .trips = 1},
        {"whatever is there, a trigger", CHANGE_UPDATE, .any = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, AS_SEEN)}, .kind = OUTCOME_REFUSED,
         .reason = REASON_TRIGGER, .trips = 2},
        {"whatever is there, stored", CHANGE_UPDATE, .any = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, STORED)}, .kind = OUTCOME_UNCHANGED, .trips = 2},
    };
    PLAY(scenes);
}

static void a_form_that_changes_nothing_is_only_looked_at(void **state)
{
    static const struct scene scenes[] = {
        {"same version", CHANGE_UPDATE, .keep_title = true, .keep_body = true,
         .steps = {LOOKED(OLD, "tttttt")}, .kind = OUTCOME_UNCHANGED, .trips = 1},
        {"stale", CHANGE_UPDATE, .keep_title = true, .keep_body = true,
         .steps = {LOOKED(NEW, "fftfft")}, .kind = OUTCOME_UNCHANGED, .trips = 1},
        {"without a version", CHANGE_UPDATE, .blind = true, .keep_title = true, .keep_body = true,
         .steps = {LOOKED(NEW, "tttttt")}, .kind = OUTCOME_UNCHANGED, .trips = 1},
        {"gone", CHANGE_UPDATE, .keep_title = true, .keep_body = true, .steps = {{.what = GONE}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DELETED, .trips = 1},
    };
    PLAY(scenes);
}

static void a_stale_write_is_a_conflict_unless_it_is_harmless(void **state)
{
    static const struct scene scenes[] = {
        {"every value is stored", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, LOOKED(NEW, STORED)},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .key = "7"},
        {"every value is stored, If-Match", CHANGE_UPDATE, .strict = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, STORED)}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2},
        {"one value is stored", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, LOOKED(NEW, "tffftf")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
        {"nothing that was seen differs", CHANGE_UPDATE,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, AS_SEEN), {.what = WRITTEN}},
         .kind = OUTCOME_REBASED, .trips = 3},
        {"nothing that was seen differs, If-Match", CHANGE_UPDATE, .strict = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, AS_SEEN)}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"somebody changed the other column", CHANGE_UPDATE, .keep_body = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, "ftffft")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"a clash", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, LOOKED(NEW, CLASH)},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2, .changed_by = "bert"},
        {"delete", CHANGE_DELETE, .steps = {{.what = NO_ROW}, LOOKED(NEW, "")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
        {"milliseconds", CHANGE_UPDATE, .cut = true,
         .steps = {{.what = NO_ROW}, LOOKED(NEW, CLASH)}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2, .cut_short = true},
        {"looking fails", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, FAILED("57014")},
         .kind = OUTCOME_REFUSED, .reason = REASON_TIMEOUT, .trips = 2},
    };
    PLAY(scenes);
}

static void rebasing_ends_after_five_times(void **state)
{
#define AGAIN(digit) {.what = NO_ROW}, LOOKED("2026-11-22 09:00:0" #digit "+00", AS_SEEN)
    static const struct scene scenes[] = {
        {"the fifth succeeds", CHANGE_UPDATE,
         .steps = {AGAIN(1), AGAIN(2), AGAIN(3), AGAIN(4), AGAIN(5), {.what = WRITTEN}},
         .kind = OUTCOME_REBASED, .trips = 11},
        {"none succeeds", CHANGE_UPDATE,
         .steps = {AGAIN(1), AGAIN(2), AGAIN(3), AGAIN(4), AGAIN(5), AGAIN(6)},
         .kind = OUTCOME_CONFLICT, .reason = REASON_CONTENTION, .trips = 12},
        {"a clash on the way", CHANGE_UPDATE,
         .steps = {AGAIN(1), {.what = NO_ROW}, LOOKED(NEW, CLASH)}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 4},
        {"a trigger on the way", CHANGE_UPDATE, .steps = {AGAIN(1), AGAIN(1)},
         .kind = OUTCOME_REFUSED, .reason = REASON_TRIGGER, .trips = 4},
        {"deleted on the way", CHANGE_UPDATE, .steps = {AGAIN(1), {.what = NO_ROW}, {.what = GONE}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DELETED, .trips = 4},
    };
#undef AGAIN
    PLAY(scenes);
}

#define RECEIPT(user, token) .receipt = {NEW, "save", user, token, NEW}
#define OWN_LOOK(user, token)                                                                      \
    {                                                                                              \
        LOOK, .version = NEW, .same = "fffftf", RECEIPT(user, token)                               \
    }

static void the_own_form_sent_again_is_rebased(void **state)
{
    static const struct scene scenes[] = {
        {"own", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW}, OWN_LOOK("anna", "form1"), {.what = WRITTEN}},
         .kind = OUTCOME_REBASED, .trips = 3},
        {"own, If-Match", CHANGE_UPDATE, .receipts = true, .token = "form1", .strict = true,
         .steps = {{.what = NO_ROW}, OWN_LOOK("anna", "form1")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"another form", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW}, OWN_LOOK("anna", "form2")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"another user", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW}, OWN_LOOK("bert", "form1")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"no tokens are not the same token", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = NO_ROW}, OWN_LOOK("anna", NULL)}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"a key of the API", CHANGE_UPDATE, .receipts = true, .token = "form1", .json = true,
         .steps = {{.what = NO_ROW}, OWN_LOOK("anna", "form1")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"own, of a version since overwritten", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW},
                   {LOOK, .version = NEW, .same = CLASH,
                    .receipt = {OLD, "save", "anna", "form1", OLD}}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
    };
    PLAY(scenes);
}

static void a_row_that_is_gone_has_its_reasons(void **state)
{
#define GONE_RECEIPT(version, op)                                                                  \
    {                                                                                              \
        GONE, .receipt = { version, op, "anna", NULL, NEW }                                        \
    }
    static const struct scene scenes[] = {
        {"deleted", CHANGE_UPDATE, .steps = {{.what = NO_ROW}, {.what = GONE}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DELETED, .trips = 2},
        {"deleted, by whom", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = NO_ROW}, GONE_RECEIPT(OLD, "delete")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DELETED, .trips = 2, .changed_by = "anna"},
        {"never there", CHANGE_UPDATE, .any = true, .steps = {{.what = NO_ROW}, {.what = GONE}},
         .kind = OUTCOME_REFUSED, .reason = REASON_NO_ROW, .trips = 2},
        {"no version, never there", CHANGE_UPDATE, .blind = true, .steps = {{.what = GONE}},
         .kind = OUTCOME_REFUSED, .reason = REASON_NO_ROW, .trips = 1},
        {"hidden", CHANGE_UPDATE, .row_security = true, .row_exists = true,
         .steps = {{.what = NO_ROW}, {GONE, .exists = true}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_ROW_SECURITY, .trips = 2},
        {"not hidden", CHANGE_UPDATE, .row_security = true, .row_exists = true, .receipts = true,
         .steps = {{.what = NO_ROW}, {.what = GONE}}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DELETED, .trips = 2},
        {"deleted twice", CHANGE_DELETE, .receipts = true,
         .steps = {{.what = NO_ROW}, GONE_RECEIPT(OLD, "delete")}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2},
        {"deleted at another version", CHANGE_DELETE, .receipts = true,
         .steps = {{.what = NO_ROW}, GONE_RECEIPT(NEW, "delete")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DELETED, .trips = 2},
        {"saved, then deleted elsewhere", CHANGE_DELETE, .receipts = true,
         .steps = {{.what = NO_ROW}, GONE_RECEIPT(OLD, "save")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DELETED, .trips = 2},
    };
#undef GONE_RECEIPT
    PLAY(scenes);
}

static void without_a_version_nothing_is_written(void **state)
{
    static const struct scene scenes[] = {
        {"update", CHANGE_UPDATE, .blind = true, .steps = {LOOKED(NEW, CLASH)},
         .kind = OUTCOME_REFUSED, .reason = REASON_VERSION_REQUIRED, .trips = 1},
        {"delete", CHANGE_DELETE, .blind = true, .steps = {LOOKED(NEW, "")},
         .kind = OUTCOME_REFUSED, .reason = REASON_VERSION_REQUIRED, .trips = 1},
        {"unreadable values", CHANGE_UPDATE, .blind = true,
         .steps = {FAILED("22P02"), {.what = KEY}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_VERSION_REQUIRED, .trips = 2},
        {"unreadable key", CHANGE_UPDATE, .blind = true,
         .steps = {FAILED("22P02"), FAILED("22P02")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_NO_ROW, .trips = 2},
    };
    PLAY(scenes);
}

static void a_value_that_is_taken_leads_to_the_row_that_has_it(void **state)
{
    static const struct scene scenes[] = {
        {"found", CHANGE_UPDATE, .steps = {DUPLICATE("title_once"), {.what = FOUND}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 2, .other_key = "9"},
        {"gone again", CHANGE_CREATE, .steps = {DUPLICATE("title_once"), {.what = NONE}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 2},
        {"looking fails", CHANGE_CREATE, .steps = {DUPLICATE("title_once"), FAILED("")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 2},
        {"not all values are known", CHANGE_CREATE, .steps = {DUPLICATE("id_title")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 1},
        {"an index on expressions", CHANGE_CREATE, .steps = {DUPLICATE("lower_title")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 1},
        {"no name", CHANGE_CREATE, .steps = {DUPLICATE(NULL)}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DUPLICATE, .trips = 1},
    };
    PLAY(scenes);
}

static void what_postgresql_refuses_has_its_outcome(void **state)
{
    static const struct scene scenes[] = {
        {"refers to nothing", CHANGE_UPDATE, .steps = {FAILED("23503", "articles")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DANGLING, .trips = 1},
        {"still referred to", CHANGE_UPDATE, .steps = {FAILED("23503", "comments")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_REFERENCED, .trips = 1,
         .hint_table = "comments"},
        {"by its own table", CHANGE_DELETE, .steps = {FAILED("23503", "articles")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_REFERENCED, .trips = 1,
         .hint_table = "articles"},
        {"restricted", CHANGE_DELETE, .steps = {FAILED("23001", "comments")},
         .kind = OUTCOME_CONFLICT, .reason = REASON_REFERENCED, .trips = 1,
         .hint_table = "comments"},
        {"locked", CHANGE_UPDATE, .steps = {FAILED("55P03")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_LOCKED, .trips = 1},
        {"serialization", CHANGE_UPDATE, .steps = {FAILED("40001")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_CONTENTION, .trips = 1},
        {"deadlock", CHANGE_UPDATE, .steps = {FAILED("40P01")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_CONTENTION, .trips = 1},
        {"check", CHANGE_UPDATE, .steps = {FAILED("23514", "articles", "c")},
         .kind = OUTCOME_REFUSED, .reason = REASON_CHECK, .trips = 1},
        {"not null", CHANGE_CREATE, .steps = {FAILED("23502", "articles")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_NOT_NULL, .trips = 1},
        {"value", CHANGE_UPDATE, .steps = {FAILED("22P02"), {.what = KEY}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_VALUE, .trips = 2},
        {"value of a create", CHANGE_CREATE, .steps = {FAILED("22P02")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_VALUE, .trips = 1},
        {"the key's own value", CHANGE_UPDATE, .steps = {FAILED("22P02"), FAILED("22P02")},
         .kind = OUTCOME_REFUSED, .reason = REASON_NO_ROW, .trips = 2},
        {"privilege", CHANGE_UPDATE, .steps = {FAILED("42501")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_PRIVILEGE, .trips = 1},
        {"custom", CHANGE_UPDATE, .steps = {FAILED("PT409")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_CUSTOM, .trips = 1},
        {"away", CHANGE_UPDATE, .steps = {FAILED("")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_AWAY, .trips = 1},
    };
    PLAY(scenes);
}

static void a_conflict_carries_the_current_row(void **state)
{
    static const struct scene scene = {"stale", CHANGE_UPDATE, .trips = 2};
    static const struct step looked_at = LOOKED(NEW, "fftftf");
    unsigned ends = 0;
    struct save *save = scene_start(*state, &scene, &ends);
    save_row(save);
    feed_then(save->talk);
    scene_answer(*state, save, &looked_at);
    feed_then(save->talk);
    const struct outcome *outcome = &save->outcome;
    scene_assert_text("version", version_token(*state, outcome->version), NEW_TOKEN);
    assert_true(outcome->has_version);
    scene_assert_text("title", outcome->texts[1], "t");
    scene_assert_text("title", save->change.fields[0].current, "t");
    assert_int_equal(save->change.fields[0].merge, ROW_CURRENT);
    assert_int_equal(save->change.fields[1].merge, ROW_YOURS);
}

/* What a protected table needs runs on Citus, YugabyteDB and CockroachDB too. */
static void a_write_to_a_protected_table_uses_no_xmin(void **state)
{
    for (enum change_op op = CHANGE_CREATE; op <= CHANGE_DELETE; op++) {
        unsigned ends = 0;
        struct scene scene = {"protected", .op = op};
        struct save *save = scene_start(*state, &scene, &ends);
        save_row(save);
        struct str sql = feed_sql(save->talk, 0);
        assert_int_equal(str_find(sql, STR("xmin")), SIZE_MAX);
        assert_int_equal(str_find(sql, STR("my title")), SIZE_MAX);
        assert_int_equal(save->talk->asked_count, 1);
    }
}

static void an_update_names_key_and_version_and_what_differs(void **state)
{
    static const struct scene scene = {"", CHANGE_UPDATE, .keep_body = true};
    unsigned ends = 0;
    struct save *save = scene_start(*state, &scene, &ends);
    save_row(save);
    const struct str sql = feed_sql(save->talk, 0);
    assert_true(str_starts(sql, STR("UPDATE \"public\".\"articles\" AS t SET \"title\" = $1::text,"
                                    " \"updated_at\" = greatest(now(), ")));
    assert_int_not_equal(str_find(sql, STR(" WHERE \"id\" = ")), SIZE_MAX);
    assert_int_not_equal(str_find(sql, STR(" AND \"updated_at\" = ")), SIZE_MAX);
    assert_int_not_equal(str_find(sql, STR("IS DISTINCT FROM")), SIZE_MAX);
    assert_int_equal(str_find(sql, STR("\"body\"")), SIZE_MAX);
    assert_true(str_is(feed_value(save->talk, 0, 1), "my title"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_write_that_meets_its_version_is_saved_in_one_round_trip),
        TEST(no_row_at_the_same_version_is_told_apart),
        TEST(a_form_that_changes_nothing_is_only_looked_at),
        TEST(a_stale_write_is_a_conflict_unless_it_is_harmless),
        TEST(rebasing_ends_after_five_times),
        TEST(the_own_form_sent_again_is_rebased),
        TEST(a_row_that_is_gone_has_its_reasons),
        TEST(without_a_version_nothing_is_written),
        TEST(a_value_that_is_taken_leads_to_the_row_that_has_it),
        TEST(what_postgresql_refuses_has_its_outcome),
        TEST(a_conflict_carries_the_current_row),
        TEST(a_write_to_a_protected_table_uses_no_xmin),
        TEST(an_update_names_key_and_version_and_what_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
