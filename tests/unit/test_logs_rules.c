#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/logs_rules.h"
#include "cli/logs_top.h"
#include "wire/http.h"

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

static void patterns_that_are_none(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } faults[] = {
        {"", ERR_SYNTAX},
        {"a", ERR_SYNTAX},
        {"?a=b", ERR_SYNTAX},
        {"/{a", ERR_SYNTAX},
        {"/a}", ERR_SYNTAX},
        {"/{}", ERR_SYNTAX},
        {"/{a}{b}", ERR_SYNTAX},
        {"/{a}/{a}", ERR_SYNTAX},
        {"/{a*}/b", ERR_SYNTAX},
        {"/a*", ERR_SYNTAX},
        {"/a?=b", ERR_SYNTAX},
        {"/a?b={c}d", ERR_SYNTAX},
        {"/a?b=c{d", ERR_SYNTAX},
        {"/a?b={c*}", ERR_SYNTAX},
        {"/a?", ERR_SYNTAX},
        {"/{a}/{b}/{c}/{d}/{e}/{f}/{g}", ERR_TOO_MANY},
        {"/?a=1&b=2&c=3&d=4&e=5&f=6&g=7", ERR_TOO_MANY},
        {"*", ERR_NONE},
        {"/", ERR_NONE},
        {"*/{a}.php?b={c}&d", ERR_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct logs_pattern pattern;
        if (logs_pattern_read(str_from(faults[i].text), &pattern) != faults[i].err)
            fail_msg("%s", faults[i].text);
    }
}

/* values: what prefix and names stand for, parted by "|"; NULL: it does not fit. */
static const struct {
    const char *pattern, *target, *values;
} matches[] = {
    {"/a/{id}/edit", "/a/5/edit", "|5"},
    {"/a/{id}/edit", "/a/5/edit?x=1", "|5"},
    {"/a/{id}/edit", "/a/5/6/edit", NULL},
    {"/a/{id}/edit", "/b/a/5/edit", NULL},
    {"/a/{id}/edit", "/a//edit", NULL},
    {"*/a/{id}/edit", "/b/a/5/edit", "/b|5"},
    {"*/a/{id}/edit", "/a/5/edit", "|5"},
    {"*/a/{id}", "/a/a/5", "/a|5"},
    {"/{name}.php", "/a.b.php", "|a.b"},
    {"/{name}-{id}.html", "/a-b-5.html", "|a|b-5"},
    {"/{name}-{id}.html", "/ab-5.html", "|ab|5"},
    {"/w/{title*}", "/w/A/B", "|A/B"},
    {"/w/{title*}", "/w/", NULL},
    {"*/e.php?id={id}&m=e", "/x/e.php?m=e&y=2&id=5", "/x|5"},
    {"*/e.php?id={id}&m=e", "/x/e.php?m=f&id=5", NULL},
    {"*/e.php?id={id}&m=e", "/x/e.php?m=e&id=", NULL},
    {"*/e.php?id={id}&m=e", "/x/e.php", NULL},
    {"*?t={t}", "/any/where?t=1", "/any/where|1"},
    {"/a b/{id}", "/a%20b/5", "|5"},
    {"*?r=/t/c", "/i?r=%2Ft%2Fc", "/i"},
    {"/e.php", "/%65.php", ""},
    {"/a/{id}", "http://x.org/a/5", "|5"},
};

static void patterns_and_addresses(void **state)
{
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        struct logs_pattern pattern;
        struct logs_target target;
        struct logs_match match;
        struct buf found;
        assert_int_equal(logs_pattern_read(str_from(matches[i].pattern), &pattern), ERR_NONE);
        logs_target_read(str_from(matches[i].target), &target);
        buf_init(&found, *state, 1000);
        bool fits = logs_pattern_match(&pattern, &target, &match);
        if (fits)
            buf_str(&found, match.prefix);
        for (size_t j = 0; fits && j < pattern.name_count; j++) {
            buf_char(&found, '|');
            buf_str(&found, match.values[j]);
        }
        if (fits != (matches[i].values != NULL) ||
            (fits && !str_is(buf_slice(&found), matches[i].values)))
            fail_msg("%s: %s: %.*s", matches[i].pattern, matches[i].target,
                     STR_ARG(buf_slice(&found)));
    }
}

