#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/settings.h"

#include "base/banned.h"

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_release(*state);
    return 0;
}

static void assert_str(struct str text, const char *wanted)
{
    if (!str_is(text, wanted))
        fail_msg("'%.*s' is not '%s'", STR_ARG(text), wanted);
}

/* The sentence for a faulty file, which must leave the settings alone. */
static struct str fault(struct arena *arena, struct str text, enum err wanted)
{
    struct settings before;
    struct settings settings;
    struct str why = STR_NONE;
    settings_defaults(&before);
    settings = before;
    enum err err = settings_parse(arena, text, &settings, &why);
    if (err != wanted)
        fail_msg("%.*s: %s, not %s", STR_ARG(text), err_text(err), err_text(wanted));
    assert_memory_equal(&settings, &before, sizeof settings);
    return why;
}

static struct settings good(struct arena *arena, struct str text)
{
    struct settings settings;
    struct str why = STR_NONE;
    settings_defaults(&settings);
    if (settings_parse(arena, text, &settings, &why))
        fail_msg("%.*s: %.*s", STR_ARG(text), STR_ARG(why));
    return settings;
}

static void assert_same(const struct settings *one, const struct settings *two)
{
    for (const struct option *option = settings_options; option->name; option++) {
        const void *a = (const char *)one + option->offset;
        const void *b = (const char *)two + option->offset;
        if (option->type == OPTION_TEXT)
            assert_true(str_eq(*(const struct str *)a, *(const struct str *)b));
        else
            assert_int_equal(*(const uint64_t *)a, *(const uint64_t *)b);
    }
}

static void check_defaults(const struct settings *settings)
{
    assert_str(settings->database, "");
    assert_str(settings->schema, "public");
    assert_str(settings->title, "pg409");
    assert_str(settings->version_columns, "updated_at, modified_at, lock_version, version");
    assert_str(settings->user_columns, "updated_by, modified_by");
    assert_str(settings->origins, "");
    assert_int_equal(settings->anonymous, ANONYMOUS_READ);
    assert_int_equal(settings->allow_overwrite, 0);
    assert_int_equal(settings->user_role, 0);
    assert_int_equal(settings->page_rows, 50);
    assert_int_equal(settings->max_rows, 0);
    assert_int_equal(settings->max_body, 8 * 1024 * 1024);
    assert_int_equal(settings->max_fields, 2000);
    assert_int_equal(settings->lock_timeout, 2000);
    assert_int_equal(settings->statement_timeout, 30000);
    assert_int_equal(settings->connect_timeout, 5000);
    assert_int_equal(settings->idle_timeout, 60000);
    assert_int_equal(settings->catalog_age, 10000);
    assert_int_equal(settings->receipt_days, 7);
    assert_int_equal(settings->park_days, 30);
    assert_int_equal(settings->history_days, 3650);
    assert_int_equal(settings->opened_minutes, 30);
    assert_int_equal(settings->auto_merge, AUTO_MERGE_OFF);
    assert_int_equal(settings->park_size, 67108864);
    assert_int_equal(settings->prepare, PREPARE_AUTO);
    assert_int_equal(settings->metrics, METRICS_LOGIN);
    assert_int_equal(settings->metrics_tables, 0);
    assert_str(settings->metrics_file, "");
}

static void test_defaults(void **state)
{
    struct settings settings;
    settings_defaults(&settings);
    check_defaults(&settings);
    settings = good(*state, STR(""));
    check_defaults(&settings);
    settings = good(*state, STR_NONE);
    check_defaults(&settings);
}

