#include <string.h>

#include "cli/probe_core.h"
#include "wire/http.h"

#include "base/banned.h"

#define MEMBERS_MAX 4096
#define BODY_MAX ((size_t)64 << 20)

/* --- values at a path
 * ----------------------------------------------------------------------------- */

bool probe_json_get(struct arena *arena, const struct json_value *root, struct str path,
                    struct json_value *value)
{
    struct json_object object;
    struct str rest;
    if (root->type != JSON_OBJECT || json_members(arena, root, MEMBERS_MAX, &object))
        return false;
    const struct json_value *whole = json_get(&object, path);
    if (whole) {
        *value = *whole;
        return true;
    }
    struct str name = str_cut(path, '.', &rest);
    const struct json_value *part = rest.ptr ? json_get(&object, name) : NULL;
    return part && probe_json_get(arena, part, rest, value);
}

/* root, of which the bytes of old are new instead. */
static struct str splice(struct arena *arena, struct str root, struct str old, struct str new)
{
    struct buf out;
    buf_init(&out, arena, BODY_MAX);
    buf_str(&out, str_range(root.ptr, old.ptr));
    buf_str(&out, new);
    buf_str(&out, str_range(old.ptr + old.len, root.ptr + root.len));
    return buf_slice(&out);
}

/* The object without a member of its own. */
static struct str without(struct arena *arena, const struct json_object *object, struct str name)
{
    struct buf out;
    buf_init(&out, arena, BODY_MAX);
    buf_char(&out, '{');
    for (size_t i = 0; i < object->count; i++) {
        if (str_eq(object->members[i].name, name))
            continue;
        json_comma(&out);
        json_string(&out, object->members[i].name);
        buf_char(&out, ':');
        buf_str(&out, object->members[i].value.raw);
    }
    buf_char(&out, '}');
    return buf_slice(&out);
}

struct str probe_json_set(struct arena *arena, struct str root, struct str path, struct str raw)
{
    struct json_value value;
    struct json_object object;
    struct str rest;
    size_t at;
    if (json_parse(arena, root, 64, &value, &at) ||
        json_members(arena, &value, MEMBERS_MAX, &object))
        return root;
    const struct json_value *whole = json_get(&object, path);
    if (whole)
        return raw.ptr ? splice(arena, root, whole->raw, raw) : without(arena, &object, path);
    struct str name = str_cut(path, '.', &rest);
    const struct json_value *part = rest.ptr ? json_get(&object, name) : NULL;
    if (!part || part->type != JSON_OBJECT)
        return root;
    return splice(arena, root, part->raw, probe_json_set(arena, part->raw, rest, raw));
}

/* --- which member
 * --------------------------------------------------------------------------------- */

static bool is_word(struct str name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_ieq(name, str_from(words[i])))
            return true;
    return false;
}

/* Keys, kinds and addresses are not for writing; a date or a number in a string is no text. */
static bool is_text(const struct json_member *member)
{
    static const char *const never[] = {"id",   "_id",  "uuid", "url",        "href",     "self",
                                        "link", "type", "kind", "apiversion", "selflink", "slug"};
    struct str text = member->value.text;
    int64_t micros;
    int digits;
    if (member->value.type != JSON_STRING || probe_is_version(member->name) ||
        is_word(member->name, never, sizeof never / sizeof *never))
        return false;
    return http_instant(text, true, &micros, &digits) != ERR_NONE &&
           !str_starts(text, STR("http:")) && !str_starts(text, STR("https:"));
}

static unsigned worth(const struct json_member *member)
{
    static const char *const best[] = {"body",    "text",  "content", "description",
                                       "message", "notes", "note",    "comment"};
    static const char *const good[] = {"title", "summary", "subject", "name", "label"};
    if (is_word(member->name, best, sizeof best / sizeof *best))
        return 3;
    return is_word(member->name, good, sizeof good / sizeof *good) ? 2 : 1;
}

struct choice {
    struct str path, text;
    unsigned worth;
};

