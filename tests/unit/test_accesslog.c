#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "wire/accesslog.h"

#include "base/banned.h"

static void assert_str(struct str text, const char *expected)
{
    if (!str_eq(text, str_from(expected)))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected ? expected : "(none)");
}

struct example {
    const char *line;
    enum accesslog_format format;
    const char *vhost, *client, *user, *method, *target, *referer, *agent;
    int status;
};

#define T "[22/Nov/2026:10:00:00 +0100]"
#define GET "\"GET /a?b=1 HTTP/1.1\""

static const struct example examples[] = {
    {"10.0.0.1 - - " T " " GET " 200 5", ACCESSLOG_COMMON, NULL, "10.0.0.1", NULL, "GET", "/a?b=1",
     NULL, NULL, 200},
    {"::1 - anna " T " " GET " 304 - \"https://x/y\" \"A \\\"B\\\"\"", ACCESSLOG_COMMON, NULL,
     "::1", "anna", "GET", "/a?b=1", "https://x/y", "A \\\"B\\\"", 304},
    {"x.org:443 fe80::1 - bob b " T " " GET " 200 5 \"-\" \"C\"", ACCESSLOG_VHOST, "x.org:443",
     "fe80::1", "bob b", "GET", "/a?b=1", NULL, "C", 200},
    {"10.0.0.1 x.org:80 - " T " " GET " 200 5 \"-\" \"-\"", ACCESSLOG_LIGHTTPD, "x.org:80",
     "10.0.0.1", NULL, "GET", "/a?b=1", NULL, NULL, 200},
    {"10.0.0.1 10.0.0.2 anna " T " " GET " 200 5", ACCESSLOG_LIGHTTPD, "10.0.0.2", "10.0.0.1",
     "anna", "GET", "/a?b=1", NULL, NULL, 200},
    /* Two proxies, and a file that syslog wrote. */
    {"10.0.0.1, 10.0.0.2 - - " T " " GET " 200 5", ACCESSLOG_COMMON, NULL, "10.0.0.1, 10.0.0.2",
     NULL, "GET", "/a?b=1", NULL, NULL, 200},
    {"Nov 22 10:00:00 host nginx: 10.0.0.1 - - " T " " GET " 200 5", ACCESSLOG_COMMON, NULL,
     "10.0.0.1", NULL, "GET", "/a?b=1", NULL, NULL, 200},
    {"10.0.0.1 - \"\" " T " " GET " 401 5", ACCESSLOG_COMMON, NULL, "10.0.0.1", NULL, "GET",
     "/a?b=1", NULL, NULL, 401},
    /* A name that looks like the rest of a line; a blank, quotes and no version in a request. */
    {"10.0.0.1 - x [01/Jan/2000:00:00:00 +0000] \\\"GET /no HTTP/1.1\\\" 200 1 " T " " GET " 401 5",
     ACCESSLOG_COMMON, NULL, "10.0.0.1",
     "x [01/Jan/2000:00:00:00 +0000] \\\"GET /no HTTP/1.1\\\" 200 1", "GET", "/a?b=1", NULL, NULL,
     401},
    {"10.0.0.1 - - " T " \"POST /a b\\\"c HTTP/2.0\" 302 -", ACCESSLOG_COMMON, NULL, "10.0.0.1",
     NULL, "POST", "/a b\\\"c", NULL, NULL, 302},
    {"10.0.0.1 - - " T " \"GET /old\" 200 1", ACCESSLOG_COMMON, NULL, "10.0.0.1", NULL, "GET",
     "/old", NULL, NULL, 200},
    /* Cut off within the browser's name. */
    {"10.0.0.1 - - " T " " GET " 200 5 \"-\" \"Mozil", ACCESSLOG_COMMON, NULL, "10.0.0.1", NULL,
     "GET", "/a?b=1", NULL, "Mozil", 200},
};

