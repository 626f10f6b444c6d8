#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/multipart.h"

#include "base/banned.h"

#define TYPE STR("multipart/form-data; boundary=AaB")

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

static void add_event(struct buf *out, const struct multipart *multipart,
                      enum multipart_event event)
{
    const struct multipart_part *part = &multipart->part;
    if (event == MULTIPART_PART)
        buf_printf(out, "<%.*s|%.*s|%.*s>", STR_ARG(part->name),
                   STR_ARG(part->filename.ptr ? part->filename : STR("-")),
                   STR_ARG(part->media_type.ptr ? part->media_type : STR("-")));
    if (event == MULTIPART_DATA) {
        assert_true(multipart->data.len > 0);
        buf_str(out, multipart->data);
    }
    if (event == MULTIPART_PART_END)
        buf_text(out, "</>");
    if (event == MULTIPART_END)
        buf_text(out, "END");
    if (event == MULTIPART_FAULT)
        buf_printf(out, "FAULT %s", err_text(multipart->err));
}

/*
 * Feeds a piece, in memory of exactly its size and at no other place twice, so that nothing can be
 * kept of it unseen. False after a fault.
 */
static bool feed(struct buf *out, struct multipart *multipart, struct str piece)
{
    enum multipart_event event = MULTIPART_MORE;
    char *copy = malloc(piece.len ? piece.len : 1);
    assert_non_null(copy);
    memcpy(copy, piece.ptr, piece.len);
    struct str input = {copy, piece.len};
    while (event != MULTIPART_FAULT &&
           (event = multipart_next(multipart, &input)) != MULTIPART_MORE)
        add_event(out, multipart, event);
    assert_true(event == MULTIPART_FAULT || input.len == 0);
    memset(copy, '#', piece.len);
    free(copy);
    return event != MULTIPART_FAULT;
}

/* The events of body, cut into pieces of size bytes but for the first, as a text. */
static struct str events_cut(struct arena *arena, struct str body, size_t first, size_t size)
{
    struct multipart multipart;
    struct buf out;
    memset(&multipart, 0xa5, sizeof multipart);
    buf_init(&out, arena, SIZE_MAX / 4);
    assert_int_equal(multipart_init(&multipart, TYPE), ERR_NONE);
    bool more = feed(&out, &multipart, (struct str){body.ptr, first});
    for (body = str_skip(body, first); more && body.len; body = str_skip(body, size))
        more = feed(&out, &multipart, (struct str){body.ptr, size < body.len ? size : body.len});
    return buf_slice(&out);
}

static struct str events(struct arena *arena, struct str body)
{
    return events_cut(arena, body, body.len, 1);
}

/* Whole and one byte at a time. */
static void assert_events(struct arena *arena, struct str body, const char *expected)
{
    struct str whole = events(arena, body), bytes = events_cut(arena, body, 0, 1);
    if (!str_is(whole, expected))
        fail_msg("“%.*s”\ngives “%.*s”\nnot “%s”", STR_ARG(body), STR_ARG(whole), expected);
    if (!str_is(bytes, expected))
        fail_msg("“%.*s”\nbyte by byte gives “%.*s”\nnot “%s”", STR_ARG(body), STR_ARG(bytes),
                 expected);
}

/* A body of one part with that header, "x" in it. */
static void assert_head(struct arena *arena, const char *head, const char *expected)
{
    struct buf body;
    buf_init(&body, arena, SIZE_MAX / 4);
    buf_printf(&body, "--AaB\r\n%s\r\n\r\nx\r\n--AaB--", head);
    assert_events(arena, buf_slice(&body), expected);
}

static void assert_disposition(struct arena *arena, const char *parameters, const char *expected)
{
    assert_head(arena,
                str_cstr(arena, str_printf(arena, "Content-Disposition: form-data%s", parameters)),
                expected);
}

#define FIELD "Content-Disposition: form-data; name=n\r\n\r\n"

static const char sample[] =
    "This is a preamble\r\n--AaC\r\n--Aa\r\n--AaB\r\n"
    "Content-Disposition: form-data; name=\"plain\"\r\n\r\nJoe\r\n--AaB \t\r\n"
    "content-disposition: Form-Data; name=\"f\"; filename=\"a.txt\"\r\n"
    "X-Other: \xff\r\nContent-Type: Text/Plain; charset=utf-8\r\n\r\n"
    "\r\n--Aa\r\n\r\r\n--AaBC\r\n--AaB-C\r\n-\n--AaB\r\n--AAB\r\r\n--AaB\r\n"
    "Content-Disposition: form-data;\r\n\tname=\"empty\"\r\n\r\n\r\n--AaB\r\n" FIELD
    "--AaB--\r\n--AaB\r\nepilogue";
