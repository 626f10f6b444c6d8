/*
 * Digests, against values worked out with Python's hashlib.
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

static struct str sample(struct arena *arena, size_t len)
{
    char *bytes = arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7);
    return (struct str){bytes, len};
}

static void a_digest_can_be_put_down_anywhere(void **state)
{
    struct str text = sample(*state, 200);
    struct digest_state whole;
    digest_start(&whole);
    digest_add(&whole, text);
    struct str expected = digest_end(*state, &whole);
    assert_str(expected, "b531abd8dae7232c861ac9f50aff9952d29c8d4c3772551cc5bce5d39d2cd08d");
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct digest_state first, second;
        digest_start(&first);
        digest_add(&first, (struct str){text.ptr, cut});
        struct str saved = digest_save(*state, &first);
        assert_int_equal(digest_restore(saved, &second), ERR_NONE);
        digest_add(&second, str_skip(text, cut));
        assert_true(str_eq(digest_end(*state, &second), expected));
    }
}

static void the_known_digests(void **state)
{
    struct digest_state digest;
    digest_start(&digest);
    assert_str(digest_end(*state, &digest),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_start(&digest);
    digest_add(&digest, STR("abc"));
    assert_str(digest_end(*state, &digest),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_state_that_is_none(void **state)
{
    struct digest_state digest;
    struct str saved;
    digest_start(&digest);
    digest_add(&digest, STR("abc"));
    saved = digest_save(*state, &digest);
    assert_true(str_ends(saved, STR(":3:616263")));
    for (size_t len = 0; len < saved.len; len++)
        assert_int_equal(digest_restore((struct str){saved.ptr, len}, &digest), ERR_SYNTAX);
    assert_int_equal(digest_restore(STR_NONE, &digest), ERR_SYNTAX);
    char *upper = arena_copy(*state, saved.ptr, saved.len);
    upper[0] = 'G';
    assert_int_equal(digest_restore((struct str){upper, saved.len}, &digest), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(digests_are_those_of_sha256),
        TEST(a_byte_moved_to_the_neighbour_changes_them),
        TEST(random_codes_have_their_length_and_differ),
        TEST(random_codes_use_every_byte),
        TEST(what_a_pool_gave_it_does_not_keep),
        TEST(a_digest_can_be_put_down_anywhere),
        TEST(the_known_digests),
        TEST(a_state_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