static struct logs_request request_of(unsigned method, int status, const char *target,
                                      const char *referer)
{
    struct logs_request request = {.method = method, .status = status};
    logs_target_read(str_from(target), &request.target);
    if (referer)
        logs_target_read(str_from(referer), &request.referer);
    return request;
}

/* Of each application: what opens and what saves, and whether that is the same thing. */
static const struct {
    const char *app, *edit;
    unsigned method;
    int status;
    const char *save, *referer;
    int doubts; /* -1: it saves nothing, or another thing */
} pairs[] = {
    {"WordPress", "/b/wp-admin/post.php?post=7&action=edit", HTTP_POST, 302, "/b/wp-admin/post.php",
     "https://x/b/wp-admin/post.php?post=7&action=edit&message=1", 0},
    {"WordPress", "/b/wp-admin/post.php?post=7&action=edit", HTTP_POST, 302, "/b/wp-admin/post.php",
     "https://x/b/wp-admin/post.php?post=8&action=edit", -1},
    {"WordPress", "/b/wp-admin/post.php?post=7&action=edit", HTTP_POST, 200, "/b/wp-admin/post.php",
     "https://x/b/wp-admin/post.php?post=7&action=edit", -1},
    {"WordPress", "/b/wp-admin/post.php?post=7&action=edit", HTTP_POST, 200,
     "/b/wp-json/wp/v2/posts/7?_locale=user", NULL, 0},
    {"WordPress", "/b/wp-admin/post.php?post=7&action=edit", HTTP_POST, 200,
     "/b/wp-json/wp/v2/posts/7/autosaves", NULL, -1},
    {"Django admin", "/admin/app/book/5/change/", HTTP_POST, 302, "/admin/app/book/5/change/", NULL,
     0},
    {"Django admin", "/admin/app/book/5/change/", HTTP_POST, 200, "/admin/app/book/5/change/", NULL,
     -1},
    {"Django admin", "/admin/app/book/5/change/", HTTP_POST, 302, "/admin/app/book/6/change/", NULL,
     -1},
    {"Rails", "/things/5/edit", HTTP_POST, 302, "/things/5", NULL, 0},
    {"Rails", "/things/5/edit", HTTP_PATCH, 303, "/things/5", NULL, 0},
    {"Rails", "/things/5/edit", HTTP_POST, 200, "/things/5", NULL, DOUBT_ANSWER},
    {"Rails", "/users/password/edit", HTTP_PUT, 302, "/users/password", NULL, DOUBT_ADDRESS},
    {"Rails", "/things/5/edit", HTTP_POST, 302, "/things", NULL, -1},
    {"Rails", "/things/5/edit", HTTP_POST, 422, "/things/5", NULL, -1},
    {"Drupal", "/node/5/edit", HTTP_POST, 303, "/node/5/edit", NULL, 0},
    {"MediaWiki", "/w/index.php?title=A_b&action=edit", HTTP_POST, 302,
     "/w/index.php?title=A_b&action=submit", NULL, 0},
    {"MediaWiki", "/wiki/A%2Fb?action=edit", HTTP_POST, 302, "/w/index.php?action=submit&title=A/b",
     NULL, 0},
    {"MediaWiki", "/w/index.php?title=A_b&action=edit", HTTP_POST, 200,
     "/w/index.php?title=A_b&action=submit", NULL, -1},
    {"DokuWiki", "/doku.php?id=a:b&do=edit", HTTP_POST, 302, "/doku.php?id=a:b", NULL, 0},
    {"XWiki", "/xwiki/bin/edit/Main/Sub/Page", HTTP_POST, 302, "/xwiki/bin/save/Main/Sub/Page",
     NULL, 0},
    {"phpMyAdmin", "/p/index.php?route=/table/change&db=d&table=t&where_clause=x", HTTP_POST, 200,
     "/p/index.php?route=%2Ftable%2Freplace",
     "http://x/p/index.php?where_clause=x&route=/table/change&db=d&table=t", DOUBT_ANSWER},
    {"Adminer", "/adminer.php?username=root&db=x&edit=t&where%5Bid%5D=5", HTTP_POST, 302,
     "/adminer.php?username=root&db=x&edit=t&where%5Bid%5D=5", NULL, 0},
    {"an edit page", "/edit.php?id=5", HTTP_POST, 302, "/save.php", "https://x/edit.php?id=5", 0},
    {"an edit page", "/admin/page-12/modify", HTTP_POST, 200, "/admin/page-12/modify", NULL,
     DOUBT_ANSWER},
    {"an edit page", "/profile/edit", HTTP_POST, 302, "/profile/edit", NULL, DOUBT_ADDRESS},
};

