/*
 * Answers by hand, for tests of what asks the database: a catalog from a list
 * of columns, cells from C strings, continuations called as a driver would.
 */
#ifndef PG409_TESTS_FEED_H
#define PG409_TESTS_FEED_H

#include "edit/catalog.h"

/* A row of the catalog query, in its order; NULL takes the usual value. */
struct feed_column {
    const char *table, *comment, *estimate, *may_delete, *security, *guarded, *recorded, *uniques,
        *foreign;
    const char *name, *type, *base_type, *typname, *typtype, *category, *typmod, *not_null;
    const char *standard, *identity, *generated, *note, *can_select, *can_insert, *can_update;
    const char *key, *labels, *ref_table, *ref_column;
};

/* An answer of rows times columns cells; NULL is SQL NULL. */
struct answer feed_answer(struct arena *arena, size_t rows, size_t columns,
                          const char *const *cells);

/* The catalog of those columns; freed by the caller with catalog_free. */
struct catalog *feed_catalog(struct arena *arena, const struct feed_column *columns, size_t count,
                             const struct settings *settings);

/* What a statement asked says, and a parameter of it (from 1; STR_NONE is NULL). */
struct str feed_sql(const struct talk *talk, size_t index);
struct str feed_value(const struct talk *talk, size_t index, size_t n);

/* Fails the talk as the driver does. */
void feed_failure(struct talk *talk, const char *sqlstate, const char *table,
                  const char *constraint);

/* Calls who continues; counts a round trip. */
void feed_then(struct talk *talk);

/* Whether func(arg) ends in abort(), tried in a process of its own. */
bool feed_aborts(void (*func)(void *arg), void *arg);

#endif
