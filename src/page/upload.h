/*
 * An upload that met a name that is taken: both files side by side, and the ways out.
 */
#ifndef PG409_PAGE_UPLOAD_H
#define PG409_PAGE_UPLOAD_H

#include "web/delivery.h"

/* The page of one upload: kept, under way or done. */
void upload_page(struct delivery *delivery);

/* Several that came with one form: what was stored, and a section for each that was not. */
void upload_page_several(struct work *work, struct delivery *const *deliveries, size_t count);

/* "Your unfinished uploads", from the answer of upload_ask_kept; nothing when it has no rows. */
void upload_section(struct work *work, const struct answer *answer);

#endif
