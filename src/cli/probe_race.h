/*
 * One staged race, for probe_race.c, which runs the first, and probe_after.c, which runs those that
 * its result asks for.
 */
#ifndef PG409_CLI_PROBE_RACE_H
#define PG409_CLI_PROBE_RACE_H

#include "cli/probe_core.h"

enum { EDITOR_A, EDITOR_B };

enum race_result {
    RACE_FAILED,  /* nothing can be said; probe->words says why */
    RACE_MERGED,  /* both are there */
    RACE_REFUSED, /* only A's is there, and B's answer may speak of the version */
    RACE_DROPPED, /* only A's is there, and B was told that all is well */
    RACE_LOST     /* only B's is there */
};

/* Read A, read B, write A, write B. The fields and without_version are set by the caller. */
struct race {
    struct str field_a, field_b;
    bool without_version; /* B leaves it out */
    bool slow;            /* more than a second passes before and after each save */
    struct str mark_a, mark_b;
    struct probe_state a, b, between, end;
    struct probe_answer wrote_a, wrote_b;
};

enum race_result race_run(struct probe *probe, struct race *race);

/* What follows from the first race: verdict, findings, the races after it. */
void race_judge(struct probe *probe, struct race *race, enum race_result result);

/* A word that is nowhere yet, for editor who. */
struct str race_mark(struct probe *probe, char who);

/* Writes a field's text with the mark behind it. */
void race_write(struct probe *probe, int who, const struct probe_state *state, struct str field,
                struct str mark, bool without_version, struct probe_answer *answer);

/* Lets more than a second pass in a race that is slow. */
void race_wait(const struct race *race);

/* Whether text has the word; on a page also when each letter is in a tag of its own. */
bool race_has(struct str text, struct str word);
bool race_page_has(struct probe *probe, struct str page, struct str word);

/* What an answer was, for a sentence. */
struct str race_told(struct probe *probe, const struct probe_answer *answer);

#endif
