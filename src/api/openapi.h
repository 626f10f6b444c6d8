/*
 * GET / as JSON: an OpenAPI 3.1 document of what this database user may do with
 * the tables of the catalog.
 */
#ifndef PG409_API_OPENAPI_H
#define PG409_API_OPENAPI_H

#include "web/work.h"

void openapi(struct work *work);

/* The paths of one table, and its schemas; for openapi.c alone. */
void openapi_paths(struct work *work, const struct table *table);
void openapi_schemas(struct work *work, const struct table *table);

/* What does not depend on the tables: parameters, headers, responses, the schema of a problem. */
void openapi_components(struct work *work);

/*
 * A name for components and operations out of a table's: what is not a letter, a
 * digit, '_' or '-' becomes '.' and two hex digits, so that no two are the same.
 */
void openapi_name(struct buf *out, struct str name);

/* Sends on what has come together, when that is much. */
void openapi_flush(struct work *work);

#endif
