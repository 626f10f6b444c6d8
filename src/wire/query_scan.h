/*
 * The pieces that query.c, query_filter.c and query_select.c are made of;
 * nothing else includes this. The first fault stays and stops the rest.
 */
#ifndef PG409_WIRE_QUERY_SCAN_H
#define PG409_WIRE_QUERY_SCAN_H

#include "wire/query.h"

struct query_scan {
    struct arena *arena;
    const char *at, *end;
    enum err err;
    struct str fault; /* a sentence */
};

/* Keeps the first fault: a sentence made of a format and one text. Returns false. */
bool query_fault(struct query_scan *scan, enum err err, const char *format, struct str text);

/* What is left to read. */
struct str query_rest(const struct query_scan *scan);
/* Whether text stands here. */
bool query_sees(const struct query_scan *scan, struct str text);
/* Passes over text if it stands here. */
bool query_takes(struct query_scan *scan, struct str text);
/* Demands that text stands here. */
bool query_needs(struct query_scan *scan, struct str text);

/* A name, quoted or not: up to one of . , ( ) : ! or an arrow. False and a fault when it is empty.
 */
bool query_name(struct query_scan *scan, struct str *name);
/* A text in double quotes, backslash before what is meant literally. */
bool query_quoted(struct query_scan *scan, struct str *text);
/* The steps into json that may follow a name. */
bool query_steps(struct query_scan *scan, struct query_path *path);
/* A name and its steps. */
bool query_path(struct query_scan *scan, struct query_path *path);

/* "op.value", with "not." before it; in a condition of and()/or() the value ends there. */
bool query_condition(struct query_scan *scan, bool nested, struct query_filter *filter);
/* "(a.eq.1,or(...))": what and= and or= hold. */
bool query_logic(struct query_scan *scan, unsigned depth, struct query_node *node);

/* All of a select. */
bool query_select(struct query_scan *scan, struct query *query);

/*
 * Room for one thing more at the end of an array that grows in the arena, zeroed;
 * NULL and a fault beyond QUERY_MAX_ITEMS.
 */
void *query_more(struct query_scan *scan, void **array, size_t *count, size_t size);

#endif
