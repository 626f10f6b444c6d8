/*
 * Memory shared through a file: nothing that was added is lost, and nothing that lies in its place
 * does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/shared.h"

#include "base/banned.h"

#define LAYOUT 7u
#define PROCESSES 8
#define EACH 100000

struct counts {
    struct shared_header header;
    _Atomic uint64_t cells[3000]; /* several pages */
};
#define SIZE sizeof(struct counts)

struct place {
    char folder[40], path[60], other[60];
};

static int setup(void **state)
{
    static struct place place;
    place = (struct place){.folder = "/tmp/pg409-shared-XXXXXX"};
    if (!mkdtemp(place.folder))
        return 1;
    (void)snprintf(place.path, sizeof place.path, "%s/counts", place.folder);
    (void)snprintf(place.other, sizeof place.other, "%s/other", place.folder);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path);
    (void)unlink(place->other);
    return rmdir(place->folder); /* fails when something else was left there */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct counts *counts_of(const struct shared *shared)
{
    return (struct counts *)(void *)shared->at;
}

static struct shared opened(const struct place *place)
{
    struct shared shared;
    assert_int_equal(shared_open(&shared, place->path, SIZE, LAYOUT), ERR_NONE);
    assert_true(shared.in_file && shared_holds(&shared, place->path));
    return shared;
}

static void assert_not_opened(const struct place *place)
{
    struct shared shared;
    assert_int_equal(shared_open(&shared, place->path, SIZE, LAYOUT), ERR_IO);
    assert_null(shared.at);
}

static void put_file(const char *path, const void *bytes, size_t size, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* PROCESSES of them open it at once and add one each times; what they must have added together. */
static uint64_t add_together(const struct place *place, unsigned each, bool killed)
{
    pid_t children[PROCESSES];
    int gate[2];
    char byte;
    assert_int_equal(pipe(gate), 0);
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct shared shared;
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 0 || shared_open(&shared, place->path, SIZE, LAYOUT))
            _exit(1);
        for (unsigned n = 0; n < each; n++)
            atomic_fetch_add_explicit(&counts_of(&shared)->cells[0], 1, memory_order_relaxed);
        if (killed)
            kill(getpid(), SIGKILL);
        _exit(0);
    }
    close(gate[0]);
    close(gate[1]); /* now they all begin */
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(killed ? WIFSIGNALED(status) : status == 0);
    }
    return (uint64_t)PROCESSES * each;
}

static void assert_count(const struct place *place, uint64_t count)
{
    struct shared shared = opened(place);
    assert_true(atomic_load(&counts_of(&shared)->cells[0]) == count);
    shared_close(&shared);
}

static void many_processes_lose_nothing(void **state)
{
    uint64_t count = add_together(*state, EACH, false);
    assert_count(*state, count);
    count += add_together(*state, EACH, true); /* also not when they are killed */
    assert_count(*state, count);
}

static void a_new_one_is_zero_and_for_its_owner_alone(void **state)
{
    const struct place *place = *state;
    struct stat info;
    struct shared shared = opened(place);
    assert_int_equal(stat(place->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_true(info.st_size == SIZE && info.st_blocks * 512 >= (blkcnt_t)SIZE); /* no holes */
    assert_in_range(shared.at->begun, time(NULL) - 60, time(NULL));
    for (size_t i = 0; i < sizeof counts_of(&shared)->cells / sizeof(uint64_t); i++)
        assert_true(atomic_load(&counts_of(&shared)->cells[i]) == 0);
    shared_close(&shared);
    assert_null(shared.at);
}

/* Another layout, another size, cut short, half made, open to others: a new one takes its place. */
static void what_does_not_fit_is_replaced(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < 6; i++) {
        struct shared old = opened(place), now;
        atomic_store(&counts_of(&old)->cells[0], 5);
        uint64_t layout = i == 0 ? LAYOUT + 1 : LAYOUT;
        size_t size = i == 1 ? SIZE - 8 : i == 2 ? SIZE + 8 : SIZE;
        if (i == 3)
            assert_int_equal(truncate(place->path, 4000), 0);
        if (i == 4)
            assert_int_equal(truncate(place->path, sizeof(struct shared_header)), 0);
        if (i == 5)
            assert_int_equal(chmod(place->path, 0644), 0);
        assert_int_equal(shared_open(&now, place->path, size, layout), ERR_NONE);
        assert_true(atomic_load(&counts_of(&now)->cells[0]) == 0);
        assert_false(shared_holds(&old, place->path)); /* that one is out of sight, but there */
        assert_true(i == 4 || atomic_load(&counts_of(&old)->cells[0]) == 5);
        shared_close(&old);
        shared_close(&now);
        assert_int_equal(unlink(place->path), 0);
    }
}

static void who_comes_while_it_is_replaced_gets_the_new_one(void **state)
{
    struct place *place = *state;
    uint64_t count = 0;
    for (int i = 0; i < 20; i++) {
        struct shared old;
        assert_int_equal(shared_open(&old, place->path, SIZE, LAYOUT + 1), ERR_NONE);
        shared_close(&old);
        count = add_together(place, 10, false);
        assert_count(place, count);
        assert_int_equal(truncate(place->path, 0), 0);
        count = add_together(place, 10, false);
        assert_count(place, count);
    }
}

static void a_file_that_is_something_else_is_left_alone(void **state)
{
    struct place *place = *state;
    static const char letter[] = "Dear anna, this is no file of counts, and it is longer than that";
    char now[sizeof letter];
    put_file(place->path, letter, sizeof letter, 0600);
    assert_not_opened(place);
    int fd = open(place->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, now, sizeof now), sizeof letter);
    close(fd);
    assert_memory_equal(now, letter, sizeof letter);
    put_file(place->path, letter, 8, 0600);
    assert_not_opened(place);
    put_file(place->path, "", 0, 0644); /* empty, but others can read it */
    assert_not_opened(place);
}

