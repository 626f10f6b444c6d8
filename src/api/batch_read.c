#include "api/batch_read.h"

#include "api/answer.h"
#include "api/body.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_DEPTH 64
#define MAX_MEMBERS 20 /* of one change: more than it has names for */

static bool refuse(struct work *work, const char *name, struct str sentence)
{
    work_problem(work, name, sentence);
    return false;
}

void batch_enter(struct work *work, const struct part *part)
{
    work->table = part ? part->table : NULL;
    work->match.table = part ? part->table_segment : STR_NONE;
    work->match.key = part ? part->key_segment : STR_NONE;
    work->key = part ? part->key : (struct key){0};
}

static struct str text_of(const struct json_object *object, struct str name)
{
    const struct json_value *value = json_get(object, name);
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

static bool known_members(struct work *work, const struct json_object *change)
{
    static const char *const known[] = {"method", "path", "version", "body", "if_none_match"};
    for (size_t i = 0; i < change->count; i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            found |= str_is(change->members[i].name, known[j]);
        if (!found)
            return refuse(work, "unknown-name",
                          str_printf(&work->arena, "A change has no member “%.*s”.",
                                     STR_ARG(change->members[i].name)));
    }
    return true;
}

static bool read_method(struct work *work, const struct json_object *change, struct part *part)
{
    part->method = http_method(text_of(change, STR("method")));
    if (part->method & (HTTP_POST | HTTP_PATCH | HTTP_PUT | HTTP_DELETE))
        return true;
    return refuse(work, "malformed", STR("“method” is POST, PATCH, PUT or DELETE."));
}

/* The table and the key of "/T" or "/T/K", with our prefix before it or without. */
static bool split_path(struct work *work, struct str path, struct part *part)
{
    struct str prefix = work->request.prefix, rest, decoded;
    if (prefix.len && str_starts(path, prefix) && str_starts(str_skip(path, prefix.len), STR("/")))
        path = str_skip(path, prefix.len);
    if (!str_starts(path, STR("/")) || url_decode(&work->arena, path, URL_PLUS_IS_PLUS, &decoded))
        return false;
    part->table_segment = str_cut(str_skip(decoded, 1), '/', &rest);
    part->key_segment = rest;
    return !str_starts(part->table_segment, STR("_")) && !str_starts(rest, STR("_")) &&
           str_find(rest.ptr ? rest : STR(""), STR("/")) == SIZE_MAX;
}

static bool find_table(struct work *work, struct part *part)
{
    struct str name;
    size_t count;
    if (url_key_parse(&work->arena, part->table_segment, &name, 1, &count) == ERR_NONE)
        part->table = catalog_table(work_catalog(work), name);
    if (!part->table && work_reread(work))
        return false;
    if (!part->table)
        return refuse(work, "no-table", STR_NONE);
    if (part->table->key_count == 0)
        return refuse(work, "no-key", STR_NONE);
    return part->table->can_select || refuse(work, "privilege", STR_NONE);
}

static bool find_key(struct work *work, struct part *part)
{
    struct str *values = ARENA_ARRAY(&work->arena, MAX_KEY, struct str);
    struct buf segment;
    size_t count;
    if (part->method == HTTP_POST)
        return !part->key_segment.ptr ||
               refuse(work, "malformed", STR("POST creates a row: its path is a table's."));
    if (!part->key_segment.ptr)
        return refuse(work, "malformed", STR("The path of a change is that of one row."));
    if (url_key_parse(&work->arena, part->key_segment, values, MAX_KEY, &count) ||
        count != part->table->key_count)
        return refuse(work, "no-row", STR_NONE);
    buf_init(&segment, &work->arena, SIZE_MAX / 4);
    url_key(&segment, values, count);
    part->key_segment = buf_slice(&segment);
    part->key.values = values;
    return true;
}

static bool read_path(struct work *work, const struct json_object *change, struct part *part)
{
    struct str path = text_of(change, STR("path"));
    if (!path.ptr || !split_path(work, path, part))
        return refuse(work, "malformed",
                      STR("“path” is like /articles/42, or /articles to create."));
    return find_table(work, part) && find_key(work, part);
}

static bool is_allowed(const struct part *part, bool creating)
{
    return creating                      ? part->table->can_insert
           : part->method == HTTP_DELETE ? part->table->can_delete
                                         : part->table->can_update;
}

static bool read_object(struct work *work, const struct json_object *change,
                        const struct part *part, struct json_object *body)
{
    const struct json_value *value = json_get(change, STR("body"));
    *body = (struct json_object){0};
    if (!value && part->method == HTTP_DELETE)
        return true;
    if (value &&
        json_members(&work->arena, value, work_settings(work)->max_fields, body) == ERR_NONE)
        return true;
    return refuse(work, "malformed", STR("“body” has to be an object with the columns to write."));
}

static bool read_body(struct work *work, const struct json_object *change, struct part *part)
{
    struct json_object body;
    const struct json_value *version = json_get(change, STR("version"));
    bool put = part->method == HTTP_PUT;
    bool new = put &&str_is(text_of(change, STR("if_none_match")), "*");
    bool creating = new || part->method == HTTP_POST;
    enum change_op op = creating                      ? CHANGE_CREATE
                        : part->method == HTTP_DELETE ? CHANGE_DELETE
                                                      : CHANGE_UPDATE;
    if (!is_allowed(part, creating))
        return refuse(work, "privilege", STR_NONE);
    if (!read_object(work, change, part, &body) ||
        !body_take(work, op, put, &body, version ? version->text : STR_NONE, &part->save.change))
        return false;
    if (new)
        body_add_key(work, &part->save.change);
    part->save.change.without_row =
        op == CHANGE_DELETE || answer_prefers(work, STR("return=minimal"));
    return true;
}

static bool is_other_row(struct work *work, const struct part *parts, const struct part *part)
{
    for (const struct part *other = parts; other < part; other++)
        if (part->key_segment.ptr && other->table == part->table &&
            str_eq(other->key_segment, part->key_segment))
            return refuse(work, "malformed",
                          STR("Two changes of one row do not go into one batch."));
    return true;
}

static bool read_part(struct work *work, const struct json_value *item, struct part *parts,
                      size_t i)
{
    struct json_object change;
    struct part *part = &parts[i];
    *part = (struct part){0};
    work->about = str_printf(&work->arena, "Change %zu", i);
    if (json_members(&work->arena, item, MAX_MEMBERS, &change))
        return refuse(work, "malformed", STR("It is not an object, or says something twice."));
    if (!known_members(work, &change) || !read_method(work, &change, part) ||
        !read_path(work, &change, part) || !is_other_row(work, parts, part))
        return false;
    batch_enter(work, part);
    bool fine = read_body(work, &change, part);
    part->claimed = work->logged_base;
    work->logged_base = STR_NONE;
    batch_enter(work, NULL);
    return fine;
}

/* The list of changes. */
static bool read_list(struct work *work, struct json_value **items, size_t *count)
{
    struct json_value value;
    struct json_object body;
    size_t at = 0;
    uint64_t most = work_settings(work)->max_changes;
    enum err err = json_parse(&work->arena, work->request.body, MAX_DEPTH, &value, &at);
    if (err == ERR_NUL)
        return refuse(work, "value",
                      STR("The body holds a NUL character, which no text can store."));
    if (err || json_members(&work->arena, &value, 2, &body) || body.count != 1 ||
        !json_get(&body, STR("changes")))
        return refuse(work, "malformed",
                      str_printf(&work->arena,
                                 "The body is like {\"changes\": [...]}, and nothing else%s%s.",
                                 err ? ": " : "", err ? err_text(err) : ""));
    err = json_items(&work->arena, json_get(&body, STR("changes")), most, items, count);
    if (err == ERR_TOO_MANY)
        return refuse(work, "too-large",
                      str_printf(&work->arena, "One batch may hold %llu changes.",
                                 (unsigned long long)most));
    return !err || refuse(work, "malformed", STR("“changes” has to be an array."));
}

bool batch_read(struct work *work, struct part **parts, size_t *count)
{
    struct json_value *items;
    if (!read_list(work, &items, count))
        return false;
    *parts = ARENA_ARRAY(&work->arena, *count, struct part);
    for (size_t i = 0; i < *count; i++)
        if (!read_part(work, &items[i], *parts, i))
            return false;
    work->about = STR_NONE;
    return true;
}
