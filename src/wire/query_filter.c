#include "wire/query_scan.h"

#include <string.h>

#include "base/banned.h"

struct op_row {
    const char *name;
    enum query_op op;
    bool quantified; /* may be asked of any or all of several values */
    bool language;   /* may name the language of a text search */
};

static const struct op_row ops[] = {
    {"eq", QUERY_EQ, true, false},
    {"neq", QUERY_NEQ, false, false},
    {"gt", QUERY_GT, true, false},
    {"gte", QUERY_GTE, true, false},
    {"lt", QUERY_LT, true, false},
    {"lte", QUERY_LTE, true, false},
    {"like", QUERY_LIKE, true, false},
    {"ilike", QUERY_ILIKE, true, false},
    {"match", QUERY_MATCH, true, false},
    {"imatch", QUERY_IMATCH, true, false},
    {"in", QUERY_IN, false, false},
    {"is", QUERY_IS, false, false},
    {"isdistinct", QUERY_ISDISTINCT, false, false},
    {"fts", QUERY_FTS, false, true},
    {"plfts", QUERY_PLFTS, false, true},
    {"phfts", QUERY_PHFTS, false, true},
    {"wfts", QUERY_WFTS, false, true},
    {"cs", QUERY_CS, false, false},
    {"cd", QUERY_CD, false, false},
    {"ov", QUERY_OV, false, false},
    {"sl", QUERY_SL, false, false},
    {"sr", QUERY_SR, false, false},
    {"nxr", QUERY_NXR, false, false},
    {"nxl", QUERY_NXL, false, false},
    {"adj", QUERY_ADJ, false, false},
};

/* The letters that stand here. */
static struct str word(struct query_scan *scan)
{
    const char *first = scan->at;
    while (scan->at < scan->end && *scan->at >= 'a' && *scan->at <= 'z')
        scan->at++;
    return str_range(first, scan->at);
}

static const struct op_row *find_op(struct str name)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (str_is(name, ops[i].name))
            return &ops[i];
    return NULL;
}

/* What stands in parentheses behind an operator: any, all, or a language. */
static bool argument(struct query_scan *scan, const struct op_row *row, struct query_filter *filter)
{
    const char *first = scan->at;
    while (scan->at < scan->end && *scan->at != ')')
        scan->at++;
    struct str text = str_range(first, scan->at);
    if (!query_needs(scan, STR(")")))
        return false;
    bool any = str_is(text, "any"), all = str_is(text, "all");
    if (row->language && text.len)
        filter->language = text;
    else if (row->quantified && (any || all))
        filter->quantifier = any ? QUERY_ANY : QUERY_ALL;
    else
        return query_fault(scan, ERR_SYNTAX, "The operator does not take “(%s)”.", text);
    return true;
}

static bool operator(struct query_scan *scan, struct query_filter *filter)
{
    const char *first = scan->at;
    struct str name = word(scan);
    const struct op_row *row = find_op(name);
    if (!row) {
        while (scan->at < scan->end && !strchr(".(,)", *scan->at))
            scan->at++;
        return query_fault(scan, ERR_SYNTAX,
                           "“%s” is no operator. A filter is written like eq.value.",
                           str_range(first, scan->at));
    }
    filter->op = row->op;
    if (query_takes(scan, STR("(")) && !argument(scan, row, filter))
        return false;
    return query_needs(scan, STR("."));
}

/* One value of a list, into an array literal of PostgreSQL. */
static void literal_item(struct buf *buf, struct str text)
{
    buf_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_char(buf, '\\');
        buf_char(buf, text.ptr[i]);
    }
    buf_char(buf, '"');
}

static bool list_item(struct query_scan *scan, struct str *item)
{
    const char *first = scan->at;
    if (query_sees(scan, STR("\"")))
        return query_quoted(scan, item);
    while (scan->at < scan->end && *scan->at != ',' && *scan->at != ')')
        scan->at++;
    *item = str_range(first, scan->at);
    return true;
}

