/*
 * What every answer and every write leaves behind: request id, timing, safety
 * headers; one line in the error log.
 */
#ifndef PG409_WEB_WRITELOG_H
#define PG409_WEB_WRITELOG_H

#include "web/work.h"

/* X-Request-Id, Server-Timing, Content-Security-Policy and the like; unless they are out already.
 */
void writelog_headers(struct work *work);

/*
 * One line "key=value ..." for a write, and for an answer of 500 and above:
 * request id, user, method, table, key, outcome, reason, columns, base and
 * current version, status, milliseconds. No values of the row.
 */
void writelog_line(struct work *work);

#endif
