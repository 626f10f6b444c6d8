#include "cli/logs_pattern.h"

#include <string.h>

#include "cli/logs_hash.h"

#include "base/banned.h"

#define DECODED_MAX 512 /* of a value, for its hash; what follows counts undecoded */

/* --- reading --------------------------------------------------------------------------------- */

/* "{name}" or "{name*}" at the start of text: the name, and how long it is with its braces. */
static size_t brace(struct str text, struct str *name, bool *all)
{
    size_t end = text.len && text.ptr[0] == '{' ? str_find(text, STR("}")) : SIZE_MAX;
    if (end == SIZE_MAX)
        return 0;
    *name = (struct str){text.ptr + 1, end - 1};
    *all = str_ends(*name, STR("*"));
    if (*all)
        name->len--;
    return end + 1;
}

static enum err add_name(struct logs_pattern *pattern, struct str name)
{
    if (!name.len || memchr(name.ptr, '{', name.len) || memchr(name.ptr, '*', name.len))
        return ERR_SYNTAX;
    for (size_t i = 0; i < pattern->name_count; i++)
        if (str_eq(pattern->names[i], name))
            return ERR_SYNTAX;
    if (pattern->name_count == LOGS_NAMES)
        return ERR_TOO_MANY;
    pattern->names[pattern->name_count++] = name;
    return ERR_NONE;
}

/* The names of the path, and its tail: names have a text between them, {all*} stands last. */
static enum err read_path(struct logs_pattern *pattern)
{
    struct str text = pattern->path, name;
    bool after = false, all = false;
    pattern->tail = text;
    while (text.len) {
        size_t len = brace(text, &name, &all);
        if (!len) {
            if (text.ptr[0] == '{' || text.ptr[0] == '}' || text.ptr[0] == '*')
                return ERR_SYNTAX;
            after = false;
            text = str_skip(text, 1);
            continue;
        }
        enum err err = after || (all && len < text.len) ? ERR_SYNTAX : add_name(pattern, name);
        if (err)
            return err;
        after = true;
        text = pattern->tail = str_skip(text, len);
    }
    return ERR_NONE;
}

/* One of 64 bits; all of them for a name that is encoded. */
static uint64_t name_bit(struct str name)
{
    if (!name.len)
        return 0;
    if (memchr(name.ptr, '%', name.len))
        return UINT64_MAX;
    unsigned char first = (unsigned char)name.ptr[0], last = (unsigned char)name.ptr[name.len - 1];
    return UINT64_C(1) << ((first * 7u + last * 3u + name.len) & 63);
}

static enum err read_param(struct logs_pattern *pattern, struct str text)
{
    struct str value, name;
    bool all;
    if (pattern->param_count == LOGS_PARAMS)
        return ERR_TOO_MANY;
    struct logs_param *param = &pattern->params[pattern->param_count++];
    param->name = str_cut(text, '=', &value);
    param->value = value.ptr ? value : STR("");
    if (!param->name.len)
        return ERR_SYNTAX;
    pattern->param_bits |= name_bit(param->name);
    size_t len = brace(param->value, &name, &all);
    if (len)
        return len == param->value.len && !all ? add_name(pattern, name) : ERR_SYNTAX;
    return memchr(param->value.ptr, '{', param->value.len) ? ERR_SYNTAX : ERR_NONE;
}

enum err logs_pattern_read(struct str text, struct logs_pattern *pattern)
{
    struct str query;
    *pattern = (struct logs_pattern){.path = str_cut(text, '?', &query)};
    pattern->anywhere = str_starts(pattern->path, STR("*"));
    if (pattern->anywhere)
        pattern->path = str_skip(pattern->path, 1);
    if (!str_starts(pattern->path, STR("/")) && !(pattern->anywhere && !pattern->path.len))
        return ERR_SYNTAX;
    enum err err = read_path(pattern);
    while (!err && query.ptr)
        err = read_param(pattern, str_cut(query, '&', &query));
    return err;
}

/* The bits of all names of a query, byte by byte: most are short. */
static uint64_t param_bits(struct str query)
{
    uint64_t bits = 0;
    size_t start = 0;
    bool in_name = true;
    for (size_t i = 0; i <= query.len; i++) {
        char c = i < query.len ? query.ptr[i] : '&';
        if (c != '&' && c != '=')
            continue;
        if (in_name)
            bits |= name_bit((struct str){query.ptr + start, i - start});
        in_name = c == '&';
        start = i + 1;
    }
    return bits;
}

void logs_target_read(struct str text, struct logs_target *target)
{
    if (text.len && text.ptr[0] == 'h') {
        size_t host = str_starts(text, STR("http://"))    ? 7
                      : str_starts(text, STR("https://")) ? 8
                                                          : 0;
        struct str rest = str_skip(text, host);
        const char *slash = host && rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
        text = slash ? str_range(slash, text.ptr + text.len) : host ? STR("/") : text;
    }
    target->whole = text;
    target->path = str_cut(text, '?', &target->query);
    target->coded = text.len && memchr(text.ptr, '%', text.len);
    target->encoded =
        target->coded && target->path.len && memchr(target->path.ptr, '%', target->path.len);
    target->param_bits = 0;
    if (target->query.ptr)
        target->param_bits = param_bits(target->query);
}