static const char sample_events[] = "<plain|-|->Joe</><f|a.txt|text/plain>"
                                    "\r\n--Aa\r\n\r\r\n--AaBC\r\n--AaB-C\r\n-\n--AaB\r\n--AAB\r</>"
                                    "<empty|-|-></><n|-|-></>END";

static void a_form_whole_and_in_pieces(void **state)
{
    struct str body = str_from(sample);
    assert_events(*state, body, sample_events);
    for (size_t first = 0; first <= body.len; first++)
        for (size_t size = 1; size < 24; size += 1 + (first % 3)) {
            struct str found = events_cut(*state, body, first, size);
            if (!str_is(found, sample_events))
                fail_msg("cut at %zu and every %zu bytes: %.*s", first, size, STR_ARG(found));
            found = events_cut(*state, body, first, body.len);
            if (!str_is(found, sample_events))
                fail_msg("cut at %zu: %.*s", first, STR_ARG(found));
        }
}

static void what_ends_early_just_needs_more(void **state)
{
    struct str body = str_from(sample);
    size_t closed = str_find(body, STR("--AaB--")) + 7;
    for (size_t len = 0; len < body.len; len++) {
        struct str found = events(*state, (struct str){body.ptr, len});
        assert_true(str_find(found, STR("FAULT")) == SIZE_MAX);
        assert_int_equal(str_ends(found, STR("END")), len >= closed);
    }
}

static void delimiters(void **state)
{
    assert_events(*state, STR("--AaB--"), "END");
    assert_events(*state, STR("\r\n--AaB--more"), "END");
    assert_events(*state, STR("--AaC--\r\n--AaB--"), "END");
    assert_events(*state, STR("x--AaB--"), "");
    assert_events(*state, STR("--AaB\r\n" FIELD "--AaB--"), "<n|-|-></>END");
    assert_events(*state, STR("--AaB\r\n" FIELD "\r\n--AaB--"), "<n|-|-></>END");
    assert_events(*state, STR("--AaB\r\n" FIELD "\r\n\r\n--AaB--"), "<n|-|->\r\n</>END");
    assert_events(*state, STR("--AaB\r\n" FIELD "--Aa\r\n--AaB--"), "<n|-|->--Aa</>END");
    assert_events(*state, STR("--AaB\r\n" FIELD "--AaBC--AaB--"), "<n|-|->--AaBC--AaB--");
    assert_events(*state, STR("--AaB\r\n" FIELD "x\r\n--AaB-\r\n--AaB--"),
                  "<n|-|->x\r\n--AaB-</>END");
    assert_events(*state, STR("--AaB\r\n" FIELD "x\r\n\r\n--AaB--"), "<n|-|->x\r\n</>END");
}

static void wrong_line_ends(void **state)
{
    assert_events(*state, STR("--AaB\nx"), "FAULT not well formed");
    assert_events(*state, STR("--AaB\rx"), "FAULT not well formed");
    assert_events(*state, STR("--AaB x"), "FAULT not well formed");
    assert_events(*state, STR("--AaB\r\n" FIELD "x\r\n--AaB\n"),
                  "<n|-|->x</>FAULT not well formed");
    assert_events(*state, STR("--AaB\r\nContent-Disposition: form-data; name=n\n\nx"),
                  "FAULT not well formed");
    assert_events(*state, STR("--AaB\r\n\nContent-"), "FAULT not well formed");
    assert_head(*state, "Content-Disposition: form-data; name=n\r", "FAULT not well formed");
    assert_head(*state, "A: b\rc\r\nContent-Disposition: form-data; name=n",
                "FAULT not well formed");
    /* Where a line is none of the body's own, anything goes. */
    assert_events(*state, STR("\n\r\n--AaB\r\n" FIELD "\n\r\n--AaB--\n"), "<n|-|->\n</>END");
}

