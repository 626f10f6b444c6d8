#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/base64.h"
#include "wire/tus.h"

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

static void base64_there_and_back(void **state)
{
    static const char *const texts[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe", "//4="}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf buf;
        struct str back;
        buf_init(&buf, *state, 100);
        base64_encode(&buf, str_from(texts[i][0]));
        assert_true(str_is(buf_slice(&buf), texts[i][1]));
        assert_int_equal(base64_decode(*state, str_from(texts[i][1]), &back), ERR_NONE);
        assert_true(str_is(back, texts[i][0]));
    }
}

static void base64_is_strict(void **state)
{
    static const char *const texts[] = {"Zg",   "Zg=",  "Zg==Zg==", "Zh==",   "Zm9=", "Z===",
                                        "====", "Zm 9", "Zm-9",     "Zm9v\n", "=Zg="};
    struct str out;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (base64_decode(*state, str_from(texts[i]), &out) != ERR_SYNTAX)
            fail_msg("%s", texts[i]);
}

static void metadata(void **state)
{
    struct form form;
    assert_int_equal(tus_metadata(*state, STR("filename w7xiZXI=, empty,is_private , x IA=="),
                                  &form),
                     ERR_NONE);
    assert_int_equal(form.count, 4);
    assert_true(str_is(form_get(&form, STR("filename")), "über"));
    assert_true(str_is(form_get(&form, STR("empty")), ""));
    assert_true(str_is(form_get(&form, STR("x")), " "));
    assert_null(form_get(&form, STR("other")).ptr);
    assert_int_equal(tus_metadata(*state, STR_NONE, &form), ERR_NONE);
    assert_int_equal(form.count, 0);
}

static void metadata_that_is_none(void **state)
{
    struct form form;
    struct buf many;
    assert_int_equal(tus_metadata(*state, STR("a !"), &form), ERR_SYNTAX);
    assert_int_equal(tus_metadata(*state, STR("a YQ==,,b YQ=="), &form), ERR_SYNTAX);
    assert_int_equal(tus_metadata(*state, STR("a YQ==,a YQ=="), &form), ERR_DUPLICATE);
    assert_int_equal(tus_metadata(*state, STR("a /w=="), &form), ERR_UTF8);
    assert_int_equal(tus_metadata(*state, STR("a AA=="), &form), ERR_NUL);
    buf_init(&many, *state, 1000);
    for (int i = 0; i < 16; i++)
        buf_printf(&many, "%sk%d YQ==", i ? "," : "", i);
    assert_int_equal(tus_metadata(*state, buf_slice(&many), &form), ERR_NONE);
    buf_text(&many, ",more YQ==");
    assert_int_equal(tus_metadata(*state, buf_slice(&many), &form), ERR_TOO_MANY);
}

static void checksums(void **state)
{
    static const char *const fields[] = {"sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
                                         "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
                                         "md5 kAFQmDzST7DWlj99KOF/cg=="};
    for (size_t i = 0; i < 3; i++) {
        struct tus_checksum checksum;
        struct tus_hash hash, other;
        assert_int_equal(tus_checksum(*state, str_from(fields[i]), &checksum), ERR_NONE);
        assert_int_equal(checksum.algorithm, i);
        tus_hash_start(&hash, *state, checksum.algorithm);
        tus_hash_add(&hash, STR("a"));
        tus_hash_add(&hash, STR("bc"));
        assert_true(tus_hash_matches(&hash, checksum.digest));
        tus_hash_start(&other, *state, checksum.algorithm);
        tus_hash_add(&other, STR("abd"));
        assert_false(tus_hash_matches(&other, checksum.digest));
    }
}

static void checksums_that_are_none(void **state)
{
    struct tus_checksum checksum;
    assert_int_equal(tus_checksum(*state, STR("crc32 AAAA"), &checksum), ERR_UNKNOWN);
    assert_int_equal(tus_checksum(*state, STR_NONE, &checksum), ERR_UNKNOWN);
    assert_int_equal(tus_checksum(*state, STR("md5"), &checksum), ERR_SYNTAX);
    assert_int_equal(tus_checksum(*state, STR("md5 AAAA"), &checksum), ERR_SYNTAX);
    assert_int_equal(tus_checksum(*state, STR("md5 !"), &checksum), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(base64_there_and_back), TEST(base64_is_strict), TEST(metadata),
        TEST(metadata_that_is_none), TEST(checksums),        TEST(checksums_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
