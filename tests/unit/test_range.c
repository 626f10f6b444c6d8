#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/range.h"

#include "base/banned.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct example {
    const char *field;
    uint64_t size;
    enum range_answer answer;
    const char *ranges; /* "0-9 20-29" */
};

static const struct example examples[] = {
    {NULL, 100, RANGE_WHOLE, ""},
    {"", 100, RANGE_WHOLE, ""},
    {"bytes=0-9", 100, RANGE_PARTS, "0-9"},
    {"Bytes = 0-9", 100, RANGE_PARTS, "0-9"},
    {"bytes=90-", 100, RANGE_PARTS, "90-99"},
    {"bytes=-5", 100, RANGE_PARTS, "95-99"},
    {"bytes=-500", 100, RANGE_PARTS, "0-99"},
    {"bytes=99-99", 100, RANGE_PARTS, "99-99"},
    {"bytes=99-100", 100, RANGE_PARTS, "99-99"},
    {"bytes=100-100", 100, RANGE_NONE, ""},
    {"bytes=-0", 100, RANGE_NONE, ""},
    {"bytes=0-", 0, RANGE_NONE, ""},
    {"bytes=-1", 0, RANGE_NONE, ""},
    {"bytes=0-0,5-5", 100, RANGE_PARTS, "0-0 5-5"},
    {"bytes= , 5-5 ,, 0-0 ", 100, RANGE_PARTS, "5-5 0-0"},
    {"bytes=0-0,200-300,5-5", 100, RANGE_PARTS, "0-0 5-5"},
    {"bytes=0-0,1-1,2-2,3-3", 100, RANGE_PARTS, "0-0 1-1 2-2 3-3"},
    {"bytes=0-0,1-1,2-2,3-3,4-4", 100, RANGE_WHOLE, ""},
    {"bytes=0-9,5-14", 100, RANGE_WHOLE, ""},
    {"bytes=0-9,9-14", 100, RANGE_WHOLE, ""},
    {"bytes=5-4", 100, RANGE_WHOLE, ""},
    {"bytes=5", 100, RANGE_WHOLE, ""},
    {"bytes=-", 100, RANGE_WHOLE, ""},
    {"bytes=a-b", 100, RANGE_WHOLE, ""},
    {"bytes=0-9;20-29", 100, RANGE_WHOLE, ""},
    {"bytes", 100, RANGE_WHOLE, ""},
    {"bytes=", 100, RANGE_WHOLE, ""},
    {"lines=0-9", 100, RANGE_WHOLE, ""},
    {"bytes=0-99999999999999999999999", 100, RANGE_PARTS, "0-99"},
    {"bytes=99999999999999999999999-", 100, RANGE_NONE, ""},
    {"bytes=-99999999999999999999999", 100, RANGE_PARTS, "0-99"},
    {"bytes=9223372036854775806-", INT64_MAX, RANGE_PARTS,
     "9223372036854775806-9223372036854775806"},
};

static void examples_hold(void **state)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        struct byte_range ranges[4];
        struct buf found;
        size_t count;
        enum range_answer answer =
            range_parse(str_from(example->field), example->size, ranges, 4, &count);
        buf_init(&found, *state, 1000);
        for (size_t j = 0; j < count; j++)
            buf_printf(&found, "%s%llu-%llu", j ? " " : "", (unsigned long long)ranges[j].first,
                       (unsigned long long)ranges[j].last);
        if (answer != example->answer || !str_is(buf_slice(&found), example->ranges))
            fail_msg("%s of %llu: %d, %.*s", example->field, (unsigned long long)example->size,
                     (int)answer, STR_ARG(buf_slice(&found)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(examples_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
