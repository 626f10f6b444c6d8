#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "wire/accesslog_layout.h"
#include "wire/accesslog_parts.h"

#include "base/banned.h"

#define NOON 1795338000 /* 2026-11-22T10:00:00+01:00 */
#define T "[22/Nov/2026:10:00:00 +0100]"

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

/* What was found, as "client|user|vhost|method|target|status|referer|agent". */
static struct str shown(struct arena *arena, const struct accesslog *entry)
{
    const struct str parts[] = {entry->client, entry->user,    entry->vhost, entry->method,
                                entry->target, entry->referer, entry->agent};
    struct buf buf;
    buf_init(&buf, arena, 10000);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_str(&buf, parts[i]);
        buf_char(&buf, '|');
    }
    buf_u64(&buf, (uint64_t)entry->status);
    return buf_slice(&buf);
}

static const struct {
    const char *format, *line, *found; /* NULL: it does not fit */
} examples[] = {
    {"%h %l %u %t \\\"%r\\\" %>s %b", "::1 - anna " T " \"GET /a?b HTTP/1.1\" 200 5",
     "::1|anna||GET|/a?b|||200"},
    /* As it stands in a configuration; more in a line than in the format. */
    {"\"%v %h %t \\\"%r\\\" %s\"", "x.org 10.0.0.1 " T " \"POST /a HTTP/1.1\" 302 17 \"-\"",
     "10.0.0.1||x.org|POST|/a|||302"},
    {"'$remote_addr [$time_local] \"$request\" $status'",
     "10.0.0.1 [22/Nov/2026:10:00:00 +0100] \"GET /a HTTP/1.1\" 200", "10.0.0.1|||GET|/a|||200"},
    /* Address and query together, apart, and with nothing in one of them. */
    {"%t %m %U%q %s", T " GET /a?b=c 200", "|||GET|/a?b=c|||200"},
    {"%t %m %U%q %s", T " GET /a 200", "|||GET|/a|||200"},
    {"%t %m %U \"%q\" %s", T " GET /a \"?b=c\" 200", "|||GET|/a?b=c|||200"},
    {"%t %m %U \"%q\" %s", T " GET /a \"\" 200", "|||GET|/a|||200"},
    {"$time_iso8601 $request_method $uri $args $status", "2026-11-22T10:00:00+01:00 GET /a b=c 200",
     "|||GET|/a?b=c|||200"},
    {"$time_iso8601 $request_method $uri $args $status", "2026-11-22T10:00:00+01:00 GET /a - 200",
     "|||GET|/a|||200"},
    /* Times in other shapes. */
    {"%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t %m %U %s", "22/Nov/2026:10:00:00.123 +0100 GET /a 200",
     "|||GET|/a|||200"},
    {"%{%B %e %Y %I:%M:%S %p %z}t %m %U %s", "November 22 2026 10:00:00 AM +0100 GET /a 200",
     "|||GET|/a|||200"},
    {"%{begin:%F %R:%S}t %m %U %s", "2026-11-22 09:00:00 GET /a 200", "|||GET|/a|||200"},
    {"%{sec}t %m %U %s", "1795338000 GET /a 200", "|||GET|/a|||200"},
    {"%{usec}t %m %U %s", "1795338000123456 GET /a 200", "|||GET|/a|||200"},
    {"$msec $request_method $uri $status", "1795338000.999 GET /a 200", "|||GET|/a|||200"},
    /* Values that hold what stands behind them. */
    {"%u %t \"%r\" %s", "x " T " y " T " \"GET /a HTTP/1.1\" 200", "|x " T " y||GET|/a|||200"},
    {"%t %r %s %{User-Agent}i", T " GET /a b HTTP/1.1 200 A 404 B", "|||GET|/a b||A 404 B|200"},
    {"%t \"%r\" %s \"%{Referer}i\"", T " \"GET /\\\" 500 \\\" HTTP/1.1\" 200 \"x\"",
     "|||GET|/\\\" 500 \\\"|x||200"},
    /* The first of two counts; a header only where nothing else says who asks. */
    {"%h %{X-Forwarded-For}i %t \"%r\" %>s %s",
     "10.0.0.1 8.8.8.8 " T " \"GET /a HTTP/1.1\" 200 301", "10.0.0.1|||GET|/a|||200"},
    {"%{X-Forwarded-For}i %t \"%r\" %!200,304s", "8.8.8.8 " T " \"GET /a HTTP/1.1\" -",
     "8.8.8.8|||GET|/a|||0"},
    {"${remote_addr}|$time_local|$request|$status|$upstream_status",
     "1.2.3.4|22/Nov/2026:10:00:00 +0100|GET /a HTTP/2.0|200|500", "1.2.3.4|||GET|/a|||200"},
    {"%%%h %t \"%r\" %s\\t%b", "%1.2.3.4 " T " \"GET /a HTTP/1.1\" 200\t5",
     "1.2.3.4|||GET|/a|||200"},
    {"%h %t \"%r\" %s", "1.2.3.4 " T " \"GET /a HTTP/1.1\" 2000", NULL},
    {"%h %t \"%r\" %s", "1.2.3.4 " T " \"GET /a HTTP/1.1\" 20", NULL},
    {"%h %t \"%r\" %s", "1.2.3.4 " T " \"GET /a HTTP/1.1\" 200x", NULL},
    {"%h %t \"%r\" %s", "1.2.3.4 [32/Nov/2026:10:00:00 +0100] \"GET /a HTTP/1.1\" 200", NULL},
    {"%h %t \"%r\" %s", "1.2.3.4 " T " \"GET /a HTTP/1.1 200", NULL},
    {"%h %t \"%r\" %s", "", NULL},
    {"%{%Y-%m-%d}t %m %U %s", "2026-13-22 GET /a 200", NULL},
    {"%{sec}t %m %U %s", "12 GET /a 200", NULL},
};

