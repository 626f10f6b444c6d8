#include <string.h>

#include "cli/probe_core.h"
#include "wire/html_scan.h"

#include "base/banned.h"

#define DEPTH_MAX 64
#define MEMBERS_MAX 4096
#define VERSION_BYTES 80

bool probe_is_version(struct str name)
{
    static const char *const names[] = {
        "_version",   "version",     "lock_version", "lockversion",   "updated_at",
        "updatedat",  "modified_at", "modifiedat",   "last_modified", "lastmodified",
        "changed_at", "_rev",        "rev",          "revision",      "resourceversion",
        "etag",       "_etag",       "row_version",  "rowversion",    "mtime",
        "xmin",       "timestamp",   "edittime",     "wpedittime",    "wpstarttime",
        "changed",    "changecheck", "generation",   "parentrevid",   "base_version",
        "_base",      "_form"};
    const char *dot = name.len ? memrchr(name.ptr, '.', name.len) : NULL;
    if (dot)
        name = str_range(dot + 1, name.ptr + name.len);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_ieq(name, str_from(names[i])))
            return true;
    return false;
}

static bool is_listed(const struct str *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i], name))
            return true;
    return false;
}

bool probe_has_version(const struct probe *probe, struct str name)
{
    return is_listed(probe->versions, probe->version_count, name);
}

static void note(struct str *list, size_t *count, struct str name)
{
    if (*count < PROBE_VERSIONS_MAX && !is_listed(list, *count, name))
        list[(*count)++] = name;
}

/* --- reading
 * -------------------------------------------------------------------------------------- */

static bool take_json(struct probe *probe, struct probe_state *state)
{
    size_t at;
    struct str body = state->body;
    while (body.len && strchr(" \t\r\n", body.ptr[body.len - 1]))
        body.len--;
    if (json_parse(probe->arena, body, DEPTH_MAX, &state->root, &at)) {
        state->why = "what came is no JSON that can be read";
        return false;
    }
    if (state->root.type != JSON_OBJECT) {
        state->why = "the JSON is a list or a single value: probe needs the address of one thing";
        return false;
    }
    state->kind = PROBE_JSON;
    return true;
}

/* The charset that a Content-Type names; STR_NONE: none. */
static struct str charset_of(struct str type)
{
    struct str rest;
    while (type.ptr) {
        struct str part = str_trim(str_cut(type, ';', &rest));
        struct str value, name = str_cut(part, '=', &value);
        type = rest;
        if (!value.ptr || !str_ieq(str_trim(name), STR("charset")))
            continue;
        value = str_trim(value);
        if (value.len > 1 && (value.ptr[0] == '"' || value.ptr[0] == '\''))
            value = (struct str){value.ptr + 1, value.len - 2};
        return value;
    }
    return STR_NONE;
}

/* The charset that a page names in its head; STR_NONE: none. */
static struct str meta_charset(struct arena *arena, struct str page)
{
    struct html_scan scan;
    enum html_token token;
    html_scan_init(&scan, arena, page);
    while ((token = html_scan_next(&scan)) != HTML_END) {
        if (token != HTML_OPEN)
            continue;
        if (str_ieq(scan.name, STR("body")) || str_ieq(scan.name, STR("form")))
            break;
        if (!str_ieq(scan.name, STR("meta")))
            continue;
        struct str charset = html_scan_attribute(&scan, "charset");
        if (!charset.ptr && str_ieq(html_scan_attribute(&scan, "http-equiv"), STR("content-type")))
            charset = charset_of(html_scan_attribute(&scan, "content"));
        if (charset.ptr)
            return str_trim(charset);
    }
    return STR_NONE;
}

static bool has_high_byte(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return true;
    return false;
}

/*
 * Whether the form is taken in UTF-8. A page that names no charset is, when it has letters in
 * UTF-8; when it has none but as references, nobody knows.
 */
static bool is_utf8(struct probe *probe, const struct probe_state *state)
{
    struct str charset = str_trim(state->form->charset);
    if (!charset.len && str_starts(state->body, STR("\xEF\xBB\xBF")))
        return true;
    if (!charset.len)
        charset = charset_of(state->type);
    if (!charset.len)
        charset = meta_charset(probe->arena, state->body);
    if (!charset.len)
        return has_high_byte(state->body) && !str_check_utf8(state->body);
    return str_ieq(charset, STR("utf-8")) || str_ieq(charset, STR("utf8"));
}

static bool take_charset(struct probe *probe, struct probe_state *state)
{
    probe->ascii = !is_utf8(probe, state);
    if (probe->ascii ? probe_form_is_ascii(state->form) : !str_check_utf8(state->body))
        return true;
    state->why = "the page's charset is not known to be UTF-8, and letters that are written back "
                 "could be damaged";
    return false;
}

static bool take_form(struct probe *probe, struct probe_state *state)
{
    state->form = probe_form_find(probe, state->body, probe->field, &state->why);
    if (state->form && !take_charset(probe, state))
        return false;
    const struct html_field *field =
        state->form && probe->field.ptr ? html_form_field(state->form, probe->field) : NULL;
    if (field && field->fixed) {
        state->why = "the text can only be read there";
        return false;
    }
    if (state->form)
        state->kind = PROBE_FORM;
    return state->form != NULL;
}

