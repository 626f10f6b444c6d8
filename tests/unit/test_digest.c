/*
 * Digests, against values worked out with Python's hashlib where nothing else is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/digest.h"

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

static void digests_are_those_of_sha256(void **state)
{
    assert_str(digest_of(*state, NULL, 0),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_str(digest_of(*state, (struct str[]){STR("")}, 1),
               "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
    assert_str(digest_of(*state, (struct str[]){STR_NONE}, 1),
               "12a3ae445661ce5dee78d0650d33362dec29c4f82af05e7e57fb595bbbacf0ca");
    struct buf buf;
    buf_init(&buf, *state, 2000);
    for (int i = 0; i < 1000; i++)
        buf_text(&buf, "\xc3\xbc");
    assert_str(digest_of(*state, (struct str[]){buf_slice(&buf)}, 1),
               "21b6ca9127ccf968344e6a73eea9fb6fa01af3167a74c0777f67848b08a9db1d");
}

static void a_byte_moved_to_the_neighbour_changes_them(void **state)
{
    assert_str(digest_of(*state, (struct str[]){STR("ab"), STR("c")}, 2),
               "601d5476e2ccfe2c87a2bba7a322659734a05749d5b5aa781f513e4912db0d5f");
    assert_str(digest_of(*state, (struct str[]){STR("a"), STR("bc")}, 2),
               "3fafa1cf2f19a7c1129beb20cf0983f73a489a221fc0dd2f16d1be292d089205");
}

static void random_codes_have_their_length_and_differ(void **state)
{
    struct random_pool pool = {.left = 0};
    for (size_t count = 0; count <= 32; count++) {
        struct str a = digest_random(&pool, *state, count);
        struct str b = digest_random(&pool, *state, count);
        assert_int_equal(a.len, 2 * count);
        assert_int_equal(strspn(a.ptr, "0123456789abcdef"), 2 * count);
        if (count >= 8)
            assert_false(str_eq(a, b));
    }
}

/* Each of the 256 bytes turns up among 8192: 1 - 3e-12 says so. */
static void random_codes_use_every_byte(void **state)
{
    bool seen[256] = {false};
    struct random_pool pool = {.left = 0};
    for (int i = 0; i < 256; i++) {
        struct str code = digest_random(&pool, *state, 32);
        for (size_t at = 0; at < code.len; at += 2) {
            static const char digits[] = "0123456789abcdef";
            size_t byte = (size_t)(strchr(digits, code.ptr[at]) - digits) * 16 +
                          (size_t)(strchr(digits, code.ptr[at + 1]) - digits);
            seen[byte] = true;
        }
    }
    for (size_t byte = 0; byte < 256; byte++)
        assert_true(seen[byte]);
}

static void what_a_pool_gave_it_does_not_keep(void **state)
{
    struct random_pool pool = {.left = 0};
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(digest_random(&pool, *state, 1 + i % 32).len, 2 * (1 + i % 32));
        for (size_t j = pool.left; j < sizeof pool.bytes; j++)
            assert_int_equal(pool.bytes[j], 0);
    }
}

/* The hash of the whole, added at once. */
static struct str hash(struct arena *arena, struct str text)
{
    struct digest_state state;
    digest_start(&state);
    digest_add(&state, text);
    return digest_end(arena, &state);
}