static void test_every_option(void **state)
{
    struct settings s =
        good(*state, STR("database = host=/run dbname=\"a b\" # no comment\nschema=shop\n "
                         "title\t=\t Caf\xc3\xa9 \n"
                         "version_columns = v\nuser_columns = who\norigins = https://a.example, "
                         "https://b.example\n"
                         "anonymous = write\nallow_overwrite = on\nuser_role = on\npage_rows = 10\n"
                         "max_rows = 5000\nmax_body = 2M\nmax_fields = 3\nlock_timeout = 250ms\n"
                         "statement_timeout = 2min\nconnect_timeout = 1500\nidle_timeout = 1h\n"
                         "catalog_age = 5 s\nreceipt_days = 30\nprepare = off\nmetrics = open\n"
                         "metrics_tables = on\nmetrics_file = /var/lib/pg409/counts"));
    assert_str(s.database, "host=/run dbname=\"a b\" # no comment");
    assert_str(s.schema, "shop");
    assert_str(s.title, "Caf\xc3\xa9");
    assert_str(s.version_columns, "v");
    assert_str(s.user_columns, "who");
    assert_str(s.origins, "https://a.example, https://b.example");
    assert_int_equal(s.anonymous, ANONYMOUS_WRITE);
    assert_int_equal(s.allow_overwrite, 1);
    assert_int_equal(s.user_role, 1);
    assert_int_equal(s.page_rows, 10);
    assert_int_equal(s.max_rows, 5000);
    assert_int_equal(s.max_body, 2097152);
    assert_int_equal(s.max_fields, 3);
    assert_int_equal(s.lock_timeout, 250);
    assert_int_equal(s.statement_timeout, 120000);
    assert_int_equal(s.connect_timeout, 1500);
    assert_int_equal(s.idle_timeout, 3600000);
    assert_int_equal(s.catalog_age, 5000);
    assert_int_equal(s.receipt_days, 30);
    assert_int_equal(s.prepare, PREPARE_OFF);
    assert_int_equal(s.metrics, METRICS_OPEN);
    assert_int_equal(s.metrics_tables, 1);
    assert_str(s.metrics_file, "/var/lib/pg409/counts");
    assert_int_equal(good(*state, STR("metrics = off")).metrics, METRICS_OFF);
    assert_int_equal(good(*state, STR("anonymous = deny")).anonymous, ANONYMOUS_DENY);
    assert_int_equal(good(*state, STR("allow_overwrite = off")).allow_overwrite, 0);
    assert_int_equal(good(*state, STR("max_body = 3k")).max_body, 3072);
    assert_int_equal(good(*state, STR("max_body = 1g")).max_body, 1073741824);
    assert_int_equal(good(*state, STR("max_body = 4096")).max_body, 4096);
}

static void test_lines(void **state)
{
    struct settings s =
        good(*state, STR("\xef\xbb\xbf# a\r\n\r\n  # b = c\r\npage_rows = 7 \r\ntitle =\r\n"));
    assert_int_equal(s.page_rows, 7);
    assert_str(s.title, "");
    assert_non_null(s.title.ptr);
    /* Comments may be in any encoding: only values travel further. */
    (void)good(*state, STR("# caf\xe9\npage_rows = 7"));
    /* What the file does not name stays as it was. */
    struct str why;
    assert_int_equal(settings_parse(*state, STR("max_fields = 9"), &s, &why), ERR_NONE);
    assert_int_equal(s.page_rows, 7);
    assert_int_equal(s.max_fields, 9);
}

struct limit {
    const char *name;
    const char *most, *above;  /* the largest value, and one that is too large */
    const char *least, *below; /* below NULL: the least is 0 */
    uint64_t max, min;
};

