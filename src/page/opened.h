/*
 * "anna opened this 3 minutes ago": said on a form, so that people can talk before they clash.
 */
#ifndef PG409_PAGE_OPENED_H
#define PG409_PAGE_OPENED_H

#include "page/shell.h"

/* Whether it is noted, and shown, who opens the row of this request. */
bool opened_counts(struct work *work);

/*
 * The notice, from an answer of opened_ask; nothing when nobody else has it open. Whether there is
 * a note already that this user has.
 */
bool opened_notice(struct work *work, const struct answer *answer);

#endif