/* (1,2,"a,b") as {"1","2","a,b"}. */
static bool list(struct query_scan *scan, struct str *literal)
{
    struct buf buf;
    struct str item;
    buf_init(&buf, scan->arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    if (!query_needs(scan, STR("(")))
        return false;
    bool more = !query_takes(scan, STR(")"));
    while (more) {
        if (!list_item(scan, &item))
            return false;
        literal_item(&buf, item);
        more = query_takes(scan, STR(","));
        if (more)
            buf_char(&buf, ',');
        else if (!query_needs(scan, STR(")")))
            return false;
    }
    buf_char(&buf, '}');
    *literal = buf_slice(&buf);
    return true;
}

/* {a,"b}",{c}}: up to the brace that closes it. */
static bool braces(struct query_scan *scan, struct str *value)
{
    const char *first = scan->at;
    size_t open = 0;
    do {
        if (scan->at == scan->end)
            return query_fault(scan, ERR_SYNTAX, "A closing brace is missing in “%s”.",
                               str_range(first, scan->end));
        char c = *scan->at;
        struct str skipped;
        if (c == '"') {
            if (!query_quoted(scan, &skipped))
                return false;
            continue;
        }
        open += c == '{';
        open -= c == '}';
        scan->at++;
    } while (open);
    *value = str_range(first, scan->at);
    return true;
}

/* A value inside of and()/or(): in quotes, in braces, or up to the comma or parenthesis. */
static bool nested_value(struct query_scan *scan, struct str *value)
{
    const char *first = scan->at;
    if (query_sees(scan, STR("\"")))
        return query_quoted(scan, value);
    if (query_sees(scan, STR("{")))
        return braces(scan, value);
    while (scan->at < scan->end && *scan->at != ',' && *scan->at != ')')
        scan->at++;
    *value = str_range(first, scan->at);
    return true;
}

/* The star that addresses can carry stands for LIKE's percent sign. */
static struct str stars(struct arena *arena, struct str value)
{
    struct str copy = str_copy(arena, value);
    char *bytes = arena_copy(arena, copy.ptr, copy.len);
    for (size_t i = 0; i < value.len; i++)
        if (bytes[i] == '*')
            bytes[i] = '%';
    return (struct str){bytes, value.len};
}

static bool is_value(struct query_scan *scan, struct query_filter *filter)
{
    static const char *const known[] = {"null", "not_null", "true", "false", "unknown"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_ieq(filter->value, str_from(known[i]))) {
            filter->value = str_from(known[i]);
            return true;
        }
    return query_fault(scan, ERR_SYNTAX,
                       "“is.%s” is not known: it takes null, not_null, true, false or unknown.",
                       filter->value);
}

bool query_condition(struct query_scan *scan, bool nested, struct query_filter *filter)
{
    filter->negated = query_takes(scan, STR("not."));
    if (!operator(scan, filter))
        return false;
    if (filter->op == QUERY_IN) {
        if (!list(scan, &filter->value))
            return false;
    } else if (!nested) {
        filter->value = query_rest(scan);
        scan->at = scan->end;
    } else if (!nested_value(scan, &filter->value)) {
        return false;
    }
    if (!nested && scan->at != scan->end)
        return query_fault(scan, ERR_SYNTAX, "“%s” stands behind the filter's end.",
                           query_rest(scan));
    if (filter->op == QUERY_LIKE || filter->op == QUERY_ILIKE)
        filter->value = stars(scan->arena, filter->value);
    return filter->op != QUERY_IS || is_value(scan, filter);
}

/* "and(" or "or(", with "not." before it. */
static bool joined(struct query_scan *scan, struct query_node *node)
{
    const char *first = scan->at;
    node->negated = query_takes(scan, STR("not."));
    bool conjunction = query_takes(scan, STR("and"));
    if ((conjunction || query_takes(scan, STR("or"))) && query_sees(scan, STR("("))) {
        node->kind = conjunction ? QUERY_AND : QUERY_OR;
        return true;
    }
    scan->at = first;
    node->negated = false;
    return false;
}

static bool part(struct query_scan *scan, unsigned depth, struct query_node *node)
{
    if (joined(scan, node))
        return query_logic(scan, depth + 1, node);
    node->kind = QUERY_FILTER;
    return query_path(scan, &node->filter.path) && query_needs(scan, STR(".")) &&
           query_condition(scan, true, &node->filter);
}

bool query_logic(struct query_scan *scan, unsigned depth, struct query_node *node)
{
    void *parts = NULL;
    if (depth == QUERY_MAX_DEPTH)
        return query_fault(scan, ERR_TOO_DEEP, "and() and or() are nested too deeply.", STR(""));
    if (!query_needs(scan, STR("(")))
        return false;
    do {
        struct query_node *next =
            query_more(scan, &parts, &node->part_count, sizeof(struct query_node));
        if (!next || !part(scan, depth, next))
            return false;
    } while (query_takes(scan, STR(",")));
    node->parts = parts;
    return query_needs(scan, STR(")"));
}
