#include "wire/query.h"

#include "wire/query_scan.h"

#include "base/banned.h"

static bool one_order(struct query_scan *scan, struct query_order *order)
{
    if (!query_path(scan, &order->path))
        return false;
    order->descending = query_takes(scan, STR(".desc"));
    if (!order->descending)
        query_takes(scan, STR(".asc"));
    if (query_takes(scan, STR(".nullsfirst")))
        order->nulls = QUERY_NULLS_FIRST;
    else if (query_takes(scan, STR(".nullslast")))
        order->nulls = QUERY_NULLS_LAST;
    return true;
}

static bool orders(struct query_scan *scan, struct query_rows *rows)
{
    void *all = NULL;
    if (rows->orders)
        return query_fault(scan, ERR_SYNTAX, "order is given twice.", STR(""));
    do {
        struct query_order *order =
            query_more(scan, &all, &rows->order_count, sizeof(struct query_order));
        if (!order || !one_order(scan, order))
            return false;
    } while (query_takes(scan, STR(",")));
    rows->orders = all;
    return scan->at == scan->end ||
           query_fault(scan, ERR_SYNTAX,
                       "“%s” was not expected in order, which is written like name.desc.nullslast.",
                       query_rest(scan));
}

static bool number(struct query_scan *scan, uint64_t *value)
{
    if (str_to_u64(query_rest(scan), INT64_MAX, value) == ERR_NONE)
        return true;
    return query_fault(scan, ERR_SYNTAX, "“%s” is no whole number.", query_rest(scan));
}

static struct query_node *more_filters(struct query_scan *scan, struct query_rows *rows)
{
    void *filters = rows->filters;
    struct query_node *node =
        query_more(scan, &filters, &rows->filter_count, sizeof(struct query_node));
    rows->filters = filters;
    return node;
}

/* and=(...), or=(...), not.and=(...): name is what stands before the '='. */
static bool logic(struct query_scan *scan, struct query_rows *rows, struct str name, bool negated)
{
    struct query_node *node = more_filters(scan, rows);
    if (!node)
        return false;
    node->kind = str_is(name, "or") ? QUERY_OR : QUERY_AND;
    node->negated = negated;
    return query_logic(scan, 0, node) &&
           (scan->at == scan->end ||
            query_fault(scan, ERR_SYNTAX, "“%s” was not expected.", query_rest(scan)));
}

static bool is_logic(struct str name)
{
    return str_is(name, "and") || str_is(name, "or");
}

/* A filter on a column: name is its path, scan stands before the operator. */
static bool filter(struct query_scan *scan, struct query_rows *rows, struct str name)
{
    struct query_scan path = {.arena = scan->arena, .at = name.ptr, .end = name.ptr + name.len};
    struct query_node *node = more_filters(scan, rows);
    if (!node)
        return false;
    if (!query_path(&path, &node->filter.path) || path.at != path.end)
        return query_fault(scan, ERR_SYNTAX, "“%s” is not a column's name.", name);
    return query_condition(scan, false, &node->filter);
}

/* One field that is about rows: those of the list or, behind a name and a dot, embedded ones. */
static bool about_rows(struct query_scan *scan, struct query_rows *rows, struct str name)
{
    if (str_is(name, "order"))
        return orders(scan, rows);
    if (str_is(name, "limit")) {
        rows->limited = true;
        return number(scan, &rows->limit);
    }
    if (str_is(name, "offset"))
        return number(scan, &rows->offset);
    bool negated = str_starts(name, STR("not.")) && is_logic(str_skip(name, 4));
    if (negated || is_logic(name))
        return logic(scan, rows, negated ? str_skip(name, 4) : name, negated);
    return filter(scan, rows, name);
}

static struct query_item *embedded(struct query *query, struct str name)
{
    for (size_t i = 0; i < query->item_count; i++) {
        struct query_item *item = &query->items[i];
        if (item->kind == QUERY_ITEM_EMBED && str_eq(query_item_name(item), name))
            return item;
    }
    return NULL;
}

/* "authors.name": the part before the dot, when there is one outside of quotes. */
static bool relation(struct query_scan *scan, struct str field, struct str *name, struct str *rest)
{
    struct query_scan first = {.arena = scan->arena, .at = field.ptr, .end = field.ptr + field.len};
    if (!query_name(&first, name) || !query_takes(&first, STR(".")) || str_is(*name, "not"))
        return false;
    *rest = query_rest(&first);
    return true;
}

static bool one_field(struct query_scan *scan, struct query *query, struct str field)
{
    struct str name, rest;
    if (!relation(scan, field, &name, &rest))
        return about_rows(scan, &query->rows, field);
    struct query_item *item = embedded(query, name);
    if (!item)
        return query_fault(scan, ERR_SYNTAX,
                           "“%s” speaks of a table that select does not embed. A name that holds a "
                           "dot is put in double quotes.",
                           field);
    return about_rows(scan, &item->rows, rest);
}

static struct query_scan scan_of(struct arena *arena, struct str text)
{
    if (!text.ptr)
        text = STR("");
    return (struct query_scan){.arena = arena, .at = text.ptr, .end = text.ptr + text.len};
}

enum err query_parse(struct arena *arena, const struct form *form, struct str passed,
                     struct query *query, struct str *fault)
{
    *query = (struct query){0};
    struct query_scan scan = scan_of(arena, form_get(form, STR("select")));
    struct str name = STR("select");
    bool fine = query_select(&scan, query), selected = false;
    for (size_t i = 0; fine && i < form->count; i++) {
        name = form->fields[i].name;
        bool select = str_is(name, "select");
        if (str_in_list(passed, name))
            continue;
        scan = scan_of(arena, form->fields[i].value);
        if (select && selected)
            fine = query_fault(&scan, ERR_SYNTAX, "select is given twice.", STR(""));
        else if (!select)
            fine = one_field(&scan, query, name);
        selected |= select;
    }
    if (scan.err)
        *fault = str_printf(arena, "In “%.*s”: %.*s", STR_ARG(name), STR_ARG(scan.fault));
    return scan.err;
}

enum err query_names(struct arena *arena, struct str text, struct str **names, size_t *count,
                     struct str *fault)
{
    struct query_scan scan = scan_of(arena, text);
    void *all = NULL;
    *count = 0;
    while (text.len) {
        struct str *name = query_more(&scan, &all, count, sizeof(struct str));
        if (!name || !query_name(&scan, name) || !query_takes(&scan, STR(",")))
            break;
    }
    if (!scan.err && scan.at != scan.end)
        query_fault(&scan, ERR_SYNTAX, "“%s” was not expected.", query_rest(&scan));
    *names = all;
    *fault = scan.fault;
    return scan.err;
}
