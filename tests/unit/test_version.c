/*
 * Versions: how they are read, written, compared, and what SQL they become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "edit/version.h"
#include "feed.h"

#include "base/banned.h"

#define NOON "2026-11-22T12:00:00.123456Z"

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

static struct table *make(struct arena *arena, enum version_kind kind, bool protected)
{
    struct table *table = ARENA_NEW(arena, struct table);
    struct column *column = ARENA_NEW(arena, struct column);
    column->name = STR("v");
    column->can_update = column->not_null = true;
    column->digits = 6;
    column->base_type.name = kind == VERSION_TIMESTAMPTZ ? STR("timestamp with time zone")
                             : kind == VERSION_TIMESTAMP ? STR("timestamp without time zone")
                                                         : STR("integer");
    table->version_kind = kind;
    table->version = kind == VERSION_XMIN ? NULL : column;
    table->protected = protected;
    return table;
}

static void assert_str(struct str text, const char *expected)
{
    if (!expected) {
        assert_null(text.ptr);
        return;
    }
    assert_non_null(text.ptr);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

struct row {
    enum version_kind kind;
    bool protected;
    const char *column, *xmin, *token;
};

static const struct row rows[] = {
    {VERSION_TIMESTAMPTZ, true, "2026-11-22 12:00:00.123456+00", NULL, NOON},
    {VERSION_TIMESTAMPTZ, true, "2026-11-22 12:00:00.123456+00", "77", NOON},
    {VERSION_TIMESTAMPTZ, true, "2026-11-22 12:00:00+00", NULL, "2026-11-22T12:00:00.000000Z"},
    {VERSION_TIMESTAMPTZ, false, "2026-11-22 12:00:00.123456+00", "77", NOON "~77"},
    {VERSION_TIMESTAMPTZ, true, NULL, "77", "null~77"},
    {VERSION_TIMESTAMPTZ, false, NULL, "77", "null~77"},
    {VERSION_TIMESTAMPTZ, false, "infinity", "77", "=infinity~77"},
    {VERSION_TIMESTAMPTZ, true, "-infinity", NULL, "=-infinity"},
    {VERSION_TIMESTAMPTZ, true, "0044-03-15 12:00:00+00 BC", NULL, "=0044-03-15 12:00:00+00 BC"},
    {VERSION_TIMESTAMP, true, "12026-01-01 00:00:00", NULL, "=12026-01-01 00:00:00"},
    {VERSION_INTEGER, true, "12345", NULL, "12345"},
    {VERSION_TIMESTAMP, true, "2026-11-22 12:00:00.123456", NULL, NOON},
    {VERSION_TIMESTAMP, false, "2026-11-22 12:00:00.1", "9", "2026-11-22T12:00:00.100000Z~9"},
    {VERSION_INTEGER, true, "5", NULL, "5"},
    {VERSION_INTEGER, false, "9223372036854775807", "4294967295", "9223372036854775807~4294967295"},
    {VERSION_INTEGER, false, "-3", "8", "-3~8"},
    {VERSION_INTEGER, false, NULL, "8", "null~8"},
    {VERSION_XMIN, false, NULL, "123", "123"},
};

static void a_row_has_the_token_that_names_its_state(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct table *table = make(*state, rows[i].kind, rows[i].protected);
        struct version version =
            version_of(*state, table, str_from(rows[i].column), str_from(rows[i].xmin));
        assert_str(version_token(*state, version), rows[i].token);
    }
}

static void a_token_comes_back_as_the_same_version(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct version back;
        const struct table *table = make(*state, rows[i].kind, rows[i].protected);
        struct version version =
            version_of(*state, table, str_from(rows[i].column), str_from(rows[i].xmin));
        assert_int_equal(version_parse(*state, table, str_from(rows[i].token), &back), ERR_NONE);
        assert_true(version_same(version, back));
        assert_str(version_token(*state, back), rows[i].token);
        assert_false(version_cut_short(back, version));
    }
}

static void other_ways_to_write_the_same_instant_are_read(void **state)
{
    static const char *const same[] = {
        NOON,
        "2026-11-22 12:00:00.123456Z",
        "2026-11-22T13:00:00.123456+01:00",
        "2026-11-22 12:00:00.123456+00",
        "2026-11-22T12:00:00.123456000Z",
        "2026-11-21T23:30:00.123456-12:30",
    };
    const struct table *table = make(*state, VERSION_TIMESTAMPTZ, true);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct version version;
        assert_int_equal(version_parse(*state, table, str_from(same[i]), &version), ERR_NONE);
        assert_str(version_token(*state, version), NOON);
    }
}

static void what_cannot_be_a_version_is_refused(void **state)
{
    static const struct {
        enum version_kind kind;
        const char *token;
    } bad[] = {
        {VERSION_TIMESTAMPTZ, ""},
        {VERSION_TIMESTAMPTZ, "04/03/2026"},
        {VERSION_TIMESTAMPTZ, "2026-11-22T12:00:00"},
        {VERSION_TIMESTAMPTZ, "2026-11-22"},
        {VERSION_TIMESTAMPTZ, "now"},
        {VERSION_TIMESTAMPTZ, "infinity"},
        {VERSION_TIMESTAMPTZ, "=now"},
        {VERSION_TIMESTAMPTZ, "=2026-11-22 12:00:00+00"},
        {VERSION_INTEGER, "=5"},
        {VERSION_TIMESTAMPTZ, "5"},
        {VERSION_TIMESTAMPTZ, "null"},
        {VERSION_TIMESTAMPTZ, NOON "~"},
        {VERSION_TIMESTAMPTZ, NOON "~x"},
        {VERSION_TIMESTAMPTZ, NOON "~-1"},
        {VERSION_TIMESTAMPTZ, NOON "~1~2"},
        {VERSION_TIMESTAMPTZ, NOON "~4294967296"},
        {VERSION_TIMESTAMPTZ, "~5"},
        {VERSION_TIMESTAMPTZ, "2026-11-22T12:00:00.1234567Z"},
        {VERSION_INTEGER, ""},
        {VERSION_INTEGER, "-"},
        {VERSION_INTEGER, "--1"},
        {VERSION_INTEGER, "1.0"},
        {VERSION_INTEGER, "1e3"},
        {VERSION_INTEGER, " 1"},
        {VERSION_INTEGER, "9223372036854775808"},
        {VERSION_INTEGER, NOON},
        {VERSION_XMIN, ""},
        {VERSION_XMIN, "x"},
        {VERSION_XMIN, "null"},
        {VERSION_XMIN, "5~7"},
        {VERSION_XMIN, "4294967296"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct version version;
        const struct table *table = make(*state, bad[i].kind, false);
        enum err err = version_parse(*state, table, str_from(bad[i].token), &version);
        if (err != ERR_SYNTAX)
            print_error("accepted: %s\n", bad[i].token);
        assert_int_equal(err, ERR_SYNTAX);
    }
}

static struct version parsed(struct arena *arena, enum version_kind kind, const char *token)
{
    struct version version;
    const struct table *table = make(arena, kind, false);
    assert_int_equal(version_parse(arena, table, str_from(token), &version), ERR_NONE);
    return version;
}

static void a_naive_time_is_read_only_where_the_column_is_naive(void **state)
{
    struct version naive = parsed(*state, VERSION_TIMESTAMP, "2026-11-22 12:00:00.123456");
    assert_true(version_same(naive, parsed(*state, VERSION_TIMESTAMP, NOON)));
}

static void versions_differ_in_what_both_of_them_say(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {NOON, NOON, true},           {NOON, "2026-11-22T12:00:00.123457Z", false},
        {NOON "~5", NOON "~5", true}, {NOON "~5", NOON "~6", false},
        {NOON "~5", NOON, true},      {"null~5", "null~5", true},
        {"null~5", "null~6", false},  {"null~5", NOON "~5", false},
        {"null~5", NOON, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct version a = parsed(*state, VERSION_TIMESTAMPTZ, cases[i].a);
        struct version b = parsed(*state, VERSION_TIMESTAMPTZ, cases[i].b);
        assert_int_equal(version_same(a, b), cases[i].same);
        assert_int_equal(version_same(b, a), cases[i].same);
    }
    assert_false(
        version_same(parsed(*state, VERSION_XMIN, "5"), parsed(*state, VERSION_XMIN, "6")));
}

static void lost_digits_are_recognised(void **state)
{
    static const struct {
        const char *yours;
        bool cut;
    } cases[] = {
        {"2026-11-22T12:00:00.123Z", true},
        {"2026-11-22T12:00:00Z", true},
        {"2026-11-22T12:00:00.12345Z", true},
        {"2026-11-22T12:00:00.124Z", false},
        {"2026-11-22T12:00:01Z", false},
        {"2026-11-22T11:59:59.123Z", false},
        {NOON, false},
        {"2026-11-22T12:00:00.123000Z", false},
        {"2026-11-22T13:00:00.123+01:00", true},
    };
    struct version current = parsed(*state, VERSION_TIMESTAMPTZ, NOON);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct version yours = parsed(*state, VERSION_TIMESTAMPTZ, cases[i].yours);
        assert_int_equal(version_cut_short(yours, current), cases[i].cut);
    }
    assert_false(version_cut_short(parsed(*state, VERSION_INTEGER, "1"),
                                   parsed(*state, VERSION_INTEGER, "12")));
    /* fewer digits, but none of those that are missing was other than zero */
    current = parsed(*state, VERSION_TIMESTAMPTZ, "2026-11-22T12:00:00.123000Z");
    assert_false(version_cut_short(parsed(*state, VERSION_TIMESTAMPTZ, "2026-11-22T12:00:00.123Z"),
                                   current));
}

