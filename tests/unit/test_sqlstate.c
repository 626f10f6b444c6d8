/*
 * From SQLSTATE to reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "db/sqlstate.h"

#include "base/banned.h"

/* The table once more, from the contract and PostgreSQL's appendix A. */
static void states_have_their_reasons(void **state)
{
    static const struct {
        const char *sqlstate;
        enum reason reason;
    } cases[] = {
        {"", REASON_AWAY},
        {"08000", REASON_AWAY},
        {"08006", REASON_AWAY},
        {"0A000", REASON_CATALOG},
        {"22001", REASON_VALUE},
        {"22003", REASON_VALUE},
        {"22P02", REASON_VALUE},
        {"22007", REASON_VALUE},
        {"23001", REASON_REFERENCED},
        {"23502", REASON_NOT_NULL},
        {"23503", REASON_DANGLING},
        {"23505", REASON_DUPLICATE},
        {"23514", REASON_CHECK},
        {"23P01", REASON_DUPLICATE},
        {"23000", REASON_CHECK},
        {"25006", REASON_READ_ONLY},
        {"26000", REASON_CATALOG},
        {"28000", REASON_AWAY},
        {"28P01", REASON_AWAY},
        {"3D000", REASON_AWAY},
        {"40001", REASON_CONTENTION},
        {"40P01", REASON_CONTENTION},
        {"42501", REASON_PRIVILEGE},
        {"42703", REASON_CATALOG},
        {"42804", REASON_CATALOG},
        {"42883", REASON_CATALOG},
        {"42P01", REASON_CATALOG},
        {"42P05", REASON_CATALOG},
        {"428C9", REASON_CATALOG},
        {"44000", REASON_CHECK},
        {"53000", REASON_FULL},
        {"53100", REASON_FULL},
        {"53300", REASON_FULL},
        {"54001", REASON_VALUE},
        {"55P03", REASON_LOCKED},
        {"57014", REASON_TIMEOUT},
        {"57P01", REASON_AWAY},
        {"57P03", REASON_AWAY},
        {"P0001", REASON_RAISED},
        {"PT400", REASON_CUSTOM},
        {"PT409", REASON_CUSTOM},
        {"PT499", REASON_CUSTOM},
        {"22023", REASON_VALUE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (sqlstate_reason(cases[i].sqlstate) != cases[i].reason)
            print_error("%s\n", cases[i].sqlstate);
        assert_int_equal(sqlstate_reason(cases[i].sqlstate), cases[i].reason);
    }
}

static void what_is_not_in_the_table_is_a_bug_of_ours(void **state)
{
    static const char *const unknown[] = {"42601", "42P18",  "00000", "99999", "XX000",
                                          "2300",  "235050", "pt409", "P0002", "55P04"};
    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(sqlstate_reason(unknown[i]), REASON_BUG);
}

static void every_row_can_be_reached(void **state)
{
    (void)state;
    for (const struct sqlstate_row *row = sqlstate_rows; row->pattern; row++) {
        char sqlstate[6] = "";
        size_t len = strlen(row->pattern);
        assert_true(len == 0 || len == 5);
        for (size_t i = 0; i < len; i++)
            sqlstate[i] = row->pattern[i] == '?' ? '9' : row->pattern[i];
        assert_int_equal(sqlstate_reason(sqlstate), row->reason);
    }
}

static void custom_states_carry_their_status(void **state)
{
    static const struct {
        const char *sqlstate;
        int status;
    } cases[] = {
        {"PT400", 400}, {"PT404", 404}, {"PT409", 409}, {"PT418", 418}, {"PT499", 499},
        {"PT399", 0},   {"PT500", 0},   {"PT4", 0},     {"PT40", 0},    {"PT4000", 0},
        {"PT40A", 0},   {"PT4A0", 0},   {"PT4 0", 0},   {"pt400", 0},   {"P0001", 0},
        {"", 0},        {"PT4/0", 0},   {"PT40:", 0},   {"PT4??", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(sqlstate_custom(cases[i].sqlstate), cases[i].status);
        if (cases[i].status == 0)
            assert_int_not_equal(sqlstate_reason(cases[i].sqlstate), REASON_CUSTOM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_have_their_reasons),
        cmocka_unit_test(what_is_not_in_the_table_is_a_bug_of_ours),
        cmocka_unit_test(every_row_can_be_reached),
        cmocka_unit_test(custom_states_carry_their_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
