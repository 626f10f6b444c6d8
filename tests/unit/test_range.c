/*
 * The Range field: the examples of RFC 9110, section 14.1.2, and what strangers may send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/range.h"

#include "base/banned.h"

#define RANGES_MAX 4

struct ask {
    const char *field;
    uint64_t size;
    enum range_answer answer;
    size_t count;
    struct byte_range ranges[RANGES_MAX];
};

static void try(const struct ask *ask)
{
    struct byte_range ranges[RANGES_MAX];
    size_t count = 99;
    struct str field = str_from(ask->field);
    enum range_answer answer = range_parse(field, ask->size, ranges, RANGES_MAX, &count);
    if (answer != ask->answer || count != ask->count)
        fail_msg("“%.*s” of %llu: answer %d, %zu ranges", STR_ARG(field),
                 (unsigned long long)ask->size, (int)answer, count);
    for (size_t i = 0; i < count; i++)
        if (ranges[i].first != ask->ranges[i].first || ranges[i].last != ask->ranges[i].last)
            fail_msg("“%s”: %llu-%llu", ask->field, (unsigned long long)ranges[i].first,
                     (unsigned long long)ranges[i].last);
}

#define TRY_ALL(asks)                                                                              \
    for (size_t i = 0; i < sizeof(asks) / sizeof *(asks); i++)                                     \
    try(&(asks)[i])

static void one_range(void **state)
{
    (void)state;
    static const struct ask asks[] = {
        {"bytes=0-499", 10000, RANGE_PARTS, 1, {{0, 499}}},
        {"bytes=500-999", 10000, RANGE_PARTS, 1, {{500, 999}}},
        {"bytes=-500", 10000, RANGE_PARTS, 1, {{9500, 9999}}},
        {"bytes=9500-", 10000, RANGE_PARTS, 1, {{9500, 9999}}},
        {"bytes=0-", 10000, RANGE_PARTS, 1, {{0, 9999}}},
        {"bytes=0-0", 1, RANGE_PARTS, 1, {{0, 0}}},
        {"bytes=9999-10000", 10000, RANGE_PARTS, 1, {{9999, 9999}}},
        {"bytes=-10001", 10000, RANGE_PARTS, 1, {{0, 9999}}},
        {"bytes=-10000", 10000, RANGE_PARTS, 1, {{0, 9999}}},
        {"BYTES=0007-0009", 10000, RANGE_PARTS, 1, {{7, 9}}},
        {" bytes=1-2\t", 10000, RANGE_PARTS, 1, {{1, 2}}},
    };
    TRY_ALL(asks);
}

static void several_ranges(void **state)
{
    (void)state;
    static const struct ask asks[] = {
        {"bytes=0-0,-1", 10000, RANGE_PARTS, 2, {{0, 0}, {9999, 9999}}},
        {"bytes= 0-999, 4500-5499, -1000",
         10000,
         RANGE_PARTS,
         3,
         {{0, 999}, {4500, 5499}, {9000, 9999}}},
        {"bytes=9-9,1-1\t,,  ,5-5,", 10, RANGE_PARTS, 3, {{9, 9}, {1, 1}, {5, 5}}},
        {"bytes=0-1,2-3", 4, RANGE_PARTS, 2, {{0, 1}, {2, 3}}},
        {"bytes=0-1,10-20", 10, RANGE_PARTS, 1, {{0, 1}}},
        {"bytes=10-,11-,12-,13-,14-,15-,0-0", 10, RANGE_PARTS, 1, {{0, 0}}},
        {"bytes=0-0,2-2,4-4,6-6", 10, RANGE_PARTS, 4, {{0, 0}, {2, 2}, {4, 4}, {6, 6}}},
    };
    TRY_ALL(asks);
}

static void nothing_of_it_is_there(void **state)
{
    (void)state;
    static const struct ask asks[] = {
        {"bytes=10000-", 10000, RANGE_NONE, 0, {{0}}},
        {"bytes=10000-20000,30000-", 10000, RANGE_NONE, 0, {{0}}},
        {"bytes=-0", 10000, RANGE_NONE, 0, {{0}}},
        {"bytes=-0", 0, RANGE_NONE, 0, {{0}}},
        {"bytes=0-", 0, RANGE_NONE, 0, {{0}}},
        {"bytes=0-0", 0, RANGE_NONE, 0, {{0}}},
    };
    TRY_ALL(asks);
}

static void all_of_it_is_the_answer(void **state)
{
    (void)state;
    static const char *const fields[] = {
        NULL,          "",           "bytes",         "bytes=",        "bytes=,",
        "bytes= , ",   "items=0-5",  "bytes =0-5",    "bytes=5",       "bytes=-",
        "bytes=5-4",   "bytes=a-5",  "bytes=5-b",     "bytes=--5",     "bytes=5--6",
        "bytes=1-2-3", "bytes=+1-2", "bytes=0x1-0x2", "bytes=1 -2",    "bytes=1-2 3-4",
        "bytes=0-1;",  "bytes==0-1", "bytes=0-1,x",   "bytes=x,0-1",   "bytes=99-,x",
        "=0-1",        "0-1",        "bytes:0-1",     "bytes=99-,5-4",
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        try(&(struct ask){fields[i], 10, RANGE_WHOLE, 0, {{0}}});
    /* The end of an empty file is there, but is no range of bytes. */
    try(&(struct ask){"bytes=-5", 0, RANGE_WHOLE, 0, {{0}}});
}

