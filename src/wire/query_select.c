#include "wire/query_scan.h"

#include <string.h>

#include "base/banned.h"

static bool items(struct query_scan *scan, bool nested, struct query_item **array, size_t *count);

/* "::text" or "::numeric[]". */
static bool cast(struct query_scan *scan, struct query_item *item)
{
    const char *first = scan->at;
    while (scan->at < scan->end && !strchr(",()", *scan->at))
        scan->at++;
    item->cast = str_trim(str_range(first, scan->at));
    return item->cast.len > 0 ||
           query_fault(scan, ERR_SYNTAX, "A type is missing behind “%s::”.", item->path.name);
}

/* "!hint", "!inner", "!left", in any order. */
static bool hints(struct query_scan *scan, struct query_item *item)
{
    struct str hint;
    while (query_takes(scan, STR("!"))) {
        if (!query_name(scan, &hint))
            return false;
        if (str_is(hint, "inner"))
            item->inner = true;
        else if (!str_is(hint, "left"))
            item->hint = hint;
    }
    return !scan->err;
}

static bool embed(struct query_scan *scan, bool nested, struct query_item *item)
{
    if (!hints(scan, item) || !query_needs(scan, STR("(")))
        return false;
    if (nested)
        return query_fault(scan, ERR_TOO_DEEP,
                           "“%s” stands inside of another table's rows: one level is possible.",
                           item->path.name);
    item->kind = QUERY_ITEM_EMBED;
    if (query_takes(scan, STR(")")))
        return true;
    return items(scan, true, &item->items, &item->item_count) && query_needs(scan, STR(")"));
}

static bool one_item(struct query_scan *scan, bool nested, struct query_item *item)
{
    if (query_takes(scan, STR("*"))) {
        item->kind = QUERY_ITEM_ALL;
        return true;
    }
    if (query_sees(scan, STR("...")))
        return query_fault(scan, ERR_SYNTAX, "Spreading (“%s”) is not possible.", query_rest(scan));
    if (!query_name(scan, &item->path.name))
        return false;
    if (query_sees(scan, STR(":")) && !query_sees(scan, STR("::"))) {
        scan->at++;
        item->alias = item->path.name;
        if (!query_name(scan, &item->path.name))
            return false;
    }
    if (query_sees(scan, STR("!")) || query_sees(scan, STR("(")))
        return embed(scan, nested, item);
    return query_steps(scan, &item->path) && (!query_takes(scan, STR("::")) || cast(scan, item));
}

static bool items(struct query_scan *scan, bool nested, struct query_item **array, size_t *count)
{
    void *all = NULL;
    do {
        struct query_item *item = query_more(scan, &all, count, sizeof(struct query_item));
        if (!item || !one_item(scan, nested, item))
            return false;
    } while (query_takes(scan, STR(",")));
    *array = all;
    return true;
}

bool query_select(struct query_scan *scan, struct query *query)
{
    if (scan->at == scan->end)
        return true;
    query->selects = true;
    if (!items(scan, false, &query->items, &query->item_count))
        return false;
    return scan->at == scan->end ||
           query_fault(scan, ERR_SYNTAX, "“%s” was not expected in select.", query_rest(scan));
}

struct str query_item_name(const struct query_item *item)
{
    struct str name = item->path.name;
    for (size_t i = 0; i < item->path.step_count; i++)
        if (!item->path.steps[i].index)
            name = item->path.steps[i].key;
    return item->alias.ptr ? item->alias : name;
}
