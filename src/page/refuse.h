/*
 * Pages about problems, and the small addresses: health, style sheet.
 */
#ifndef PG409_PAGE_REFUSE_H
#define PG409_PAGE_REFUSE_H

#include "page/shell.h"

/* Answers a refusal as a page or as application/problem+json (RFC 9457); the status is set. */
void refuse(struct work *work, struct refusal refusal);

/* GET /_problems/NAME: what it means and what to do. */
void refuse_explain(struct work *work);

/* GET /_health: 200 and "ok" when the database answers. */
void health(struct work *work);

/* GET /_static/NAME */
void static_file(struct work *work);

#endif
