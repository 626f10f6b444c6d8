#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/logs_overlap.h"

#include "base/banned.h"

enum { ANNA = 101, BOB = 202, CARL = 303 };
#define THING 0x9000001
#define AGE 1000

struct scene {
    struct arena arena;
    struct overlap *overlap;
    struct overlap_pair pairs[32];
    size_t count;
};

static void found(void *arg, const struct overlap_pair *pair)
{
    struct scene *scene = arg;
    assert_true(scene->count < 32);
    scene->pairs[scene->count++] = *pair;
}

static int setup(void **state)
{
    static struct scene scene;
    struct overlap_limits limits = {{64, 64}, 16, AGE};
    memset(&scene, 0, sizeof scene);
    arena_init(&scene.arena);
    scene.overlap = overlap_new(&scene.arena, &limits, found, &scene);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    arena_release(&scene->arena);
    return 0;
}

static const char *name_of(uint64_t person)
{
    return person == ANNA ? "anna" : person == BOB ? "bob" : "carl";
}

static void opens(struct scene *scene, uint64_t person, int64_t time)
{
    overlap_open(scene->overlap, OVERLAP_EDIT, THING, person, time);
}

static void saves_with(struct scene *scene, uint64_t person, int64_t time, unsigned doubts)
{
    struct logs_text name;
    struct overlap_save save = {
        .thing = THING, .person = person, .time = time, .doubts = doubts, .name = &name};
    logs_text(&name, str_from(name_of(person)));
    save.pairs = overlap_opened(scene->overlap, OVERLAP_EDIT, THING, person, time, &save.opened,
                                &save.opened_doubts);
    overlap_save(scene->overlap, &save);
}

static void saves(struct scene *scene, uint64_t person, int64_t time)
{
    saves_with(scene, person, time, 0);
}

static void assert_pair(const struct scene *scene, size_t at, uint64_t lost, uint64_t kept,
                        int64_t opened, int64_t saved, int64_t overwritten, unsigned doubts)
{
    const struct overlap_pair *pair = &scene->pairs[at];
    assert_true(at < scene->count);
    assert_true(str_is(logs_str(&pair->lost), name_of(lost)));
    assert_true(str_is(logs_str(&pair->kept), name_of(kept)));
    assert_int_equal(pair->opened, opened);
    assert_int_equal(pair->saved, saved);
    assert_int_equal(pair->overwritten, overwritten);
    assert_int_equal(pair->doubts, doubts);
}

static void two_that_overlap(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    opens(scene, BOB, 20);
    saves(scene, BOB, 30);
    assert_int_equal(scene->count, 0);
    saves(scene, ANNA, 40);
    assert_int_equal(scene->count, 1);
    assert_pair(scene, 0, BOB, ANNA, 10, 30, 40, 0);
}

static void who_saves_need_not_have_opened(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, BOB, 30);
    saves(scene, ANNA, 40);
    assert_int_equal(scene->count, 1);
}

static void one_after_the_other(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, ANNA, 20);
    opens(scene, BOB, 30);
    saves(scene, BOB, 40);
    opens(scene, ANNA, 50); /* opened again before it is saved */
    saves(scene, ANNA, 60);
    saves(scene, ANNA, 61); /* and a double click */
    assert_int_equal(scene->count, 0);
}

static void the_same_person_loses_nothing(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, ANNA, 20);
    saves(scene, ANNA, 30);
    assert_int_equal(scene->count, 0);
}

static void saving_again_is_less_sure(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, ANNA, 20);
    saves(scene, BOB, 30);
    saves(scene, ANNA, 40);
    assert_int_equal(scene->count, 1);
    assert_pair(scene, 0, BOB, ANNA, 20, 30, 40, DOUBT_AGAIN);
}

