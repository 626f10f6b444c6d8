/*
 * The text of HTTP: methods, statuses, negotiation, entity tags, instants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "wire/http.h"

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

static void assert_str(struct str text, const char *expected)
{
    assert_non_null(text.ptr);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void methods_have_names(void **state)
{
    struct buf buf;
    for (unsigned method = HTTP_GET; method <= HTTP_OPTIONS; method *= 2)
        assert_int_equal(http_method(str_from(http_method_name(method))), method);
    static const char *const none[] = {"", "get", "GETS", "GE", "GET ", "TRACE", NULL};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(http_method(str_from(none[i])), 0);
    assert_string_equal(http_method_name(0), "");
    assert_string_equal(http_method_name(HTTP_GET | HTTP_HEAD), "");
    assert_string_equal(http_method_name(128), "");

    buf_init(&buf, *state, 100);
    http_allow(&buf, HTTP_OPTIONS | HTTP_POST | HTTP_GET | HTTP_HEAD);
    assert_str(buf_slice(&buf), "GET, HEAD, POST, OPTIONS");
    buf_clear(&buf);
    http_allow(&buf, 127);
    assert_str(buf_slice(&buf), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    buf_clear(&buf);
    http_allow(&buf, 0);
    assert_str(buf_slice(&buf), "");
}

static void statuses_have_reasons(void **state)
{
    (void)state;
    assert_string_equal(http_status(200), "200 OK");
    assert_string_equal(http_status(409), "409 Conflict");
    assert_string_equal(http_status(412), "412 Precondition Failed");
    assert_string_equal(http_status(428), "428 Precondition Required");
    for (int unknown = 0; unknown < 100; unknown++)
        assert_string_equal(http_status(unknown), "500 Internal Server Error");
    assert_string_equal(http_status(-409), "500 Internal Server Error");
    assert_string_equal(http_status(499), "500 Internal Server Error");
}

static void media_types_lose_their_parameters(void **state)
{
    assert_str(http_media_type(*state, STR("Application/JSON; charset=utf-8")), "application/json");
    assert_str(http_media_type(*state, STR(" text/html ;q=1")), "text/html");
    assert_str(http_media_type(*state, STR("text/csv")), "text/csv");
    assert_str(http_media_type(*state, STR("")), "");
    assert_null(http_media_type(*state, STR_NONE).ptr);
}

static void the_accepted_type_is_chosen(void **state)
{
    (void)state;
    static const struct str offers[] = {{"application/json", 16},
                                        {"text/html", 9},
                                        {"text/csv", 8}};
    enum { JSON, HTML, CSV, NONE };
    static const struct {
        const char *accept;
        size_t choice;
    } cases[] = {
        {NULL, JSON},
        {"", JSON},
        {" , ,", JSON},
        {"*/*", JSON},
        {"*", JSON},
        {"text/html", HTML},
        {"TEXT/Html", HTML},
        {"text/*", HTML},
        {"text/csv, text/html", HTML},
        {"text/csv;q=0.9, text/html;q=0.8", CSV},
        {"text/csv;q=0.001, */*;q=0", CSV},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", HTML},
        {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML},
        {"*/*, text/csv", CSV},
        {"text/*, application/json", JSON},
        {"text/*;q=0.5, text/html;q=0.1, application/json;q=0.3", CSV},
        {"text/html;level=1;q=0.1, text/html;q=0.9, text/csv;q=0.5", HTML},
        {"text/html;q=0, */*", JSON},
        {"text/html;q=0, text/*", CSV},
        {"text/html;x=\"a,b;q=0\", image/png", HTML},
        {"text/html;x=\"a\\\";q=0\", image/png", HTML},
        {"text/csv ; Q=0.5 , text/html ; q = 0.4", CSV},
        {"application/json;q=0.3333, text/html;q=0.334", HTML},
        {"image/png", NONE},
        {"*/*;q=0", NONE},
        {"*/*;q=0.000", NONE},
        {"text/html;q=0", NONE},
        {"te/*", NONE},
        {"text/htm", NONE},
        /* Not well formed: passed over, and no reason to refuse when alone. */
        {"text/csv;q=2, text/html;q=0.1", HTML},
        {"text/csv;q=1.001, text/html;q=0.1", HTML},
        {"text/csv;q=, text/html;q=0.1", HTML},
        {"text/csv;q=-1, text/html;q=0.1", HTML},
        {"garbage", JSON},
        {"text/csv;q=abc", JSON},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(http_accept(str_from(cases[i].accept), offers, 3), cases[i].choice);
    assert_int_equal(http_accept(STR("text/html"), offers, 0), 0);
}

static void tags_are_freed_of_what_servers_add(void **state)
{
    static const char *const one[] = {
        "\"x1\"",           "W/\"x1\"",      "x1",          " x1 ",           "W/x1",
        "\"x1-gzip\"",      "\"x1-br\"",     "\"x1-zstd\"", "\"x1-bzip2\"",   "\"x1-deflate\"",
        "\"x1;gzip\"",      "W/\"x1-gzip\"", "x1-gzip",     "\"x1-br-gzip\"", ",\"x1\",, ",
        "\"x1-gzip;gzip\"", "\t\"x1\"\t",
    };
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        struct http_tags tags;
        assert_int_equal(http_tags(*state, str_from(one[i]), &tags), ERR_NONE);
        assert_false(tags.any);
        assert_int_equal(tags.count, 1);
        assert_str(tags.tags[0], "x1");
    }
}