static void lines_of_all_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *wanted = &examples[i];
        for (int asked = 0; asked < 2; asked++) {
            struct accesslog_minute minute = {.zone = 0};
            struct accesslog entry;
            assert_int_equal(accesslog_parse(str_from(wanted->line), &minute, &entry), ERR_NONE);
            assert_int_equal(accesslog_guess(&entry), wanted->format);
            accesslog_who(&entry, asked ? wanted->format : ACCESSLOG_ANY);
            assert_str(entry.vhost, wanted->vhost);
            assert_str(entry.client, wanted->client);
            assert_str(entry.user, wanted->user);
            assert_str(entry.method, wanted->method);
            assert_str(entry.target, wanted->target);
            assert_str(entry.referer, wanted->referer);
            assert_str(entry.agent, wanted->agent);
            assert_int_equal(entry.status, wanted->status);
            assert_int_equal(entry.time, 1795338000);
            assert_int_equal(entry.zone, 60);
        }
    }
}

static void what_is_no_request(void **state)
{
    static const char *const requests[] = {"-",    "",       "\\x16\\x03\\x01", "GET",
                                           "GET ", "get /a", "G=T /a",          "GET  HTTP/1.1"};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct accesslog_minute minute = {.zone = 0};
        struct accesslog entry;
        char line[200];
        int len = snprintf(line, sizeof line, "1.2.3.4 - - " T " \"%s\" 400 0", requests[i]);
        enum err err = accesslog_parse((struct str){line, (size_t)len}, &minute, &entry);
        if (err != ERR_UNKNOWN || entry.target.ptr || entry.method.ptr)
            fail_msg("%s: %s", requests[i], err_text(err));
        assert_int_equal(entry.status, 400);
    }
}

static void what_is_no_line(void **state)
{
    static const char *const lines[] = {
        "",
        "\"",
        "hello",
        "[22/Nov/2026:10:00:00 +0100] " /* no request */,
        "1.2.3.4 - - " T,
        "1.2.3.4 - - " T " \"GET / HTTP/1.1",
        "1.2.3.4 - - " T " \"GET / HTTP/1.1\"",
        "1.2.3.4 - - " T " \"GET / HTTP/1.1\" 20",
        "1.2.3.4 - - " T " \"GET / HTTP/1.1\" 2000 1",
        "1.2.3.4 - - " T " \"GET / HTTP/1.1\" - 1",
        "1.2.3.4 - - [32/Nov/2026:10:00:00 +0100] " GET " 200 1",
        "1.2.3.4 - - [22/Nox/2026:10:00:00 +0100] " GET " 200 1",
        "1.2.3.4 - - [22/Nov/2026:24:00:00 +0100] " GET " 200 1",
        "1.2.3.4 - - [22/Nov/2026:10:00:00 0100] " GET " 200 1",
        "1.2.3.4 - - 22/Nov/2026:10:00:00 +0100 " GET " 200 1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct accesslog_minute minute = {.zone = 0};
        struct accesslog entry;
        if (accesslog_parse(str_from(lines[i]), &minute, &entry) != ERR_SYNTAX)
            fail_msg("%s", lines[i]);
    }
}

struct instant {
    const char *text;
    int64_t seconds;
    int zone;
};

static void times(void **state)
{
    static const struct instant instants[] = {
        {"01/Jan/1970:00:00:00 +0000", 0, 0},
        {"01/Jan/1970:00:00:00 +0130", -5400, 90},
        {"10/Oct/2000:13:55:36 -0700", 971211336, -420},
        {"29/Feb/2000:23:59:59 +0000", 951868799, 0},
        {"01/Mar/2000:00:00:00 +0000", 951868800, 0},
        {"29/Feb/2024:12:00:00 +0000", 1709208000, 0},
        {"31/Dec/2099:23:59:60 +0000", 4102444800, 0},
        {"01/Mar/2100:00:00:00 +0000", 4107542400, 0},
        {"2000-10-10T13:55:36-07:00", 971211336, -420},
        {"2026-11-22T10:00:00+01:00", 1795338000, 60},
    };
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        int64_t seconds = -1;
        int zone = -1;
        assert_int_equal(accesslog_time(str_from(instants[i].text), &seconds, &zone), ERR_NONE);
        if (seconds != instants[i].seconds || zone != instants[i].zone)
            fail_msg("%s: %lld, %d", instants[i].text, (long long)seconds, zone);
    }
}