#define CHECK_SQL(call, expected)                                                                  \
    do {                                                                                           \
        struct sql sql;                                                                            \
        sql_init(&sql, *state);                                                                    \
        call;                                                                                      \
        assert_str(buf_slice(&sql.text), expected);                                                \
    } while (0)

static void what_is_selected_says_xmin_only_where_it_counts(void **state)
{
    struct table *guarded = make(*state, VERSION_TIMESTAMPTZ, true);
    const struct table *open = make(*state, VERSION_TIMESTAMPTZ, false);
    const struct table *bare = make(*state, VERSION_XMIN, false);
    struct column nullable = *guarded->version;
    CHECK_SQL(version_select(&sql, guarded, STR("t")), "\"t\".\"v\"::text AS _v, NULL::text AS _x");
    CHECK_SQL(version_select(&sql, open, STR("t")),
              "\"t\".\"v\"::text AS _v, \"t\".xmin::text AS _x");
    CHECK_SQL(version_select(&sql, open, STR("")), "\"v\"::text AS _v, xmin::text AS _x");
    CHECK_SQL(version_select(&sql, bare, STR("")), "NULL::text AS _v, xmin::text AS _x");
    CHECK_SQL(version_text(&sql, guarded, STR("")), "coalesce(\"v\"::text, 'null')");
    CHECK_SQL(version_text(&sql, bare, STR("")), "'null' || '~' || xmin::text");
    nullable.not_null = false;
    guarded->version = &nullable;
    CHECK_SQL(version_select(&sql, guarded, STR("")), "\"v\"::text AS _v, xmin::text AS _x");
}