static void greedy_ones_get_all_of_it(void **state)
{
    (void)state;
    static const struct ask asks[] = {
        {"bytes=0-,0-", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=0-5,5-9", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=5-9,0-5", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=4-5,0-9", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=0-9,4-5", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=0-0,5-,-1", 10, RANGE_WHOLE, 0, {{0}}},
        {"bytes=0-0,2-2,4-4,6-6,8-8", 10, RANGE_WHOLE, 0, {{0}}},
    };
    TRY_ALL(asks);
    struct byte_range none[1];
    size_t count = 99;
    assert_int_equal(range_parse(STR("bytes=0-1"), 10, none, 0, &count), RANGE_WHOLE);
    assert_int_equal(count, 0);
}

#define MAX64 "18446744073709551615"
#define OVER64 "18446744073709551616"
#define FAR_OVER "999999999999999999999999999999999999999999999999999999999999"

static void numbers_up_to_64_bits_and_beyond(void **state)
{
    (void)state;
    static const struct ask asks[] = {
        {"bytes=18446744073709551614-" MAX64,
         UINT64_MAX,
         RANGE_PARTS,
         1,
         {{UINT64_MAX - 1, UINT64_MAX - 1}}},
        {"bytes=" MAX64 "-", UINT64_MAX, RANGE_NONE, 0, {{0}}},
        {"bytes=" OVER64 "-", UINT64_MAX, RANGE_NONE, 0, {{0}}},
        {"bytes=" FAR_OVER "-" FAR_OVER, UINT64_MAX, RANGE_NONE, 0, {{0}}},
        {"bytes=0-" OVER64, 10, RANGE_PARTS, 1, {{0, 9}}},
        {"bytes=0-" FAR_OVER, UINT64_MAX, RANGE_PARTS, 1, {{0, UINT64_MAX - 1}}},
        {"bytes=-" OVER64, 10, RANGE_PARTS, 1, {{0, 9}}},
        {"bytes=-" MAX64, UINT64_MAX, RANGE_PARTS, 1, {{0, UINT64_MAX - 1}}},
        {"bytes=-18446744073709551614", UINT64_MAX, RANGE_PARTS, 1, {{1, UINT64_MAX - 1}}},
        {"bytes=" FAR_OVER "-5", 10, RANGE_WHOLE, 0, {{0}}},
    };
    TRY_ALL(asks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range),
        cmocka_unit_test(several_ranges),
        cmocka_unit_test(nothing_of_it_is_there),
        cmocka_unit_test(all_of_it_is_the_answer),
        cmocka_unit_test(greedy_ones_get_all_of_it),
        cmocka_unit_test(numbers_up_to_64_bits_and_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
