/*
 * Which request opens something to edit, and which saves it: the applications that are known, the
 * patterns a person gives, and what can be told of any application.
 */
#ifndef PG409_CLI_LOGS_RULES_H
#define PG409_CLI_LOGS_RULES_H

#include "cli/logs_overlap.h"
#include "cli/logs_pattern.h"

#define LOGS_OWN 8   /* pairs of patterns of one's own */
#define LOGS_HITS 32 /* rules that one request can fit */

struct logs_rule {
    const char *app; /* what it is called */
    struct str text; /* of edit */
    unsigned methods, flags;
    uint64_t seed; /* of its things */
    struct logs_pattern edit, save;
};

/* Which rules may fit, by the last letter of a path: most addresses fit none, and that is quick. */
struct logs_sieve {
    uint32_t last[256], any; /* any: those that fit whatever a path ends with */
    uint32_t bare, all;      /* bare: those without parameters */
};

struct logs_rules {
    struct logs_rule *rules;
    size_t count;
    struct logs_sieve edits, saves;
    bool forms, any, pg409; /* what needs no pattern */
};

/* One rule that a request fits. */
struct logs_hit {
    const char *app;
    uint64_t thing;   /* 0: the address does not say; it is what this person opened last */
    uint64_t last;    /* not 0: what opened last is kept under it, with the person */
    struct str shown; /* an address that people know the thing by */
    enum overlap_kind kind;
    unsigned doubts;
};

struct logs_request {
    unsigned method; /* of http_method() */
    int status;
    struct logs_target target, referer; /* referer.whole: STR_NONE when there is none */
    struct str vhost;
};

/* The names of applications, for help and faults, parted by blanks; static. */
const char *logs_apps(void);

/*
 * The rules of the applications named, separated by commas; NULL: of all, or when there are
 * patterns of one's own, of none. ERR_UNKNOWN: there is no such application, *fault is its name.
 */
enum err logs_rules_new(struct arena *arena, const char *apps, bool own, struct logs_rules *rules,
                        struct str *fault) MUST_CHECK;

/* Adds patterns of one's own; errors as of logs_pattern_read. ERR_TOO_MANY: more than LOGS_OWN. */
enum err logs_rules_add(struct logs_rules *rules, const char *edit, const char *save) MUST_CHECK;

/* What a GET that was answered opened, all rules that fit. */
size_t logs_rules_edits(const struct logs_rules *rules, const struct logs_request *request,
                        struct logs_hit hits[LOGS_HITS]);

/* What a request saved, the surest rule first; none when it was no save, or failed. */
size_t logs_rules_saves(const struct logs_rules *rules, const struct logs_request *request,
                        struct logs_hit hits[LOGS_HITS]);

/* Whether pg409 itself looked after this save of a form: then nothing can be lost. */
bool logs_rules_guarded(const struct logs_rules *rules, const struct logs_request *request);

/* The thing that a page is that could be anything, as GET and POST of one address are compared. */
uint64_t logs_page(const struct logs_target *target, struct str vhost);

/* Whether a path is a picture, style sheet, script or the like: nothing that is edited there. */
bool logs_is_static(struct str path);

#endif
