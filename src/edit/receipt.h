/*
 * Receipts: who saved which version with which form, written in the same
 * transaction as the save. Contract, section 5.
 */
#ifndef PG409_EDIT_RECEIPT_H
#define PG409_EDIT_RECEIPT_H

#include "edit/save.h"

/* ", r AS (INSERT INTO pg409.receipt ... SELECT ... FROM w)": w holds _key and _version. */
void receipt_write(struct sql *sql, const struct change *change);

/* Asks for the newest receipts of the change's row; the index of the answer. */
size_t receipt_ask(struct talk *talk, const struct change *change);

struct receipt {
    bool found;
    struct version version;
    struct str op, user, token, at; /* at as RFC 3339 */
    struct str digest;              /* of what the change said */
};

/* The newest receipt of that answer that is about this version, or (op delete) the newest at all.
 */
struct receipt receipt_of(struct arena *arena, const struct table *table,
                          const struct answer *answer, const struct version *version);

/*
 * The newest receipt of that answer that this very change left: same user, same digest, and the
 * same token: two programs of one user that add one to the same row say the same, and mean two.
 */
struct receipt receipt_of_change(struct arena *arena, const struct answer *answer,
                                 const struct change *change);

/* Asks which row a create with this token made. Returns the index of the answer. */
size_t receipt_ask_created(struct talk *talk, const struct change *change);

struct created {
    struct str key;    /* the row's address segment; STR_NONE when there is no such receipt */
    struct str digest; /* of what the create said */
    struct key row;    /* the same as values */
    size_t value_count;
    struct version version; /* as it was made, when has_version */
    bool has_version;
};

/* That answer taken apart; table is the one that the change is about. All of it in arena. */
struct created receipt_created(struct arena *arena, const struct table *table,
                               const struct answer *answer);

/* Asks for receipts older than days to be deleted, a thousand at most. */
void receipt_expire(struct talk *talk, uint64_t days);

#endif