static void three_people(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    opens(scene, BOB, 11);
    opens(scene, CARL, 12);
    saves(scene, BOB, 20);
    saves(scene, BOB, 25); /* only the last of his counts */
    saves(scene, CARL, 30);
    saves(scene, ANNA, 40);
    assert_int_equal(scene->count, 3);
    assert_pair(scene, 0, BOB, CARL, 12, 25, 30, 0);
    assert_pair(scene, 1, BOB, ANNA, 10, 25, 40, 0);
    assert_pair(scene, 2, CARL, ANNA, 10, 30, 40, 0);
}

static void a_refusal_shows_what_there_is(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, BOB, 20);
    overlap_refused(scene->overlap, OVERLAP_EDIT, THING, ANNA, 30);
    saves(scene, ANNA, 40);
    assert_int_equal(scene->count, 0);
    /* And nothing is sure any more about a thing that is guarded. */
    opens(scene, ANNA, 50);
    saves(scene, BOB, 60);
    saves(scene, ANNA, 70);
    assert_pair(scene, 0, BOB, ANNA, 50, 60, 70, DOUBT_GUARDED);
}

static void doubts_of_both_count(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves_with(scene, BOB, 20, DOUBT_ANSWER);
    saves_with(scene, ANNA, 30, DOUBT_PERSON);
    assert_pair(scene, 0, BOB, ANNA, 10, 20, 30, DOUBT_ANSWER | DOUBT_PERSON);
    opens(scene, ANNA, 40);
    saves(scene, CARL, 40);
    saves(scene, ANNA, 50);
    assert_pair(scene, 1, CARL, ANNA, 40, 40, 50, DOUBT_SECOND);
}

static void lines_in_another_order(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, ANNA, 40);
    saves(scene, BOB, 30); /* was logged later */
    assert_int_equal(scene->count, 1);
    assert_pair(scene, 0, BOB, ANNA, 10, 30, 40, 0);
    saves(scene, CARL, 5); /* before anna looked */
    assert_int_equal(scene->count, 1);
}

static void what_is_too_old(void **state)
{
    struct scene *scene = *state;
    opens(scene, ANNA, 10);
    saves(scene, BOB, 500);
    saves(scene, ANNA, 10 + AGE + 1);
    assert_int_equal(scene->count, 0);
    opens(scene, ANNA, 2000);
    saves(scene, BOB, 2500);
    saves(scene, ANNA, 2000 + AGE);
    assert_int_equal(scene->count, 1);
}

static void memory_is_fixed(void **state)
{
    struct scene *scene = *state;
    size_t before = scene->arena.total;
    for (uint64_t i = 0; i < 10000; i++)
        overlap_open(scene->overlap, OVERLAP_PAGE, 0x5000000 + 4099 * i, ANNA, 1);
    assert_in_range(overlap_forgotten(scene->overlap), 10000 - 64 - 8, 10000 - 64);
    /* Pages do not push out forms. */
    opens(scene, ANNA, 10);
    for (uint64_t i = 0; i < 10000; i++)
        overlap_open(scene->overlap, OVERLAP_PAGE, 0x5000000 + 4099 * i, BOB, 11);
    saves(scene, BOB, 20);
    saves(scene, ANNA, 30);
    assert_int_equal(scene->count, 1);
    assert_int_equal(scene->arena.total, before);
}

static void what_was_too_old_is_forgotten_without_a_word(void **state)
{
    struct scene *scene = *state;
    for (uint64_t i = 0; i < 1000; i++)
        overlap_open(scene->overlap, OVERLAP_PAGE, 0x5000000 + 4099 * i, ANNA,
                     (int64_t)(2 * AGE * i));
    assert_int_equal(overlap_forgotten(scene->overlap), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_that_overlap),
        TEST(who_saves_need_not_have_opened),
        TEST(one_after_the_other),
        TEST(the_same_person_loses_nothing),
        TEST(saving_again_is_less_sure),
        TEST(three_people),
        TEST(a_refusal_shows_what_there_is),
        TEST(doubts_of_both_count),
        TEST(lines_in_another_order),
        TEST(what_is_too_old),
        TEST(memory_is_fixed),
        TEST(what_was_too_old_is_forgotten_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