static void several_tags_are_told_apart(void **state)
{
    struct http_tags tags;
    struct str value = STR("\"a,b\" , W/\"2026-11-22 07:49:00Z~12\",c,\"\",\"*\",\"W/\"");
    static const char *const expected[] = {"a,b", "2026-11-22 07:49:00Z~12", "c", "", "*", "W/"};
    assert_int_equal(http_tags(*state, value, &tags), ERR_NONE);
    assert_false(tags.any);
    assert_int_equal(tags.count, 6);
    for (size_t i = 0; i < tags.count; i++)
        assert_str(tags.tags[i], expected[i]);
}

static void only_a_bare_star_means_any(void **state)
{
    struct http_tags tags;
    assert_int_equal(http_tags(*state, STR(" * "), &tags), ERR_NONE);
    assert_true(tags.any);
    assert_int_equal(tags.count, 0);
    assert_int_equal(http_tags(*state, STR("\"*\""), &tags), ERR_NONE);
    assert_false(tags.any);
    assert_int_equal(tags.count, 1);
    static const char *const empty[] = {NULL, "", " ", ","};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        assert_int_equal(http_tags(*state, str_from(empty[i]), &tags), ERR_NONE);
        assert_false(tags.any);
        assert_int_equal(tags.count, 0);
    }
}

static void bad_tags_are_refused(void **state)
{
    static const struct {
        const char *value;
        enum err err;
    } cases[] = {
        {"\"a", ERR_SYNTAX},         {"a\"", ERR_SYNTAX},      {"\"a\"b", ERR_SYNTAX},
        {"\"a\" \"b\"", ERR_SYNTAX}, {"*,\"a\"", ERR_SYNTAX},  {"\"a\",*", ERR_SYNTAX},
        {"W/", ERR_SYNTAX},          {"W/*", ERR_SYNTAX},      {"w/\"a\"", ERR_SYNTAX},
        {"\\\"a\\\"", ERR_SYNTAX},   {"\"a\nb\"", ERR_SYNTAX}, {"a\x7f", ERR_SYNTAX},
        {"\"\xff\"", ERR_UTF8},      {"\xc3", ERR_UTF8},
    };
    struct http_tags tags;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(http_tags(*state, str_from(cases[i].value), &tags), cases[i].err);
    assert_int_equal(http_tags(*state, (struct str){"a\0b", 3}, &tags), ERR_SYNTAX);
    assert_int_equal(http_tags(*state, STR("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"), &tags),
                     ERR_NONE);
    assert_int_equal(tags.count, 16);
    assert_int_equal(http_tags(*state, STR("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), &tags),
                     ERR_TOO_MANY);
}

static void instants_are_exact(void **state)
{
    (void)state;
    /* Worked out with Python's datetime. */
    static const struct {
        const char *text;
        int64_t micros;
        int digits;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"1969-12-31T23:59:59.999999Z", -1, 6},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), 0},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), 6},
        {"2026-11-22T07:49:00.123456Z", INT64_C(1795333740123456), 6},
        {"2026-11-22t07:49:00.123456z", INT64_C(1795333740123456), 6},
        {"2026-11-22 07:49:00.123456+00", INT64_C(1795333740123456), 6},
        {"2026-11-22 08:49:00.123456000+01:00", INT64_C(1795333740123456), 9},
        {"2026-11-22T07:49:00.123-00:00", INT64_C(1795333740123000), 3},
        {"2000-02-29T12:00:00+05:30", INT64_C(951805800000000), 0},
        {"1900-02-28T23:59:59.5-12:00", INT64_C(-2203848000500000), 1},
        {"1582-10-10T00:00:00Z", INT64_C(-12219724800000000), 0},
        {"2024-12-31T23:30:00-01", INT64_C(1735691400000000), 0},
        {"1880-01-01 00:00:00+00:53:28", INT64_C(-2840144008000000), 0},
        {"0001-01-01T23:59:00+23:59", INT64_C(-62135596800000000), 0},
        {"9999-12-31T00:00:59.999999-23:59", INT64_C(253402300799999999), 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t micros = 42;
        int digits = 42;
        assert_int_equal(http_instant(str_from(cases[i].text), false, &micros, &digits), ERR_NONE);
        assert_true(micros == cases[i].micros);
        assert_int_equal(digits, cases[i].digits);
    }
}

static void an_offset_may_be_missing_only_when_naive(void **state)
{
    (void)state;
    int64_t micros = 0;
    int digits = 0;
    struct str naive = STR("2026-11-22 07:49:00.1234");
    assert_int_equal(http_instant(naive, false, &micros, &digits), ERR_SYNTAX);
    assert_int_equal(http_instant(naive, true, &micros, &digits), ERR_NONE);
    assert_true(micros == INT64_C(1795333740123400));
    assert_int_equal(digits, 4);
    assert_int_equal(http_instant(STR("2026-11-22 08:49:00+01"), true, &micros, &digits), ERR_NONE);
    assert_true(micros == INT64_C(1795333740000000));
}