/* --- decoding -------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at *at, percent-encoded or not; *at moves behind it. */
static char decoded(struct str text, size_t *at)
{
    size_t i = (*at)++;
    if (text.ptr[i] != '%' || i + 2 >= text.len)
        return text.ptr[i];
    int high = hex(text.ptr[i + 1]), low = hex(text.ptr[i + 2]);
    if (high < 0 || low < 0)
        return text.ptr[i];
    *at += 2;
    return (char)(high * 16 + low);
}

uint64_t logs_hash_decoded(uint64_t seed, struct str text)
{
    char plain[DECODED_MAX];
    size_t len = 0, at = 0;
    if (!text.len || !memchr(text.ptr, '%', text.len))
        return logs_hash(seed, text);
    while (at < text.len && len < sizeof plain)
        plain[len++] = decoded(text, &at);
    seed = logs_hash(seed, (struct str){plain, len});
    return at < text.len ? logs_hash(seed, str_skip(text, at)) : seed;
}

/* How much of text a literal of a pattern takes; SIZE_MAX: it is another. */
static size_t take_literal(struct str text, struct str literal)
{
    size_t at = 0;
    for (size_t i = 0; i < literal.len; i++)
        if (at >= text.len || decoded(text, &at) != literal.ptr[i])
            return SIZE_MAX;
    return at;
}

/* --- matching -------------------------------------------------------------------------------- */

/* The literal at the start of a pattern's path, up to the next name. */
static struct str literal_of(struct str path)
{
    const char *open = path.len ? memchr(path.ptr, '{', path.len) : NULL;
    return open ? str_range(path.ptr, open) : path;
}

/* What a name stands for: up to the next "/" or what follows the name, at least one byte. */
static size_t take_value(struct str text, struct str next, bool all)
{
    size_t len = 0;
    if (all)
        return text.len;
    while (len < text.len && text.ptr[len] != '/') {
        bool may = next.len && (text.ptr[len] == next.ptr[0] || text.ptr[len] == '%');
        if (len && may && take_literal(str_skip(text, len), next) != SIZE_MAX)
            break;
        len++;
    }
    return len;
}

static bool match_path(struct str path, struct str text, struct str *values)
{
    size_t count = 0;
    while (path.len) {
        struct str literal = literal_of(path), name;
        bool all = false;
        size_t used = take_literal(text, literal);
        if (used == SIZE_MAX)
            return false;
        text = str_skip(text, used);
        path = str_skip(path, literal.len);
        size_t len = brace(path, &name, &all);
        if (!len)
            continue;
        path = str_skip(path, len);
        used = take_value(text, literal_of(path), all);
        if (!used)
            return false;
        values[count++] = (struct str){text.ptr, used};
        text = str_skip(text, used);
    }
    return !text.len;
}

/* The value of the parameter of that name, as it stands there. */
static bool find_param(struct str query, struct str name, struct str *value)
{
    while (query.ptr) {
        struct str text, found = str_cut(str_cut(query, '&', &query), '=', &text);
        if (take_literal(found, name) == found.len) {
            *value = text.ptr ? text : STR("");
            return true;
        }
    }
    return false;
}

static size_t path_names(const struct logs_pattern *pattern)
{
    size_t count = pattern->name_count;
    for (size_t i = 0; i < pattern->param_count; i++)
        count -= str_starts(pattern->params[i].value, STR("{"));
    return count;
}

static bool match_params(const struct logs_pattern *pattern, struct str query, struct str *values)
{
    size_t count = path_names(pattern);
    for (size_t i = 0; i < pattern->param_count; i++) {
        const struct logs_param *param = &pattern->params[i];
        struct str value;
        if (!find_param(query, param->name, &value))
            return false;
        if (!str_starts(param->value, STR("{"))) {
            if (take_literal(value, param->value) != value.len)
                return false;
            continue;
        }
        if (!value.len)
            return false;
        values[count++] = value;
    }
    return true;
}

/* Each "/" may be where "*" ends; what follows it shows nearly always that it is not. */
static bool match_anywhere(struct str path, struct str text, struct logs_match *match)
{
    const char *end = text.ptr + text.len, *at = text.ptr;
    char next = path.len > 1 && path.ptr[1] != '{' ? path.ptr[1] : 0;
    while (at < end && (at = memchr(at, '/', (size_t)(end - at)))) {
        bool may = !next || (at + 1 < end && (at[1] == next || at[1] == '%'));
        match->prefix = str_range(text.ptr, at);
        if (may && match_path(path, str_range(at, end), match->values))
            return true;
        at++;
    }
    return false;
}

bool logs_pattern_match(const struct logs_pattern *pattern, const struct logs_target *target,
                        struct logs_match *match)
{
    if ((pattern->param_bits & ~target->param_bits) ||
        (!target->encoded && !str_ends(target->path, pattern->tail)))
        return false;
    match->prefix = STR("");
    if (!match_params(pattern, target->query, match->values))
        return false;
    if (!pattern->path.len) {
        match->prefix = target->path;
        return true;
    }
    if (pattern->anywhere)
        return match_anywhere(pattern->path, target->path, match);
    return match_path(pattern->path, target->path, match->values);
}

uint64_t logs_pattern_thing(uint64_t seed, const struct logs_pattern *pattern,
                            const struct logs_match *match, const struct logs_pattern *wanted,
                            bool without_prefix)
{
    uint64_t hash = without_prefix ? seed : logs_hash_decoded(seed, match->prefix);
    for (size_t i = 0; i < wanted->name_count; i++)
        for (size_t j = 0; j < pattern->name_count; j++)
            if (str_eq(wanted->names[i], pattern->names[j]))
                hash = logs_hash_decoded(hash, match->values[j]);
    return hash;
}