static void the_condition_compares_what_the_version_says(void **state)
{
    const struct table *tz = make(*state, VERSION_TIMESTAMPTZ, true);
    const struct table *naive = make(*state, VERSION_TIMESTAMP, true);
    const struct table *number = make(*state, VERSION_INTEGER, true);
    const struct table *bare = make(*state, VERSION_XMIN, false);
    CHECK_SQL(version_condition(&sql, tz, parsed(*state, VERSION_TIMESTAMPTZ, NOON)),
              "\"v\" = $1::timestamp with time zone");
    CHECK_SQL(version_condition(&sql, tz, parsed(*state, VERSION_TIMESTAMPTZ, NOON "~7")),
              "\"v\" = $1::timestamp with time zone AND xmin = $2::xid");
    CHECK_SQL(version_condition(&sql, number, parsed(*state, VERSION_INTEGER, "7")),
              "\"v\" = $1::integer");
    CHECK_SQL(version_condition(&sql, bare, parsed(*state, VERSION_XMIN, "7")), "xmin = $1::xid");
    CHECK_SQL(version_condition(&sql, tz, parsed(*state, VERSION_TIMESTAMPTZ, "null~7")),
              "xmin = $1::xid");
    CHECK_SQL(version_condition(&sql, naive, parsed(*state, VERSION_TIMESTAMP, NOON));
              assert_string_equal(sql.values[0], "2026-11-22T12:00:00.123456"),
              "\"v\" = $1::timestamp without time zone");
}

