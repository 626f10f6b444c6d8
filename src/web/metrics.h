/*
 * What is counted: requests, what became of writes, how long it took. All workers
 * of a site add to one file in memory, so that whichever is asked tells of all of
 * them. Nothing here waits, locks, or names a row or a person.
 */
#ifndef PG409_WEB_METRICS_H
#define PG409_WEB_METRICS_H

#include <stdatomic.h>

#include "base/shared.h"
#include "base/str.h"
#include "edit/save.h"

struct app;
struct work;

/* What a request was about. */
enum metrics_kind {
    METRICS_WRITE,
    METRICS_READ, /* of tables, rows, files */
    METRICS_OTHER /* monitors, the style sheet, OPTIONS, addresses that do not exist */
};
#define METRICS_KINDS 3
#define METRICS_TIMED 2 /* writes and reads */

#define METRICS_CLASSES 5 /* of statuses, 1xx to 5xx */
#define METRICS_BUCKETS 16
/* Those of edit/save.h, and three more. */
#define METRICS_OUTCOMES ((size_t)OUTCOME_REFUSED + 4)
#define METRICS_REASONS 112
#define METRICS_TABLES 64

enum metrics_number {
    NUMBER_MERGED,
    NUMBER_CLASHED,
    NUMBER_CONNECTED,
    NUMBER_UNCONNECTED,
    NUMBER_LOST,
    NUMBER_CONTENDED,
    NUMBER_ROUND_TRIPS,
    NUMBER_CATALOGS,
    NUMBER_UPLOADS,
    NUMBER_UPLOAD_BYTES
};
#define METRICS_NUMBERS 10

struct histogram {
    _Atomic uint64_t buckets[METRICS_BUCKETS]; /* each for itself, not cumulative */
    _Atomic uint64_t micros;                   /* the sum */
};

/* One table. Where the name is missing, who had taken the place was killed: the next writes it. */
struct table_counts {
    _Atomic uint64_t name[8]; /* 63 bytes at most, zeros behind */
    _Atomic uint64_t reads;
    _Atomic uint64_t writes[METRICS_OUTCOMES];
};

struct counts {
    struct shared_header header;
    _Atomic uint64_t requests[METRICS_KINDS][METRICS_CLASSES];
    struct histogram total[METRICS_TIMED], db[METRICS_TIMED], merge[METRICS_TIMED];
    _Atomic uint64_t writes[METRICS_OUTCOMES][METRICS_REASONS];
    _Atomic uint64_t numbers[METRICS_NUMBERS];
    _Atomic uint64_t places[METRICS_TABLES];        /* a hash of the name that has it; 0: free */
    struct table_counts tables[METRICS_TABLES + 1]; /* the last: all for whom no place is left */
};

struct metrics {
    struct shared shared;
    uint64_t looked; /* monotonic microseconds: when the file was looked at */
    char path[256];
};

/* Upper bounds of all buckets but the last, which has none; microseconds. */
extern const uint64_t metrics_bounds[METRICS_BUCKETS - 1];

/* "saved", "conflict" and so on; i is below METRICS_OUTCOMES. Static. */
const char *metrics_outcome(size_t i);
/* "none", then the names of all problems; NULL beyond. Static. */
const char *metrics_reason(size_t i);

/*
 * The counts of all workers, opened when they have to be; NULL when the setting metrics is off.
 * Where no file can be had they are of this process alone. The file is looked at every five
 * seconds: one that was deleted, replaced or cut short is left for a new one.
 */
struct counts *metrics_counts(struct app *app);

/* One of several changes of a request, by work's outcome, reason and table. */
void metrics_change(struct work *work);

/* The request, before its answer goes out: who has the answer can rely on its being counted. */
void metrics_request(struct work *work);

/* What the database was told behind the answer. */
void metrics_behind(struct work *work);

/* Also when nothing is open. */
void metrics_close(struct metrics *metrics);

#endif
