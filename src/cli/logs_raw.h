/*
 * The bytes of a file, unpacked if it is gzip. Touches nothing but itself, so that a thread may
 * read.
 */
#ifndef PG409_CLI_LOGS_RAW_H
#define PG409_CLI_LOGS_RAW_H

#include <zlib.h>

#include "base/arena.h"
#include "base/str.h"

struct logs_raw {
    int fd;
    bool zipped, broken; /* broken: the gzip file is damaged or cut off */
    const char *fault;   /* static; what is wrong with it, or NULL */
    uint64_t done;       /* bytes read of the file as it is on disk */
    z_stream zip;
    char *in;
    size_t in_at, in_end;
};

/* "-" is standard input. False: fault says why, and nothing is open. */
bool logs_raw_open(struct logs_raw *raw, struct arena *arena, const char *name);

/* Some bytes, at most size; 0 at the end, and when no more can be read, see fault and broken. */
size_t logs_raw_read(struct logs_raw *raw, char *ptr, size_t size);

void logs_raw_close(struct logs_raw *raw);

#endif
