/*
 * HTML in: tags, character references, the text of a page, and forms as a browser sends them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/html_forms.h"
#include "wire/html_scan.h"

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

static void references_are_decoded(void **state)
{
    static const char *const cases[][2] = {
        {"a &amp; b", "a & b"},
        {"&lt;&gt;&quot;&apos;&#39;", "<>\"''"},
        {"&eacute;&Uuml;&hellip;&euro;&thetasym;", "\u00e9\u00dc\u2026\u20ac\u03d1"},
        {"&#233;&#xE9;&#Xe9;&#x1F600;", "\u00e9\u00e9\u00e9\U0001F600"},
        {"&#65 &#x41", "A A"},
        {"&period;&NewLine;&Tab;&lpar;&colon;&sol;&apos;&fjlig;", ".\n\t(:/'fj"},
        {"&lang;&acy;&zwnj;&bne;&CounterClockwiseContourIntegral;&b.Gamma;",
         "\u27e8\u0430\u200c=\u20e5\u2233&b.Gamma;"},
        {"&#128;&#x80;&#150;&#159;&#129;", "\u20ac\u20ac\u2013\u0178\xc2\x81"},
        {"&amp &lt&gt", "& <>"},
        {"?a=1&amp=2&copy=3", "?a=1&amp=2&copy=3"},
        {"&nosuch; & &; &# &#; &#x; &#xg;", "&nosuch; & &; &# &#; &#x; &#xg;"},
        {"&copy", "&copy"},
        {"&#0;&#xD800;&#x110000;&#99999999999;", "\ufffd\ufffd\ufffd\ufffd"},
        {"&", "&"},
        {"&am", "&am"},
        {"&Eacute;&EACUTE;", "\u00c9&EACUTE;"},
        {"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;",
         "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(html_decode(*state, str_from(cases[i][0])), cases[i][1]);
    unsigned second;
    assert_int_equal(html_entity(STR("zwnj"), &second), 8204);
    assert_int_equal(html_entity(STR(""), &second), 0);
    assert_int_equal(html_entity(STR("mp=26 n"), &second), 0);
}

/* The tokens of a page, one a line: <name a=b>, </name>, or "text". */
static void assert_tokens(struct arena *arena, const char *page, const char *expected)
{
    struct html_scan scan;
    struct buf out;
    enum html_token token;
    buf_init(&out, arena, 10000);
    html_scan_init(&scan, arena, str_from(page));
    while ((token = html_scan_next(&scan)) != HTML_END) {
        buf_text(&out, token == HTML_TEXT ? "\"" : token == HTML_OPEN ? "<" : "</");
        buf_str(&out, token == HTML_TEXT ? scan.text : scan.name);
        for (size_t i = 0; token == HTML_OPEN && i < scan.count; i++)
            buf_printf(&out, " %.*s=%.*s", STR_ARG(scan.attributes[i].name),
                       STR_ARG(scan.attributes[i].value));
        buf_text(&out, token == HTML_TEXT ? "\"" : ">");
    }
    assert_str(buf_slice(&out), expected);
}

static void tags_are_read_as_they_come(void **state)
{
    assert_tokens(*state, "a<b>c</b>", "\"a\"<b>\"c\"</b>");
    assert_tokens(*state, "<A HREF=x B = 'c d' e=\"f>g\"h i/>", "<A HREF=x B=c d e=f>g h= i=>");
    assert_tokens(*state, "<!doctype html><!-- <b> --><?php <i> ?><p>", "\" ?>\"<p>");
    assert_tokens(*state, "<!--><b>--><!---->x", "<b>\"-->\"\"x\"");
    assert_tokens(*state, "a < b <3 <> </ x></>", "\"a < b <3 <> \"");
    assert_tokens(*state, "<input value=a&amp;b><input value='&lt;'>",
                  "<input value=a&b><input value=<>");
    assert_tokens(*state, "<a =x==y>", "<a =x==y>");
    assert_tokens(*state, "<a b=\"c", "<a b=c>");
    assert_tokens(*state, "<script>if (a<b) '</b>'</script >x",
                  "<script>\"if (a<b) '</b>'\"</script>\"x\"");
    assert_tokens(*state, "<textarea>&lt;<b></textareas></TEXTAREA>",
                  "<textarea>\"<<b></textareas>\"</TEXTAREA>");
    assert_tokens(*state, "<title>never closed <b>", "<title>\"never closed <b>\"");
    assert_tokens(*state, "<style></style>", "<style></style>");
}

