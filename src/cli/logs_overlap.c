#include "cli/logs_overlap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/logs_hash.h"

#include "base/banned.h"

#define WAYS 4   /* places of a bucket: a cache line of opened forms */
#define SAVERS 6 /* people whose last save of a thing is known */
#define WAITING 8
#define HUGE ((size_t)4 << 20) /* bytes of a table that is worth large pages */

struct open {
    uint64_t key;    /* of thing and person; 0: free */
    uint32_t time;   /* seconds since 1970, plus one */
    uint32_t doubts; /* DOUBT_AGAIN or none */
};

/* Opened pages come with nearly every line: each waits until its bucket is in the cache. */
struct opens {
    struct open *slots;
    size_t buckets;
    struct open waiting[WAITING];
    size_t waiting_count;
};

struct saver {
    uint64_t person;
    int64_t time, opened;
    unsigned doubts, opened_doubts;
    bool pairs, used;
    struct logs_text name;
};

struct thing {
    uint64_t key; /* 0: free */
    int64_t newest;
    bool guarded;
    struct saver savers[SAVERS];
};

struct overlap {
    struct overlap_limits limits;
    struct opens opens[OVERLAP_KINDS];
    struct thing *things[OVERLAP_KINDS];
    uint64_t forgotten;
    int64_t now; /* the latest time there was */
    overlap_found *found;
    void *arg;
};

struct mapping {
    void *ptr;
    size_t size;
};

static void unmap(void *arg)
{
    const struct mapping *mapping = arg;
    (void)munmap(mapping->ptr, mapping->size);
}

/*
 * Zeroed memory of its own: only what is used of it is there, and in large pages, as every line
 * goes to another place of the table.
 */
static void *map(struct arena *arena, size_t count, size_t item)
{
    struct mapping *mapping = ARENA_NEW(arena, struct mapping);
    mapping->size = count * item;
    mapping->ptr =
        mmap(NULL, mapping->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping->ptr == MAP_FAILED)
        abort();
    if (mapping->size >= HUGE)
        (void)madvise(mapping->ptr, mapping->size, MADV_HUGEPAGE);
    arena_defer(arena, unmap, mapping);
    return mapping->ptr;
}

struct overlap *overlap_new(struct arena *arena, const struct overlap_limits *limits,
                            overlap_found *found, void *arg)
{
    struct overlap *overlap = ARENA_NEW(arena, struct overlap);
    *overlap = (struct overlap){.limits = *limits, .found = found, .arg = arg};
    for (size_t i = 0; i < OVERLAP_KINDS; i++) {
        overlap->opens[i].buckets = limits->opens[i] / WAYS;
        overlap->opens[i].slots = map(arena, limits->opens[i], sizeof(struct open));
        overlap->things[i] = map(arena, limits->things, sizeof(struct thing));
    }
    return overlap;
}

/* --- opened forms ---------------------------------------------------------------------------- */

static uint32_t stamp(int64_t time)
{
    return time < 0 ? 1 : time >= UINT32_MAX - 1 ? UINT32_MAX : (uint32_t)time + 1;
}

static struct open *bucket_of(const struct opens *opens, uint64_t key)
{
    return opens->slots + WAYS * (size_t)((key >> 8) & (opens->buckets - 1));
}

static void remember(struct overlap *overlap, struct opens *opens, const struct open *open)
{
    struct open *bucket = bucket_of(opens, open->key), *oldest = bucket;
    for (size_t i = 0; i < WAYS; i++) {
        struct open *slot = bucket + i;
        if (slot->key == open->key) {
            if (open->time >= slot->time)
                *slot = *open;
            return;
        }
        if (slot->time < oldest->time)
            oldest = slot;
    }
    if (oldest->key && oldest->time + overlap->limits.max_age >= stamp(overlap->now))
        overlap->forgotten++;
    *oldest = *open;
}

static void settle(struct overlap *overlap, struct opens *opens)
{
    for (size_t i = 0; i < opens->waiting_count; i++)
        remember(overlap, opens, &opens->waiting[i]);
    opens->waiting_count = 0;
}

static void put_open(struct overlap *overlap, enum overlap_kind kind, const struct open *open)
{
    struct opens *opens = &overlap->opens[kind];
    __builtin_prefetch(bucket_of(opens, open->key), 1);
    opens->waiting[opens->waiting_count++] = *open;
    if (opens->waiting_count == WAITING)
        settle(overlap, opens);
}

static uint64_t key_of(uint64_t thing, uint64_t person)
{
    return logs_mix(thing ^ UINT64_C(0x8ebc6af09c88c6e3), person) | 1;
}

static void pass_time(struct overlap *overlap, int64_t time)
{
    if (time > overlap->now)
        overlap->now = time;
}

void overlap_open(struct overlap *overlap, enum overlap_kind kind, uint64_t thing, uint64_t person,
                  int64_t time)
{
    pass_time(overlap, time);
    put_open(overlap, kind, &(struct open){key_of(thing, person), stamp(time), 0});
}

