/*
 * Patterns of addresses: which one opens a thing to edit, which one saves it, and which thing that
 * is.
 *
 *   /articles/{id}/edit                a part of the path up to the next "/" gets a name
 *   /wiki/{title*}                     all of the path that is left
 *   "*" before the first slash        anything may stand there: installed in whatever folder
 *   /edit.php?id={id}&mode=edit        parameters: these have to be there, in any order, among
 * others
 *
 * A thing is what stands for "*" and the names. Percent-encoding is undone before texts are
 * compared.
 */
#ifndef PG409_CLI_LOGS_PATTERN_H
#define PG409_CLI_LOGS_PATTERN_H

#include "base/err.h"
#include "base/str.h"

#define LOGS_NAMES 6
#define LOGS_PARAMS 6

struct logs_param {
    struct str name, value; /* value: "{name}", or the text that it has to be */
};

struct logs_pattern {
    struct str path; /* without a leading "*"; empty: any path */
    struct str tail; /* what every such path ends with; may be empty */
    bool anywhere;
    struct logs_param params[LOGS_PARAMS];
    size_t param_count;
    struct str names[LOGS_NAMES]; /* without braces */
    size_t name_count;
    uint64_t param_bits; /* of the parameters' names, see logs_target */
};

struct logs_target {
    struct str whole, path, query; /* query: STR_NONE when there was no "?" */
    bool coded;                    /* there is a "%" in it */
    bool encoded;                  /* and in the path */
    uint64_t param_bits; /* a bit for each parameter's name, so that most need no search */
};

struct logs_match {
    struct str prefix;             /* what "*" stood for */
    struct str values[LOGS_NAMES]; /* in the order of the pattern's names */
};

/*
 * Takes text apart, which has to live as long as pattern. ERR_SYNTAX: it begins with neither "/"
 * nor "*", a brace is left open, something stands where nothing can, or a name stands twice;
 * ERR_TOO_MANY: more than LOGS_NAMES names or LOGS_PARAMS parameters.
 */
enum err logs_pattern_read(struct str text, struct logs_pattern *pattern) MUST_CHECK;

/* An address of a request, "/path?query" or "http://host/path?query". */
void logs_target_read(struct str text, struct logs_target *target);

/* Whether the pattern fits. */
bool logs_pattern_match(const struct logs_pattern *pattern, const struct logs_target *target,
                        struct logs_match *match);

/*
 * The hash of the thing behind seed: of prefix, unless without_prefix, and the values of the names
 * that wanted has (its own pattern, or the one it is paired with), in wanted's order.
 */
uint64_t logs_pattern_thing(uint64_t seed, const struct logs_pattern *pattern,
                            const struct logs_match *match, const struct logs_pattern *wanted,
                            bool without_prefix);

/* The hash of text with its percent-encoding undone. */
uint64_t logs_hash_decoded(uint64_t seed, struct str text);

#endif