static void lines_by_their_format(void **state)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct accesslog_layout *layout;
        struct accesslog_minute minute = {.zone = 0};
        struct accesslog entry;
        struct str fault = STR("");
        char room[500];
        if (accesslog_layout_read(*state, str_from(examples[i].format), &layout, &fault))
            fail_msg("%s: %.*s", examples[i].format, STR_ARG(fault));
        for (int again = 0; again < 2; again++) { /* the minute is known the second time */
            enum err err =
                accesslog_layout_parse(layout, str_from(examples[i].line), &minute, room, &entry);
            if (err && !examples[i].found)
                continue;
            struct str found = err ? str_from(err_text(err)) : shown(*state, &entry);
            if (!str_eq(found, str_from(examples[i].found)) || entry.time / 60 != NOON / 60)
                fail_msg("%s: %s: %.*s", examples[i].format, examples[i].line, STR_ARG(found));
            accesslog_who(&entry, ACCESSLOG_LIGHTTPD);
            assert_true(str_eq(shown(*state, &entry), found));
        }
    }
}

/* Whatever a line holds, it is read in a time that does not explode. */
static void lines_that_nearly_fit_in_many_ways(void **state)
{
    enum { SIZE = 60000 };
    struct accesslog_layout *layout;
    struct accesslog_minute minute = {.zone = 0};
    struct accesslog entry;
    struct str fault;
    char *line = arena_bytes(*state, SIZE), *room = arena_bytes(*state, SIZE + 1);
    memset(line, ' ', SIZE);
    assert_int_equal(accesslog_layout_read(*state, STR("%a %b %D %I %O %X %k %P %h %u %t %r %s"),
                                           &layout, &fault),
                     ERR_NONE);
    assert_int_equal(accesslog_layout_parse(layout, (struct str){line, SIZE}, &minute, room,
                                            &entry),
                     ERR_SYNTAX);
}

#define J "{\"time\":\"2026-11-22T10:00:00+01:00\",\"status\":200,"