/* The best text of an object, or of the objects in it, that is not at except. */
static void look(struct arena *arena, const struct json_value *value, struct str prefix,
                 unsigned depth, struct str except, struct choice *choice)
{
    struct json_object object;
    if (value->type != JSON_OBJECT || json_members(arena, value, MEMBERS_MAX, &object))
        return;
    for (size_t i = 0; i < object.count; i++) {
        const struct json_member *member = &object.members[i];
        struct str path =
            prefix.len ? str_printf(arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(member->name))
                       : member->name;
        unsigned value_of = worth(member) * 4 + depth;
        if (depth && str_find(member->name, STR(".")) == SIZE_MAX &&
            !str_is(member->name, "metadata"))
            look(arena, &member->value, path, depth - 1, except, choice);
        if (is_text(member) && !str_eq(path, except) && value_of > choice->worth)
            *choice = (struct choice){path, member->value.text, value_of};
    }
}

bool probe_json_choose(struct probe *probe, const struct probe_state *state)
{
    struct choice choice = {STR_NONE, STR_NONE, 0}, other = {STR_NONE, STR_NONE, 0};
    if (probe->options->field) {
        struct json_value value;
        choice.path = str_from(probe->options->field);
        if (!probe_json_get(probe->arena, &state->root, choice.path, &value) ||
            value.type != JSON_STRING)
            return false;
        choice.text = value.text;
    } else {
        look(probe->arena, &state->root, STR(""), 2, STR_NONE, &choice);
    }
    probe->field = choice.path;
    probe->original = choice.text;
    look(probe->arena, &state->root, STR(""), 2, choice.path, &other);
    probe->other = other.path;
    probe->other_original = other.text;
    return choice.path.ptr != NULL;
}

/* --- writing
 * -------------------------------------------------------------------------------------- */

static struct str quoted(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, BODY_MAX);
    json_string(&out, text);
    return buf_slice(&out);
}

/* A member, inside the objects that its path names. */
static struct str nested(struct arena *arena, struct str path, struct str raw)
{
    struct str rest, name = str_cut(path, '.', &rest);
    if (rest.ptr)
        raw = nested(arena, rest, raw);
    struct str key = quoted(arena, name);
    return str_printf(arena, "{%.*s:%.*s}", STR_ARG(key), STR_ARG(raw));
}

/* --data, with what it has places for. */
static struct str filled(struct probe *probe, const struct probe_state *state,
                         const struct probe_change *change)
{
    static const struct str places[] = {{"{value}", 7}, {"{version}", 9}};
    struct str rest = str_from(probe->options->data), value = quoted(probe->arena, change->value);
    struct str version = STR("null");
    struct json_value found;
    struct buf out;
    for (size_t i = 0; i < probe->version_count; i++)
        if (probe_json_get(probe->arena, &state->root, probe->versions[i], &found))
            version = found.raw;
    buf_init(&out, probe->arena, BODY_MAX);
    while (rest.len) {
        size_t which = str_starts(rest, places[0]) ? 0 : str_starts(rest, places[1]) ? 1 : 2;
        if (which == 2) {
            buf_char(&out, *rest.ptr);
            rest = str_skip(rest, 1);
            continue;
        }
        buf_str(&out, which == 0 ? value : change->without_version ? STR("null") : version);
        rest = str_skip(rest, places[which].len);
    }
    return buf_slice(&out);
}

/* The body of a PATCH: what changes, and the version where the resource bears it. */
static struct str patch_body(struct probe *probe, const struct probe_state *state,
                             const struct probe_change *change)
{
    struct str body = nested(probe->arena, change->field, quoted(probe->arena, change->value));
    struct json_value found;
    for (size_t i = 0; i < probe->version_count && !change->without_version; i++) {
        struct str name = probe->versions[i];
        if (str_find(name, STR(".")) != SIZE_MAX ||
            !probe_json_get(probe->arena, &state->root, name, &found))
            continue;
        struct str key = quoted(probe->arena, name);
        body = str_printf(probe->arena, "%.*s,%.*s:%.*s}", (int)body.len - 1, body.ptr,
                          STR_ARG(key), STR_ARG(found.raw));
    }
    return body;
}

static struct str whole_body(struct probe *probe, const struct probe_state *state,
                             const struct probe_change *change)
{
    struct str body = probe_json_set(probe->arena, state->root.raw, change->field,
                                     quoted(probe->arena, change->value));
    for (size_t i = 0; i < probe->version_count && change->without_version; i++)
        body = probe_json_set(probe->arena, body, probe->versions[i], STR_NONE);
    return body;
}

