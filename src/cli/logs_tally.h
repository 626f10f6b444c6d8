/*
 * What is found in the lines of access logs, counted in memory that does not grow.
 */
#ifndef PG409_CLI_LOGS_TALLY_H
#define PG409_CLI_LOGS_TALLY_H

#include "cli/logs_overlap.h"
#include "cli/logs_rules.h"
#include "cli/logs_top.h"
#include "wire/accesslog.h"

enum logs_refusal { REFUSED_409, REFUSED_412, REFUSED_428, REFUSALS };

#define LOGS_HOURS 24

/* A probable lost update. */
struct logs_pair {
    struct overlap_pair pair;
    struct logs_text thing; /* an address that it is known by */
    const char *app;
    int zone; /* of the server, minutes east of UTC */
};

/* The last pairs of one kind, as many as there is room for, and how many there were. */
struct logs_pairs {
    struct logs_pair *list;
    size_t room;
    uint64_t count;
};

struct logs_options {
    const struct logs_rules *rules;
    size_t most;     /* pairs of each kind that are kept */
    int64_t max_age; /* seconds */
};

struct logs_tally {
    struct logs_options options;
    struct overlap *overlap;
    /* Lines. */
    uint64_t entries, no_request, late; /* late: earlier than a line before by more than a minute */
    int64_t first, last, most_late;     /* seconds; first is INT64_MAX when there was none */
    int zone;
    /* Refusals. */
    uint64_t refused[REFUSALS];
    uint64_t hours[LOGS_HOURS][REFUSALS];   /* of the day, by the server's clock */
    struct top *addresses, *people, *clock; /* clock: hours of the calendar */
    struct top *resent; /* counts: by status; least: the shortest pause in seconds */
    uint64_t resent_count;
    struct resend *resends;
    uint64_t *resends_used; /* a bit each: what is asked for every line stays in the cache */
    struct last *lasts;     /* what people opened last, of things whose save does not name them */
    /* Saves. */
    uint64_t edits, saves, guarded;
    struct logs_pairs likely, possible;
    uint64_t doubts[OVERLAP_DOUBTS]; /* pairs that are not sure because of each */
    struct top *lost;                /* things by pairs; counts: likely, possible */
    struct logs_hit hit;             /* what the pair is about that is found right now */
};

void logs_tally_init(struct logs_tally *tally, struct arena *arena,
                     const struct logs_options *options);

/* One line; format says where the virtual host stands. */
void logs_tally_add(struct logs_tally *tally, struct accesslog *entry,
                    enum accesslog_format format);

/*
 * Whether a line is nothing but one more, whatever else is in the log: a picture, a page that was
 * not there. logs_tally_add may be left out for it; logs_tally_dull then counts so many of them.
 */
bool logs_is_dull(const struct accesslog *entry);
void logs_tally_dull(struct logs_tally *tally, uint64_t count, int64_t first, int64_t last);

/* The kept pairs from the oldest on: at from 0 to logs_pairs_kept() - 1. */
size_t logs_pairs_kept(const struct logs_pairs *pairs);
const struct logs_pair *logs_pairs_get(const struct logs_pairs *pairs, size_t at);

#endif