/* The vectors of FIPS 180-2, appendix B. */
static void a_stream_has_the_sha256_of_its_bytes(void **state)
{
    assert_str(hash(*state, STR_NONE),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_str(hash(*state, STR("abc")),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_str(hash(*state, STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    struct digest_state million;
    digest_start(&million);
    char text[125];
    memset(text, 'a', sizeof text);
    for (int i = 0; i < 8000; i++)
        digest_add(&million, (struct str){text, sizeof text});
    assert_str(digest_end(*state, &million),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#define TEXT_LENGTH 200

/* Put down, and taken up as if by another process, after every count of bytes. */
static void a_stream_goes_on_where_it_was_put_down(void **state)
{
    char text[TEXT_LENGTH];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 37);
    struct str all = {text, sizeof text};
    struct str expected = hash(*state, all);
    for (size_t split = 0; split <= sizeof text; split++) {
        struct digest_state first, second;
        memset(&second, 0xa5, sizeof second);
        digest_start(&first);
        digest_add(&first, (struct str){text, split});
        struct str saved = digest_save(*state, &first);
        assert_true(saved.len <= DIGEST_SAVED_MAX);
        assert_int_equal(digest_restore(saved, &second), ERR_NONE);
        assert_str(digest_save(*state, &second), saved.ptr);
        digest_add(&second, str_skip(all, split));
        assert_str(digest_end(*state, &second), expected.ptr);
        digest_add(&first, str_skip(all, split)); /* saving has not ended it */
        assert_str(digest_end(*state, &first), expected.ptr);
    }
}

#define START "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
#define BLOCK_OF_A "df5bb81ce81e0626fb45a8944fd40f31b25e6816d6d499c1ab90492900635e66"

/* Worked out in Python from the formulas of FIPS 180-4: programs of any machine read it. */
static void a_stream_is_put_down_as_text(void **state)
{
    struct digest_state stream;
    char text[66];
    memset(text, 'a', sizeof text);
    digest_start(&stream);
    assert_str(digest_save(*state, &stream), START ":0:");
    digest_add(&stream, STR("\x01\xff"));
    assert_str(digest_save(*state, &stream), START ":2:01ff");
    digest_start(&stream);
    digest_add(&stream, (struct str){text, 64});
    assert_str(digest_save(*state, &stream), BLOCK_OF_A ":64:");
    digest_add(&stream, (struct str){text, 2});
    assert_str(digest_save(*state, &stream), BLOCK_OF_A ":66:6161");
}

#define ZEROS_21 "000000000000000000000000000000000000000000"

/* libcrypto counts bits in two halves of 32: 2^29 bytes are where the upper one begins. */
static void a_stream_may_be_long(void **state)
{
    struct digest_state stream;
    struct str saved = STR("70e51bf97a691b708432a251df0e6d25eb7d37d913df91fec58549ea81461308"
                           ":536870911:" ZEROS_21 ZEROS_21 ZEROS_21);
    assert_int_equal(digest_restore(saved, &stream), ERR_NONE);
    digest_add(&stream, STR("\0\0\0\0\0\0\0\0\0\0\0"));
    assert_true(str_starts(str_skip(digest_save(*state, &stream), 64), STR(":536870922:")));
    /* hashlib.sha256(bytes(2**29 + 10)) */
    assert_str(digest_end(*state, &stream),
               "22a8143425eef9fddcd7fb6686ca4d2b3c30f24ad53265b8cec0ffa06e6fa74d");
}

static void only_what_was_put_down_is_taken_up(void **state)
{
    static const char *const faults[] = {
        NULL,
        "",
        ":",
        "::",
        START,
        START ":0",
        START ":0:00",
        START ":1:",
        START ":1:0",
        START ":1:000",
        START ":1:0g",
        START ":1:0A",
        START ":1:0 ",
        START ":01:00",
        START ":00:",
        START ":-1:00",
        START ":+0:",
        START "::",
        START ":0:\n",
        START ":0: ",
        START ":0::",
        START ":64:" ZEROS_21,
        START ":2305843009213693952:",
        START ":18446744073709551616:",
        START "0:0:",
        " " START ":0:",
        "6A09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19:0:",
        "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd1:0:",
    };
    struct digest_state stream;
    digest_start(&stream);
    digest_add(&stream, STR("as it was"));
    struct str before = digest_save(*state, &stream);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (digest_restore(str_from(faults[i]), &stream) != ERR_SYNTAX)
            fail_msg("“%s” is taken up", faults[i] ? faults[i] : "");
        assert_str(digest_save(*state, &stream), before.ptr);
    }
    assert_int_equal(digest_restore(STR(START ":2305843009213693888:"), &stream), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(digests_are_those_of_sha256),
        TEST(a_byte_moved_to_the_neighbour_changes_them),
        TEST(random_codes_have_their_length_and_differ),
        TEST(random_codes_use_every_byte),
        TEST(what_a_pool_gave_it_does_not_keep),
        TEST(a_stream_has_the_sha256_of_its_bytes),
        TEST(a_stream_goes_on_where_it_was_put_down),
        TEST(a_stream_is_put_down_as_text),
        TEST(a_stream_may_be_long),
        TEST(only_what_was_put_down_is_taken_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
