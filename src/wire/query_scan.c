#include "wire/query_scan.h"

#include <string.h>

#include "base/banned.h"

#define MAX_QUOTED 200 /* bytes */

/* As much of a text as a sentence can quote, cut between two characters. */
static struct str shortened(struct str text)
{
    if (text.len <= MAX_QUOTED)
        return text;
    text.len = MAX_QUOTED;
    while (text.len && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80)
        text.len--;
    return text;
}

bool query_fault(struct query_scan *scan, enum err err, const char *format, struct str text)
{
    struct buf buf;
    if (scan->err)
        return false;
    size_t at = str_find(str_from(format), STR("%s"));
    buf_init(&buf, scan->arena, SIZE_MAX / 4);
    if (at == SIZE_MAX) {
        buf_text(&buf, format);
    } else {
        buf_add(&buf, format, at);
        buf_str(&buf, shortened(text));
        buf_text(&buf, format + at + 2);
    }
    scan->err = err;
    scan->fault = buf_slice(&buf);
    return false;
}

struct str query_rest(const struct query_scan *scan)
{
    return str_range(scan->at, scan->end);
}

bool query_sees(const struct query_scan *scan, struct str text)
{
    return str_starts(query_rest(scan), text);
}

bool query_takes(struct query_scan *scan, struct str text)
{
    bool there = !scan->err && query_sees(scan, text);
    if (there)
        scan->at += text.len;
    return there;
}

bool query_needs(struct query_scan *scan, struct str text)
{
    if (query_takes(scan, text))
        return true;
    struct str format = str_printf(scan->arena, "“%.*s” is missing before “%%s”.", STR_ARG(text));
    return query_fault(scan, ERR_SYNTAX, format.ptr, query_rest(scan));
}

bool query_quoted(struct query_scan *scan, struct str *text)
{
    struct buf buf;
    struct str whole = query_rest(scan);
    buf_init(&buf, scan->arena, SIZE_MAX / 4);
    scan->at++;
    while (scan->at < scan->end && *scan->at != '"') {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
        buf_char(&buf, *scan->at++);
    }
    *text = buf_slice(&buf);
    if (scan->at == scan->end)
        return query_fault(scan, ERR_SYNTAX, "A closing quote is missing in “%s”.", whole);
    scan->at++;
    return true;
}

/* Whether an unquoted name ends here. */
static bool ends_name(const struct query_scan *scan)
{
    return strchr(".,():!\"", *scan->at) || query_sees(scan, STR("->"));
}

bool query_name(struct query_scan *scan, struct str *name)
{
    const char *first = scan->at;
    if (scan->err)
        return false;
    if (query_sees(scan, STR("\"")))
        return query_quoted(scan, name);
    while (scan->at < scan->end && !ends_name(scan))
        scan->at++;
    *name = str_trim(str_range(first, scan->at));
    return name->len > 0 ||
           query_fault(scan, ERR_SYNTAX, "A name is missing before “%s”.", query_rest(scan));
}

static bool is_index(struct str text)
{
    uint64_t number;
    if (str_starts(text, STR("-")))
        text = str_skip(text, 1);
    return str_to_u64(text, INT32_MAX, &number) == ERR_NONE;
}

bool query_steps(struct query_scan *scan, struct query_path *path)
{
    struct query_step *steps = NULL;
    while (query_takes(scan, STR("->"))) {
        if (!steps)
            steps = ARENA_ARRAY(scan->arena, QUERY_MAX_STEPS, struct query_step);
        if (path->step_count == QUERY_MAX_STEPS)
            return query_fault(scan, ERR_TOO_DEEP, "The path of “%s” is too long.", path->name);
        struct query_step *step = &steps[path->step_count++];
        step->text = query_takes(scan, STR(">"));
        bool quoted = query_sees(scan, STR("\""));
        if (!query_name(scan, &step->key))
            return false;
        step->index = !quoted && is_index(step->key);
        if (step->text && query_sees(scan, STR("->")))
            return query_fault(scan, ERR_SYNTAX, "Nothing can follow “->>%s”.", step->key);
    }
    path->steps = steps;
    return !scan->err;
}

bool query_path(struct query_scan *scan, struct query_path *path)
{
    *path = (struct query_path){0};
    return query_name(scan, &path->name) && query_steps(scan, path);
}

void *query_more(struct query_scan *scan, void **array, size_t *count, size_t size)
{
    size_t have = *count;
    if (scan->err)
        return NULL;
    if (have == QUERY_MAX_ITEMS) {
        query_fault(scan, ERR_TOO_MANY, "That is too much at once, before “%s”.", query_rest(scan));
        return NULL;
    }
    if ((have & (have - 1)) == 0) { /* full at each power of two */
        char *grown = arena_array(scan->arena, have ? have * 2 : 1, size);
        if (have)
            memcpy(grown, *array, have * size);
        *array = grown;
    }
    *count = have + 1;
    return (char *)*array + have * size;
}
