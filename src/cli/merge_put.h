/*
 * A merge as text with markers, or as JSON.
 */
#ifndef PG409_CLI_MERGE_PUT_H
#define PG409_CLI_MERGE_PUT_H

#include "merge/merge3.h"

struct merge_put {
    const char *base, *yours, *current; /* what the markers call them */
    bool diff3;                         /* base is shown too */
};

/* The merged text; each clash, which is whole lines, between markers as git's. */
void merge_put_text(struct buf *out, struct arena *arena, const struct merge *merge,
                    const struct merge_put *how);

/*
 * One object: "clashes", "too_different", "text" (null where something clashes) and "hunks", each
 * with "kind", "at" (where it begins in each text, in bytes with LF for CRLF), and "text", or for
 * what is not the same in all "base", "yours", "current".
 */
void merge_put_json(struct buf *out, struct arena *arena, const struct merge *merge);

#endif
