/*
 * What --on-conflict says about each column of a conflict.
 */
#ifndef PG409_CLI_CLIENT_SETTLE_H
#define PG409_CLI_CLIENT_SETTLE_H

#include "cli/client_save.h"

/* saving.settle of set: what fits together is merged, what clashes is as --on-conflict says. */
enum settled client_settle(struct saving *saving, const struct client_problem *problem);

/*
 * Makes of the wish what is to be sent on the row as it is now, unless it clashes. False: it is not
 * needed any more. *clash is set when it clashes.
 */
bool settle_column(struct saving *saving, const struct client_problem *problem, struct wish *wish,
                   bool *clash);

/* Both sides of a text between markers, in arena; STR_NONE where they fit together or are none. */
struct str settle_marked(struct saving *saving, const struct client_column *column);

#endif
