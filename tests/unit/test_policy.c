#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "edit/policy.h"

#include "base/banned.h"

static void test_comments(void **state)
{
    static const struct {
        const char *comment, *left; /* NULL: none */
        enum policy_kind kind;
        const char *group;
    } scenes[] = {
        {NULL, NULL, POLICY_ASK, NULL},
        {"", "", POLICY_ASK, NULL},
        {"Just words, merge=atomic", "Just words, merge=atomic", POLICY_ASK, NULL},
        {"The price. pg409: merge=atomic", "The price.", POLICY_ATOMIC, NULL},
        {"pg409: merge=atomic", NULL, POLICY_ATOMIC, NULL},
        {"pg409:merge=ask", NULL, POLICY_ASK, NULL},
        {"pg409: ignore", NULL, POLICY_IGNORE, NULL},
        {"pg409: merge=ignore", NULL, POLICY_IGNORE, NULL},
        {"Net\npg409: group=price, merge=atomic\nmore", "Net", POLICY_ATOMIC, "price"},
        {"pg409: group=", NULL, POLICY_ASK, NULL},
        {"pg409: nosuch merge=else group=a;merge=atomic", NULL, POLICY_ATOMIC, "a"},
        {"pg409: merge=delta", NULL, POLICY_DELTA, NULL},
        {"pg409: merge=set", NULL, POLICY_SET, NULL},
        {"pg409:", NULL, POLICY_ASK, NULL},
        {"x pg409: merge=atomic merge=ask", "x", POLICY_ASK, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct policy policy;
        struct str left = policy_take(str_from(scenes[i].comment), &policy);
        assert_true(str_eq(left, str_from(scenes[i].left)));
        assert_int_equal(policy.kind, scenes[i].kind);
        assert_true(str_eq(policy.group, str_from(scenes[i].group)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_comments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
