#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "merge/row.h"

#include "base/banned.h"

/* Every combination: based, yours is base, current is base, yours is current. */
static void test_every_case(void **state)
{
    static const enum row_merge wanted[16] = {/* without a base only the last comparison counts */
                                              ROW_CLASH, ROW_SAME, ROW_CLASH, ROW_SAME, ROW_CLASH,
                                              ROW_SAME, ROW_CLASH, ROW_SAME,
                                              /* with one */
                                              ROW_CLASH, ROW_SAME, ROW_YOURS, ROW_SAME, ROW_CURRENT,
                                              ROW_SAME, ROW_SAME, ROW_SAME};
    (void)state;
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(row_merge(i & 8, i & 4, i & 2, i & 1), wanted[i]);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(row_merge_name(ROW_SAME), "same");
    assert_string_equal(row_merge_name(ROW_YOURS), "yours");
    assert_string_equal(row_merge_name(ROW_CURRENT), "current");
    assert_string_equal(row_merge_name(ROW_CLASH), "clash");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
