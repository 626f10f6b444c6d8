/*
 * A change that comes a second time, from the client or because we sent it again: it is done once,
 * and the answer says what really happened.
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

static void a_create_that_comes_twice_makes_one_row(void **state)
{
    static const struct scene scenes[] = {
        {"repeated", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {TOKEN_TAKEN, {.what = MADE}}, .kind = OUTCOME_ALREADY_APPLIED, .trips = 2,
         .key = "9", .version = OLD_TOKEN},
        {"repeated, shows the row", CHANGE_CREATE, .receipts = true, .token = "k", .json = true,
         .steps = {TOKEN_TAKEN, {.what = MADE}, {.what = KEY}}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 3, .key = "9", .version = NEW_TOKEN},
        {"repeated, the row is gone", CHANGE_CREATE, .receipts = true, .token = "k", .json = true,
         .steps = {TOKEN_TAKEN, {.what = MADE}, {.what = NO_KEY}}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 3, .key = "9", .gone = true},
        {"repeated, without the row", CHANGE_CREATE, .receipts = true, .token = "k", .json = true,
         .without_row = true, .steps = {TOKEN_TAKEN, {.what = MADE}},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .key = "9", .version = OLD_TOKEN},
        {"repeated, the row cannot be read", CHANGE_CREATE, .receipts = true, .token = "k",
         .json = true, .steps = {TOKEN_TAKEN, {.what = MADE}, FAILED("")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_AWAY, .trips = 3},
        {"runs into its own row first", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {DUPLICATE("title_once"), {.what = MADE}}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2, .key = "9"},
        {"another row has the value", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {DUPLICATE("title_once"), {.what = NOT_MADE}, {.what = FOUND}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 3, .other_key = "9"},
        {"other content in an old form", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {TOKEN_TAKEN, {MADE, .version = "other"}, {.what = WRITTEN}},
         .kind = OUTCOME_SAVED, .trips = 3, .key = "7"},
        {"other content under a key", CHANGE_CREATE, .receipts = true, .token = "k", .json = true,
         .steps = {TOKEN_TAKEN, {MADE, .version = "other"}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_KEY_REUSED, .trips = 2},
        {"the receipt is not there", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {TOKEN_TAKEN, {.what = NOT_MADE}}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_CONTENTION, .trips = 2},
        {"the receipt cannot be read", CHANGE_CREATE, .receipts = true, .token = "form1",
         .steps = {TOKEN_TAKEN, FAILED("")}, .kind = OUTCOME_REFUSED, .reason = REASON_AWAY,
         .trips = 2},
    };
    PLAY(scenes);
}

/* What a create says: another digest for each of these, the same for members in another order. */
static void what_a_create_says_is_told_apart(void **state)
{
    static const struct scene scene = {"", CHANGE_CREATE, .token = "k", .receipts = true};
    static const struct {
        struct field title, body;
        size_t count;
    } cases[] = {
        {{.value = {"x", 1}}, {.value = {"y", 1}}, 2},
        {{.value = {"y", 1}}, {.value = {"x", 1}}, 2},
        {{.value = {NULL, 0}}, {.value = {"y", 1}}, 2},
        {{.value = {"", 0}}, {.value = {"y", 1}}, 2},
        {{.standard = true}, {.value = {"y", 1}}, 2},
        {{.value = {"x", 1}}, {.kept = true}, 2},
        {{.value = {"x", 1}}, {.value = {NULL, 0}}, 2},
        {{.value = {"x", 1}}, {.value = {"", 0}}, 2},
        {{.value = {"xy", 2}}, {.value = {"", 0}}, 2},
        {{.value = {"x", 1}, .nested = true}, {.value = {"y", 1}}, 2},
    };
    enum { COUNT = sizeof cases / sizeof *cases };
    struct str digests[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        unsigned ends = 0;
        struct save *save = scene_start(*state, &scene, &ends);
        struct field *fields = save->change.fields;
        const struct column *title = fields[0].column, *body = fields[1].column;
        fields[0] = cases[i].title;
        fields[1] = cases[i].body;
        fields[0].column = title;
        fields[1].column = body;
        save_row(save);
        digests[i] = save->change.digest;
        assert_int_equal(digests[i].len, 32);
        for (size_t j = 0; j < i; j++)
            assert_false(str_eq(digests[i], digests[j]));
        struct field first = fields[0];
        fields[0] = fields[1];
        fields[1] = first;
        save_row(save);
        assert_true(str_eq(digests[i], save->change.digest));
    }
}

