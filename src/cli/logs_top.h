/*
 * The most frequent of any number of names, in fixed memory.
 */
#ifndef PG409_CLI_LOGS_TOP_H
#define PG409_CLI_LOGS_TOP_H

#include "cli/logs_show.h"

#define LOGS_COUNTS 3

struct top_entry {
    uint64_t key;   /* 0: free */
    uint64_t total; /* of counts */
    uint64_t counts[LOGS_COUNTS];
    int64_t least; /* of what top_add was told */
    struct logs_text name;
};

struct top;

/* size names are counted at a time, a power of two from 16; all memory is from arena. */
struct top *top_new(struct arena *arena, size_t size);

/*
 * One more of which (below LOGS_COUNTS) for the name that key is the hash of; its entry, valid
 * until the next call. *fresh: the entry is new, name and least are to be filled in. When all
 * places are taken, the half with the lower counts is forgotten.
 */
struct top_entry *top_add(struct top *top, uint64_t key, size_t which, bool *fresh);

/* The entries by total, highest first, at most max; how many there are. In arena. */
size_t top_sorted(struct arena *arena, const struct top *top, size_t max, struct top_entry **list);

/* By how much a count may be too low because something was forgotten; 0: all are exact. */
uint64_t top_missing(const struct top *top);
/* How many names there are at present. */
size_t top_count(const struct top *top);

#endif