static void applications(void **state)
{
    struct logs_rules rules;
    struct str fault;
    assert_int_equal(logs_rules_new(*state, NULL, false, &rules, &fault), ERR_NONE);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct logs_request edit = request_of(HTTP_GET, 200, pairs[i].edit, NULL);
        struct logs_request save =
            request_of(pairs[i].method, pairs[i].status, pairs[i].save, pairs[i].referer);
        struct logs_hit opened[LOGS_HITS], saved[LOGS_HITS];
        size_t opens = logs_rules_edits(&rules, &edit, opened);
        size_t saves = logs_rules_saves(&rules, &save, saved);
        int doubts = -1;
        for (size_t j = 0; j < opens; j++)
            for (size_t k = 0; k < saves; k++)
                if (strcmp(opened[j].app, pairs[i].app) == 0 && saved[k].thing == opened[j].thing)
                    doubts = (int)saved[k].doubts;
        if (doubts != pairs[i].doubts)
            fail_msg("%s, %s: %s: doubts %d", pairs[i].app, pairs[i].edit, pairs[i].save, doubts);
    }
}

static void a_save_without_a_name_is_told(void **state)
{
    struct logs_rules rules;
    struct str fault;
    struct logs_hit edits[LOGS_HITS], saves[LOGS_HITS];
    assert_int_equal(logs_rules_new(*state, "wordpress", false, &rules, &fault), ERR_NONE);
    struct logs_request edit =
        request_of(HTTP_GET, 200, "/wp-admin/post.php?post=7&action=edit", NULL);
    struct logs_request save = request_of(HTTP_POST, 302, "/wp-admin/post.php", NULL);
    assert_int_equal(logs_rules_edits(&rules, &edit, edits), 1);
    assert_int_equal(logs_rules_saves(&rules, &save, saves), 1);
    assert_int_equal(saves[0].thing, 0);
    assert_int_equal(saves[0].last, edits[0].last);
    assert_int_equal(saves[0].doubts, DOUBT_THING);
}

