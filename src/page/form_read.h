/*
 * A submitted form as a change: which columns, their values, what they were
 * based on. Hand-written forms need only the version and their fields.
 */
#ifndef PG409_PAGE_FORM_READ_H
#define PG409_PAGE_FORM_READ_H

#include "web/claim.h"

struct submitted {
    struct change change;
    struct str version;           /* as it was sent, whichever field it came in; STR_NONE without */
    struct str base;              /* _base as it was sent; STR_NONE without */
    bool unresolved;              /* a clash was sent back without a choice */
    bool *asked;                  /* by column: that choice is missing */
    bool mine, theirs, own, both; /* what was chosen on a conflict page, somewhere */
};

/*
 * Reads work's form for a create, an update or a delete. False when the request
 * was answered: a name is unknown, the form mixes two versions, the version
 * cannot be read.
 */
bool form_read(struct work *work, enum change_op op, struct submitted *submitted);

/* The digest that ties table, key, version and base together: the field _form. */
struct str form_digest(struct work *work, struct str version, struct str base);

/* The fields as the field _columns names them. */
struct str form_columns(struct work *work, const struct field *fields, size_t count);

/* What the editor saw, as the field _base keeps it: {"title":"...","price":null}. */
struct str form_base(struct work *work, const struct field *fields, size_t count);

#endif