static void names_as_clients_write_them(void **state)
{
    assert_disposition(*state, "; name=\"a\"", "<a|-|->x</>END");
    assert_disposition(*state, ";name=a;filename=b c", "<a|b c|->x</>END");
    assert_disposition(*state, " ; NAME = \"a\" ; FileName=\"\";", "<a||->x</>END");
    assert_disposition(*state, "; name=\"\"", "<|-|->x</>END");
    assert_disposition(*state, "; name=\"a;b=c\"; other=\"; name=z\"", "<a;b=c|-|->x</>END");
    /* Browsers, for a file whose name is "%22 %22%0D%0A%0d%20 */
    assert_disposition(*state, "; name=\"%22a%0D%0A%0d%20%2\"; filename=\"%\"",
                       "<\"a\r\n%0d%20%2|%|->x</>END");
    assert_disposition(*state, "; name=%22", "<%22|-|->x</>END");
    /* curl before 7.81 */
    assert_disposition(*state, "; name=\"a\\\"b\\\\c\\\\\\\"\"; filename=\"\\\\\"",
                       "<a\"b\\c\\\"|\\|->x</>END");
    /* Browsers leave a backslash alone. */
    assert_disposition(*state, "; name=\"a\\b\"; filename=\"C:\\dir\\\"",
                       "<a\\b|C:\\dir\\|->x</>END");
    assert_disposition(*state, "; name=\"\xe2\x82\xac\"; filename=\"\xc3\xa4\"",
                       "<\xe2\x82\xac|\xc3\xa4|->x</>END");
}

static void extended_filenames(void **state)
{
    assert_disposition(*state, "; name=a; filename*=UTF-8''%e2%82%AC%20b",
                       "<a|\xe2\x82\xac b|->x</>END");
    assert_disposition(*state, "; name=a; filename*=utf-8'en'b; filename=\"c\"", "<a|b|->x</>END");
    assert_disposition(*state, "; filename=\"c\"; filename*=utf-8''%22; name=a", "<a|\"|->x</>END");
    assert_disposition(*state, "; name=a; filename*=utf-8''", "<a||->x</>END");
    assert_disposition(*state, "; name=a; filename*=latin1''b", "FAULT not well formed");
    assert_disposition(*state, "; name=a; filename*=utf-8'b", "FAULT not well formed");
    assert_disposition(*state, "; name=a; filename*=b", "FAULT not well formed");
    assert_disposition(*state, "; name=a; filename*=utf-8''%4", "FAULT not well formed");
    assert_disposition(*state, "; name=a; filename*=utf-8''%4g", "FAULT not well formed");
    assert_disposition(*state, "; name=a; filename*=utf-8''%ff", "FAULT not valid UTF-8");
    assert_disposition(*state, "; name=a; filename*=utf-8''%00", "FAULT contains a NUL character");
}

static void faulty_names(void **state)
{
    assert_disposition(*state, "", "FAULT not well formed");
    assert_disposition(*state, "; filename=\"a\"", "FAULT not well formed");
    assert_disposition(*state, "; name", "FAULT not well formed");
    assert_disposition(*state, "; name=", "FAULT not well formed");
    assert_disposition(*state, "; =a", "FAULT not well formed");
    assert_disposition(*state, "; name=\"a", "FAULT not well formed");
    assert_disposition(*state, "; name=\"", "FAULT not well formed");
    assert_disposition(*state, "; name=\"a\"b", "FAULT not well formed");
    assert_disposition(*state, "; name=a\"b", "FAULT not well formed");
    assert_disposition(*state, "; na me=a", "FAULT not well formed");
    assert_disposition(*state, "; name=\"a\\\"; filename=\"b\"", "FAULT not well formed");
    assert_disposition(*state, "x; name=a", "FAULT not well formed");
    assert_disposition(*state, "; name=a; Name=a", "FAULT a name stands twice");
    assert_disposition(*state, "; name=a; filename=b; filename=b", "FAULT a name stands twice");
    assert_disposition(*state, "; name=\"\xff\"", "FAULT not valid UTF-8");
    assert_disposition(*state, "; name=a; filename=\"\xe4\"", "FAULT not valid UTF-8");
    assert_events(*state, STR("--AaB\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\n"),
                  "FAULT contains a NUL character");
    assert_head(*state, "Content-Disposition: attachment; name=a", "FAULT not well formed");
}