static const char *const not_instants[] = {
    "",
    "Z",
    "04/03/2026",
    "2026-11-22",
    "2026-11-22T",
    "2026-11-22T07:49Z",
    "20261122T074900Z",
    "2026-11-22T07:49:00",
    "2026-11-22T07:49:00.Z",
    "2026-11-22T07:49:00,5Z",
    "2026-11-22T07:49:00 Z",
    " 2026-11-22T07:49:00Z",
    "2026-11-22T07:49:00Z ",
    "2026-11-22T07:49:00ZZ",
    "2026-11-22  07:49:00Z",
    "2026-11-22_07:49:00Z",
    "2026-11-22T7:49:00Z",
    "2026-1-22T07:49:00Z",
    "+2026-11-22T07:49:00Z",
    "-001-11-22T07:49:00Z",
    "12026-11-22T07:49:00Z",
    "0000-01-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "1800-02-29T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T23:60:00Z",
    "2026-11-22T23:59:60Z",
    "2026-11-22T07:49:00.0000001Z",
    "2026-11-22T07:49:00.1234567Z",
    "2026-11-22T07:49:00+1",
    "2026-11-22T07:49:00+0100",
    "2026-11-22T07:49:00+24:00",
    "2026-11-22T07:49:00+01:60",
    "2026-11-22T07:49:00+01:",
    "2026-11-22T07:49:00+01:0",
    "2026-11-22T07:49:00+01:00:",
    "2026-11-22T07:49:00+01:00:60",
    "2026-11-22T07:49:00 01:00",
    "2026-11-22T07:49:00+-1:00",
    "2026-11-22T07:49:00-",
    "2026-11-22T07:49:00 BC",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:00-00:01",
    "infinity",
    "now",
    "2026-11-22T07:49:00.00000000000000000000000000000000000000000000000Z",
};

static void other_formats_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_instants / sizeof not_instants[0]; i++) {
        int64_t micros = 42;
        int digits = 42;
        assert_int_equal(http_instant(str_from(not_instants[i]), false, &micros, &digits),
                         ERR_SYNTAX);
        assert_true(micros == 42 && digits == 42);
    }
    int64_t micros;
    int digits;
    assert_int_equal(http_instant(STR_NONE, true, &micros, &digits), ERR_SYNTAX);
    /* The Z behind the slice is not part of it. */
    assert_int_equal(http_instant((struct str){"2026-11-22T07:49:00Z", 19}, false, &micros,
                                  &digits),
                     ERR_SYNTAX);
}

static void check_day(struct buf *buf, int64_t days, int year, int month, int day)
{
    int64_t micros = 0, written = days * INT64_C(86400000000) + days % 1000 * 86399999 + 1;
    int digits = 0;
    char expected[40];
    if (days % 1000 < 0)
        written = days * INT64_C(86400000000);
    int len = snprintf(expected, sizeof expected, "%04d-%02d-%02dT", year, month, day);
    buf_clear(buf);
    http_instant_write(buf, written);
    assert_memory_equal(buf->ptr, expected, (size_t)len);
    assert_int_equal(http_instant(buf_slice(buf), false, &micros, &digits), ERR_NONE);
    assert_true(micros == written);
    assert_int_equal(digits, 6);
}

/* Walks the calendar a day at a time, which no formula does; looks closely at month ends. */
static void every_month_from_1_to_9999_is_right(void **state)
{
    struct buf buf;
    int64_t days = -719162; /* 0001-01-01 */
    buf_init(&buf, *state, 100);
    for (int year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int last = month == 2 ? 28 + leap : 30 + ((month + (month > 7)) & 1);
            check_day(&buf, days, year, month, 1);
            days += last;
            check_day(&buf, days - 1, year, month, last);
        }
    }
    assert_int_equal(days, 2932897); /* 10000-01-01 */
}

static void any_instant_can_be_written(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 100);
    http_instant_write(&buf, -1);
    assert_str(buf_slice(&buf), "1969-12-31T23:59:59.999999Z");
    buf_clear(&buf);
    http_instant_write(&buf, INT64_MAX);
    assert_str(buf_slice(&buf), "294247-01-10T04:00:54.775807Z");
    buf_clear(&buf);
    http_instant_write(&buf, INT64_MIN);
    assert_str(buf_slice(&buf), "-290308-12-21T19:59:05.224192Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(methods_have_names),
        TEST(statuses_have_reasons),
        TEST(media_types_lose_their_parameters),
        TEST(the_accepted_type_is_chosen),
        TEST(tags_are_freed_of_what_servers_add),
        TEST(several_tags_are_told_apart),
        TEST(only_a_bare_star_means_any),
        TEST(bad_tags_are_refused),
        TEST(instants_are_exact),
        TEST(an_offset_may_be_missing_only_when_naive),
        TEST(other_formats_are_refused),
        TEST(every_month_from_1_to_9999_is_right),
        TEST(any_instant_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
