/*
 * POST /_batch: several changes on several tables, each with its version, all or
 * none. Each goes the way of a single one, within one transaction.
 */
#ifndef PG409_API_BATCH_H
#define PG409_API_BATCH_H

#include "web/work.h"

void batch(struct work *work);

#endif
