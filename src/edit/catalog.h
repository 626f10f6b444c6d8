/*
 * What may be edited: the tables of one schema, as PostgreSQL's catalog and the
 * privileges of the database user describe them. Read in one query, kept until
 * it is read again; nothing in it changes in between.
 */
#ifndef PG409_EDIT_CATALOG_H
#define PG409_EDIT_CATALOG_H

#include "edit/policy.h"
#include "db/sql.h"
#include "db/talk.h"
#include "wire/settings.h"

#define MAX_KEY 16

enum kind {
    KIND_TEXT, /* text, varchar, char, citext, name */
    KIND_BOOLEAN,
    KIND_INTEGER,
    KIND_NUMERIC,
    KIND_FLOAT,
    KIND_DATE,
    KIND_TIME,
    KIND_TIMESTAMP,
    KIND_TIMESTAMPTZ,
    KIND_ENUM,
    KIND_JSON,
    KIND_ARRAY,
    KIND_BYTEA,
    KIND_UUID,
    KIND_OTHER /* anything with a text form: interval, inet, ranges, composites */
};

struct table;

struct column {
    struct str name;
    struct str comment;             /* without its policy; STR_NONE without one */
    struct policy policy;           /* how it is merged */
    struct sql_expression standard; /* its default */
    struct sql_type type;           /* with its modifier: numeric(10,2) */
    struct sql_type base_type;      /* without: casting to it never cuts a value short */
    struct sql_type value_type;     /* what a submitted value is cast to: type where that rounds as
                                       storing does, base_type where it would truncate */
    enum kind kind;
    unsigned max_chars; /* 0: no limit */
    unsigned digits;    /* of a timestamp's fraction */
    bool not_null;
    bool has_default;
    bool generated; /* computed from others: never written */
    bool identity_always;
    bool automatic; /* identity, or its default takes a sequence's next value */
    bool can_select, can_insert, can_update;
    unsigned key_position; /* from 1; 0: not in the key */
    struct str *labels;    /* of an enum */
    size_t label_count;
    struct str reference_table; /* a foreign key of this one column; STR_NONE without one */
    struct str reference_column;
};

struct unique {
    struct str name; /* of the index or constraint */
    const struct column **columns;
    size_t count;
};

/* A foreign key of one or several columns, to a table of the same schema. */
struct foreign_key {
    struct str name;
    struct str target; /* the table referred to */
    struct str *columns, *target_columns;
    size_t count;
};

enum version_kind { VERSION_XMIN, VERSION_TIMESTAMPTZ, VERSION_TIMESTAMP, VERSION_INTEGER };

struct table {
    struct str schema;
    struct str name;
    struct str comment;
    struct column *columns;
    size_t column_count;
    const struct column *key[MAX_KEY];
    size_t key_count;             /* 0: no primary key, so not editable */
    const struct column *version; /* NULL for VERSION_XMIN */
    enum version_kind version_kind;
    bool protected;             /* a trigger keeps the version for every writer */
    bool history;               /* another one keeps every state, which may be read */
    const struct column *user;  /* who changed it last; NULL when no column says */
    const struct column *label; /* what to call a row by; NULL: its key */
    bool can_select, can_insert, can_update, can_delete;
    bool row_security; /* policies apply to the database user */
    int64_t estimate;  /* rows, as the planner believes; -1: unknown */
    struct unique *uniques;
    size_t unique_count;
    struct foreign_key *foreign_keys;
    size_t foreign_key_count;
};

struct catalog {
    struct arena arena;
    struct table *tables; /* in the order of their names' bytes */
    size_t table_count;
    bool receipts;   /* pg409.receipt is there and may be written */
    bool row_exists; /* pg409.row_exists is there and may be called */
    bool conflicts;  /* pg409.conflict is there and may be written: refused edits can be kept */
    bool reports;    /* and it has room for what the report tells */
    bool histories;  /* pg409.history is there and may be read */
    bool opened;     /* pg409.opened is there and may be written */
    bool files;      /* the tables of files are there and may be written */
};

/* Asks for the catalog of settings->schema: two statements, from answer 0 on. */
void catalog_ask(struct talk *talk, const struct settings *settings);

/* Builds a catalog from those two answers; owned by the caller, freed by catalog_free. */
struct catalog *catalog_build(const struct answer *tables, const struct answer *schema,
                              const struct settings *settings);
/* catalog may be NULL. */
void catalog_free(struct catalog *catalog);

/* The table of that name, editable or not; NULL when there is none. */
const struct table *catalog_table(const struct catalog *catalog, struct str name);
/* The column of that name, or NULL. */
struct column *table_column(const struct table *table, struct str name);
/* The unique index of that name if it is on plain columns, or NULL. */
const struct unique *table_unique(const struct table *table, struct str name);

/* Whether a write may name this column: not generated, not the version, and privilege is there. */
bool column_writable(const struct table *table, const struct column *column, bool creating);
/* Whether only a missing privilege keeps a write from naming this column. */
bool column_forbidden(const struct table *table, const struct column *column, bool creating);
/* Whether a form can show a control for it: writable, readable and not binary. */
bool column_editable(const struct table *table, const struct column *column, bool creating);

#endif
