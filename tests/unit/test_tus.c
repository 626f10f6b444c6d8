/*
 * The fields of tus, and base64: the vectors of RFC 4648, section 10, and of the tus protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

static void assert_str(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected);
}

static struct str encoded(struct arena *arena, struct str bytes)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    base64_encode(&buf, bytes);
    return buf_slice(&buf);
}

static void base64_both_ways(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbe", "+/++"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct str out;
        assert_str(encoded(*state, str_from(vectors[i][0])), vectors[i][1]);
        assert_int_equal(base64_decode(*state, str_from(vectors[i][1]), &out), ERR_NONE);
        assert_str(out, vectors[i][0]);
    }
    struct str out;
    assert_int_equal(base64_decode(*state, STR_NONE, &out), ERR_NONE);
    assert_str(out, "");
}

static void every_byte_survives_base64(void **state)
{
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t from = 0; from < sizeof bytes; from++) {
        struct str out, text = {bytes + from, sizeof bytes - from};
        assert_int_equal(base64_decode(*state, encoded(*state, text), &out), ERR_NONE);
        assert_true(str_eq(out, text));
    }
}

static void base64_is_read_strictly(void **state)
{
    static const char *const faults[] = {
        "Z",     "Zg",       "Zg=",  "Zm8",      "Zg==Zg==",   "Zh==",    "Zm9=", "====",
        "Z===",  "A===",     "=Zg=", "Zm9v\n",   " Zm9v",      "Zm 9",    "Zm9-", "Zm_v",
        "Zm9v=", "Zm9v====", "Z=g=", "Zg==\xff", "Zm\xc3\xbc", "Zm9vZg=", "Zg=A",
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct str out = STR("as it was");
        if (base64_decode(*state, str_from(faults[i]), &out) != ERR_SYNTAX)
            fail_msg("“%s” is read", faults[i]);
        assert_str(out, "as it was");
    }
    struct str out;
    assert_int_equal(base64_decode(*state, STR("Zm\0v"), &out), ERR_SYNTAX);
}

static void metadata_are_keys_and_values(void **state)
{
    struct form form;
    struct str field = STR("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential, "
                           "empty ,,x-1 w7w=");
    assert_int_equal(tus_metadata(*state, field, &form), ERR_NONE);
    assert_int_equal(form.count, 4);
    assert_str(form_get(&form, STR("filename")), "world_domination_plan.pdf");
    assert_str(form_get(&form, STR("is_confidential")), "");
    assert_str(form_get(&form, STR("empty")), "");
    assert_str(form_get(&form, STR("x-1")), "ü");
    assert_null(form_get(&form, STR("Filename")).ptr);
}

static void metadata_may_be_missing(void **state)
{
    static const char *const fields[] = {NULL, "", " ", ", ,"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct form form = {.count = 99};
        assert_int_equal(tus_metadata(*state, str_from(fields[i]), &form), ERR_NONE);
        assert_int_equal(form.count, 0);
    }
}

struct fault {
    const char *field;
    enum err err;
};

static void metadata_have_faults(void **state)
{
    static const struct fault faults[] = {
        {"a YQ==,b YQ", ERR_SYNTAX},          {"a YQ==,b  YQ==", ERR_SYNTAX},
        {"a YQ==,b YQ== YQ==", ERR_SYNTAX},   {"a YQ==,b\tYQ==", ERR_SYNTAX},
        {"a YQ==,\xc3\xbc YQ==", ERR_SYNTAX}, {"a YQ==,a", ERR_DUPLICATE},
        {"a YQ==,a YQ==", ERR_DUPLICATE},     {"a YQ==,b /w==", ERR_UTF8},
        {"a YQ==,b AA==", ERR_NUL},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct form form;
        enum err err = tus_metadata(*state, str_from(faults[i].field), &form);
        if (err != faults[i].err)
            fail_msg("“%s”: %s", faults[i].field, err_text(err));
        assert_int_equal(form.count, 1);
        assert_str(form_get(&form, STR("a")), "a");
    }
}

static void metadata_have_sixteen_keys_at_most(void **state)
{
    struct form form;
    struct buf buf;
    buf_init(&buf, *state, 1000);
    for (int i = 0; i < TUS_METADATA_MAX; i++)
        buf_printf(&buf, "key%d YQ==,", i);
    assert_int_equal(tus_metadata(*state, buf_slice(&buf), &form), ERR_NONE);
    assert_int_equal(form.count, 16);
    buf_text(&buf, "more");
    assert_int_equal(tus_metadata(*state, buf_slice(&buf), &form), ERR_TOO_MANY);
    assert_int_equal(form.count, 16);
}

#define SHA1_HELLO "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=" /* of "hello world" */
#define SHA256_HELLO "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
#define MD5_HELLO "md5 XrY7u+Ae7tCTyyK7j1rNww=="

