/*
 * The groups of a report as they are shown: what each is called, what its columns are.
 */
#ifndef PG409_PAGE_REPORT_SHAPE_H
#define PG409_PAGE_REPORT_SHAPE_H

#include "edit/report.h"

#define SHAPE_COLUMNS 5

enum cell {
    CELL_NONE,
    CELL_TEXT,
    CELL_PERSON, /* NULL: somebody who is not known */
    CELL_TABLE,  /* schema.name; without the schema for people */
    CELL_KEY,    /* of a row of the table in the first column */
    CELL_HOUR,   /* of UTC */
    CELL_WHEN,   /* an instant */
    CELL_NUMBER,
    CELL_SECONDS, /* NULL: never */
    CELL_END,     /* what became of a conflict */
};

struct shape {
    enum report_group group;
    unsigned bars; /* 1: a picture of the second column's numbers; 2: of the third's in front too */
    const char *title;
    struct {
        enum cell cell;
        const char *head; /* for people */
        const char *name; /* for programs */
    } columns[SHAPE_COLUMNS + 1];
};

/* Those that are shown, in their order; the last has no title. */
extern const struct shape report_shapes[];

/* The shape of that name (the query parameter "by"), or NULL. */
const struct shape *report_shape(struct str name);

/* The words for what became of a conflict. */
struct str report_end_words(struct str end);

#endif