static void the_version_moves_strictly_forward(void **state)
{
    struct table *tz = make(*state, VERSION_TIMESTAMPTZ, true);
    const struct table *naive = make(*state, VERSION_TIMESTAMP, true);
    const struct table *number = make(*state, VERSION_INTEGER, true);
    struct version at = parsed(*state, VERSION_TIMESTAMPTZ, NOON);
    struct column column = *tz->version;
    CHECK_SQL(version_advance(&sql, tz, at, false),
              ", \"v\" = greatest(now(), $1::timestamp with time zone"
              " + interval '1 microseconds')");
    CHECK_SQL(version_advance(&sql, tz, (struct version){0}, true),
              ", \"v\" = greatest(now(), nullif(nullif(\"v\", 'infinity'), '-infinity')"
              " + interval '1 microseconds')");
    CHECK_SQL(version_advance(&sql, naive, parsed(*state, VERSION_TIMESTAMP, NOON), false),
              ", \"v\" = greatest(now() AT TIME ZONE 'UTC', $1::timestamp without time zone"
              " + interval '1 microseconds')");
    CHECK_SQL(version_advance(&sql, number, parsed(*state, VERSION_INTEGER, "7"), false),
              ", \"v\" = $1::integer + 1");
    CHECK_SQL(version_advance(&sql, number, (struct version){0}, true),
              ", \"v\" = coalesce(\"v\", 0) + 1");
    CHECK_SQL(version_advance(&sql, make(*state, VERSION_XMIN, false), at, false), "");
    column.digits = 3; /* a column of milliseconds cannot show a step of one microsecond */
    tz->version = &column;
    CHECK_SQL(version_advance(&sql, tz, at, false),
              ", \"v\" = greatest(now(), $1::timestamp with time zone"
              " + interval '1000 microseconds')");
    column.can_update = false; /* a trigger has to do it */
    CHECK_SQL(version_advance(&sql, tz, at, false), "");
}

/* Citus, YugabyteDB and CockroachDB run what a protected table needs: no xmin, nothing volatile. */
static void a_protected_table_needs_neither_xmin_nor_volatile_functions(void **state)
{
    static const char *const banned[] = {"xmin",     "ctid",    "clock_timestamp",
                                         "random",   "txid",    "statement_timestamp",
                                         "advisory", "nextval", "gen_random"};
    static const char *const tokens[] = {NOON, NOON, "7"};
    for (enum version_kind kind = VERSION_TIMESTAMPTZ; kind <= VERSION_INTEGER; kind++) {
        struct sql sql;
        const struct table *table = make(*state, kind, true);
        struct version version = parsed(*state, kind, tokens[kind - 1]);
        sql_init(&sql, *state);
        version_select(&sql, table, STR("t"));
        version_text(&sql, table, STR("t"));
        version_condition(&sql, table, version);
        version_advance(&sql, table, version, false);
        version_advance(&sql, table, version, true);
        for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
            assert_int_equal(str_find(buf_slice(&sql.text), str_from(banned[i])), SIZE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_has_the_token_that_names_its_state),
        TEST(a_token_comes_back_as_the_same_version),
        TEST(other_ways_to_write_the_same_instant_are_read),
        TEST(what_cannot_be_a_version_is_refused),
        TEST(a_naive_time_is_read_only_where_the_column_is_naive),
        TEST(versions_differ_in_what_both_of_them_say),
        TEST(lost_digits_are_recognised),
        TEST(what_is_selected_says_xmin_only_where_it_counts),
        TEST(the_condition_compares_what_the_version_says),
        TEST(the_version_moves_strictly_forward),
        TEST(a_protected_table_needs_neither_xmin_nor_volatile_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