static const struct {
    const char *line, *found;
} objects[] = {
    {J "\"request\":\"GET /a HTTP/1.1\",\"remote_addr\":\"::1\",\"remote_user\":\"a\\u00e4\\\"\"}",
     "::1|a\xc3\xa4\\\"||GET|/a|||200"},
    {J "\"method\":\"GET\",\"uri\":\"/a\",\"args\":\"b=c\",\"uri2\":[1,{}]}",
     "|||GET|/a?b=c|||200"},
    /* What a request is exactly stands before what is made of it; names in any case. */
    {J "\"Method\":\"GET\",\"uri\":\"/index.php\",\"Request-URI\":\"/a?b\"}", "|||GET|/a?b|||200"},
    {J
     "\"request\":{\"method\":\"GET\",\"uri\":\"/a\",\"headers\":{\"User-Agent\":[\"x\",\"y\"]}}}",
     "|||GET|/a||x|200"},
    /* Members of others that are called so do not count where the name itself is there. */
    {"{\"a\":{\"status\":500},\"status\":\"200\",\"ts\":1795338000.5,\"request\":\"GET /a "
     "HTTP/1.1\"}",
     "|||GET|/a|||200"},
    {"{\"msec\":1795338000500,\"status\":\"-\",\"request\":\"GET /a HTTP/1.1\"}", "|||GET|/a|||0"},
    {"{\"@timestamp\":\"[22/Nov/2026:10:00:00 +0100]\",\"code\":200,\"request\":\"GET /a "
     "HTTP/1.1\"}",
     "|||GET|/a|||200"},
    {"{\"time\":0.25,\"status\":200,\"request\":\"GET /a HTTP/1.1\"}", NULL},
    {"{\"time\":\"2026-11-22 10:00:00,5 +0100\",\"status\":200}", NULL},
    {J "\"request\":\"GET /a HTTP/1.1\"", NULL},
    {J "\"request\":\"GET /a", NULL},
    {"{}", NULL},
    {"{", NULL},
};

static void objects_by_the_names_of_their_members(void **state)
{
    struct accesslog_names none = {.count = 0};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        struct accesslog entry;
        char line[500], room[501];
        struct str text = str_from(objects[i].line);
        memcpy(line, text.ptr, text.len);
        enum err err = accesslog_json(line, text.len, &none, room, &entry);
        if (!objects[i].found && err == ERR_SYNTAX)
            continue;
        struct str found = err ? str_from(err_text(err)) : shown(*state, &entry);
        if (!str_eq(found, str_from(objects[i].found)) || entry.time != NOON)
            fail_msg("%s: %.*s", objects[i].line, STR_ARG(found));
    }
}

static void times_of_all_kinds(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: it is none */
        int zone;
    } times[] = {
        {"2026-11-22T10:00:00+01:00", NOON, 60},
        {"2026-11-22 09:00:00", NOON, 0},
        {"2026-11-22T09:00:00.123456789Z", NOON, 0},
        {"2026-11-22T10:00:00,5+0100", NOON, 60},
        {"2026-11-22T04:30:00-04:30", NOON, -270},
        {"2026-11-22T10:00:00+01", NOON, 60},
        {" [22/Nov/2026:10:00:00 +0100] ", NOON, 60},
        {"1795338000", NOON, 0},
        {"1795338000.999999999999", NOON, 0},
        {"1795338000123", NOON, 0},
        {"1795338000123456789", NOON, 0},
        {"99999999", 0, 0},
        {"", 0, 0},
        {"[]", 0, 0},
        {"2026-11-22", 0, 0},
        {"2026-11-22T10:00:00+1", 0, 0},
        {"2026-11-22T10:00:00+25:00", 0, 0},
        {"2026-11-22T10:00:00 CET", 0, 0},
        {"1795338000.x", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t seconds = 0;
        int zone = 0;
        enum err err = accesslog_any_time(str_from(times[i].text), &seconds, &zone);
        if ((err == ERR_NONE) != (times[i].seconds != 0) ||
            (!err && (seconds != times[i].seconds || zone != times[i].zone)))
            fail_msg("%s: %lld %d", times[i].text, (long long)seconds, zone);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines_by_their_format),
        TEST(lines_that_nearly_fit_in_many_ways),
        TEST(objects_by_the_names_of_their_members),
        TEST(times_of_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
