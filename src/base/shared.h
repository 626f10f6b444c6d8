/*
 * Memory that all processes of one user share through a file: numbers that each
 * adds to without a lock, so that one that is killed holds up nobody. The file
 * may lie where others may write too (/tmp): a link, a file of somebody else or
 * one that is something else is left alone.
 */
#ifndef PG409_BASE_SHARED_H
#define PG409_BASE_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The beginning of the file and of the memory. */
struct shared_header {
    uint64_t magic;
    uint64_t layout; /* what lies behind it; chosen by the caller */
    uint64_t size;   /* bytes, this header included */
    uint64_t begun;  /* seconds since 1970: when all of it was zero */
};

struct shared {
    struct shared_header *at; /* NULL: not open */
    size_t size;
    bool in_file; /* others see it; false: memory of this process alone */
    dev_t device;
    ino_t inode;
};

/*
 * Opens the file, or makes it with mode 0600: size bytes of zero behind its header. A file of ours
 * with another layout or size is replaced by a new one: who has the old one open keeps that. ERR_IO
 * when it cannot be had: a link, no regular file, another owner, not of our making, no room.
 * Waits some 200 ms at most, for another process that is just making it. size is at least that
 * of the header; the room is reserved, so that a full disk is found out here and not later.
 */
enum err shared_open(struct shared *shared, const char *path, size_t size,
                     uint64_t layout) MUST_CHECK;

/* The same for this process alone; aborts when there is no memory. */
void shared_alone(struct shared *shared, size_t size, uint64_t layout);

/* Whether that path still is what is open, and whole. One system call. */
bool shared_holds(const struct shared *shared, const char *path);

void shared_close(struct shared *shared);

/*
 * Who cuts the file short would kill each process that then touches it (SIGBUS). From here on such
 * a page is replaced by zeros of this process alone, and shared_holds says no. One mapping of a
 * process can have this; shared_close ends it.
 */
void shared_guard(const struct shared *shared);

#endif