/* The tag inside the quotes as it was before servers added to it; STR_NONE: there is none. */
static struct str bare_tag(struct probe *probe, struct str etag)
{
    struct http_tags tags;
    if (!etag.ptr || http_tags(probe->arena, etag, &tags) || tags.count != 1)
        return STR_NONE;
    return str_printf(probe->arena, "\"%.*s\"", STR_ARG(tags.tags[0]));
}

static void send_json(struct probe *probe, int editor, const struct probe_state *state,
                      const struct probe_change *change, struct probe_answer *answer)
{
    const struct probe_options *options = probe->options;
    struct arena *arena = probe->arena;
    const char *more[6];
    size_t count = 0;
    struct str tag = probe->tag == PROBE_TAG_READ ? state->etag : bare_tag(probe, state->etag);
    struct str body = options->data                         ? filled(probe, state, change)
                      : strcmp(probe->method, "PATCH") == 0 ? patch_body(probe, state, change)
                                                            : whole_body(probe, state, change);
    if (change->if_match)
        tag = str_from(change->if_match);
    if (probe->tag == PROBE_TAG_NONE)
        tag = STR_NONE;
    more[count++] = str_cstr(arena, str_printf(arena, "Content-Type: %s", probe->type));
    more[count++] = "Accept: application/json";
    if (tag.ptr && !change->without_version)
        more[count++] = str_cstr(arena, str_printf(arena, "If-Match: %.*s", STR_ARG(tag)));
    if (probe->override)
        more[count++] =
            str_cstr(arena, str_printf(arena, "X-HTTP-Method-Override: %s", probe->method));
    more[count] = NULL;
    struct exchange exchange = {.method = probe->override ? "POST" : probe->method,
                                .url = options->put ? options->put : state->url,
                                .body = body};
    probe_send(probe, editor, &exchange, more, state->url, answer);
}

static bool not_this_way(const struct probe_answer *answer)
{
    int status = answer->status;
    return answer->fault == FAULT_LOST || status == 403 || status == 404 || status == 405 ||
           status == 415 || status == 501;
}

/* Whether a write whose answer got lost was stored, or may still be: then it is not sent again. */
static bool arrived(struct probe *probe, int editor, const struct probe_change *change,
                    const struct probe_answer *answer)
{
    struct probe_state now;
    if (answer->fault != FAULT_LOST)
        return false;
    return answer->late || probe_interrupted() || !probe_read(probe, editor, &now) ||
           str_eq(probe_text(probe, &now, change->field), change->value);
}

struct way {
    const char *method, *type;
    bool override;
};

static void note_way(struct probe *probe, const struct way *way, const struct probe_answer *refused)
{
    if (way->override)
        probe_found(probe, "methods",
                    str_printf(probe->arena,
                               "PUT and PATCH do not get through (%d); POST with "
                               "X-HTTP-Method-Override does.",
                               refused->status));
}

/* Tries the ways that resources are written, once, with a change that is meant to be saved. */
static void find_way(struct probe *probe, int editor, const struct probe_state *state,
                     const struct probe_change *change, struct probe_answer *answer)
{
    static const struct way ways[] = {{"PUT", "application/json", false},
                                      {"PATCH", "application/merge-patch+json", false},
                                      {"PATCH", "application/json", false},
                                      {"PUT", "application/json", true},
                                      {"PATCH", "application/json", true}};
    struct probe_answer first = {0};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        probe->method = ways[i].method;
        probe->type = probe->options->type ? probe->options->type : ways[i].type;
        probe->override = ways[i].override;
        send_json(probe, editor, state, change, answer);
        if (i == 0)
            first = *answer;
        if (!not_this_way(answer) || arrived(probe, editor, change, answer)) {
            note_way(probe, &ways[i], &first);
            return;
        }
    }
    *answer = first;
    probe->method = NULL;
}

void probe_json_write(struct probe *probe, int editor, const struct probe_state *state,
                      const struct probe_change *change, struct probe_answer *answer)
{
    const struct probe_options *options = probe->options;
    if (!probe->method && options->method) {
        probe->method = options->method;
        probe->type = options->type                           ? options->type
                      : strcmp(options->method, "PATCH") == 0 ? "application/merge-patch+json"
                                                              : "application/json";
    }
    if (!probe->method)
        find_way(probe, editor, state, change, answer);
    else
        send_json(probe, editor, state, change, answer);
}
