/*
 * A save played against scripted answers of the database: what the scene is,
 * and what has to become of it.
 */
#ifndef PG409_TESTS_SCENE_H
#define PG409_TESTS_SCENE_H

#include "edit/save.h"

#define OLD "2026-11-22 07:00:00+00"
#define NEW "2026-11-22 08:00:00.123456+00"
#define CUT "2026-11-22 08:00:00.123+00"
#define OLD_TOKEN "2026-11-22T07:00:00.000000Z"
#define NEW_TOKEN "2026-11-22T08:00:00.123456Z"

/* What the database is asked for, and what it says. */
enum what {
    END,
    WRITTEN,
    NO_ROW,
    FAIL,
    LOST,
    LOOK,
    GONE,
    LOCK,
    NO_LOCK,
    FOUND,
    NONE,
    MADE,
    NOT_MADE,
    KEY,
    NO_KEY
};

struct step {
    enum what what;
    const char *version; /* LOOK: the row's; WRITTEN: the new one */
    /* LOOK: for title and body, three of t and f: yours is current, current is base, yours is
     * base */
    const char *same;
    /* LOOK, GONE: version, op, user, token, at, digest; the digest "=" is the change's own */
    const char *receipt[6];
    const char *failure[3]; /* FAIL: SQLSTATE, table, constraint */
    bool resent;            /* the connection was lost, and this is the answer to a second try */
    bool exists;            /* GONE: row_exists says yes */
};

struct scene {
    const char *name;
    enum change_op op;
    bool blind, any, strict, json, receipts, row_exists, row_security, keep_title, keep_body, cut,
        without_row;
    const char *token, *mark;
    struct step steps[16];
    enum outcome_kind kind;
    enum reason reason;
    unsigned trips;
    const char *other_key, *key, *changed_by, *hint_table;
    const char *version; /* the outcome's */
    bool gone;           /* the outcome has neither version nor row */
    bool cut_short;
};

/* Plays a scene to its end; fails the test when it ends otherwise than the scene says. */
void scene_play(struct arena *arena, const struct scene *scene);

/* Its pieces: a save ready for save_row (ends counts calls of done), an answer filled in. */
struct save *scene_start(struct arena *arena, const struct scene *scene, unsigned *ends);
void scene_answer(struct arena *arena, struct save *save, const struct step *step);

/* expected NULL: the text has to be STR_NONE. */
void scene_assert_text(const char *what, struct str text, const char *expected);

/* In a test whose state is an arena. */
#define PLAY(scenes)                                                                               \
    for (size_t i = 0; i < sizeof(scenes) / sizeof *(scenes); i++)                                 \
    scene_play(*state, &(scenes)[i])

/* Answers to LOOK: nobody changed what the editor saw; both changed the title; all is stored. */
#define AS_SEEN "ftfftf"
#define CLASH "ffffft"
#define STORED "tfftff"
#define LOOKED(v, s)                                                                               \
    {                                                                                              \
        LOOK, .version = v, .same = s                                                              \
    }
#define FAILED(...)                                                                                \
    {                                                                                              \
        FAIL, .failure = { __VA_ARGS__ }                                                           \
    }

#define DUPLICATE(constraint) FAILED("23505", "articles", constraint)
#define TOKEN_TAKEN FAILED("23505", "receipt", "receipt_create_token")

#endif
