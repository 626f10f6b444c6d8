/*
 * The conditional write, and what became of it. One way for forms and JSON: a
 * change says what the editor wants and on which version it is based; save_row
 * asks the database, tells the causes of "no row" apart, and calls back with an
 * outcome. A conflict is an outcome, not an error.
 */
#ifndef PG409_EDIT_SAVE_H
#define PG409_EDIT_SAVE_H

#include "edit/row.h"
#include "merge/row.h"
#include "wire/settings.h"

enum change_op { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };

/* One column of a change. */
struct field {
    const struct column *column;
    struct str value;  /* what the editor wants, text; STR_NONE is NULL */
    struct str json;   /* the same as JSON, as it was sent; STR_NONE when it came from a form */
    bool nested;       /* PostgreSQL reads the value from json: an array for an array column */
    bool standard;     /* the column's default instead of a value */
    bool row_newlines; /* lines end as they do in the row: no base tells how */
    bool kept;         /* part of the form, but not changed by the editor: never written */
    bool has_base;
    struct str base;                /* what the editor saw, text; STR_NONE is NULL */
    struct str base_json;           /* the same as JSON, as it was sent */
    bool base_nested;               /* as nested, for the base */
    size_t yours_param, base_param; /* scratch of the query that compares them */
    /* what save_row found out when it had to look */
    bool compared;
    bool is_current;         /* yours is what is stored now */
    bool is_as_seen;         /* what is stored now is what the editor saw */
    bool yours_is_base;      /* nothing was changed in it */
    bool base_past;          /* the base is looked up in the history */
    struct str current;      /* text */
    struct str current_json; /* when the change wants JSON */
    struct str merged;       /* ROW_MERGED: what both made of it, text */
    struct str merged_json;  /* the same as JSON, where it is not a text */
    enum row_merge merge;
};

/* Several rows that are created together: a JSON array of objects. */
struct bulk {
    struct str json; /* valid JSON; PostgreSQL reads the values out of it */
    size_t rows;
    const struct column **columns; /* those that are written */
    size_t column_count;
    bool texts;      /* every value is a text or null, also that of a json column */
    bool defaults;   /* a member that is absent gets its column's default, not NULL */
    bool pass_taken; /* rows whose values are taken already are passed over */
    const struct column **conflict; /* only where these columns are the ones taken; none: any */
    size_t conflict_count;
};

struct change {
    enum change_op op;
    const struct bulk *bulk; /* CHANGE_CREATE of several rows, instead of fields; NULL: one row */
    const struct table *table;
    struct key key; /* of the row; for CHANGE_CREATE unused */
    struct field *fields;
    size_t field_count;
    bool versioned; /* version is given */
    struct version version;
    bool any;                      /* "whatever is there": no version is compared */
    bool strict;                   /* If-Match: nothing is rebased */
    bool restoring;                /* creates with a key that the database would make itself */
    bool at_address;               /* creates under the key of its address, if that is free */
    bool json;                     /* the outcome carries rows as JSON */
    const struct query *show;      /* what of the row the outcome shows; NULL: all of it */
    const struct catalog *catalog; /* where show finds related tables */
    bool without_row;              /* the answer does not show the row: nothing of it is read */
    struct str user;               /* STR_NONE: nobody is logged in */
    struct str token;              /* of this form, or an Idempotency-Key; STR_NONE without */
    struct str mark;   /* random, of this request: tells it from another that says the same */
    struct str digest; /* of what it says, for its receipt; save_row fills it in */
    struct str park;   /* under this code; save_row makes one up where it is STR_NONE */
    enum auto_merge auto_merge;
    bool past; /* what it is based on comes from the history: that explains, and decides nothing */
    struct str resolution; /* what is noted of that parked edit when this is saved; STR_NONE: it was
                              parked by this very save, and goes */
    struct str replaced; /* and what a merge wrote: {"column": [before, after]}, it can be undone */
    bool parks;          /* is kept for its editor if it is refused */
    bool receipts;       /* may be written: the schema is installed */
    bool row_exists;     /* pg409.row_exists may be asked */
};

enum outcome_kind {
    OUTCOME_SAVED,
    OUTCOME_ALREADY_APPLIED,
    OUTCOME_REBASED,
    OUTCOME_MERGED,
    OUTCOME_UNCHANGED,
    OUTCOME_CONFLICT,
    OUTCOME_REFUSED
};

struct outcome {
    enum outcome_kind kind;
    enum reason reason;     /* REASON_NONE unless conflict or refused */
    struct version version; /* the row's now: saved, or current in a conflict */
    bool has_version;
    struct str key;        /* the row's address segment; STR_NONE for a create that failed */
    struct str json;       /* the row now, when the change wants JSON */
    struct str shown;      /* what change.show selects of it */
    struct db_error error; /* when PostgreSQL refused */
    struct str *texts;     /* the current row, a text a column, when it was looked at */
    struct str changed_by; /* who saved current; STR_NONE: unknown */
    struct str changed_at; /* when, RFC 3339; STR_NONE: unknown */
    bool cut_short;        /* the version lost digits on its way */
    bool looked_back;      /* receipts were asked whether this change came before under its key */
    bool repeat;           /* and they say so */
    bool parked;           /* it is kept under change.park */
    struct str other_key;  /* duplicate: the address segment of the row that has the value */
    struct str hint_table; /* referenced: who still refers to it */
};

struct save {
    struct change change;
    struct talk *talk;
    struct outcome outcome;
    void (*done)(struct save *save);
    void *ctx; /* of done */
    /* how far it is */
    size_t row_answer, receipt_answer, exists_answer, park_answer, past_answer;
    bool parking;   /* asked for, with the look */
    bool reviewing; /* nothing is to be written */
    unsigned rebases;
    bool own;               /* a create under a token of our own */
    bool overwrites;        /* "whatever is there", sent again on the version that is found */
    struct key moved;       /* the change gives the row this key: looked for there as well */
    struct outcome missing; /* what was found out at the old one */
    struct field *unmerged; /* the fields as they came, while what was merged is being saved */
    struct str unresolved;  /* and the resolution */
    struct version claimed; /* before the first of them */
};

/*
 * Starts save->change; save->done is called when save->outcome is there. save
 * and all it points to live in talk->arena. Sets talk->repeatable, so that a
 * lost connection is survived where that cannot do the change twice; where receipts are written
 * that is every change, and the answer says what really happened.
 */
void save_row(struct save *save);

/*
 * Finds out what would become of save->change, an update, without making it: OUTCOME_UNCHANGED
 * when the row is still as the editor saw it, OUTCOME_ALREADY_APPLIED when it holds all of it
 * already, else a conflict or refusal. Fields are compared in each case.
 */
void save_review(struct save *save);

/* The reason under which a change is parked before it is known why it was refused. */
struct str save_likely(const struct change *change);

/*
 * The column whose value PostgreSQL refused, as far as its error tells; NULL
 * when that is not one column, or the outcome is none of PostgreSQL's making.
 */
const struct column *save_wrong_column(const struct save *save);

/* The field of that column, or NULL. */
struct field *change_field(const struct change *change, const struct column *column);

/* Whether its client says by an Idempotency-Key which changes are repeats of one another. */
bool change_keyed(const struct change *change);

/* "saved", "conflict" and so on: the header PG409-Outcome. Static. */
const char *outcome_name(enum outcome_kind kind);

#endif