static void many_attributes_are_passed_over(void **state)
{
    struct buf page;
    struct html_scan scan;
    buf_init(&page, *state, 10000);
    buf_text(&page, "<a");
    for (int i = 0; i <= HTML_ATTRIBUTES_MAX; i++)
        buf_printf(&page, " a%d=%d", i, i);
    buf_text(&page, "><b>");
    html_scan_init(&scan, *state, buf_slice(&page));
    assert_int_equal(html_scan_next(&scan), HTML_OPEN);
    assert_int_equal(scan.count, HTML_ATTRIBUTES_MAX);
    assert_str(html_scan_attribute(&scan, "A47"), "47");
    assert_null(html_scan_attribute(&scan, "a48").ptr);
    assert_int_equal(html_scan_next(&scan), HTML_OPEN);
    assert_str(scan.name, "b");
}

static void pages_have_a_text(void **state)
{
    struct buf out;
    buf_init(&out, *state, 1000);
    html_page_text(&out, STR("<title>T</title>\n <p>a&amp;<b>b</b>\r\n c<script>x</script>"
                             "<template><p>hidden</template><textarea>\nd</textarea>"));
    assert_str(buf_slice(&out), "T a&b c d");
}

/* --- forms
 * ---------------------------------------------------------------------------------------- */

static struct html_forms read_forms(struct arena *arena, const char *page)
{
    struct html_forms forms;
    assert_int_equal(html_forms_read(arena, str_from(page), &forms), ERR_NONE);
    return forms;
}

/* What a browser sends of the first form: name=value&…, as it stands. */
static void assert_sent(struct arena *arena, const char *page, const char *expected)
{
    struct html_forms forms = read_forms(arena, page);
    struct buf out;
    buf_init(&out, arena, 10000);
    buf_text(&out, "");
    assert_true(forms.count > 0);
    for (size_t i = 0; i < forms.forms[0].count; i++) {
        const struct html_field *field = &forms.forms[0].fields[i];
        if (field->sent)
            buf_printf(&out, "%.*s=%.*s&", STR_ARG(field->name), STR_ARG(field->value));
    }
    if (!*expected)
        assert_int_equal(out.len, 0);
    else
        assert_str(buf_slice(&out), expected);
}

static void controls_send_what_browsers_send(void **state)
{
    assert_sent(*state, "<form><input name=a value=1><input name=b><input value=c>", "a=1&b=&");
    assert_sent(*state,
                "<form><input type=checkbox name=a checked><input type=CHECKBOX name=b value=2>"
                "<input type=radio name=c value=1><input type=radio name=c value=2 checked>",
                "a=on&c=2&");
    assert_sent(*state,
                "<form><input type=submit name=a value=1><input type=image name=b>"
                "<input type=reset name=c><input type=button name=d><button name=e>E</button>"
                "<button type=button name=f></button><input type=file name=g>",
                "");
    assert_sent(*state,
                "<form><textarea name=a>\n\nx &lt;b&gt;</textarea><textarea name=b></textarea>"
                "<textarea name=c>\r\ny</textarea>",
                "a=\nx <b>&b=&c=y&");
    assert_sent(*state,
                "<form><input name=a disabled><textarea name=b disabled>x</textarea>"
                "<fieldset disabled><input name=c><fieldset><input name=d></fieldset>"
                "<input name=e></fieldset><input name=f readonly value=1>",
                "f=1&");
}

static void lists_send_what_is_chosen(void **state)
{
    assert_sent(*state, "<form><select name=a><option value=1>one<option value=2>two</select>",
                "a=1&");
    assert_sent(*state,
                "<form><select name=a><option disabled value=1><option>\n two </option></select>",
                "a=two&");
    assert_sent(*state, "<form><select name=a><option selected>x<option selected>y</select>",
                "a=y&");
    assert_sent(*state,
                "<form><select name=a multiple><option selected>x<option selected>y<option>z"
                "</select>",
                "a=x&a=y&");
    assert_sent(*state, "<form><select name=a multiple><option>x</select>", "");
    assert_sent(*state, "<form><select name=a disabled><option>x</select>", "");
    assert_sent(*state, "<form><select name=a size=3><option>x<option>y</select>", "");
    assert_sent(*state, "<form><select name=a size=' 3px'><option>x<option>y</select>", "");
    assert_sent(*state, "<form><select name=a size=3><option>x<option selected>y</select>", "a=y&");
    assert_sent(*state, "<form><select name=a size=1><option>x<option>y</select>", "a=x&");
    assert_sent(*state, "<form><select name=a size=x><option>x<option>y</select>", "a=x&");
    assert_sent(*state,
                "<form><select name=a><optgroup disabled><option>x</optgroup><option>y</select>",
                "a=y&");
    assert_sent(*state, "<form><select name=a><optgroup disabled><option>x<optgroup><option>y",
                "a=y&");
    assert_sent(*state, "<form><select name=a></select><select><option>x</select>", "");
    assert_sent(*state, "<form><select name=a><option value=1 selected>x", "a=1&");
    assert_sent(*state,
                "<form><select name=a><option>x<button name=b>y</button><input name=c>"
                "<select name=d><option value=1>z<select name=e><option>2</select>",
                "a=x&c=&d=1&e=2&");
}

