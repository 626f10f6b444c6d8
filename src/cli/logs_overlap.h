/*
 * Who opened what, who saved it, and which two overlap. Knows nothing of logs: things and people
 * are numbers (hashes), times are seconds. Its memory is fixed: the oldest is forgotten when it is
 * full.
 *
 * A probable lost update: A opened a thing, B saved it then, and A saved it after that without
 * having opened it again. Whatever A's form held is now there, and what B saved is probably not.
 */
#ifndef PG409_CLI_LOGS_OVERLAP_H
#define PG409_CLI_LOGS_OVERLAP_H

#include "cli/logs_show.h"

/* Why a pair is not as good as sure; a set of these bits. None: it is likely, else possible. */
enum overlap_doubt {
    DOUBT_ADDRESS = 1,  /* only a GET and a POST of one address: perhaps it edits nothing */
    DOUBT_PERSON = 2,   /* somebody is known by address and browser only */
    DOUBT_ANSWER = 4,   /* the answer can also be a form that was shown again, or a preview */
    DOUBT_SECOND = 8,   /* two of the three times are the same second */
    DOUBT_THING = 16,   /* the address does not say what was saved: what that person opened last */
    DOUBT_GUARDED = 32, /* stale saves of it are refused, 409 and 412 were seen */
    DOUBT_AGAIN = 64,   /* not opened, but saved before by the same person */
};
#define OVERLAP_DOUBTS 7

/* Where opened forms are kept: ordinary pages must not push out what surely is an edit. */
enum overlap_kind { OVERLAP_EDIT, OVERLAP_PAGE, OVERLAP_KINDS };

struct overlap_limits {
    size_t opens[OVERLAP_KINDS]; /* how many opened forms and pages; powers of two, from 4 */
    size_t things;   /* of how many things of each kind the last saves are known; so too */
    int64_t max_age; /* seconds: a form that was opened before is not looked for */
};

struct overlap_save {
    enum overlap_kind kind;
    uint64_t thing, person;
    int64_t time;
    int64_t opened;               /* when this person opened it; only where pairs is set */
    bool pairs;                   /* look for the others that it overwrote */
    unsigned doubts;              /* of this save */
    unsigned opened_doubts;       /* of its opening */
    const struct logs_text *name; /* of the person */
};

struct overlap_pair {
    struct logs_text lost, kept;        /* who saved first, and who saved over it */
    int64_t opened, saved, overwritten; /* when kept opened it, lost saved it, kept saved it */
    unsigned doubts;
};

struct overlap;

typedef void overlap_found(void *arg, const struct overlap_pair *pair);

/* All the memory it ever needs, from arena. found is called with arg for each pair. */
struct overlap *overlap_new(struct arena *arena, const struct overlap_limits *limits,
                            overlap_found *found, void *arg);

/* person has seen the thing as it is: opened it to edit, or was shown it by a refusal. */
void overlap_open(struct overlap *overlap, enum overlap_kind kind, uint64_t thing, uint64_t person,
                  int64_t time);

/*
 * When person last opened the thing, if that was at most max_age before time. *doubts is
 * DOUBT_AGAIN when it was a save of theirs, else 0.
 */
bool overlap_opened(struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                    uint64_t person, int64_t time, int64_t *opened, unsigned *doubts);

/* A save of it is going to be looked at: fetches what is known of the thing from memory. */
void overlap_expect(const struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                    uint64_t person);

/*
 * A save that was not refused. Pairs are looked for with the last saves of the thing by (at most
 * five) others. The person has then seen the thing as it is. Saves may come in any order of their
 * times: a pair is also found when the earlier save comes later.
 */
void overlap_save(struct overlap *overlap, const struct overlap_save *save);

/*
 * A save of the thing was refused as stale at that time: it is guarded, and the person, if they had
 * opened it, has seen it as it is.
 */
void overlap_refused(struct overlap *overlap, enum overlap_kind kind, uint64_t thing,
                     uint64_t person, int64_t time);

/* How many opened forms, and things, were forgotten although they were not too old. */
uint64_t overlap_forgotten(const struct overlap *overlap);

#endif
