#include "base/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define MAGIC UINT64_C(0x746e633930346770) /* "pg409cnt", where the lowest byte comes first */
#define TRIES 200
#define PAUSE 1000000L /* nanoseconds */

/* How an attempt ended that was not the last. */
enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_FAILED };

/* A signal handler can reach nothing else: what it has to know of the one guarded mapping. */
static struct {
    char *volatile at;
    volatile size_t size, page;
    volatile sig_atomic_t torn;
} guarded;

static struct shared_header header_of(size_t size, uint64_t layout)
{
    return (struct shared_header){MAGIC, layout, size, (uint64_t)time(NULL)};
}

static bool fits(const struct shared_header *header, size_t size, uint64_t layout)
{
    return header->magic == MAGIC && header->layout == layout && header->size == size;
}

/* Nobody else can have put it there, or reach it by another name. */
static bool is_private(const struct stat *info)
{
    return (info->st_mode & (S_IRWXG | S_IRWXO)) == 0 && info->st_nlink == 1;
}

/* geteuid() without asking the kernel. */
static bool is_ours(const struct stat *info)
{
    return S_ISREG(info->st_mode) && info->st_uid == (uid_t)getauxval(AT_EUID);
}

static enum attempt fill(int fd, size_t size, uint64_t layout)
{
    struct shared_header header = header_of(size, layout);
    if (pwrite(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
        posix_fallocate(fd, 0, (off_t)size) == 0)
        return ATTEMPT_AGAIN;
    int emptied = ftruncate(fd, 0); /* what room there is, is not ours to take */
    (void)emptied;
    return ATTEMPT_FAILED;
}

/* A new file in the place of one that does not fit; whoever has the old one open keeps it. */
static enum attempt replace(const char *path, size_t size, uint64_t layout)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid()) >= (int)sizeof fresh)
        return ATTEMPT_FAILED;
    (void)unlink(fresh);
    int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return ATTEMPT_FAILED;
    enum attempt attempt = fill(fd, size, layout);
    close(fd);
    if (attempt == ATTEMPT_AGAIN && rename(fresh, path) == 0)
        return ATTEMPT_AGAIN;
    (void)unlink(fresh);
    return ATTEMPT_FAILED;
}

/*
 * The file is empty, or another layout's. One process mends it, under a lock that the kernel takes
 * back if it is killed; the others look again a little later.
 */
static enum attempt mend(int fd, const char *path, size_t size, uint64_t layout)
{
    struct stat open_now, there;
    struct shared_header header = {0};
    if (flock(fd, LOCK_EX | LOCK_NB))
        return ATTEMPT_AGAIN;
    if (fstat(fd, &open_now) || lstat(path, &there))
        return ATTEMPT_AGAIN;
    if (open_now.st_ino != there.st_ino || open_now.st_dev != there.st_dev)
        return ATTEMPT_AGAIN;
    ssize_t got = pread(fd, &header, sizeof header, 0);
    if ((size_t)open_now.st_size == size && fits(&header, size, layout) && is_private(&open_now))
        return ATTEMPT_AGAIN;
    bool empty = got == 0 && is_private(&open_now);
    if (!empty && (got != (ssize_t)sizeof header || header.magic != MAGIC))
        return ATTEMPT_FAILED; /* somebody's own file, that is none of our business */
    /* also an empty one: filled in its place, counts of whoever was quick were lost now and then */
    return replace(path, size, layout);
}

static enum attempt attach(struct shared *shared, int fd, const char *path, uint64_t layout)
{
    struct stat info;
    if (fstat(fd, &info) || !is_ours(&info))
        return ATTEMPT_FAILED;
    if (info.st_nlink == 0)
        return ATTEMPT_AGAIN; /* replaced just now */
    if ((size_t)info.st_size != shared->size || !is_private(&info))
        return mend(fd, path, shared->size, layout);
    void *at = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return ATTEMPT_FAILED;
    if (!fits(at, shared->size, layout)) {
        munmap(at, shared->size);
        return mend(fd, path, shared->size, layout);
    }
    shared->at = at;
    shared->in_file = true;
    shared->device = info.st_dev;
    shared->inode = info.st_ino;
    return ATTEMPT_DONE;
}

enum err shared_open(struct shared *shared, const char *path, size_t size, uint64_t layout)
{
    *shared = (struct shared){.size = size};
    for (unsigned i = 0; i < TRIES; i++) {
        /* not blocking: a pipe under that name must not hold us up */
        int fd =
            open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd < 0)
            return ERR_IO;
        enum attempt attempt = attach(shared, fd, path, layout);
        close(fd);
        if (attempt != ATTEMPT_AGAIN)
            return attempt == ATTEMPT_DONE ? ERR_NONE : ERR_IO;
        if (i > 0)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
    }
    return ERR_IO;
}

void shared_alone(struct shared *shared, size_t size, uint64_t layout)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        abort();
    *shared = (struct shared){.at = at, .size = size};
    *shared->at = header_of(size, layout);
}

bool shared_holds(const struct shared *shared, const char *path)
{
    struct stat info;
    bool torn = guarded.torn && guarded.at == (char *)shared->at;
    return shared->in_file && !torn && stat(path, &info) == 0 && info.st_dev == shared->device &&
           info.st_ino == shared->inode && (size_t)info.st_size == shared->size;
}

void shared_close(struct shared *shared)
{
    if (!shared->at)
        return;
    if (guarded.at == (char *)shared->at)
        guarded.at = NULL;
    munmap(shared->at, shared->size);
    *shared = (struct shared){0};
}

/* Elsewhere a SIGBUS stays what it is: the instruction is tried again and ends the process. */
static void patch(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    char *at = guarded.at, *fault = info->si_addr;
    (void)context;
    if (at && fault >= at && fault < at + guarded.size) {
        size_t offset = (size_t)(fault - at) / guarded.page * guarded.page;
        void *page = mmap(at + offset, guarded.page, PROT_READ | PROT_WRITE,
                          MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        guarded.torn = 1;
        if (page != MAP_FAILED) {
            errno = saved;
            return;
        }
    }
    signal(number, SIG_DFL);
    errno = saved;
}

void shared_guard(const struct shared *shared)
{
    struct sigaction action = {.sa_sigaction = patch, .sa_flags = SA_SIGINFO};
    if (!shared->in_file)
        return;
    guarded.at = NULL;
    guarded.size = shared->size;
    guarded.page = (size_t)getauxval(AT_PAGESZ);
    guarded.torn = 0;
    guarded.at = (char *)shared->at;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
