#include "wire/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_scan.h"

#include "base/banned.h"

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* The \u escape at *from, which scan_escape let pass; *from moves behind it. */
static unsigned decode_code(const char **from, const char *end)
{
    int code = json_hex4(*from + 2, end);
    *from += 6;
    if (json_is_high(code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (json_low_surrogate(*from, end) - 0xdc00);
        *from += 6;
    }
    return (unsigned)code;
}

/* The text of a string that scan_string let pass. An escape is never shorter than its text. */
static struct str decode(struct arena *arena, struct str inner)
{
    static const char names[] = "bfnrt\"\\/";
    static const char means[] = "\b\f\n\r\t\"\\/";
    if (str_find(inner, STR("\\")) == SIZE_MAX)
        return inner;
    char *copy = arena_alloc(arena, inner.len);
    char *to = copy;
    const char *end = inner.ptr + inner.len;
    for (const char *from = inner.ptr; from < end;) {
        if (*from != '\\') {
            const char *next = memchr(from, '\\', (size_t)(end - from));
            size_t len = (size_t)((next ? next : end) - from);
            memcpy(to, from, len);
            to += len;
            from += len;
        } else if (from[1] == 'u') {
            to = put_utf8(to, decode_code(&from, end));
        } else {
            *to++ = means[strchr(names, from[1]) - names];
            from += 2;
        }
    }
    return str_range(copy, to);
}

static enum json_type type_of(char first)
{
    switch (first) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 'n':
        return JSON_NULL;
    case 't':
    case 'f':
        return JSON_BOOL;
    default:
        return JSON_NUMBER;
    }
}

/* The value whose bytes are raw, already checked. */
static struct json_value value_of(struct arena *arena, struct str raw)
{
    struct json_value value = {.type = type_of(raw.ptr[0]), .raw = raw, .text = raw};
    if (value.type == JSON_STRING)
        value.text = decode(arena, (struct str){raw.ptr + 1, raw.len - 2});
    if (value.type == JSON_NULL)
        value.text = STR_NONE;
    return value;
}

/* The next child's name (decoded; *at is where it stands) and bytes; ptr is behind '{' or a child.
 */
static bool next_child(struct json_scan *scan, bool named, struct str *name, const char **at,
                       struct str *raw)
{
    json_skip_space(scan);
    if (json_peek(scan) == ',')
        scan->ptr++;
    json_skip_space(scan);
    *at = scan->ptr;
    if (named) {
        if (!json_scan_name(scan, name))
            return false;
        *name = decode(scan->arena, *name);
    }
    json_skip_space(scan);
    const char *begin = scan->ptr;
    if (!json_scan_value(scan))
        return false;
    *raw = str_range(begin, scan->ptr);
    return true;
}

struct name {
    struct str text;
    const char *at;
};

static int name_cmp(const void *a, const void *b)
{
    const struct name *one = a;
    const struct name *two = b;
    int order = str_cmp(one->text, two->text);
    return order ? order : (one->at > two->at) - (one->at < two->at);
}

/*
 * The first name that stood before, or NULL. By sorting, not by a hash table
 * without a secret: names are the client's, who could make them all collide.
 */
static const char *find_duplicate(struct name *names, size_t count)
{
    const char *first = NULL;
    if (count)
        qsort(names, count, sizeof *names, name_cmp);
    for (size_t i = 1; i < count; i++)
        if (str_eq(names[i - 1].text, names[i].text) && (!first || names[i].at < first))
            first = names[i].at;
    return first;
}

/* Only names are kept: a hostile body has many members, and max_fields comes later. */
static bool check_names(struct json_scan *scan, struct str raw, size_t count)
{
    struct name *names = ARENA_ARRAY(scan->arena, count, struct name);
    struct str unused;
    scan->ptr = raw.ptr + 1;
    for (size_t i = 0; i < count; i++)
        if (!next_child(scan, true, &names[i].text, &names[i].at, &unused))
            return false;
    const char *twice = find_duplicate(names, count);
    return twice ? json_fail(scan, ERR_DUPLICATE, twice) : true;
}

static bool parse(struct json_scan *scan, struct json_value *value)
{
    json_skip_space(scan);
    const char *begin = scan->ptr;
    if (!json_scan_value(scan))
        return false;
    struct str raw = str_range(begin, scan->ptr);
    json_skip_space(scan);
    if (json_peek(scan) != -1)
        return json_unexpected(scan);
    if (*begin == '{' && !check_names(scan, raw, scan->count))
        return false;
    *value = value_of(scan->arena, raw);
    return true;
}

enum err json_parse(struct arena *arena, struct str text, unsigned max_depth,
                    struct json_value *value, size_t *at)
{
    struct json_scan scan;
    json_scan_init(&scan, arena, text, max_depth);
    if (!parse(&scan, value))
        *at = scan.start ? (size_t)(scan.fault - scan.start) : 0;
    return scan.err;
}

/* Counts the children, so that what holds them is made once and no larger than needed. */
static enum err begin_children(struct json_scan *scan, struct arena *arena,
                               const struct json_value *value, enum json_type type, size_t max,
                               size_t *count)
{
    if (value->type != type)
        return ERR_SYNTAX;
    json_scan_init(scan, arena, value->raw, UINT_MAX);
    if (!json_scan_value(scan))
        return scan->err;
    *count = scan->count;
    scan->ptr = scan->start + 1;
    return *count > max ? ERR_TOO_MANY : ERR_NONE;
}

enum err json_members(struct arena *arena, const struct json_value *value, size_t max,
                      struct json_object *object)
{
    struct json_scan scan;
    size_t count = 0;
    struct str raw;
    enum err err = begin_children(&scan, arena, value, JSON_OBJECT, max, &count);
    if (err)
        return err;
    struct json_member *members = ARENA_ARRAY(arena, count, struct json_member);
    struct name *names = ARENA_ARRAY(arena, count, struct name);
    for (size_t i = 0; i < count; i++) {
        if (!next_child(&scan, true, &members[i].name, &names[i].at, &raw))
            return scan.err;
        names[i].text = members[i].name;
        members[i].value = value_of(arena, raw);
    }
    if (find_duplicate(names, count))
        return ERR_DUPLICATE;
    *object = (struct json_object){members, count};
    return ERR_NONE;
}

enum err json_items(struct arena *arena, const struct json_value *value, size_t max,
                    struct json_value **items, size_t *count)
{
    struct json_scan scan;
    struct str name;
    struct str raw;
    const char *at;
    size_t number = 0;
    enum err err = begin_children(&scan, arena, value, JSON_ARRAY, max, &number);
    if (err)
        return err;
    struct json_value *list = ARENA_ARRAY(arena, number, struct json_value);
    for (size_t i = 0; i < number; i++) {
        if (!next_child(&scan, false, &name, &at, &raw))
            return scan.err;
        list[i] = value_of(arena, raw);
    }
    *items = list;
    *count = number;
    return ERR_NONE;
}

const struct json_value *json_get(const struct json_object *object, struct str name)
{
    for (size_t i = 0; i < object->count; i++)
        if (str_eq(object->members[i].name, name))
            return &object->members[i].value;
    return NULL;
}