/* The minute of the line before is not taken for another one. */
static void times_of_lines_in_turn(void **state)
{
    static const struct instant instants[] = {
        {"22/Nov/2026:10:00:00 +0100", 1795338000, 60},
        {"22/Nov/2026:10:00:59 +0100", 1795338059, 60},
        {"22/Nov/2026:10:00:59 +0000", 1795341659, 0},
        {"22/Nov/2026:10:00:60 +0000", 1795341660, 0},
        {"22/Nov/2026:10:01:00 +0000", 1795341660, 0},
        {"22/Nov/2027:10:01:00 +0000", 1826877660, 0},
        {"2026-11-22T10:00:00+01:00", 1795338000, 60},
        {"22/Nov/2026:10:01:00 +0000", 1795341660, 0},
        {"22/Nov/2026:10:01:00 -0000", 1795341660, 0},
    };
    struct accesslog_minute minute = {.zone = 0};
    struct accesslog entry;
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        char line[200];
        int len = snprintf(line, sizeof line, "1.2.3.4 - - [%s] " GET " 200 5", instants[i].text);
        assert_int_equal(accesslog_parse((struct str){line, (size_t)len}, &minute, &entry),
                         ERR_NONE);
        if (entry.time != instants[i].seconds || entry.zone != instants[i].zone)
            fail_msg("%s: %lld, %d", instants[i].text, (long long)entry.time, entry.zone);
    }
}

static void escapes(void **state)
{
    char out[100];
    struct str text = STR("a\\\"b\\\\c\\x41\\xC3\\xa4\\n\\x4\\q\\");
    size_t len = accesslog_unescape(text, out);
    (void)state;
    assert_str((struct str){out, len}, "a\"b\\cA\xc3\xa4\n\\x4\\q\\");
}

static void journal(void **state)
{
    static const struct {
        const char *line, *message;
        enum err err;
    } lines[] = {
        {"{\"MESSAGE\":\"a \\\"b\\\" \\\\x \\u00e4\\u20ac\\/\"}",
         "a \"b\" \\x \xc3\xa4\xe2\x82\xac/", ERR_NONE},
        {"{ \"X\" : \"\\\"MESSAGE\\\":\\\"no\\\"\", \"Y\":[1,{\"MESSAGE\":\"no\"}], \"MESSAGE\" : "
         "[72, 105,255] }",
         "Hi\xff", ERR_NONE},
        {"{\"A\":null,\"B\":1.5,\"MESSAGE\":\"\"}", "", ERR_NONE},
        {"{\"MESSAGE\":null}", NULL, ERR_UNKNOWN},
        {"{\"A\":\"b\"}", NULL, ERR_UNKNOWN},
        {"{\"MESSAGE\":[256]}", NULL, ERR_SYNTAX},
        {"{\"MESSAGE\":\"\\u12\"}", NULL, ERR_SYNTAX},
        {"{\"MESSAGE\":\"a", NULL, ERR_UNKNOWN},
        {"{\"MESSAGE\":\"0123456789012345678901234567890123456789\"}", NULL, ERR_TOO_LONG},
        {"{", NULL, ERR_SYNTAX},
        {"[]", NULL, ERR_SYNTAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char room[32];
        struct str message;
        enum err err = accesslog_journal(str_from(lines[i].line), sizeof room, room, &message);
        if (err != lines[i].err)
            fail_msg("%s: %s", lines[i].line, err_text(err));
        if (!err)
            assert_str(message, lines[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_all_servers),
        cmocka_unit_test(what_is_no_request),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(times),
        cmocka_unit_test(times_of_lines_in_turn),
        cmocka_unit_test(escapes),
        cmocka_unit_test(journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
