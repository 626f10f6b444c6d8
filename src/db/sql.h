/*
 * SQL out. Raw SQL can only be a string literal; names are quoted, values are
 * parameters, types are what the catalog gave.
 */
#ifndef PG409_DB_SQL_H
#define PG409_DB_SQL_H

#include "base/str.h"
#include "db/talk.h"

/* A type as PostgreSQL's format_type() wrote it: already quoted where it has to be. */
struct sql_type {
    struct str name;
};

/* An expression as PostgreSQL's pg_get_expr() wrote it: a column's default. */
struct sql_expression {
    struct str text; /* STR_NONE without one */
};

/* A statement that PostgreSQL's format() made, its names and values quoted there. */
struct sql_statement {
    struct str text;
};

struct sql {
    struct arena *arena;
    struct buf text;
    const char **values;
    size_t count;
    size_t cap;
    size_t bytes; /* the number of the parameter that is bytes; 0: none is */
    size_t bytes_len;
    bool as_bytes; /* what it returns comes as bytes */
};

void sql_init(struct sql *sql, struct arena *arena);

/* SQL as it stands: a literal, a variable does not compile. */
#define sql_raw(sql, literal) buf_add(&(sql)->text, "" literal "", sizeof("" literal "") - 1)

/* A name in double quotes. */
void sql_ident(struct sql *sql, struct str name);
/* schema.name */
void sql_name(struct sql *sql, struct str schema, struct str name);
/* A new parameter, written as $n; STR_NONE is NULL. Returns n. */
size_t sql_value(struct sql *sql, struct str value);
/* A new parameter for which the text has its $n already. Returns n. */
size_t sql_param(struct sql *sql, struct str value);
/* The same for a bytea: the bytes as they are, at most one a statement; they stay where they are
 * until the answer is there. */
size_t sql_bytes(struct sql *sql, struct str bytes);
/* A new parameter with its type, written as $n::type. Returns n. */
size_t sql_typed(struct sql *sql, struct str value, struct sql_type type);
/* Parameter n once more, with its type. */
void sql_again(struct sql *sql, size_t n, struct sql_type type);
void sql_type(struct sql *sql, struct sql_type type);
/* The expression in parentheses; NULL without one. */
void sql_expression(struct sql *sql, struct sql_expression expression);
void sql_statement(struct sql *sql, struct sql_statement statement);
/* A whole number as it stands. */
void sql_number(struct sql *sql, uint64_t number);
/* Asks it; returns the index of the answer. */
size_t sql_ask(struct sql *sql, struct talk *talk);

#endif
