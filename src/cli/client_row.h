/*
 * What the server says, taken apart: rows and problem documents (RFC 9457). Pure, and for answers
 * of anybody: what is not there is STR_NONE.
 */
#ifndef PG409_CLI_CLIENT_ROW_H
#define PG409_CLI_CLIENT_ROW_H

#include "wire/json.h"

struct client_row {
    struct json_object members; /* "_version" included */
    struct str version;         /* STR_NONE: it has none */
    struct str raw;
};

/* ERR_SYNTAX and others of json_parse for what is no JSON object. On an error *row is not touched.
 */
enum err client_row_read(struct arena *arena, struct str text, struct client_row *row) MUST_CHECK;

/* One column of a conflict. */
struct client_column {
    struct str name, merge; /* merge: same, yours, current, merged, clash */
    const struct json_value *base, *yours, *current; /* NULL: not said */
    const struct json_value *merged;
    struct str detail;
};

struct client_problem {
    struct str raw, reason, title, detail, instance, proposed, other;
    struct str changed_by, changed_at, how;
    struct client_row current; /* of a row or a file, where it is there: has_current */
    bool has_current;
    struct client_column *columns;
    size_t column_count;
    bool has_columns;
    bool again; /* the same request is worth sending again, later */
};

/* A problem document of pg409; ERR_SYNTAX for any other JSON. On an error *problem is zero. */
enum err client_problem_read(struct arena *arena, struct str text,
                             struct client_problem *problem) MUST_CHECK;

/* What a problem says about that column, or NULL. */
const struct client_column *client_problem_column(const struct client_problem *problem,
                                                  struct str name);

#endif