static void fields_of_the_head(void **state)
{
    struct arena *arena = *state;
    assert_events(arena, STR("--AaB\r\n\r\nx\r\n--AaB--"), "FAULT not well formed");
    assert_head(arena, "X: y", "FAULT not well formed");
    assert_head(arena, "X: y\r\n" FIELD, "<n|-|->\r\n\r\nx</>END");
    assert_disposition(arena, "; name=a\r\nno colon", "FAULT not well formed");
    assert_disposition(arena, "; name=a\r\nX : y", "FAULT not well formed");
    assert_disposition(arena, "; name=a\r\n: y", "FAULT not well formed");
    assert_head(arena, " X: y\r\nContent-Disposition: form-data; name=a", "FAULT not well formed");
    assert_disposition(arena, ";\r\n name=a\r\n\tb;\r\n  filename=c\r\nX:", "<a\tb|c|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Disposition: form-data; name=a",
                       "FAULT a name stands twice");
    assert_disposition(arena, "; name=a\r\nContent-Type: a/b\r\nCONTENT-TYPE: a/b",
                       "FAULT a name stands twice");
    assert_disposition(arena, "; name=a\r\nContent-Type:IMAGE/Svg+XML ;a=b",
                       "<a|-|image/svg+xml>x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Type: image", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Type: a/b c", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Type: a/", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Type:", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Transfer-Encoding: 8BIT", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\ncontent-transfer-encoding: binary", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Transfer-Encoding: 7bit", "<a|-|->x</>END");
    assert_disposition(arena, "; name=a\r\nContent-Transfer-Encoding: base64",
                       "FAULT an unknown name");
    assert_disposition(arena, "; name=a\r\nContent-Transfer-Encoding:", "FAULT an unknown name");
}

static const char *many(struct arena *arena, const char *text, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++)
        buf_text(&buf, text);
    return str_cstr(arena, buf_slice(&buf));
}

static void limits_of_names(void **state)
{
    struct arena *arena = *state;
    for (size_t len = MULTIPART_MAX_NAME; len <= MULTIPART_MAX_NAME + 1; len++) {
        bool fits = len == MULTIPART_MAX_NAME;
        const char *fault = "FAULT too long";
        /* Decoded it counts: three bytes make one. */
        const char *quotes = many(arena, "%22", len), *decoded = many(arena, "\"", len);
        struct str name = str_printf(arena, "; name=\"%s\"", quotes);
        struct str file = str_printf(arena, "; name=a; filename=\"%s\"", quotes);
        struct str star = str_printf(arena, "; name=a; filename*=utf-8''%s", quotes);
        struct str named = str_printf(arena, "<%s|-|->x</>END", decoded);
        struct str filed = str_printf(arena, "<a|%s|->x</>END", decoded);
        assert_disposition(arena, name.ptr, fits ? named.ptr : fault);
        assert_disposition(arena, file.ptr, fits ? filed.ptr : fault);
        assert_disposition(arena, star.ptr, fits ? filed.ptr : fault);
    }
    const char *most = many(arena, "t", MULTIPART_MAX_TYPE - 2);
    struct str type = str_printf(arena, "; name=a\r\nContent-Type: A/%s", most);
    struct str typed = str_printf(arena, "<a|-|a/%s>x</>END", most);
    assert_disposition(arena, type.ptr, typed.ptr);
    type = str_printf(arena, "; name=a\r\nContent-Type: A/t%s", most);
    assert_disposition(arena, type.ptr, "<a|-|->x</>END");
}

static void limit_of_a_head(void **state)
{
    struct arena *arena = *state;
    size_t rest = strlen("X: \r\nContent-Disposition: form-data; name=a\r\n\r\n");
    const char *fill = many(arena, "y", MULTIPART_MAX_HEAD - rest);
    const char *format = "X: %s%s\r\nContent-Disposition: form-data; name=a";
    assert_head(arena, str_printf(arena, format, fill, "").ptr, "<a|-|->x</>END");
    assert_head(arena, str_printf(arena, format, fill, "y").ptr, "FAULT too long");
    const char *endless = many(arena, "X: y\r\n", 10000);
    assert_head(arena, endless, "FAULT too long");
}

static void limit_of_parts(void **state)
{
    struct arena *arena = *state;
    const char *part = "--AaB\r\n" FIELD "x\r\n";
    const char *most = many(arena, part, MULTIPART_MAX_PARTS);
    const char *parts = many(arena, "<n|-|->x</>", MULTIPART_MAX_PARTS);
    assert_events(arena, str_printf(arena, "%s--AaB--", most),
                  str_printf(arena, "%sEND", parts).ptr);
    assert_events(arena, str_printf(arena, "%s%s--AaB--", most, part),
                  str_printf(arena, "%sFAULT too many items", parts).ptr);
}