static const char *why_status(struct probe *probe, const struct exchange *exchange)
{
    if (exchange->fault)
        return exchange->trouble;
    if (exchange->status == 401)
        return "the server asks who you are (401): say it with -u NAME:PASSWORD";
    return str_cstr(probe->arena, str_printf(probe->arena, "the answer is %d, not a thing to edit",
                                             exchange->status));
}

/* What is read; with a parameter that nobody knows while something on the way keeps answers. */
static const char *address(struct probe *probe)
{
    const char *url = probe->options->url;
    if (!probe->fresh)
        return url;
    size_t len = strcspn(url, "#");
    struct str text = str_printf(probe->arena, "%.*s%cpg409probe=%u", (int)len, url,
                                 memchr(url, '?', len) ? '&' : '?', probe->fresh++);
    return str_cstr(probe->arena, text);
}

bool probe_read(struct probe *probe, int editor, struct probe_state *state)
{
    static const char *const more[] = {"Cache-Control: no-cache", NULL};
    struct exchange exchange = {.url = address(probe), .follow = true};
    probe_request(probe, editor, &exchange, more);
    *state = (struct probe_state){.status = exchange.status,
                                  .url = exchange.effective,
                                  .etag = exchange_header(&exchange, "ETag"),
                                  .type = exchange_header(&exchange, "Content-Type"),
                                  .date = exchange_header(&exchange, "Date"),
                                  .body = exchange.answer};
    if (exchange.fault || exchange.status != 200) {
        state->why = why_status(probe, &exchange);
        return false;
    }
    struct str type = state->type.ptr ? state->type : STR("");
    bool json = str_find(type, STR("json")) != SIZE_MAX;
    return json ? take_json(probe, state) : take_form(probe, state);
}

struct str probe_text(struct probe *probe, const struct probe_state *state, struct str field)
{
    struct json_value value;
    if (state->kind == PROBE_JSON)
        return probe_json_get(probe->arena, &state->root, field, &value) ? value.text : STR_NONE;
    const struct html_field *found = state->form ? html_form_field(state->form, field) : NULL;
    return found ? found->value : STR_NONE;
}

void probe_write(struct probe *probe, int editor, const struct probe_state *state,
                 const struct probe_change *change, struct probe_answer *answer)
{
    if (state->kind == PROBE_JSON)
        probe_json_write(probe, editor, state, change, answer);
    else
        probe_form_write(probe, editor, state->form, state->url, change, answer);
}

/* --- what tells the version
 * ----------------------------------------------------------------------- */

static void differs(struct probe *probe, struct str name, bool written)
{
    if (!written)
        note(probe->unsteady, &probe->unsteady_count, name);
    else if (!is_listed(probe->unsteady, probe->unsteady_count, name))
        note(probe->versions, &probe->version_count, name);
}

static void compare_forms(struct probe *probe, const struct html_form *old,
                          const struct html_form *new, bool written)
{
    for (size_t i = 0; i < new->count; i++) {
        const struct html_field *field = &new->fields[i];
        if (field->control != HTML_HIDDEN)
            continue;
        const struct html_field *before = html_form_field(old, field->name);
        if (before && !str_eq(before->value, field->value))
            differs(probe, field->name, written);
        else if (probe_is_version(field->name))
            note(probe->versions, &probe->version_count, field->name);
    }
}

static void compare_objects(struct probe *probe, const struct json_value *old,
                            const struct json_value *new, struct str prefix, bool written)
{
    struct json_object object;
    struct json_value before;
    if (new->type != JSON_OBJECT || json_members(probe->arena, new, MEMBERS_MAX, &object))
        return;
    for (size_t i = 0; i < object.count; i++) {
        const struct json_member *member = &object.members[i];
        struct str path = prefix.len ? str_printf(probe->arena, "%.*s.%.*s", STR_ARG(prefix),
                                                  STR_ARG(member->name))
                                     : member->name;
        if (str_eq(path, probe->field) || str_eq(path, probe->other))
            continue;
        bool known = probe_json_get(probe->arena, old, member->name, &before);
        if (member->value.type == JSON_OBJECT && known)
            compare_objects(probe, &before, &member->value, path, written);
        else if (known && !str_eq(before.raw, member->value.raw) &&
                 member->value.raw.len <= VERSION_BYTES) /* else it is made of the text */
            differs(probe, path, written);
        else if (probe_is_version(member->name) && member->value.type != JSON_OBJECT)
            note(probe->versions, &probe->version_count, path);
    }
}

void probe_compare(struct probe *probe, const struct probe_state *old,
                   const struct probe_state *new, bool written)
{
    if (new->kind == PROBE_FORM && old->kind == PROBE_FORM)
        compare_forms(probe, old->form, new->form, written);
    if (new->kind != PROBE_JSON || old->kind != PROBE_JSON)
        return;
    if (new->etag.ptr)
        note(probe->versions, &probe->version_count, STR("ETag"));
    compare_objects(probe, &old->root, &new->root, STR(""), written);
}