static void test_limits(void **state)
{
    static const struct limit list[] = {
        {"page_rows", "1000", "1001", "1", "0", 1000, 1},
        {"max_rows", "1000000000", "1000000001", "0", NULL, 1000000000, 0},
        {"max_body", "1G", "1073741825", "1k", "1023", 1073741824, 1024},
        {"max_fields", "100000", "100001", "1", "0", 100000, 1},
        {"max_rows_in", "1000000", "1000001", "1", "0", 1000000, 1},
        {"max_changes", "10000", "10001", "1", "0", 10000, 1},
        {"lock_timeout", "10min", "600001", "0", NULL, 600000, 0},
        {"statement_timeout", "1h", "3600001ms", "0s", NULL, 3600000, 0},
        {"connect_timeout", "5min", "301s", "1s", "999ms", 300000, 1000},
        {"idle_timeout", "24h", "25h", "0", NULL, 86400000, 0},
        {"catalog_age", "24h", "86400001", "1000", "999", 86400000, 1000},
        {"receipt_days", "3650", "3651", "1", "0", 3650, 1},
        {"opened_minutes", "1440", "1441", "0", NULL, 1440, 0},
        {"history_days", "36500", "36501", "1", "0", 36500, 1},
        {"park_days", "3650", "3651", "1", "0", 3650, 1},
        {"park_size", "1G", "1025M", "1K", "1023", 1073741824, 1024},
        {"file_max_bytes", "1024G", "1025G", "1k", "1023", 1099511627776, 1024},
        {"file_total_bytes", "1048576G", "1048577G", "0", NULL, 1125899906842624, 0},
        {"file_keep_days", "36500", "36501", "0", NULL, 36500, 0},
        {"upload_days", "365", "366", "1", "0", 365, 1},
    };
    size_t numbers = 0;
    for (const struct option *option = settings_options; option->name; option++)
        numbers += option->type >= OPTION_NUMBER;
    assert_int_equal(numbers, sizeof list / sizeof *list);
    for (size_t i = 0; i < numbers; i++) {
        const struct option *option = settings_options;
        while (strcmp(option->name, list[i].name) != 0)
            option++;
        struct settings s = good(*state, str_printf(*state, "%s=%s", option->name, list[i].most));
        assert_int_equal(*(uint64_t *)(void *)((char *)&s + option->offset), list[i].max);
        s = good(*state, str_printf(*state, "%s=%s", option->name, list[i].least));
        assert_int_equal(*(uint64_t *)(void *)((char *)&s + option->offset), list[i].min);
        struct str line = str_printf(*state, "%s=%s", option->name, list[i].above);
        assert_true(str_find(fault(*state, line, ERR_TOO_LONG), STR(" takes a ")) < 40);
        line = str_printf(*state, "%s=%s", option->name, list[i].below);
        if (list[i].below)
            (void)fault(*state, line, ERR_TOO_LONG);
    }
}