static void checksums_are_checked(void **state)
{
    static const char *const fields[] = {SHA1_HELLO, SHA256_HELLO, MD5_HELLO, " " MD5_HELLO " "};
    static const enum tus_algorithm algorithms[] = {TUS_SHA1, TUS_SHA256, TUS_MD5, TUS_MD5};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct tus_checksum checksum;
        struct tus_hash right, wrong;
        assert_int_equal(tus_checksum(*state, str_from(fields[i]), &checksum), ERR_NONE);
        assert_int_equal(checksum.algorithm, algorithms[i]);
        tus_hash_start(&right, *state, checksum.algorithm);
        tus_hash_start(&wrong, *state, checksum.algorithm);
        tus_hash_add(&right, STR("hello "));
        tus_hash_add(&right, STR_NONE);
        tus_hash_add(&right, STR("world"));
        tus_hash_add(&wrong, STR("hello World"));
        assert_true(tus_hash_matches(&right, checksum.digest));
        assert_false(tus_hash_matches(&wrong, checksum.digest));
    }
}

/* A hash that nobody asks is freed with its arena: the sanitizers watch. */
static void an_unfinished_hash_is_freed(void **state)
{
    struct tus_hash hash;
    tus_hash_start(&hash, *state, TUS_SHA256);
    tus_hash_add(&hash, STR("hello"));
    assert_non_null(hash.context);
}

static void checksums_have_faults(void **state)
{
    static const struct fault faults[] = {
        {NULL, ERR_SYNTAX},
        {"", ERR_SYNTAX},
        {"sha1", ERR_SYNTAX},
        {"sha1 ", ERR_SYNTAX},
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0", ERR_SYNTAX},
        {"sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ERR_SYNTAX},
        {"sha1 XrY7u+Ae7tCTyyK7j1rNww==", ERR_SYNTAX},
        {"md5 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ERR_SYNTAX},
        {"sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ERR_SYNTAX},
        {"crc32 AAAAAA==", ERR_UNKNOWN},
        {"SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ERR_UNKNOWN},
        {"sha1,sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ERR_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct tus_checksum checksum = {TUS_MD5, STR("as it was")};
        enum err err = tus_checksum(*state, str_from(faults[i].field), &checksum);
        if (err != faults[i].err)
            fail_msg("“%s”: %s", faults[i].field ? faults[i].field : "", err_text(err));
        assert_str(checksum.digest, "as it was");
    }
}

/* What is announced is what is understood, in any order. */
static void announced_algorithms_are_known(void **state)
{
    static const char *const fields[] = {SHA1_HELLO, SHA256_HELLO, MD5_HELLO};
    struct str announced = STR(TUS_ALGORITHMS);
    size_t count = 0;
    for (struct str rest = announced; rest.ptr; count++)
        (void)str_cut(rest, ',', &rest);
    assert_int_equal(count, sizeof fields / sizeof *fields);
    for (size_t i = 0; i < count; i++) {
        struct str rest;
        struct tus_checksum checksum;
        assert_true(str_in_list(announced, str_cut(str_from(fields[i]), ' ', &rest)));
        assert_int_equal(tus_checksum(*state, str_from(fields[i]), &checksum), ERR_NONE);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(base64_both_ways),
        TEST(every_byte_survives_base64),
        TEST(base64_is_read_strictly),
        TEST(metadata_are_keys_and_values),
        TEST(metadata_may_be_missing),
        TEST(metadata_have_faults),
        TEST(metadata_have_sixteen_keys_at_most),
        TEST(checksums_are_checked),
        TEST(an_unfinished_hash_is_freed),
        TEST(checksums_have_faults),
        TEST(announced_algorithms_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