static bool usable(struct str content_type)
{
    struct multipart multipart;
    struct str input = STR("--x--");
    enum err err = multipart_init(&multipart, content_type);
    if (!err)
        return true;
    assert_int_equal(err, ERR_SYNTAX);
    assert_int_equal(multipart_next(&multipart, &input), MULTIPART_FAULT);
    assert_int_equal(multipart.err, ERR_SYNTAX);
    assert_true(strlen(multipart.fault) > 0);
    return false;
}

static void boundaries(void **state)
{
    const char *most = many(*state, "b", MULTIPART_MAX_BOUNDARY);
    const char *type = "multipart/form-data; boundary=";
    assert_true(usable(STR("multipart/form-data; boundary=x")));
    assert_true(usable(STR("Multipart/Form-Data ;charset=utf-8;\tBOUNDARY = \"a b\" ;")));
    assert_true(usable(STR("multipart/form-data; boundary=----=_Part_1:2?(3)/4")));
    assert_true(usable(str_printf(*state, "%s%s", type, most)));
    assert_true(usable(str_printf(*state, "%s\"%s\"", type, most)));
    assert_false(usable(str_printf(*state, "%s%sb", type, most)));
    assert_false(usable(str_printf(*state, "%s\"%sb\"", type, most)));
    assert_false(usable(STR_NONE));
    assert_false(usable(STR("")));
    assert_false(usable(STR("multipart/form-data")));
    assert_false(usable(STR("multipart/form-data; boundary")));
    assert_false(usable(STR("multipart/form-data; boundary=")));
    assert_false(usable(STR("multipart/form-data; boundary=\"\"")));
    assert_false(usable(STR("multipart/form-data; boundary=\"a \"")));
    assert_false(usable(STR("multipart/form-data; boundary=\"a")));
    assert_false(usable(STR("multipart/form-data; boundary=\xc3\xa4")));
    assert_false(usable(STR("multipart/form-data; boundary=\"a\r\nb\"")));
    assert_false(usable(STR("multipart/form-data; boundary=a\x7f")));
    assert_false(usable(STR("multipart/form-data; boundary=a; boundary=a")));
    assert_false(usable(STR("multipart/form-data boundary=a")));
    assert_false(usable(STR("multipart/mixed; boundary=a")));
}

static void a_quoted_boundary_is_unquoted(void **state)
{
    struct multipart multipart;
    struct str input = STR("--a\"\\ b--");
    (void)state;
    assert_int_equal(multipart_init(&multipart,
                                    STR("multipart/form-data; boundary=\"a\\\"\\\\ b\"")),
                     ERR_NONE);
    assert_int_equal(multipart_next(&multipart, &input), MULTIPART_END);
    assert_int_equal(multipart_next(&multipart, &input), MULTIPART_MORE);
}

/* What no delimiter can begin in goes on in one piece, in the caller's own memory. */
static void content_is_passed_on_where_it_is(void **state)
{
    struct multipart multipart;
    struct str head = STR("--AaB\r\n" FIELD), body;
    char *text = arena_bytes(*state, 100000);
    memset(text, '\r', 100000);
    memcpy(text + 50000, "\r\n--AaBxyz", 10);
    memcpy(text + 99990, "\r\n--AaB--.", 10);
    body = (struct str){text, 100000};
    assert_int_equal(multipart_init(&multipart, TYPE), ERR_NONE);
    assert_int_equal(multipart_next(&multipart, &head), MULTIPART_PART);
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_DATA);
    assert_ptr_equal(multipart.data.ptr, text);
    assert_int_equal(multipart.data.len, 50000);
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_DATA);
    assert_int_equal(multipart.data.len, 7); /* the false delimiter */
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_DATA);
    assert_ptr_equal(multipart.data.ptr, text + 50007);
    assert_int_equal(multipart.data.len, 49983);
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_PART_END);
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_END);
    assert_int_equal(multipart_next(&multipart, &body), MULTIPART_MORE);
    assert_int_equal(body.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_form_whole_and_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(what_ends_early_just_needs_more, setup, teardown),
        cmocka_unit_test_setup_teardown(delimiters, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_line_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(names_as_clients_write_them, setup, teardown),
        cmocka_unit_test_setup_teardown(extended_filenames, setup, teardown),
        cmocka_unit_test_setup_teardown(faulty_names, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_of_the_head, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_of_names, setup, teardown),
        cmocka_unit_test_setup_teardown(limit_of_a_head, setup, teardown),
        cmocka_unit_test_setup_teardown(limit_of_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(boundaries, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quoted_boundary_is_unquoted, setup, teardown),
        cmocka_unit_test_setup_teardown(content_is_passed_on_where_it_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
