#include "cli/logs_merge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"

/* Files by their first time; those without one at the end, equal ones as they were given. */
static int by_first(const void *left, const void *right)
{
    const struct logs_file *a = *(struct logs_file *const *)left;
    const struct logs_file *b = *(struct logs_file *const *)right;
    if (a->first != b->first) {
        if (a->first == INT64_MIN || b->first == INT64_MIN)
            return a->first == INT64_MIN ? 1 : -1;
        return a->first < b->first ? -1 : 1;
    }
    return a < b ? -1 : 1;
}

/* Looks at each file's beginning; what cannot be read twice stays open. */
static void look_at_all(struct logs_file *files, size_t count, struct logs_file **order)
{
    struct stat stat;
    for (size_t i = 0; i < count; i++) {
        struct logs_file *file = &files[i];
        uint64_t before = file->progress->done;
        order[i] = file;
        logs_file_open(file);
        if (!file->open || fstat(file->raw.fd, &stat) || !S_ISREG(stat.st_mode))
            continue;
        file->progress->total += (uint64_t)stat.st_size;
        if (file->raw.fd) {
            logs_file_close(file);
            file->progress->done = before;
        }
    }
    qsort(order, count, sizeof(struct logs_file *), by_first);
}

struct crowd {
    struct logs_file **waiting; /* whose time has not come, in their order */
    size_t waiting_count;
    struct logs_file **at_hand; /* with a line each */
    size_t count;
};

/* The next of those that wait joins, if it has a line. */
static void join(struct crowd *crowd)
{
    struct logs_file *file = *crowd->waiting++;
    crowd->waiting_count--;
    int64_t first = file->first;
    if (!file->open && !file->failed)
        logs_file_open(file);
    file->first = first;
    if (logs_file_next(file))
        crowd->at_hand[crowd->count++] = file;
}

/* Whether a's line comes before b's: of one second, that of the file that was named first. */
static bool is_before(const struct logs_file *a, const struct logs_file *b)
{
    return a->entry.time < b->entry.time || (a->entry.time == b->entry.time && a < b);
}

/* The earliest line, after all whose time has come have joined; SIZE_MAX: there are no more. */
static size_t earliest(struct crowd *crowd)
{
    size_t best = SIZE_MAX;
    for (;;) {
        best = SIZE_MAX;
        for (size_t i = 0; i < crowd->count; i++)
            if (best == SIZE_MAX || is_before(crowd->at_hand[i], crowd->at_hand[best]))
                best = i;
        if (!crowd->waiting_count || (best != SIZE_MAX && crowd->waiting[0]->first != INT64_MIN &&
                                      crowd->waiting[0]->first > crowd->at_hand[best]->entry.time))
            return best;
        if (best != SIZE_MAX && crowd->waiting[0]->first == INT64_MIN)
            return best;
        join(crowd);
    }
}

/* Up to which time the file at best needs no look at the others. */
static int64_t bound_of(const struct crowd *crowd, size_t best)
{
    int64_t bound = INT64_MAX;
    if (crowd->waiting_count && crowd->waiting[0]->first != INT64_MIN)
        bound = crowd->waiting[0]->first - 1;
    for (size_t i = 0; i < crowd->count; i++) {
        const struct logs_file *other = crowd->at_hand[i];
        int64_t until = other->entry.time - (other < crowd->at_hand[best] ? 1 : 0);
        if (i != best && until < bound)
            bound = until;
    }
    return bound;
}

void logs_merge(struct arena *arena, struct logs_file *files, size_t count, logs_take *take,
                void *arg)
{
    struct logs_file **order = ARENA_ARRAY(arena, count, struct logs_file *);
    struct crowd crowd = {order, count, ARENA_ARRAY(arena, count, struct logs_file *), 0};
    size_t best;
    look_at_all(files, count, order);
    while ((best = earliest(&crowd)) != SIZE_MAX) {
        struct logs_file *file = crowd.at_hand[best];
        int64_t bound = bound_of(&crowd, best);
        bool more;
        do {
            take(arg, file);
            more = logs_file_next(file);
        } while (more && file->entry.time <= bound);
        if (!more)
            crowd.at_hand[best] = crowd.at_hand[--crowd.count];
    }
}
