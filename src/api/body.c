#include "api/body.h"

#include "base/banned.h"

#define MAX_MEMBERS 2000
#define MAX_DEPTH 64

static bool malformed(struct work *work, enum err err, size_t at)
{
    if (err == ERR_NUL) {
        work_problem(work, "value",
                     STR("The body holds a NUL character, which no text can store."));
        return false;
    }
    work_problem(work, "malformed",
                 str_printf(&work->arena, "The body is not a JSON object: %s at byte %zu.",
                            err_text(err), at));
    return false;
}

/* An array or object for a column that is not json: PostgreSQL reads it by the column's type. */
static bool is_nested(const struct column *column, const struct json_value *value)
{
    return (value->type == JSON_ARRAY || value->type == JSON_OBJECT) && column->kind != KIND_JSON;
}

static struct str text_of(const struct column *column, const struct json_value *value)
{
    if (value->type == JSON_NULL)
        return STR_NONE;
    return column->kind == KIND_JSON ? value->raw : value->text;
}

/* {"tags": [...]}: what json_populate_record takes; the query supplies the name. */
static void set_value(struct field *field, const struct json_value *value)
{
    field->value = text_of(field->column, value);
    field->json = value->raw;
    field->nested = is_nested(field->column, value);
}

static void set_base(struct field *field, const struct json_object *base)
{
    const struct json_value *seen = json_get(base, field->column->name);
    if (!seen)
        return;
    field->has_base = true;
    field->base = text_of(field->column, seen);
    field->base_json = seen->raw;
    field->base_nested = is_nested(field->column, seen);
    field->kept = str_eq(field->json, field->base_json); /* sent along, but not changed */
}

/* pg409 itself signs the row: what the client read there is who changed it before. */
static bool is_signed(const struct change *change, const struct column *column)
{
    return column == change->table->user && change->user.ptr && column->kind == KIND_TEXT;
}

static void add_missing(struct change *change, bool creating)
{
    const struct table *table = change->table;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->key_position || column->automatic || change_field(change, column) ||
            is_signed(change, column) || !column_writable(table, column, creating))
            continue;
        change->fields[change->field_count++] = (struct field){.column = column, .standard = true};
    }
}

/* A member that may not be written is refused by name, unless it can be a row sent back as read. */
static bool may_write(struct work *work, const struct change *change, bool whole, struct str name)
{
    bool creating = change->op == CHANGE_CREATE;
    const struct column *column = table_column(change->table, name);
    bool of_address = whole && column && column->key_position;
    if (column && creating && column->identity_always && !of_address) {
        work_problem(work, "value",
                     str_printf(&work->arena, "The database makes the value of “%.*s” itself.",
                                STR_ARG(name)));
        return false;
    }
    if (column && !whole && column_forbidden(change->table, column, creating)) {
        work_problem(work, "privilege",
                     str_printf(&work->arena, "The column “%.*s” may not be written here.",
                                STR_ARG(name)));
        return false;
    }
    return true;
}

/* One member; false when it names nothing. */
static bool add_member(struct work *work, struct change *change, const struct json_member *member,
                       const struct json_object *base)
{
    bool creating = change->op == CHANGE_CREATE;
    const struct column *column = table_column(change->table, member->name);
    if (!column && str_starts(member->name, STR("_")))
        return str_is(member->name, "_version") || str_is(member->name, "_base");
    if (!column)
        return false;
    if (!column_writable(work->table, column, creating) || is_signed(change, column))
        return true; /* a row sent back as it was read: what cannot be written is not */
    struct field *field = &change->fields[change->field_count++];
    field->column = column;
    set_value(field, &member->value);
    set_base(field, base);
    return true;
}

static bool read_base(struct work *work, const struct json_object *body, struct json_object *base)
{
    const struct json_value *seen = json_get(body, STR("_base"));
    *base = (struct json_object){0};
    if (!seen)
        return true;
    if (seen->type == JSON_OBJECT &&
        json_members(&work->arena, seen, MAX_MEMBERS, base) == ERR_NONE)
        return true;
    work_problem(work, "malformed", STR("_base has to be an object."));
    return false;
}

