#include "edit/select.h"

#include "base/banned.h"

/* What a filter compares with: the type its value is read as. */
struct operand {
    struct sql_type type;
    bool json;  /* both sides as jsonb: json itself cannot be compared */
    bool texts; /* the left side is text already */
};

static struct operand operand_of(const struct column *column, const struct query_path *path)
{
    size_t count = path->step_count;
    if (count && path->steps[count - 1].text)
        return (struct operand){{STR("text")}, false, true};
    if (count || column->kind == KIND_JSON)
        return (struct operand){{STR("jsonb")}, true, false};
    return (struct operand){column->base_type, false, column->kind == KIND_TEXT};
}

static bool is_pattern(enum query_op op)
{
    return op == QUERY_LIKE || op == QUERY_ILIKE || op == QUERY_MATCH || op == QUERY_IMATCH;
}

static bool is_search(enum query_op op)
{
    return op == QUERY_FTS || op == QUERY_PLFTS || op == QUERY_PHFTS || op == QUERY_WFTS;
}

static void sign(struct sql *sql, enum query_op op)
{
    static const char *const signs[] = {
        [QUERY_EQ] = " = ",
        [QUERY_NEQ] = " <> ",
        [QUERY_GT] = " > ",
        [QUERY_GTE] = " >= ",
        [QUERY_LT] = " < ",
        [QUERY_LTE] = " <= ",
        [QUERY_LIKE] = " LIKE ",
        [QUERY_ILIKE] = " ILIKE ",
        [QUERY_MATCH] = " ~ ",
        [QUERY_IMATCH] = " ~* ",
        [QUERY_IN] = " = ",
        [QUERY_IS] = " IS ",
        [QUERY_ISDISTINCT] = " IS DISTINCT FROM ",
        [QUERY_CS] = " @> ",
        [QUERY_CD] = " <@ ",
        [QUERY_OV] = " && ",
        [QUERY_SL] = " << ",
        [QUERY_SR] = " >> ",
        [QUERY_NXR] = " &< ",
        [QUERY_NXL] = " &> ",
        [QUERY_ADJ] = " -|- ",
    };
    buf_text(&sql->text, signs[op]);
}

static void left(struct select *select, const struct table *table, struct str alias,
                 const struct query_filter *filter, const struct operand *operand)
{
    select_path(select, table, alias, &filter->path);
    if (filter->op == QUERY_IS)
        return;
    if (is_pattern(filter->op) && !operand->texts)
        sql_raw(&select->sql, "::text");
    else if (operand->json && !is_pattern(filter->op))
        sql_raw(&select->sql, "::jsonb");
}

/* "= ANY ($1::integer[])": the values as one array. */
static void several(struct sql *sql, const struct query_filter *filter, struct sql_type type)
{
    if (filter->quantifier == QUERY_ALL)
        sql_raw(sql, "ALL (");
    else
        sql_raw(sql, "ANY (");
    sql_typed(sql, filter->value, type);
    sql_raw(sql, "[])");
}

static void is_what(struct sql *sql, struct str value)
{
    static const char *const known[][2] = {{"null", "NULL"},
                                           {"not_null", "NOT NULL"},
                                           {"true", "TRUE"},
                                           {"false", "FALSE"},
                                           {"unknown", "UNKNOWN"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(value, known[i][0]))
            buf_text(&sql->text, known[i][1]);
}

static void language(struct sql *sql, struct str name)
{
    if (!name.ptr)
        return;
    sql_typed(sql, name, (struct sql_type){STR("regconfig")});
    sql_raw(sql, ", ");
}

/* to_tsvector(column) @@ plainto_tsquery(value); a tsvector is searched as it is. */
static void search(struct select *select, const struct table *table, struct str alias,
                   const struct query_filter *filter, const struct column *column)
{
    struct sql *sql = &select->sql;
    bool vector = str_is(column->base_type.name, "tsvector") && !filter->path.step_count;
    if (!vector)
        sql_raw(sql, "to_tsvector(");
    if (!vector)
        language(sql, filter->language);
    select_path(select, table, alias, &filter->path);
    if (!vector && column->kind != KIND_JSON)
        sql_raw(sql, "::text");
    if (!vector)
        sql_raw(sql, ")");
    if (filter->op == QUERY_FTS)
        sql_raw(sql, " @@ to_tsquery(");
    else if (filter->op == QUERY_PLFTS)
        sql_raw(sql, " @@ plainto_tsquery(");
    else if (filter->op == QUERY_PHFTS)
        sql_raw(sql, " @@ phraseto_tsquery(");
    else
        sql_raw(sql, " @@ websearch_to_tsquery(");
    language(sql, filter->language);
    sql_typed(sql, filter->value, (struct sql_type){STR("text")});
    sql_raw(sql, ")");
}

static void compare(struct select *select, const struct table *table, struct str alias,
                    const struct query_filter *filter, const struct column *column)
{
    struct sql *sql = &select->sql;
    struct operand operand = operand_of(column, &filter->path);
    struct sql_type type = operand.type;
    if (is_pattern(filter->op))
        type.name = STR("text");
    left(select, table, alias, filter, &operand);
    sign(sql, filter->op);
    if (filter->op == QUERY_IS)
        is_what(sql, filter->value);
    else if (filter->op == QUERY_IN || filter->quantifier != QUERY_ONE)
        several(sql, filter, type);
    else
        sql_typed(sql, filter->value, type);
}

static void condition(struct select *select, const struct table *table, struct str alias,
                      const struct query_node *node);

static void filter_of(struct select *select, const struct table *table, struct str alias,
                      const struct query_filter *filter)
{
    const struct column *column = select_column(select, table, filter->path.name);
    if (!column)
        return;
    if (filter->negated)
        sql_raw(&select->sql, "NOT ");
    sql_raw(&select->sql, "(");
    if (is_search(filter->op))
        search(select, table, alias, filter, column);
    else
        compare(select, table, alias, filter, column);
    sql_raw(&select->sql, ")");
}

static void joined(struct select *select, const struct table *table, struct str alias,
                   const struct query_node *node)
{
    if (node->negated)
        sql_raw(&select->sql, "NOT ");
    sql_raw(&select->sql, "(");
    for (size_t i = 0; i < node->part_count; i++) {
        if (i && node->kind == QUERY_OR)
            sql_raw(&select->sql, " OR ");
        else if (i)
            sql_raw(&select->sql, " AND ");
        condition(select, table, alias, &node->parts[i]);
    }
    sql_raw(&select->sql, ")");
}

static void condition(struct select *select, const struct table *table, struct str alias,
                      const struct query_node *node)
{
    if (node->kind == QUERY_FILTER)
        filter_of(select, table, alias, &node->filter);
    else
        joined(select, table, alias, node);
}

void select_conditions(struct select *select, const struct table *table, struct str alias,
                       const struct query_rows *rows)
{
    for (size_t i = 0; i < rows->filter_count; i++) {
        sql_raw(&select->sql, " AND ");
        condition(select, table, alias, &rows->filters[i]);
    }
}
