/*
 * The table of problems: every reason has its words and the contract's status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "web/problem.h"

#include "base/banned.h"

/* The contract, section 4: status with a version in form or body, and with If-Match. */
static const struct {
    enum reason reason;
    int status, strict;
    bool again; /* section 5: only these are worth sending again as they are */
} expected[] = {
    {REASON_STALE, 409, 412, false},        {REASON_DELETED, 409, 412, false},
    {REASON_NO_ROW, 404, 412, false},       {REASON_VERSION_REQUIRED, 428, 428, false},
    {REASON_OVERWRITE, 403, 403, false},    {REASON_KEY_REUSED, 422, 422, false},
    {REASON_EXISTS, 412, 412, false},       {REASON_TRIGGER, 403, 403, false},
    {REASON_ROW_SECURITY, 403, 403, false}, {REASON_DUPLICATE, 409, 409, false},
    {REASON_REFERENCED, 409, 409, false},   {REASON_DANGLING, 409, 409, false},
    {REASON_LOCKED, 409, 409, true},        {REASON_CONTENTION, 409, 409, true},
    {REASON_CHECK, 422, 422, false},        {REASON_NOT_NULL, 422, 422, false},
    {REASON_VALUE, 422, 422, false},        {REASON_PRIVILEGE, 403, 403, false},
    {REASON_RAISED, 422, 422, false},       {REASON_AWAY, 503, 503, true},
    {REASON_FULL, 503, 503, true},          {REASON_READ_ONLY, 503, 503, true},
    {REASON_TIMEOUT, 504, 504, true},       {REASON_CATALOG, 503, 503, true},
    {REASON_BUG, 500, 500, false},          {REASON_UNSURE, 503, 503, false},
};

static void statuses_are_those_of_the_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct outcome outcome = {.reason = expected[i].reason};
        const struct problem *problem = problem_for(expected[i].reason);
        if (problem_status(&outcome, false) != expected[i].status ||
            problem_status(&outcome, true) != expected[i].strict ||
            problem->again != expected[i].again)
            fail_msg("%s", problem->name);
    }
}

static void every_reason_is_expected_here(void **state)
{
    (void)state;
    for (enum reason reason = REASON_NONE + 1; reason <= REASON_BUG; reason++) {
        size_t i = 0;
        while (i < sizeof expected / sizeof *expected && expected[i].reason != reason)
            i++;
        if (reason != REASON_CUSTOM)
            assert_int_not_equal(i, sizeof expected / sizeof *expected);
        assert_int_equal(problem_for(reason)->reason, reason);
    }
}

static void requests_that_were_refused_before_have_their_statuses(void **state)
{
    static const struct {
        const char *name;
        int status;
    } cases[] = {
        {"malformed", 400},      {"unknown-name", 400},    {"cut-short", 400},
        {"bad-version", 400},    {"versions-differ", 400}, {"foreign-origin", 403},
        {"login-required", 403}, {"no-table", 404},        {"not-found", 404},
        {"method", 405},         {"not-acceptable", 406},  {"mixed-form", 409},
        {"too-large", 413},      {"too-long", 414},        {"media-type", 415},
        {"settings", 503},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct problem *problem = problem_named(str_from(cases[i].name));
        assert_non_null(problem);
        assert_int_equal(problem->status, cases[i].status);
        assert_int_equal(problem->reason, REASON_NONE);
    }
}

static void a_custom_reason_has_the_status_that_was_raised(void **state)
{
    struct outcome outcome = {.reason = REASON_CUSTOM, .error = {.sqlstate = "PT418"}};
    (void)state;
    assert_int_equal(problem_status(&outcome, false), 418);
    assert_int_equal(problem_status(&outcome, true), 418);
}

static bool is_sentence(const char *text)
{
    size_t len = strlen(text);
    return len > 8 && text[0] >= 'A' && text[0] <= 'Z' && text[len - 1] == '.';
}

static void every_problem_has_words(void **state)
{
    (void)state;
    for (const struct problem *problem = problems; problem->name; problem++) {
        size_t title = strlen(problem->title);
        bool fine = title > 8 && problem->title[title - 1] != '.' &&
                    is_sentence(problem->meaning) && is_sentence(problem->cure) &&
                    strlen(problem->how) > 5 && problem->status >= 400 && problem->status < 600;
        if (!fine)
            fail_msg("%s", problem->name);
    }
}

static void names_are_there_once_and_fit_an_address(void **state)
{
    (void)state;
    for (const struct problem *problem = problems; problem->name; problem++) {
        assert_ptr_equal(problem_named(str_from(problem->name)), problem);
        assert_int_equal(strspn(problem->name, "abcdefghijklmnopqrstuvwxyz-"),
                         strlen(problem->name));
    }
}

static void what_is_unknown_is_our_bug(void **state)
{
    (void)state;
    assert_null(problem_named(STR("nonsense")));
    assert_null(problem_named(STR("")));
    assert_null(problem_named(STR_NONE));
    assert_string_equal(problem_for(REASON_NONE)->name, "bug");
    assert_string_equal(problem_for((enum reason)999)->name, "bug");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_those_of_the_contract),
        cmocka_unit_test(every_reason_is_expected_here),
        cmocka_unit_test(requests_that_were_refused_before_have_their_statuses),
        cmocka_unit_test(a_custom_reason_has_the_status_that_was_raised),
        cmocka_unit_test(every_problem_has_words),
        cmocka_unit_test(names_are_there_once_and_fit_an_address),
        cmocka_unit_test(what_is_unknown_is_our_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