static void what_is_chosen(void **state)
{
    struct logs_rules rules;
    struct str fault;
    assert_int_equal(logs_rules_new(*state, "rails, nosuch", false, &rules, &fault), ERR_UNKNOWN);
    assert_true(str_is(fault, "nosuch"));
    assert_int_equal(logs_rules_new(*state, "rails,any", false, &rules, &fault), ERR_NONE);
    assert_int_equal(rules.count, 1);
    assert_true(rules.any && !rules.forms);
    assert_int_equal(logs_rules_new(*state, NULL, true, &rules, &fault), ERR_NONE);
    assert_int_equal(rules.count, 0);
    for (int i = 0; i < LOGS_OWN; i++)
        assert_int_equal(logs_rules_add(&rules, "/e/{id}", "/s?id={id}"), ERR_NONE);
    assert_int_equal(logs_rules_add(&rules, "/e/{id}", "/s/{id}"), ERR_TOO_MANY);
    struct logs_hit edits[LOGS_HITS], saves[LOGS_HITS];
    struct logs_request edit = request_of(HTTP_GET, 200, "/e/5", NULL);
    struct logs_request save = request_of(HTTP_POST, 302, "/s?id=5", NULL);
    assert_int_equal(logs_rules_edits(&rules, &edit, edits), LOGS_OWN);
    assert_int_equal(logs_rules_saves(&rules, &save, saves), LOGS_OWN);
    assert_int_equal(edits[0].thing, saves[0].thing);
}

static void pictures_and_scripts(void **state)
{
    static const char *const yes[] = {"/a.css",   "/a/b.js", "/x.y.PNG.png",
                                      "/f.woff2", "/i.jpeg", "/a.gz"};
    static const char *const no[] = {"/",      "",    "/a",      "/css", "/a.css/b",
                                     "/a.php", "/a.", "/.jscss", "/v1.2"};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!logs_is_static(str_from(yes[i])))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (logs_is_static(str_from(no[i])))
            fail_msg("%s", no[i]);
}

static void what_is_shown(void **state)
{
    struct logs_text text;
    struct buf buf;
    (void)state;
    logs_text(&text, STR("a\\x1b[31m\\xc3\\xa4\xff\\\"\xe2\x80\xae<"));
    assert_true(str_is(logs_str(&text), "a\\x1b[31m\xc3\xa4\\xff\"\\xe2\\x80\\xae<"));
    char much[1000];
    memset(much, 'x', sizeof much);
    logs_text(&text, (struct str){much, sizeof much});
    assert_int_equal(text.len, LOGS_TEXT_MAX);
    assert_true(str_ends(logs_str(&text), STR("xx\xe2\x80\xa6")));
    logs_text_add(&text, STR("more"));
    assert_int_equal(text.len, LOGS_TEXT_MAX);
    buf_init(&buf, *state, 1000);
    logs_show_time(&buf, 1795338000, 60);
    buf_char(&buf, ' ');
    logs_show_iso(&buf, 1795338000, -210);
    buf_char(&buf, ' ');
    logs_show_number(&buf, 1234567);
    assert_true(
        str_is(buf_slice(&buf), "2026-11-22 10:00:00 +0100 2026-11-22T05:30:00-03:30 1,234,567"));
}

static void the_most_frequent_stay(void **state)
{
    struct top *top = top_new(*state, 64);
    struct top_entry *list;
    bool fresh;
    size_t before = ((struct arena *)*state)->total;
    uint64_t dice = 409;
    for (int i = 0; i < 100000; i++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        uint64_t key = dice >> 60 ? (dice >> 20) | 1 : 7;
        struct top_entry *entry = top_add(top, i % 10 ? key : 0x700, (size_t)i % 3, &fresh);
        if (fresh)
            logs_text(&entry->name, key == 7 ? STR("seven") : STR("other"));
    }
    assert_int_equal(((struct arena *)*state)->total, before);
    assert_int_equal(top_sorted(*state, top, 2, &list), 2);
    assert_int_equal(list[0].key, 0x700);
    assert_true(list[0].total <= 10000 && list[0].total + top_missing(top) >= 10000);
    assert_true(list[0].total == list[0].counts[0] + list[0].counts[1] + list[0].counts[2]);
    assert_int_equal(list[1].key, 7);
    assert_true(top_count(top) <= 64);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(patterns_that_are_none), TEST(patterns_and_addresses),
        TEST(applications),           TEST(a_save_without_a_name_is_told),
        TEST(what_is_chosen),         TEST(pictures_and_scripts),
        TEST(what_is_shown),          TEST(the_most_frequent_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
