#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/query.h"

#include "base/banned.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static enum err parse(struct arena *arena, struct str text, struct query *query, struct str *fault)
{
    struct form form;
    struct str bad;
    *fault = STR_NONE;
    assert_int_equal(form_parse(arena, text, 1000, &form, &bad), ERR_NONE);
    return query_parse(arena, &form, STR("_format"), query, fault);
}

static struct query good(void **state, struct str text)
{
    struct query query;
    struct str fault;
    assert_int_equal(parse(*state, text, &query, &fault), ERR_NONE);
    return query;
}

static void bad(void **state, struct str text, enum err expected, struct str words)
{
    struct query query;
    struct str fault;
    assert_int_equal(parse(*state, text, &query, &fault), expected);
    if (str_find(fault, words) == SIZE_MAX)
        fail_msg("“%.*s” is not in “%.*s”", STR_ARG(words), STR_ARG(fault));
}

static void assert_str(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("“%.*s” is not “%s”", STR_ARG(text), expected);
}

static void an_operator_and_its_value(void **state)
{
    struct query query = good(state, STR("id=not.in.(1,\"a,b\",\"q\\\"\")&_format=json"));
    const struct query_filter *filter = &query.rows.filters[0].filter;
    assert_int_equal(query.rows.filter_count, 1);
    assert_true(filter->negated && filter->op == QUERY_IN);
    assert_str(filter->value, "{\"1\",\"a,b\",\"q\\\"\"}");
    query = good(state, STR("title=like(any).{a*,b}&x=fts(german).katze&y=is.NOT_NULL"));
    assert_int_equal(query.rows.filters[0].filter.quantifier, QUERY_ANY);
    assert_str(query.rows.filters[0].filter.value, "{a%,b}");
    assert_str(query.rows.filters[1].filter.language, "german");
    assert_str(query.rows.filters[2].filter.value, "not_null");
    query = good(state, STR("a=eq.b.c,(d)\"")); /* at the end of a field nothing is special */
    assert_str(query.rows.filters[0].filter.value, "b.c,(d)\"");
}

static void conditions_nest(void **state)
{
    struct query query =
        good(state, STR("not.or=(a.eq.1,and(b.is.null,c.cs.{x,\"y)\"}),d.eq.\"e,f)\",g.eq.)"));
    const struct query_node *node = &query.rows.filters[0];
    assert_true(node->kind == QUERY_OR && node->negated && node->part_count == 4);
    assert_int_equal(node->parts[1].kind, QUERY_AND);
    assert_str(node->parts[1].parts[1].filter.value, "{x,\"y)\"}");
    assert_str(node->parts[2].filter.value, "e,f)");
    assert_str(node->parts[3].filter.value, "");
}

static void paths_and_quoted_names(void **state)
{
    struct query query = good(state, STR("\"a.b\\\"c\"->k->-1->>\"x->y\"=eq.1"));
    const struct query_path *path = &query.rows.filters[0].filter.path;
    assert_str(path->name, "a.b\"c");
    assert_int_equal(path->step_count, 3);
    assert_true(!path->steps[0].index && path->steps[1].index && path->steps[2].text);
    assert_str(path->steps[2].key, "x->y");
}

static void what_is_selected(void **state)
{
    struct query query =
        good(state,
             STR("select=*,n:title::text,data->>k,who:authors!fk!inner(*,id),b()&who.order=id.desc"
                 "&who.limit=2&who.or=(id.eq.1,id.eq.2)&order=a.desc.nullslast,b->c.nullsfirst"));
    assert_true(query.selects && query.item_count == 5);
    assert_int_equal(query.items[0].kind, QUERY_ITEM_ALL);
    assert_str(query.items[1].cast, "text");
    assert_str(query_item_name(&query.items[1]), "n");
    assert_str(query_item_name(&query.items[2]), "k");
    const struct query_item *embed = &query.items[3];
    assert_true(embed->kind == QUERY_ITEM_EMBED && embed->inner && embed->item_count == 2);
    assert_str(embed->hint, "fk");
    assert_str(embed->path.name, "authors");
    assert_true(embed->rows.limited && embed->rows.limit == 2 && embed->rows.order_count == 1);
    assert_int_equal(embed->rows.filters[0].kind, QUERY_OR);
    assert_int_equal(query.items[4].item_count, 0);
    assert_true(query.rows.orders[0].descending && query.rows.orders[0].nulls == QUERY_NULLS_LAST);
    assert_int_equal(query.rows.orders[1].path.step_count, 1);
    assert_false(good(state, STR("select=")).selects);
}

