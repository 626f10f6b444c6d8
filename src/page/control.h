/*
 * The right control for each type of column.
 */
#ifndef PG409_PAGE_CONTROL_H
#define PG409_PAGE_CONTROL_H

#include "page/shell.h"

/* The choices for a foreign key: value and label a row; NULL where they are typed in. */
struct choices {
    const struct answer *answer;
};

/*
 * The control with its name and id ("f-" and the name), holding value; STR_NONE
 * is NULL. describes are ids for aria-describedby, STR_NONE for none; invalid
 * marks it for screen readers.
 */
void control(struct work *work, const struct column *column, struct str value,
             const struct answer *choices, struct str describes, bool invalid);

/* Whether a checkbox stands for it: off is then not sent at all. */
bool control_is_checkbox(const struct column *column);

/* "yes" or "no" for a boolean's text, "true" or "false". */
struct str control_words(struct str boolean);

/* A value for reading, not for editing: long texts whole, NULL as a dash. */
void control_show(struct work *work, const struct column *column, struct str value);

/* The id of a column's control: "f-" and its name, made safe. */
void control_id(struct buf *buf, const struct column *column);

#endif