/* What the editor saw beside what is to change: should it differ by now, that is a conflict. */
static void add_seen(struct change *change, const struct json_object *base)
{
    const struct table *table = change->table;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->key_position || !column->can_select || column == table->user ||
            !column_writable(table, column, false) || change_field(change, column) ||
            !json_get(base, column->name))
            continue;
        struct field *field = &change->fields[change->field_count++];
        *field = (struct field){.column = column, .kept = true};
        set_base(field, base);
        field->value = field->base;
        field->json = field->base_json;
        field->nested = field->base_nested;
        field->kept = true;
    }
}

static struct str member_text(const struct json_object *body, struct str name)
{
    const struct json_value *value = json_get(body, name);
    return value ? value->text : STR_NONE;
}

static bool read_object(struct work *work, struct json_object *body)
{
    struct json_value value;
    size_t at = 0;
    bool needed = work->route->method != HTTP_DELETE;
    if (needed && !work->request.has_body) {
        work_problem(work, "malformed",
                     STR("The body is empty: an object with the columns to write "
                         "is needed."));
        return false;
    }
    struct str text = work->request.has_body ? work->request.body : STR("{}");
    enum err err = json_parse(&work->arena, text, MAX_DEPTH, &value, &at);
    if (!err && value.type != JSON_OBJECT)
        err = ERR_SYNTAX;
    if (!err)
        err = json_members(&work->arena, &value, work_settings(work)->max_fields, body);
    if (err == ERR_TOO_MANY) {
        work_problem(work, "too-large",
                     str_printf(&work->arena, "A JSON object may have %llu members.",
                                (unsigned long long)work_settings(work)->max_fields));
        return false;
    }
    return err ? malformed(work, err, at) : true;
}

/* The version column's own member, where the body has one. */
static struct str column_claim(const struct work *work, const struct json_object *body)
{
    return work->table->version ? member_text(body, work->table->version->name) : STR_NONE;
}

bool body_take(struct work *work, enum change_op op, bool whole, const struct json_object *body,
               struct str version, struct change *change)
{
    struct json_object base;
    change_start(work, op, change);
    change->json = true;
    change->fields =
        ARENA_ARRAY(&work->arena, work->table->column_count + work->table->key_count + 1,
                    struct field);
    if (!read_base(work, body, &base))
        return false;
    for (size_t i = 0; i < body->count; i++) {
        if (!may_write(work, change, whole, body->members[i].name))
            return false;
        if (add_member(work, change, &body->members[i], &base))
            continue;
        if (!work_reread(work))
            work_problem(work, "unknown-name",
                         str_printf(&work->arena, "The table has no column “%.*s”.",
                                    STR_ARG(body->members[i].name)));
        return false;
    }
    if (whole)
        add_missing(change, op == CHANGE_CREATE);
    if (op == CHANGE_UPDATE)
        add_seen(change, &base);
    struct claim claim = {member_text(body, STR("_version")), column_claim(work, body), version};
    return op == CHANGE_CREATE || claim_version(work, &claim, change);
}

bool body_read(struct work *work, enum change_op op, bool whole, struct change *change)
{
    struct json_object body = {0};
    struct str token = request_header(&work->request, "HTTP_IDEMPOTENCY_KEY");
    return read_object(work, &body) && body_take(work, op, whole, &body, STR_NONE, change) &&
           claim_token(work, token, change);
}

void body_add_key(struct work *work, struct change *change)
{
    const struct table *table = work->table;
    size_t count = 0;
    for (size_t i = 0; i < change->field_count; i++)
        if (!change->fields[i].column->key_position)
            change->fields[count++] = change->fields[i];
    for (size_t i = 0; i < table->key_count; i++) {
        struct buf json;
        buf_init(&json, &work->arena, SIZE_MAX / 4);
        json_string(&json, work->key.values[i]);
        change->fields[count++] = (struct field){.column = table->key[i],
                                                 .value = work->key.values[i],
                                                 .json = buf_slice(&json)};
        change->restoring |= table->key[i]->identity_always;
    }
    change->field_count = count;
    change->at_address = true;
}
