/*
 * How a column is merged, as its comment says. Contract, section 6.
 */
#ifndef PG409_EDIT_POLICY_H
#define PG409_EDIT_POLICY_H

#include "base/str.h"

enum policy_kind {
    POLICY_ASK,    /* both changed it: a text is merged where that is safe, else they are asked */
    POLICY_ATOMIC, /* they are always asked */
    POLICY_DELTA,  /* a number: both changes count */
    POLICY_SET,    /* an array: what either added is in, what either removed is out */
    POLICY_IGNORE  /* what others make of it does not count: jobs in the background do */
};

struct policy {
    enum policy_kind kind;
    struct str group; /* columns that change together; STR_NONE: none */
};

/*
 * Reads what stands behind "pg409:" in a column's comment, up to the end of the line: words like
 * merge=ask, =atomic, =delta, =set, =ignore (or just ignore), group=price, with commas or blanks
 * between them. Other words mean nothing. Returns the comment before it, which is for people;
 * STR_NONE when nothing is left. The group is a slice of the comment.
 */
struct str policy_take(struct str comment, struct policy *policy);

#endif