static void links_pipes_and_folders_are_not_followed(void **state)
{
    struct place *place = *state;
    struct stat info;
    put_file(place->other, "x", 1, 0600);
    assert_int_equal(symlink(place->other, place->path), 0);
    assert_not_opened(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(symlink("nowhere", place->path), 0);
    assert_not_opened(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(mkfifo(place->path, 0600), 0);
    assert_not_opened(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(mkdir(place->path, 0700), 0);
    assert_not_opened(place);
    assert_int_equal(rmdir(place->path), 0);
    assert_int_equal(stat(place->other, &info), 0);
    assert_int_equal(info.st_size, 1);
}

/* Somebody gives our file a second name, to see what we count: it gets a new one. */
static void a_file_with_two_names_is_replaced(void **state)
{
    struct place *place = *state;
    struct stat theirs, ours;
    struct shared shared = opened(place);
    shared_close(&shared);
    assert_int_equal(link(place->path, place->other), 0);
    shared = opened(place);
    shared_close(&shared);
    assert_int_equal(stat(place->other, &theirs), 0);
    assert_int_equal(stat(place->path, &ours), 0);
    assert_true(theirs.st_ino != ours.st_ino);
}

static void a_file_of_somebody_else_is_not_taken(void **state)
{
    struct place *place = *state;
    struct shared shared = opened(place);
    shared_close(&shared);
    if (getuid() != 0)
        skip();
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    assert_not_opened(place);
}

static void who_is_killed_with_the_lock_holds_up_nobody(void **state)
{
    struct place *place = *state;
    put_file(place->path, "", 0, 0600);
    int told[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(place->path, O_RDWR | O_CLOEXEC);
        if (flock(fd, LOCK_EX) || write(told[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_not_opened(place); /* not waited for long */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    struct shared shared = opened(place);
    shared_close(&shared);
    close(told[0]);
    close(told[1]);
}

static void a_full_disk_is_found_out_at_once(void **state)
{
    struct place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        struct shared shared;
        struct rlimit limit = {4096, 4096};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(shared_open(&shared, place->path, SIZE, LAYOUT) == ERR_IO ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    struct shared shared = opened(place); /* what it left is no hindrance later */
    shared_close(&shared);
}

static void cutting_it_short_kills_nobody(void **state)
{
    struct place *place = *state;
    struct shared shared = opened(place);
    struct counts *counts = counts_of(&shared);
    shared_guard(&shared);
    atomic_store(&counts->cells[2999], 5);
    assert_int_equal(truncate(place->path, 4096), 0);
    assert_true(atomic_fetch_add(&counts->cells[2999], 1) == 0);
    assert_true(atomic_fetch_add(&counts->cells[2999], 1) == 1);
    assert_false(shared_holds(&shared, place->path));
    assert_int_equal(truncate(place->path, SIZE), 0);
    assert_false(shared_holds(&shared, place->path)); /* it has pages of its own now */
    shared_close(&shared);
    shared = opened(place);
    shared_close(&shared);
}

/* The guard does not hide what else is wrong. */
static void another_sigbus_still_ends_the_process(void **state)
{
    struct place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        struct shared shared, second;
        if (shared_open(&shared, place->path, SIZE, LAYOUT) ||
            shared_open(&second, place->other, SIZE, LAYOUT))
            _exit(1);
        shared_guard(&shared);
        if (truncate(place->other, 0))
            _exit(1);
        atomic_store(&counts_of(&second)->cells[0], 1);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) > 1); /* sanitizers exit */
}

static void alone_it_works_the_same(void **state)
{
    const struct place *place = *state;
    struct shared shared;
    shared_alone(&shared, SIZE, LAYOUT);
    assert_false(shared.in_file);
    assert_false(shared_holds(&shared, place->path));
    assert_true(atomic_fetch_add(&counts_of(&shared)->cells[2999], 1) == 0);
    shared_close(&shared);
    shared_close(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_processes_lose_nothing),
        TEST(a_new_one_is_zero_and_for_its_owner_alone),
        TEST(what_does_not_fit_is_replaced),
        TEST(who_comes_while_it_is_replaced_gets_the_new_one),
        TEST(a_file_that_is_something_else_is_left_alone),
        TEST(links_pipes_and_folders_are_not_followed),
        TEST(a_file_with_two_names_is_replaced),
        TEST(a_file_of_somebody_else_is_not_taken),
        TEST(who_is_killed_with_the_lock_holds_up_nobody),
        TEST(a_full_disk_is_found_out_at_once),
        TEST(cutting_it_short_kills_nobody),
        TEST(another_sigbus_still_ends_the_process),
        TEST(alone_it_works_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