static void test_bad_values(void **state)
{
    static const char *const list[] = {
        "page_rows =",        "page_rows = -1",    "page_rows = +1",     "page_rows = 1.5",
        "page_rows = ten",    "page_rows = 5k",    "page_rows = 0x10",   "page_rows = 5 5",
        "max_body = M",       "max_body = 1T",     "max_body = 1kB",     "max_body = 1 s",
        "lock_timeout = s",   "lock_timeout = 1d", "lock_timeout = 1 M", "lock_timeout = 1m",
        "lock_timeout = 1s1", "anonymous = Read",  "anonymous =",        "anonymous = deny|read",
        "anonymous = den",    "user_role = yes",   "user_role = 1",      "prepare = on",
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        (void)fault(*state, str_from(list[i]), ERR_SYNTAX);
    (void)fault(*state, STR("max_body = 99999999999999999999"), ERR_TOO_LONG);
    (void)fault(*state, STR("max_body = 9223372036854775807G"), ERR_TOO_LONG);
    (void)fault(*state, STR("lock_timeout = 9223372036854775807h"), ERR_TOO_LONG);
}

static void test_sentences(void **state)
{
    struct arena *a = *state;
    assert_str(fault(a, STR("\n\npage_rows = 0"), ERR_TOO_LONG),
               "line 3: page_rows takes a whole number from 1 to 1000");
    assert_str(fault(a, STR("max_body = 2G"), ERR_TOO_LONG),
               "line 1: max_body takes a size from 1k to 1G");
    assert_str(fault(a, STR("connect_timeout = 0"), ERR_TOO_LONG),
               "line 1: connect_timeout takes a time from 1s to 5min");
    assert_str(fault(a, STR("anonymous = no"), ERR_SYNTAX),
               "line 1: anonymous takes deny, read or write");
    assert_str(fault(a, STR("user_role = no"), ERR_SYNTAX), "line 1: user_role takes on or off");
    assert_str(fault(a, STR("#\ntitle = a\n\ntitle = b"), ERR_DUPLICATE),
               "line 4: title stands on line 2 already");
    assert_str(fault(a, STR("title"), ERR_SYNTAX), "line 1: an option is written \"name = value\"");
    assert_str(fault(a, STR("title = \xff"), ERR_UTF8),
               "line 1: title takes a text, and this value is not UTF-8");
    assert_str(fault(a, STR("title = a\0b"), ERR_NUL),
               "line 1: title takes a text, and this value has a NUL byte");
    assert_str(
        fault(a, STR("Page-Row = 1"), ERR_UNKNOWN),
        "line 1: there is no option Page-Row, did you mean page_rows; --help lists all options");
    assert_str(fault(a, STR("tittle = 1"), ERR_UNKNOWN),
               "line 1: there is no option tittle, did you mean title; --help lists all options");
    assert_str(fault(a, STR("colour = 1"), ERR_UNKNOWN),
               "line 1: there is no option colour; --help lists all options");
    assert_str(fault(a, STR("= 1"), ERR_UNKNOWN),
               "line 1: there is no option of that name; --help lists all options");
}

/* A value may be a password: it never gets into a log. */
static void test_no_value_repeated(void **state)
{
    static const struct {
        struct str text;
        enum err err;
    } list[] = {
        {STR("database = SECRET\xff"), ERR_UTF8},
        {STR("SECRET"), ERR_SYNTAX},
        {STR("databse = SECRET"), ERR_UNKNOWN},
        {STR("page_rows = SECRET"), ERR_SYNTAX},
        {STR("postgresql://u:SECRET@h/?a=b"), ERR_UNKNOWN},
        {STR("a\x1b[2JSECRET = 1"), ERR_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        assert_int_equal(str_find(fault(*state, list[i].text, list[i].err), STR("SECRET")),
                         SIZE_MAX);
}

static void test_file_size(void **state)
{
    static char text[SETTINGS_MAX_FILE + 1];
    memset(text, '#', sizeof text);
    (void)good(*state, (struct str){text, SETTINGS_MAX_FILE});
    (void)fault(*state, (struct str){text, SETTINGS_MAX_FILE + 1}, ERR_TOO_LONG);
    memset(text, 'x', sizeof text);
    (void)memcpy(text, "title=", 6);
    assert_int_equal(good(*state, (struct str){text, SETTINGS_MAX_FILE}).title.len,
                     SETTINGS_MAX_FILE - 6);
    text[5] = 'x';
    text[60000] = '=';
    (void)fault(*state, (struct str){text, SETTINGS_MAX_FILE}, ERR_UNKNOWN);
}

/* No line is longer than 80 columns; a default that long would be the table's fault. */
static void check_lines(struct str text)
{
    while (text.ptr) {
        struct str line = str_cut(text, '\n', &text);
        if (str_chars(line) > 80)
            fail_msg("too long: %.*s", STR_ARG(line));
        assert_false(str_ends(line, STR(" ")));
    }
}

static void test_help(void **state)
{
    struct buf buf;
    size_t count = 0;
    buf_init(&buf, *state, 100000);
    settings_help(&buf);
    assert_true(buf_ok(&buf));
    check_lines(buf_slice(&buf));
    for (const struct option *option = settings_options; option->name; option++, count++) {
        struct str head = str_printf(*state, "  %s: ", option->name);
        assert_int_not_equal(str_find(buf_slice(&buf), head), SIZE_MAX);
        assert_true(strlen(option->help) > 20);
        assert_true(str_ends(str_from(option->help), STR(".")));
    }
    assert_int_equal(count, 36);
    assert_int_not_equal(str_find(buf_slice(&buf),
                                  STR("  max_body: a size from 1k to 1G (default: 8M)\n")),
                         SIZE_MAX);
}

/* The sample as it is, and with every option's '#' taken away, means the defaults. */
static void test_sample(void **state)
{
    struct settings standard;
    struct buf buf;
    struct buf plain;
    size_t count = 0;
    buf_init(&buf, *state, 100000);
    buf_init(&plain, *state, 100000);
    settings_defaults(&standard);
    settings_sample(&buf);
    check_lines(buf_slice(&buf));
    struct settings settings = good(*state, buf_slice(&buf));
    assert_same(&settings, &standard);
    for (struct str rest = buf_slice(&buf); rest.ptr;) {
        struct str line = str_cut(rest, '\n', &rest);
        bool option = line.len > 1 && line.ptr[0] == '#' && line.ptr[1] != ' ';
        count += option;
        buf_str(&plain, str_skip(line, option ? 1 : 0));
        buf_char(&plain, '\n');
    }
    assert_int_equal(count, 36);
    memset(&settings, 0, sizeof settings);
    struct str why = STR_NONE;
    if (settings_parse(*state, buf_slice(&plain), &settings, &why))
        fail_msg("%.*s", STR_ARG(why));
    assert_same(&settings, &standard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_option, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sentences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_value_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
