/*
 * What a list is asked for behind the '?': select, filters, order, limit, in the
 * grammar that clients of PostgREST speak. Names only: what they mean, the
 * catalog knows. Everything points into the given texts or lies in the arena.
 */
#ifndef PG409_WIRE_QUERY_H
#define PG409_WIRE_QUERY_H

#include "wire/form.h"

#define QUERY_MAX_STEPS 10  /* of a path into json */
#define QUERY_MAX_DEPTH 10  /* of and(or(...)) */
#define QUERY_MAX_ITEMS 500 /* of one list: columns, terms of an order, conditions */

/* One step into json: ->key gives json, ->>key gives text. */
struct query_step {
    struct str key;
    bool index; /* a whole number: an array's item */
    bool text;
};

/* A column, and where to look inside of it. */
struct query_path {
    struct str name;
    const struct query_step *steps;
    size_t step_count;
};

enum query_op {
    QUERY_EQ,
    QUERY_NEQ,
    QUERY_GT,
    QUERY_GTE,
    QUERY_LT,
    QUERY_LTE,
    QUERY_LIKE,
    QUERY_ILIKE,
    QUERY_MATCH,
    QUERY_IMATCH,
    QUERY_IN,
    QUERY_IS,
    QUERY_ISDISTINCT,
    QUERY_FTS,
    QUERY_PLFTS,
    QUERY_PHFTS,
    QUERY_WFTS,
    QUERY_CS,
    QUERY_CD,
    QUERY_OV,
    QUERY_SL,
    QUERY_SR,
    QUERY_NXR,
    QUERY_NXL,
    QUERY_ADJ
};

enum query_quantifier { QUERY_ONE, QUERY_ANY, QUERY_ALL };

struct query_filter {
    struct query_path path;
    bool negated;
    enum query_op op;
    enum query_quantifier quantifier;
    struct str language; /* of a text search: fts(german); STR_NONE without */
    struct str value;    /* as it was given; for QUERY_IN an array literal of PostgreSQL */
};

enum query_kind { QUERY_FILTER, QUERY_AND, QUERY_OR };

/* A condition: a filter, or several joined. */
struct query_node {
    enum query_kind kind;
    bool negated; /* of a joined one; a filter has its own */
    struct query_filter filter;
    struct query_node *parts;
    size_t part_count;
};

enum query_nulls { QUERY_NULLS_USUAL, QUERY_NULLS_FIRST, QUERY_NULLS_LAST };

struct query_order {
    struct query_path path;
    bool descending;
    enum query_nulls nulls;
};

/* The rows of one table: those of the list itself, or those embedded in each of its rows. */
struct query_rows {
    struct query_node *filters; /* all of them have to hold */
    size_t filter_count;
    struct query_order *orders;
    size_t order_count;
    bool limited;
    uint64_t limit, offset;
};

/* One part of select: a column (path), all columns ('*'), or rows of a related table (items). */
struct query_item {
    enum { QUERY_ITEM_COLUMN, QUERY_ITEM_ALL, QUERY_ITEM_EMBED } kind;
    struct str alias; /* STR_NONE without */
    struct query_path path;
    struct str cast; /* STR_NONE without */
    /* of QUERY_ITEM_EMBED; its name is path.name */
    struct str hint; /* which foreign key: STR_NONE without */
    bool inner;      /* rows without related ones are left out */
    struct query_item *items;
    size_t item_count;
    struct query_rows rows;
};

struct query {
    bool selects; /* select was given */
    struct query_item *items;
    size_t item_count;
    struct query_rows rows;
};

/*
 * Reads the fields of a query string. Those in passed (names separated by commas)
 * are passed over: they are not its own. A column of such a name is written in
 * double quotes.
 * On a fault ERR_SYNTAX, ERR_TOO_MANY or ERR_TOO_DEEP, and *fault is a sentence
 * that names what is wrong, in arena.
 */
enum err query_parse(struct arena *arena, const struct form *form, struct str passed,
                     struct query *query, struct str *fault) MUST_CHECK;

/*
 * Names separated by commas, each in double quotes or without: columns=, on_conflict=. At most
 * QUERY_MAX_ITEMS. Faults as above.
 */
enum err query_names(struct arena *arena, struct str text, struct str **names, size_t *count,
                     struct str *fault) MUST_CHECK;

/* The name that an item has in the answer: its alias, the last key of its path, or its column. */
struct str query_item_name(const struct query_item *item);

#endif
