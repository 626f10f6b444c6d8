#include "cli/client_row.h"

#include "base/banned.h"

#define DEPTH 200
#define MEMBERS 10000

static enum err read_object(struct arena *arena, struct str text, struct json_object *object,
                            struct str *raw)
{
    struct json_value value;
    size_t at;
    enum err err = json_parse(arena, text, DEPTH, &value, &at);
    if (!err)
        err = json_members(arena, &value, MEMBERS, object);
    if (!err)
        *raw = value.raw;
    return err;
}

/* A member that is a text; else STR_NONE. */
static struct str text_of(const struct json_object *object, struct str name)
{
    const struct json_value *value = json_get(object, name);
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

enum err client_row_read(struct arena *arena, struct str text, struct client_row *row)
{
    struct json_object members;
    struct str raw;
    enum err err = read_object(arena, text, &members, &raw);
    if (!err)
        *row = (struct client_row){members, text_of(&members, STR("_version")), raw};
    return err;
}

static void read_column(struct arena *arena, const struct json_value *value,
                        struct client_column *column)
{
    struct json_object members;
    *column = (struct client_column){0};
    if (json_members(arena, value, MEMBERS, &members))
        return;
    column->name = text_of(&members, STR("name"));
    column->merge = text_of(&members, STR("merge"));
    column->detail = text_of(&members, STR("detail"));
    column->base = json_get(&members, STR("base"));
    column->yours = json_get(&members, STR("yours"));
    column->current = json_get(&members, STR("current"));
    column->merged = json_get(&members, STR("merged"));
}

static void read_columns(struct arena *arena, const struct json_object *members,
                         struct client_problem *problem)
{
    const struct json_value *value = json_get(members, STR("columns"));
    struct json_value *items;
    size_t count;
    if (!value || json_items(arena, value, MEMBERS, &items, &count))
        return;
    problem->has_columns = true;
    problem->columns = ARENA_ARRAY(arena, count, struct client_column);
    problem->column_count = count;
    for (size_t i = 0; i < count; i++)
        read_column(arena, &items[i], &problem->columns[i]);
}

/* The row that is there, with its version. */
static void read_current(struct arena *arena, const struct json_object *members,
                         struct client_problem *problem)
{
    const struct json_value *row = json_get(members, STR("current"));
    const struct json_value *version = json_get(members, STR("version"));
    struct json_object versions;
    if (!row || client_row_read(arena, row->raw, &problem->current))
        return;
    if (version && json_members(arena, version, MEMBERS, &versions) == ERR_NONE)
        problem->current.version = text_of(&versions, STR("current"));
    problem->has_current = problem->current.version.ptr != NULL;
}

static void read_retry(struct arena *arena, const struct json_object *members,
                       struct client_problem *problem)
{
    const struct json_value *value = json_get(members, STR("retry"));
    struct json_object retry;
    if (!value || json_members(arena, value, MEMBERS, &retry))
        return;
    problem->again = str_is(text_of(&retry, STR("same_request")), "after");
    problem->how = text_of(&retry, STR("how"));
}

enum err client_problem_read(struct arena *arena, struct str text, struct client_problem *problem)
{
    struct json_object members;
    *problem = (struct client_problem){0};
    enum err err = read_object(arena, text, &members, &problem->raw);
    if (err)
        return err;
    problem->reason = text_of(&members, STR("reason"));
    if (!problem->reason.ptr) {
        *problem = (struct client_problem){0};
        return ERR_SYNTAX;
    }
    problem->title = text_of(&members, STR("title"));
    problem->detail = text_of(&members, STR("detail"));
    problem->instance = text_of(&members, STR("instance"));
    problem->proposed = text_of(&members, STR("proposed"));
    problem->other = text_of(&members, STR("other"));
    problem->changed_by = text_of(&members, STR("changed_by"));
    problem->changed_at = text_of(&members, STR("changed_at"));
    read_columns(arena, &members, problem);
    read_current(arena, &members, problem);
    read_retry(arena, &members, problem);
    return ERR_NONE;
}

const struct client_column *client_problem_column(const struct client_problem *problem,
                                                  struct str name)
{
    for (size_t i = 0; i < problem->column_count; i++)
        if (str_eq(problem->columns[i].name, name))
            return &problem->columns[i];
    return NULL;
}
