/*
 * The blocks of a log file, of which a thread reads the next one while the one at hand is looked
 * at. Where no thread can be had, they are read one after another.
 */
#ifndef PG409_CLI_LOGS_AHEAD_H
#define PG409_CLI_LOGS_AHEAD_H

#include <pthread.h>

#include "cli/logs_raw.h"

#define LOGS_BLOCK 131072 /* bytes that are read at once */
#define LOGS_ROOM 65536   /* bytes before them, for the line that began in the block before */

struct logs_block {
    char *mem;     /* LOGS_ROOM, then the block */
    size_t len;    /* 0: the file has ended */
    uint64_t done; /* bytes of the file on disk, read up to here */
    bool full;     /* read, and not given back */
};

struct logs_ahead {
    struct logs_raw *raw;
    struct logs_block blocks[2];
    size_t next; /* the block that comes next; the other one is at hand */
    unsigned taken;
    bool threaded, stop;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t turn;
};

/* raw is open and stays with the caller, who leaves it alone until logs_ahead_end. */
void logs_ahead_begin(struct logs_ahead *ahead, struct arena *arena, struct logs_raw *raw);

/*
 * Waits for the next block and puts left, at most LOGS_ROOM bytes of the one at hand, before it;
 * that one is gone then. STR_NONE when there is none: the one at hand stays. *done, when it is not
 * NULL, gets how much of the file has been read.
 */
struct str logs_ahead_next(struct logs_ahead *ahead, struct str left, uint64_t *done);

/* Ends the thread; waits for a read that is under way. */
void logs_ahead_end(struct logs_ahead *ahead);

#endif