bool overlap_opened(struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                    uint64_t person, int64_t time, int64_t *opened, unsigned *doubts)
{
    struct opens *opens = &overlap->opens[kind];
    uint64_t key = key_of(thing, person);
    settle(overlap, opens);
    const struct open *bucket = bucket_of(opens, key);
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].key != key)
            continue;
        *opened = (int64_t)bucket[i].time - 1;
        *doubts = bucket[i].doubts;
        return *opened <= time && *opened >= time - overlap->limits.max_age;
    }
    return false;
}

/* --- saves ----------------------------------------------------------------------------------- */

static struct thing *things_bucket(const struct overlap *overlap, enum overlap_kind kind,
                                   uint64_t key)
{
    size_t buckets = overlap->limits.things / WAYS;
    return overlap->things[kind] + WAYS * (size_t)((key >> 8) & (buckets - 1));
}

/* The thing's place; with make it gets one if it has none, else that is NULL. */
static struct thing *thing_of(struct overlap *overlap, enum overlap_kind kind, uint64_t key,
                              bool make)
{
    struct thing *bucket = things_bucket(overlap, kind, key);
    struct thing *oldest = bucket;
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].key == key)
            return bucket + i;
        if (!bucket[i].key || (oldest->key && bucket[i].newest < oldest->newest))
            oldest = bucket + i;
    }
    if (!make)
        return NULL;
    if (oldest->key && oldest->newest + overlap->limits.max_age >= overlap->now)
        overlap->forgotten++;
    memset(oldest, 0, sizeof *oldest);
    oldest->key = key;
    return oldest;
}

void overlap_expect(const struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                    uint64_t person)
{
    const struct thing *bucket = things_bucket(overlap, kind, thing);
    __builtin_prefetch(bucket_of(&overlap->opens[kind], key_of(thing, person)));
    for (size_t i = 0; i < WAYS; i++)
        __builtin_prefetch(bucket + i);
}

static unsigned same_seconds(int64_t opened, int64_t saved, int64_t overwritten)
{
    return opened == saved || saved == overwritten ? DOUBT_SECOND : 0;
}

static void report(struct overlap *overlap, const struct thing *thing, const struct saver *lost,
                   const struct saver *kept)
{
    struct overlap_pair pair = {.lost = lost->name,
                                .kept = kept->name,
                                .opened = kept->opened,
                                .saved = lost->time,
                                .overwritten = kept->time};
    pair.doubts = lost->doubts | kept->doubts | kept->opened_doubts |
                  same_seconds(pair.opened, pair.saved, pair.overwritten) |
                  (thing->guarded ? DOUBT_GUARDED : 0);
    overlap->found(overlap->arg, &pair);
}

/* Whether lost was saved while kept had the thing open. */
static bool is_between(const struct saver *lost, const struct saver *kept)
{
    return kept->pairs && kept->opened <= lost->time && lost->time <= kept->time;
}

static void compare(struct overlap *overlap, const struct thing *thing, const struct saver *save)
{
    for (size_t i = 0; i < SAVERS; i++) {
        const struct saver *other = &thing->savers[i];
        if (!other->used || other->person == save->person)
            continue;
        if (is_between(other, save))
            report(overlap, thing, other, save);
        else if (other->time > save->time && is_between(save, other))
            report(overlap, thing, save, other);
    }
}

/* Takes the place of this person's save before, a free one, or the oldest. */
static void keep(struct thing *thing, const struct saver *save)
{
    struct saver *place = &thing->savers[0];
    for (size_t i = 0; i < SAVERS; i++) {
        struct saver *other = &thing->savers[i];
        if (other->used && other->person == save->person) {
            place = other;
            break;
        }
        if (place->used && (!other->used || other->time < place->time))
            place = other;
    }
    if (!place->used || place->person != save->person || place->time <= save->time)
        *place = *save;
    if (save->time > thing->newest)
        thing->newest = save->time;
}

void overlap_save(struct overlap *overlap, const struct overlap_save *save)
{
    struct saver saver = {.person = save->person,
                          .time = save->time,
                          .opened = save->opened,
                          .doubts = save->doubts,
                          .opened_doubts = save->opened_doubts,
                          .pairs = save->pairs,
                          .used = true,
                          .name = *save->name};
    pass_time(overlap, save->time);
    struct thing *thing = thing_of(overlap, save->kind, save->thing, true);
    compare(overlap, thing, &saver);
    keep(thing, &saver);
    if (save->pairs)
        put_open(overlap, save->kind,
                 &(struct open){key_of(save->thing, save->person), stamp(save->time), DOUBT_AGAIN});
}

void overlap_refused(struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                     uint64_t person, int64_t time)
{
    int64_t opened;
    unsigned doubts;
    if (overlap_opened(overlap, kind, thing, person, time, &opened, &doubts))
        overlap_open(overlap, kind, thing, person, time);
    struct thing *place = thing_of(overlap, kind, thing, true);
    place->guarded = true;
    if (time > place->newest)
        place->newest = time;
}

uint64_t overlap_forgotten(const struct overlap *overlap)
{
    return overlap->forgotten;
}