#define OWN_RECEIPT(version, op)                                                                   \
    {                                                                                              \
        version, op, "anna", NULL, version, "="                                                    \
    }

#define KEYED(v, was, key)                                                                         \
    {                                                                                              \
        LOOK, .version = v, .same = "fffftf", .receipt = { was, "save", "anna", key, was, "=" }    \
    }

/* A key tells two that say the same apart, and a repeat that comes late from a new wish. */
static void a_key_says_which_write_it_is(void **state)
{
    static const struct scene scenes[] = {
        {"another form that says the same", CHANGE_UPDATE, .receipts = true, .token = "form2",
         .steps = {{.what = NO_ROW}, KEYED(NEW, NEW, "form1")}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2},
        {"sent again by us, but it was another's", CHANGE_UPDATE, .receipts = true, .json = true,
         .token = "l",
         .steps = {{.what = NO_ROW},
                   {LOOK, .version = NEW, .same = "fffftf",
                    .receipt = {CUT, "save", "anna", "k", CUT, "="}, .resent = true}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
        {"under its key, overwritten since", CHANGE_UPDATE, .receipts = true, .json = true,
         .strict = true, .token = "k", .steps = {{.what = NO_ROW}, KEYED(NEW, CUT, "k")},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .version = "2026-11-22T08:00:00.123000Z"},
        {"under another key, overwritten since", CHANGE_UPDATE, .receipts = true, .json = true,
         .token = "l", .steps = {{.what = NO_ROW}, KEYED(NEW, CUT, "k")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
        {"the own form, overwritten since", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW}, KEYED(NEW, CUT, "form1")}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_STALE, .trips = 2},
    };
    PLAY(scenes);
}

/* The same write again: its receipt proves it, whatever a trigger made of the values. */
static void a_write_that_was_done_before_is_not_done_again(void **state)
{
#define OWN(v)                                                                                     \
    {                                                                                              \
        LOOK, .version = v, .same = "fffftf", .receipt = OWN_RECEIPT(v, "save")                    \
    }
#define OWN_RESENT(v, was)                                                                         \
    {                                                                                              \
        LOOK, .version = v, .same = "fffftf", .receipt = OWN_RECEIPT(was, "save"), .resent = true  \
    }
#define KEYED(v, was, key)                                                                         \
    {                                                                                              \
        LOOK, .version = v, .same = "fffftf", .receipt = { was, "save", "anna", key, was, "=" }    \
    }
    static const struct scene scenes[] = {
        {"a repeat", CHANGE_UPDATE, .receipts = true, .steps = {{.what = NO_ROW}, OWN(NEW)},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .version = NEW_TOKEN},
        {"a repeat, If-Match", CHANGE_UPDATE, .receipts = true, .strict = true,
         .steps = {{.what = NO_ROW}, OWN(NEW)}, .kind = OUTCOME_ALREADY_APPLIED, .trips = 2},
        {"the own form, too", CHANGE_UPDATE, .receipts = true, .token = "form1",
         .steps = {{.what = NO_ROW}, KEYED(NEW, NEW, "form1")}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2},
        {"somebody else's", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = NO_ROW},
                   {LOOK, .version = NEW, .same = "fffftf",
                    .receipt = {NEW, "save", "bert", NULL, NEW, "="}}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
        {"overwritten since", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = NO_ROW},
                   {LOOK, .version = NEW, .same = "fffftf", .receipt = OWN_RECEIPT(CUT, "save")}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_STALE, .trips = 2},
        {"ours, overwritten since", CHANGE_UPDATE, .receipts = true, .json = true,
         .steps = {{.what = NO_ROW}, OWN_RESENT(NEW, CUT)}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2, .version = "2026-11-22T08:00:00.123000Z"},
        {"deleted, then made again", CHANGE_DELETE, .receipts = true,
         .steps = {{.what = NO_ROW},
                   {LOOK, .version = NEW, .same = "", .receipt = OWN_RECEIPT(OLD, "delete"),
                    .resent = true}},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .gone = true},
        {"saved by us, then deleted", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = NO_ROW}, {GONE, .receipt = OWN_RECEIPT(NEW, "save"), .resent = true}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DELETED, .trips = 2},
        {"sent twice, done once", CHANGE_UPDATE, .receipts = true,
         .steps = {{.what = WRITTEN, .resent = true}}, .kind = OUTCOME_SAVED, .trips = 1},
    };
    PLAY(scenes);
}

