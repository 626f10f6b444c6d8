#include "api/target.h"

#include "edit/select.h"
#include "wire/url.h"

#include "base/banned.h"

static bool unknown(struct work *work, struct str sentence)
{
    if (!work_reread(work))
        work_problem(work, "unknown-name", sentence);
    return false;
}

/* A column that equals one value: what pins a key or a version. */
static bool is_equal(const struct query_node *node)
{
    return node->kind == QUERY_FILTER && !node->filter.negated && node->filter.op == QUERY_EQ &&
           node->filter.quantifier == QUERY_ONE && !node->filter.path.step_count;
}

static bool pin(struct work *work, const struct query_filter *filter)
{
    const struct table *table = work->table;
    for (size_t i = 0; i < table->key_count; i++)
        if (str_eq(table->key[i]->name, filter->path.name) && !work->key_values[i].ptr) {
            work->key_values[i] = filter->value;
            return true;
        }
    return false;
}

static bool is_version(const struct work *work, struct str name)
{
    return work->table->version && str_eq(work->table->version->name, name);
}

/* A filter that would not be looked at must not be passed over: it would mean another write. */
static bool refuse_filter(struct work *work, const struct query_node *node)
{
    struct str name = node->filter.path.name;
    if (node->kind == QUERY_FILTER && !table_column(work->table, name))
        return unknown(work, str_printf(&work->arena, "There is no column or parameter “%.*s”.",
                                        STR_ARG(name)));
    work_problem(work, "version-required",
                 STR("A change names one row, by its whole key and its version, each with eq. "
                     "Other conditions are not possible here: leave them out, or read the rows "
                     "first and send the changes to /_batch."));
    return false;
}

static bool read_filters(struct work *work, enum target target, const struct query *query)
{
    for (size_t i = 0; target == TARGET_FILTER && i < work->table->key_count; i++)
        work->key_values[i] = STR_NONE; /* the request may have begun anew */
    for (size_t i = 0; i < query->rows.filter_count; i++) {
        const struct query_node *node = &query->rows.filters[i];
        bool equal = is_equal(node);
        if (equal && target != TARGET_NEW && is_version(work, node->filter.path.name))
            continue; /* claim_version() reads it */
        if (!(equal && target == TARGET_FILTER && pin(work, &node->filter)))
            return refuse_filter(work, node);
    }
    return true;
}

static bool whole_key(struct work *work)
{
    struct buf segment;
    for (size_t i = 0; i < work->table->key_count; i++) {
        if (work->key_values[i].ptr)
            continue;
        work_problem(work, "version-required",
                     str_printf(&work->arena,
                                "A change names one row, by its whole key and its version: "
                                "“%.*s=eq.…” is missing in the address.",
                                STR_ARG(work->table->key[i]->name)));
        return false;
    }
    buf_init(&segment, &work->arena, SIZE_MAX / 4);
    url_key(&segment, work->key_values, work->table->key_count);
    work->match.key = buf_slice(&segment);
    work->key.values = work->key_values;
    return true;
}

bool target_read(struct work *work, enum target target, struct str passed, struct query *show)
{
    struct str fault;
    passed = str_printf(&work->arena, "_version,_method,_format,%.*s", STR_ARG(passed));
    if (query_parse(&work->arena, &work->request.query, passed, show, &fault)) {
        work_problem(work, "unknown-name", fault);
        return false;
    }
    if (show->rows.order_count || show->rows.limited || show->rows.offset) {
        work_problem(work, "unknown-name", STR("order, limit and offset belong to lists."));
        return false;
    }
    fault = select_fault(&work->arena, work_catalog(work), work->table, show);
    if (fault.ptr)
        return unknown(work, fault);
    return read_filters(work, target, show) && (target != TARGET_FILTER || whole_key(work));
}