static void faults_name_what_is_wrong(void **state)
{
    bad(state, STR("id=foo.1"), ERR_SYNTAX, STR("“foo” is no operator"));
    bad(state, STR("id=1"), ERR_SYNTAX, STR("In “id”"));
    bad(state, STR("id=eq(some).1"), ERR_SYNTAX, STR("(some)"));
    bad(state, STR("id=neq(any).1"), ERR_SYNTAX, STR("(any)"));
    bad(state, STR("id=is.maybe"), ERR_SYNTAX, STR("maybe"));
    bad(state, STR("id=in.(1"), ERR_SYNTAX, STR("“)” is missing"));
    bad(state, STR("id=in.(1)2"), ERR_SYNTAX, STR("“2”"));
    bad(state, STR("or=(a.eq.1"), ERR_SYNTAX, STR("“)” is missing"));
    bad(state, STR("or=(a.eq.{1)"), ERR_SYNTAX, STR("brace"));
    bad(state, STR("or=(a.eq.\"1)"), ERR_SYNTAX, STR("quote"));
    bad(state, STR("select=a(b(c))"), ERR_TOO_DEEP, STR("one level"));
    bad(state, STR("select=...a(b)"), ERR_SYNTAX, STR("Spreading"));
    bad(state, STR("select=a::"), ERR_SYNTAX, STR("type"));
    bad(state, STR("select=a&select=b"), ERR_SYNTAX, STR("twice"));
    bad(state, STR("order=a&order=b"), ERR_SYNTAX, STR("twice"));
    bad(state, STR("order=a.sideways"), ERR_SYNTAX, STR("sideways"));
    bad(state, STR("limit=-1"), ERR_SYNTAX, STR("“-1” is no whole number"));
    bad(state, STR("authors.id=eq.1"), ERR_SYNTAX, STR("does not embed"));
    bad(state, STR("data->>a->b=eq.1"), ERR_SYNTAX, STR("->>a"));
}

/* "a->k->k...=eq.1", "or=(or(or(a.eq.1)))", "select=c,c,c": so many of them. */
static struct str steps(struct arena *arena, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    buf_char(&buf, 'a');
    for (size_t i = 0; i < count; i++)
        buf_text(&buf, "->k");
    buf_text(&buf, "=eq.1");
    return buf_slice(&buf);
}

static struct str nested(struct arena *arena, size_t depth)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    buf_text(&buf, "or=");
    for (size_t i = 1; i < depth; i++)
        buf_text(&buf, "(or");
    buf_text(&buf, "(a.eq.1)");
    for (size_t i = 1; i < depth; i++)
        buf_char(&buf, ')');
    return buf_slice(&buf);
}

static struct str several(struct arena *arena, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, 100000);
    buf_text(&buf, "select=c");
    for (size_t i = 1; i < count; i++)
        buf_text(&buf, ",c");
    return buf_slice(&buf);
}

static void limits_on_both_sides(void **state)
{
    struct query query = good(state, steps(*state, QUERY_MAX_STEPS));
    assert_int_equal(query.rows.filters[0].filter.path.step_count, QUERY_MAX_STEPS);
    bad(state, steps(*state, QUERY_MAX_STEPS + 1), ERR_SYNTAX, STR("not a column"));
    (void)good(state, nested(*state, QUERY_MAX_DEPTH));
    bad(state, nested(*state, QUERY_MAX_DEPTH + 1), ERR_TOO_DEEP, STR("too deeply"));
    assert_int_equal(good(state, several(*state, QUERY_MAX_ITEMS)).item_count, QUERY_MAX_ITEMS);
    bad(state, several(*state, QUERY_MAX_ITEMS + 1), ERR_TOO_MANY, STR("too much"));
}

static void names_in_a_list(void **state)
{
    struct str *names, fault;
    size_t count;
    assert_int_equal(query_names(*state, STR("a,\"b,c\", d"), &names, &count, &fault), ERR_NONE);
    assert_int_equal(count, 3);
    assert_str(names[1], "b,c");
    assert_str(names[2], "d");
    assert_int_equal(query_names(*state, STR(""), &names, &count, &fault), ERR_NONE);
    assert_int_equal(count, 0);
    assert_int_equal(query_names(*state, STR("a,,b"), &names, &count, &fault), ERR_SYNTAX);
    assert_int_equal(query_names(*state, STR("a(b"), &names, &count, &fault), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_operator_and_its_value, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_nest, setup, teardown),
        cmocka_unit_test_setup_teardown(paths_and_quoted_names, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_selected, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_name_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_on_both_sides, setup, teardown),
        cmocka_unit_test_setup_teardown(names_in_a_list, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
