/*
 * Where the settings are found, and when they are read again. The places beside
 * the program and /etc are the machine's own and stay out of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory_gateway.h"
#include "web/config.h"

#include "base/banned.h"

#define SECOND 1000000u

struct world {
    struct memory_gateway memory;
    struct config config;
    char folder[64];
    uint64_t now;
};

static const char *place(struct world *world, const char *name)
{
    return str_printf(&world->memory.arena, "%s/%s", world->folder, name).ptr;
}

/* Written beside and renamed, as an editor does: another inode, whatever the clock says. */
static const char *put(struct world *world, const char *name, const char *text)
{
    const char *path = place(world, name), *draft = place(world, "draft");
    FILE *file = fopen(draft, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(draft, path), 0);
    return path;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.folder = "/tmp/pg409-test-XXXXXX", .now = 10 * SECOND};
    if (!mkdtemp(world.folder))
        return 1;
    memory_init(&world.memory);
    config_init(&world.config);
    unsetenv("PG409_CONFIG");
    setenv("HOME", world.folder, 1);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"a.conf", "b.conf", "c.conf", ".config/pg409/pg409.conf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(place(world, names[i]));
    rmdir(place(world, ".config/pg409"));
    rmdir(place(world, ".config"));
    config_release(&world->config);
    unsetenv("PG409_CONFIG");
    int status = rmdir(world->folder);
    memory_release(&world->memory);
    return status;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static bool update(struct world *world)
{
    return config_update(&world->config, &world->memory.gateway, world->now);
}

static void assert_title(const struct world *world, const char *expected)
{
    assert_null(world->config.fault.ptr);
    if (!str_is(world->config.settings.title, expected))
        fail_msg("title is %.*s", STR_ARG(world->config.settings.title));
}

static void the_request_names_the_file_before_the_environment(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", put(world, "a.conf", "title = environment\n"), 1);
    assert_true(update(world));
    assert_title(world, "environment");
    memory_param(&world->memory, "REDIRECT_PG409_CONFIG",
                 put(world, "b.conf", "title = rewritten\n"));
    assert_true(update(world));
    assert_title(world, "rewritten");
    memory_param(&world->memory, "PG409_CONFIG", put(world, "c.conf", "title = named\n"));
    assert_true(update(world));
    assert_title(world, "named");
    assert_false(update(world));
}

static void a_header_of_the_client_names_nothing(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", put(world, "a.conf", "title = ours\n"), 1);
    memory_param(&world->memory, "HTTP_PG409_CONFIG", put(world, "b.conf", "title = theirs\n"));
    assert_true(update(world));
    assert_title(world, "ours");
}

static void the_home_folder_is_searched(void **state)
{
    struct world *world = *state;
    assert_int_equal(mkdir(place(world, ".config"), 0700), 0);
    assert_int_equal(mkdir(place(world, ".config/pg409"), 0700), 0);
    put(world, ".config/pg409/pg409.conf", "title = home\n");
    assert_true(update(world));
    assert_title(world, "home");
    assert_false(config_update(&world->config, NULL, world->now));
}

static void without_a_file_all_is_standard(void **state)
{
    struct world *world = *state;
    if (access("/etc/pg409/pg409.conf", R_OK) == 0)
        setenv("PG409_CONFIG", put(world, "a.conf", ""), 1);
    assert_true(update(world));
    assert_title(world, "pg409");
    assert_false(update(world));
}

static void a_changed_file_is_noticed_within_a_second(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", put(world, "a.conf", "title = old\n"), 1);
    assert_true(update(world));
    put(world, "a.conf", "title = new\n");
    world->now += SECOND / 2;
    assert_false(update(world));
    assert_title(world, "old");
    world->now += SECOND / 2;
    assert_true(update(world));
    assert_title(world, "new");
    world->now += SECOND;
    assert_false(update(world));
}

static void a_setting_taken_out_is_standard_again(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", put(world, "a.conf", "allow_overwrite = on\n"), 1);
    assert_true(update(world));
    assert_int_equal(world->config.settings.allow_overwrite, 1);
    put(world, "a.conf", "# nothing\n");
    world->now += SECOND;
    assert_true(update(world));
    assert_int_equal(world->config.settings.allow_overwrite, 0);
}

/* The log is read by others than the settings. */
static void a_fault_is_told_without_any_value(void **state)
{
    static const char *const bad[] = {
        "database = password=geheim\ngeheim\n",
        "database = password=geheim\nmax_rows = geheim\n",
        "database = password=geheim\ndatabase = password=geheim\n",
        "database = password=geheim\xff\n",
        "databse = password=geheim\n",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("PG409_CONFIG", put(world, "a.conf", bad[i]), 1);
        assert_true(update(world));
        assert_non_null(world->config.fault.ptr);
        assert_int_equal(str_find(world->config.fault, STR("geheim")), SIZE_MAX);
        assert_int_not_equal(str_find(world->config.fault, STR("a.conf")), SIZE_MAX);
        world->now += SECOND;
    }
}

static void a_mended_file_ends_the_fault(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", put(world, "a.conf", "nonsense\n"), 1);
    assert_true(update(world));
    assert_non_null(world->config.fault.ptr);
    put(world, "a.conf", "title = mended\n");
    world->now += SECOND;
    assert_true(update(world));
    assert_title(world, "mended");
}

static void a_file_that_is_gone_is_a_fault_until_it_is_back(void **state)
{
    struct world *world = *state;
    const char *path = put(world, "a.conf", "title = here\n");
    setenv("PG409_CONFIG", path, 1);
    assert_true(update(world));
    assert_int_equal(unlink(path), 0);
    world->now += SECOND;
    assert_true(update(world));
    assert_non_null(world->config.fault.ptr);
    world->now += SECOND;
    assert_false(update(world));
    put(world, "a.conf", "title = back\n");
    world->now += SECOND;
    assert_true(update(world));
    assert_title(world, "back");
}

static void a_file_that_was_never_there_is_a_fault(void **state)
{
    struct world *world = *state;
    setenv("PG409_CONFIG", place(world, "nowhere.conf"), 1);
    assert_true(update(world));
    assert_non_null(world->config.fault.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_request_names_the_file_before_the_environment),
        TEST(a_header_of_the_client_names_nothing),
        TEST(the_home_folder_is_searched),
        TEST(without_a_file_all_is_standard),
        TEST(a_changed_file_is_noticed_within_a_second),
        TEST(a_setting_taken_out_is_standard_again),
        TEST(a_fault_is_told_without_any_value),
        TEST(a_mended_file_ends_the_fault),
        TEST(a_file_that_is_gone_is_a_fault_until_it_is_back),
        TEST(a_file_that_was_never_there_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
