/*
 * The route table of the whole program.
 */
#ifndef PG409_API_ROUTES_H
#define PG409_API_ROUTES_H

#include "web/route.h"

/* Ends with a NULL pattern. */
extern const struct route routes[];

#endif
