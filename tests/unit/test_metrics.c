/*
 * What is counted, by several processes at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "web/app.h"
#include "web/problem.h"

#include "base/banned.h"

#define PROCESSES 8
#define TABLES (METRICS_TABLES + 6)
#define ROUNDS 50

struct world {
    struct app app;
    char folder[40], path[60];
};

/* A site that counts in path; its one request at hand is empty. */
static void start(struct world *world)
{
    struct app *app = &world->app;
    *app = (struct app){.kept = true};
    settings_defaults(&app->config.settings);
    app->config.settings.metrics_file = str_from(world->path);
    app->config.settings.metrics_tables = 1;
    app->work.app = app;
    app->work.started = app_now();
    arena_init(&app->work.arena);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.folder = "/tmp/pg409-metrics-XXXXXX"};
    if (!mkdtemp(world.folder))
        return 1;
    (void)snprintf(world.path, sizeof world.path, "%s/counts", world.folder);
    start(&world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    metrics_close(&world->app.metrics);
    arena_release(&world->app.work.arena);
    (void)unlink(world->path);
    return rmdir(world->folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A write to a table of that number. */
static void one_write(struct world *world, unsigned number)
{
    struct work *work = &world->app.work;
    char name[24];
    (void)snprintf(name, sizeof name, "a_table_called_%u", number);
    struct table table = {.name = str_from(name)};
    work->table = &table;
    work->is_write = true;
    work->outcome = "conflict";
    work->reason = "stale";
    work->reply.status = 409;
    metrics_request(work);
    work->table = NULL;
}

static uint64_t of(const _Atomic uint64_t *number)
{
    return atomic_load(number);
}

static void there_is_room_for_every_problem(void **state)
{
    size_t count = 0;
    (void)state;
    while (problems[count].name)
        count++;
    assert_true(count < METRICS_REASONS);
    assert_string_equal(metrics_reason(0), "none");
    assert_string_equal(metrics_reason(count), problems[count - 1].name);
    assert_null(metrics_reason(count + 1));
    for (size_t i = 0; i < METRICS_OUTCOMES; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(metrics_outcome(i), metrics_outcome(k));
}

/* All at once, each in another order: every table has one place, or shares the last. */
static void many_processes_give_a_table_one_place(void **state)
{
    struct world *world = *state;
    static const unsigned steps[PROCESSES] = {1, 3, 9, 11, 13, 17, 19, 23}; /* prime to TABLES */
    pid_t children[PROCESSES];
    for (unsigned p = 0; p < PROCESSES; p++) {
        children[p] = fork();
        if (children[p] != 0)
            continue;
        for (unsigned i = 0; i < ROUNDS * TABLES; i++)
            one_write(world, (i * steps[p] + p * 11) % TABLES);
        _exit(0);
    }
    for (unsigned p = 0; p < PROCESSES; p++) {
        int status;
        waitpid(children[p], &status, 0);
        assert_int_equal(status, 0);
    }
    struct counts *counts = metrics_counts(&world->app);
    uint64_t total = (uint64_t)PROCESSES * ROUNDS * TABLES, told = 0;
    for (size_t i = 0; i <= METRICS_TABLES; i++) {
        uint64_t writes = of(&counts->tables[i].writes[OUTCOME_CONFLICT]);
        told += writes;
        if (i == METRICS_TABLES)
            continue;
        assert_memory_equal((const char *)counts->tables[i].name, "a_table_called_", 15);
        assert_true(writes > 0 && writes % (PROCESSES * ROUNDS) == 0);
        for (size_t k = 0; k < i; k++)
            assert_true(of(&counts->places[i]) != of(&counts->places[k]));
    }
    assert_true(told == total);
    assert_true(of(&counts->requests[METRICS_WRITE][3]) == total);
    for (uint64_t i = told = 0; i < METRICS_REASONS; i++)
        told += of(&counts->writes[OUTCOME_CONFLICT][i]);
    assert_true(told == total);
    for (uint64_t i = told = 0; i < METRICS_BUCKETS; i++)
        told += of(&counts->total[METRICS_WRITE].buckets[i]);
    assert_true(told == total);
}

/* Who was killed between taking the place and writing its name leaves that to the next. */
static void a_name_that_was_not_written_is_written_by_the_next(void **state)
{
    struct world *world = *state;
    struct counts *counts = metrics_counts(&world->app);
    one_write(world, 7);
    for (size_t i = 0; i < 8; i++)
        atomic_store(&counts->tables[0].name[i], 0);
    one_write(world, 7);
    assert_string_equal((const char *)counts->tables[0].name, "a_table_called_7");
    assert_true(of(&counts->tables[0].writes[OUTCOME_CONFLICT]) == 2);
    assert_true(of(&counts->places[1]) == 0);
}

static void what_has_no_name_here_is_counted_as_other(void **state)
{
    struct world *world = *state;
    struct work *work = &world->app.work;
    struct counts *counts = metrics_counts(&world->app);
    work->is_write = true;
    work->reply.status = 200;
    metrics_request(work);
    work->outcome = "unheard of";
    work->reason = "no such reason";
    metrics_request(work);
    assert_string_equal(metrics_outcome(METRICS_OUTCOMES - 1), "other");
    assert_true(of(&counts->writes[METRICS_OUTCOMES - 1][0]) == 2);
}

static void off_and_a_fault_in_the_settings_count_nothing(void **state)
{
    struct world *world = *state;
    world->app.config.settings.metrics = METRICS_OFF;
    one_write(world, 1);
    assert_null(metrics_counts(&world->app));
    world->app.config.settings.metrics = METRICS_LOGIN;
    world->app.config.fault = STR("a slip");
    one_write(world, 1);
    assert_null(world->app.metrics.shared.at);
    assert_int_not_equal(access(world->path, F_OK), 0);
}

/* A file that is deleted is looked for after five seconds, not before. */
static void a_deleted_file_is_made_anew(void **state)
{
    struct world *world = *state;
    struct counts *counts = metrics_counts(&world->app);
    one_write(world, 1);
    assert_int_equal(unlink(world->path), 0);
    world->app.work.started += 4999999;
    assert_ptr_equal(metrics_counts(&world->app), counts);
    assert_int_not_equal(access(world->path, F_OK), 0);
    world->app.work.started += 2;
    counts = metrics_counts(&world->app);
    assert_int_equal(access(world->path, F_OK), 0);
    assert_true(of(&counts->requests[METRICS_WRITE][3]) == 0);
    assert_true(world->app.metrics.shared.in_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_is_room_for_every_problem),
        TEST(many_processes_give_a_table_one_place),
        TEST(a_name_that_was_not_written_is_written_by_the_next),
        TEST(what_has_no_name_here_is_counted_as_other),
        TEST(off_and_a_fault_in_the_settings_count_nothing),
        TEST(a_deleted_file_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