/* "Whatever is there" is not sent twice as it is: receipts tell, or the version that is found. */
static void whatever_is_there_is_not_overwritten_twice(void **state)
{
#define FOUND_AT(v, s)                                                                             \
    {                                                                                              \
        LOOK, .version = v, .same = s                                                              \
    }
    static const struct scene scenes[] = {
        {"done", CHANGE_UPDATE, .any = true, .receipts = true, .steps = {{.what = LOST}, OWN(NEW)},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2},
        {"done, overwritten since", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, OWN_RESENT(NEW, OLD)}, .kind = OUTCOME_ALREADY_APPLIED,
         .trips = 2, .version = OLD_TOKEN},
        {"not done", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, FOUND_AT(OLD, CLASH), {.what = WRITTEN}}, .kind = OUTCOME_SAVED,
         .trips = 3},
        {"done while we looked", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, FOUND_AT(OLD, CLASH), {.what = NO_ROW}, OWN(NEW)},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 4},
        {"somebody else came first", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST},
                   FOUND_AT(OLD, CLASH),
                   {.what = NO_ROW},
                   FOUND_AT(NEW, CLASH),
                   {.what = WRITTEN}},
         .kind = OUTCOME_SAVED, .trips = 5},
        {"a trigger", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, FOUND_AT(OLD, CLASH), {.what = NO_ROW}, FOUND_AT(OLD, CLASH)},
         .kind = OUTCOME_REFUSED, .reason = REASON_TRIGGER, .trips = 4},
        {"never there", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, {.what = GONE}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_NO_ROW, .trips = 2},
        {"deleted", CHANGE_DELETE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, {GONE, .receipt = OWN_RECEIPT(OLD, "delete")}},
         .kind = OUTCOME_ALREADY_APPLIED, .trips = 2, .gone = true},
        {"not deleted", CHANGE_DELETE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, FOUND_AT(OLD, ""), {.what = WRITTEN}}, .kind = OUTCOME_SAVED,
         .trips = 3},
        {"still away", CHANGE_UPDATE, .any = true, .receipts = true,
         .steps = {{.what = LOST}, {.what = LOST}}, .kind = OUTCOME_REFUSED, .reason = REASON_AWAY,
         .trips = 2},
        {"away from the start", CHANGE_UPDATE, .any = true, .receipts = true, .steps = {FAILED("")},
         .kind = OUTCOME_REFUSED, .reason = REASON_AWAY, .trips = 1},
        {"without receipts", CHANGE_UPDATE, .any = true, .steps = {{.what = LOST}},
         .kind = OUTCOME_REFUSED, .reason = REASON_AWAY, .trips = 1},
    };
    PLAY(scenes);
}