static void fields_find_their_form(void **state)
{
    struct html_forms forms = read_forms(
        *state,
        "<input name=early form=two><form id=one action=/a method=POST enctype=x><input name=a>"
        "<input name=b form=two><form id=nested></form><input name=outside>"
        "<form id=two name=n><input name=c><button name=d formaction=/d> Save it </button></form>"
        "<input name=e form=nosuch><input name=f form=two>");
    assert_int_equal(forms.count, 2);
    assert_int_equal(forms.forms[0].count, 1);
    assert_str(forms.forms[0].action, "/a");
    assert_str(forms.forms[0].method, "POST");
    assert_str(forms.forms[0].enctype, "x");
    assert_null(forms.forms[1].action.ptr);
    assert_str(forms.forms[1].name, "n");
    assert_int_equal(forms.forms[1].count, 5);
    assert_non_null(html_form_field(&forms.forms[1], STR("early")));
    assert_non_null(html_form_field(&forms.forms[1], STR("b")));
    assert_null(html_form_field(&forms.forms[1], STR("outside")));
    const struct html_field *button = html_form_field(&forms.forms[1], STR("d"));
    assert_int_equal(button->control, HTML_BUTTON);
    assert_str(button->action, "/d");
    assert_str(button->words, "Save it");
}

static void templates_hold_no_forms(void **state)
{
    assert_sent(*state,
                "<template><form><input name=a></form></template><form><input name=b></form>",
                "b=&");
    assert_sent(*state,
                "<form><input name=a><template><textarea name=b>x</textarea><template></template>"
                "<input name=c></form></template><input name=d></form>",
                "a=&d=&");
    assert_sent(*state, "</template><form><select name=a><template><option>x</template><option>y",
                "a=y&");
    assert_sent(*state, "<template shadowrootmode=open><form><input name=a></form></template>",
                "a=&");
    assert_int_equal(read_forms(*state, "<template><form><input name=a></form>").count, 0);
}

static void controls_are_told_apart(void **state)
{
    struct html_forms forms = read_forms(
        *state, "<form><input name=a maxlength=5 readonly><input name=b type=PassWord maxlength=x>"
                "<input name=c type=number><input name=d type=hidden><input name=e type=nosuch>");
    const struct html_field *fields = forms.forms[0].fields;
    assert_int_equal(forms.forms[0].count, 5);
    assert_int_equal(fields[0].control, HTML_LINE);
    assert_true(fields[0].fixed);
    assert_int_equal(fields[0].room, 5);
    assert_int_equal(fields[1].control, HTML_PASSWORD);
    assert_true(fields[1].room == UINT64_MAX);
    assert_int_equal(fields[2].control, HTML_VALUE);
    assert_int_equal(fields[3].control, HTML_HIDDEN);
    assert_int_equal(fields[4].control, HTML_LINE);
}

/* A page with so many of a thing. */
static struct str many(struct arena *arena, const char *thing, size_t count)
{
    struct buf page;
    buf_init(&page, arena, (size_t)1 << 20);
    for (size_t i = 0; i < count; i++)
        buf_text(&page, thing);
    assert_true(buf_ok(&page));
    return buf_slice(&page);
}

static void there_are_limits(void **state)
{
    struct html_forms forms;
    struct str page = many(*state, "<form></form>", HTML_FORMS_MAX);
    assert_int_equal(html_forms_read(*state, page, &forms), ERR_NONE);
    assert_int_equal(forms.count, HTML_FORMS_MAX);
    page = many(*state, "<form></form>", HTML_FORMS_MAX + 1);
    assert_int_equal(html_forms_read(*state, page, &forms), ERR_TOO_MANY);
    assert_int_equal(forms.count, HTML_FORMS_MAX);
    page = many(*state, "<form><input name=a>", HTML_FIELDS_MAX);
    assert_int_equal(html_forms_read(*state, page, &forms), ERR_NONE);
    assert_int_equal(forms.forms[0].count, HTML_FIELDS_MAX);
    page = many(*state, "<form><input name=a>", HTML_FIELDS_MAX + 1);
    assert_int_equal(html_forms_read(*state, page, &forms), ERR_TOO_MANY);
    assert_int_equal(html_forms_read(*state, STR_NONE, &forms), ERR_NONE);
    assert_int_equal(forms.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(references_are_decoded),           TEST(tags_are_read_as_they_come),
        TEST(many_attributes_are_passed_over),  TEST(pages_have_a_text),
        TEST(controls_send_what_browsers_send), TEST(lists_send_what_is_chosen),
        TEST(fields_find_their_form),           TEST(templates_hold_no_forms),
        TEST(controls_are_told_apart),          TEST(there_are_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