/* A create under no token of the client's has one of pg409's own. */
static void a_create_without_a_token_is_recognised_when_we_send_it_again(void **state)
{
    static const struct scene scenes[] = {
        {"done", CHANGE_CREATE, .receipts = true, .mark = "m",
         .steps = {{FAIL, .failure = {"23505", "receipt", "receipt_create_token"}, .resent = true},
                   {.what = MADE}},
         .kind = OUTCOME_SAVED, .trips = 2, .key = "9", .version = OLD_TOKEN},
        {"done, shows the row", CHANGE_CREATE, .receipts = true, .mark = "m", .json = true,
         .steps = {{FAIL, .failure = {"23505", "articles", "title_once"}, .resent = true},
                   {.what = MADE},
                   {.what = KEY}},
         .kind = OUTCOME_SAVED, .trips = 3, .key = "9", .version = NEW_TOKEN},
        {"another row has the value", CHANGE_CREATE, .receipts = true, .mark = "m",
         .steps = {{FAIL, .failure = {"23505", "articles", "title_once"}, .resent = true},
                   {.what = NOT_MADE},
                   {.what = FOUND}},
         .kind = OUTCOME_CONFLICT, .reason = REASON_DUPLICATE, .trips = 3, .other_key = "9"},
        {"sent once: nobody has to ask", CHANGE_CREATE, .receipts = true, .mark = "m",
         .steps = {DUPLICATE("title_once"), {.what = FOUND}}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_DUPLICATE, .trips = 2, .other_key = "9"},
        {"without receipts", CHANGE_CREATE, .mark = "m", .steps = {{.what = LOST}},
         .kind = OUTCOME_REFUSED, .reason = REASON_UNSURE, .trips = 1},
        {"without receipts, token", CHANGE_CREATE, .token = "f", .steps = {{.what = LOST}},
         .kind = OUTCOME_REFUSED, .reason = REASON_UNSURE, .trips = 1},
        {"the first still runs", CHANGE_CREATE, .receipts = true, .mark = "m", .json = true,
         .steps = {{FAIL, .failure = {"55P03"}, .resent = true}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_UNSURE, .trips = 1},
        {"the first still runs, a form", CHANGE_CREATE, .receipts = true, .mark = "m",
         .steps = {{FAIL, .failure = {"55P03"}, .resent = true}}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_LOCKED, .trips = 1},
        {"the first still runs, a key", CHANGE_CREATE, .receipts = true, .token = "k", .json = true,
         .steps = {{FAIL, .failure = {"55P03"}, .resent = true}}, .kind = OUTCOME_CONFLICT,
         .reason = REASON_LOCKED, .trips = 1},
        {"refused for good", CHANGE_CREATE, .receipts = true, .mark = "m", .json = true,
         .steps = {{FAIL, .failure = {"23514"}, .resent = true}}, .kind = OUTCOME_REFUSED,
         .reason = REASON_CHECK, .trips = 1},
        {"away from the start", CHANGE_CREATE, .steps = {FAILED("")}, .kind = OUTCOME_REFUSED,
         .reason = REASON_AWAY, .trips = 1},
    };
    PLAY(scenes);
}

/* The same values on another version, or for another purpose, are another change. */
static void what_a_change_is_based_on_is_part_of_what_it_says(void **state)
{
    static const struct scene scenes[] = {
        {"", CHANGE_CREATE, .receipts = true, .mark = "m"},
        {"", CHANGE_UPDATE, .receipts = true, .mark = "m"},
        {"", CHANGE_UPDATE, .receipts = true, .mark = "m", .cut = true},
        {"", CHANGE_UPDATE, .receipts = true, .mark = "m", .any = true},
        {"", CHANGE_UPDATE, .receipts = true, .mark = "n", .any = true},
        {"", CHANGE_DELETE, .receipts = true, .mark = "m"},
    };
    enum { COUNT = sizeof scenes / sizeof *scenes };
    struct str digests[COUNT + 1];
    for (size_t i = 0; i <= COUNT; i++) {
        static const struct str other[] = {{"8", 1}};
        unsigned ends = 0;
        struct save *save = scene_start(*state, &scenes[i == COUNT ? 1 : i], &ends);
        if (i == COUNT) /* the same of another row */
            save->change.key.values = other;
        save_row(save);
        digests[i] = save->change.digest;
        for (size_t j = 0; j < i; j++)
            assert_false(str_eq(digests[i], digests[j]));
    }
    struct scene again = scenes[1];
    unsigned ends = 0;
    again.mark = "another request";
    struct save *save = scene_start(*state, &again, &ends);
    save_row(save);
    assert_true(str_eq(digests[1], save->change.digest));
}

/* Sent once more after a lost connection, a change must not be done twice. */
static void only_what_is_safe_is_repeated(void **state)
{
    static const struct {
        struct scene scene;
        bool repeatable;
    } cases[] = {
        {{"update", CHANGE_UPDATE, .trips = 0}, true},
        {{"delete", CHANGE_DELETE, .trips = 0}, true},
        {{"whatever is there", CHANGE_UPDATE, .any = true}, false},
        {{"delete whatever is there", CHANGE_DELETE, .any = true}, false},
        {{"create", CHANGE_CREATE, .trips = 0}, false},
        {{"create, no receipts", CHANGE_CREATE, .token = "form1"}, false},
        {{"create, no token", CHANGE_CREATE, .receipts = true, .mark = "m"}, true},
        {{"create with a token", CHANGE_CREATE, .receipts = true, .token = "form1"}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned ends = 0;
        struct save *save = scene_start(*state, &cases[i].scene, &ends);
        save_row(save);
        assert_int_equal(save->talk->repeatable, cases[i].repeatable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_create_that_comes_twice_makes_one_row),
        TEST(what_a_create_says_is_told_apart),
        TEST(what_a_change_is_based_on_is_part_of_what_it_says),
        TEST(a_write_that_was_done_before_is_not_done_again),
        TEST(a_key_says_which_write_it_is),
        TEST(whatever_is_there_is_not_overwritten_twice),
        TEST(a_create_without_a_token_is_recognised_when_we_send_it_again),
        TEST(only_what_is_safe_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
