/*
 * One row as a form: to look at, to change, to create, to delete.
 */
#ifndef PG409_PAGE_EDIT_H
#define PG409_PAGE_EDIT_H

#include "page/form_read.h"

/* GET /T/K, GET /T/_new: the form. */
void edit_show(struct work *work);
void edit_new(struct work *work);

/* POST /T/K, POST /T, DELETE /T/K as a form. */
void edit_save(struct work *work);
void edit_create(struct work *work);
void edit_delete(struct work *work);

/* How a form looks that is shown: what stands in it and what is said about it. */
struct edit_view {
    bool creating;
    struct str version;         /* the token it carries; STR_NONE without */
    struct str base;            /* _base as it will be sent; STR_NONE without */
    struct str token;           /* _token */
    const struct field *fields; /* the controls, in their order, value is what they hold */
    size_t field_count;
    const struct str *texts;    /* by column, for those that are only shown; NULL without */
    struct str message;         /* above the form, STR_NONE without */
    struct str link;            /* an address segment of this table that message speaks of */
    const struct column *wrong; /* the column that message is about, NULL for all */
    bool restoring;
    struct str next;         /* _next, kept; STR_NONE without */
    const struct save *save; /* of which it is the form again; NULL: it is the first time */
};

/* Asks for the choices of the foreign keys among the fields, from answer on. */
void edit_ask_choices(struct work *work, const struct field *fields, size_t count);

/* The form itself, without the page around it; choices were asked from answer first on. */
void edit_form(struct work *work, const struct edit_view *view, size_t first);

/* What can be read but not changed, as a list. */
void edit_shown(struct work *work, const struct edit_view *view);

/* The hidden fields that make three-way merging possible. */
void edit_hidden(struct work *work, const struct edit_view *view);

/* A single hidden field; name is markup-safe. */
void edit_hidden_field(struct work *work, struct str name, struct str value);

/* Label, help and control of one field; choices NULL without. */
void edit_field(struct work *work, const struct field *field, const struct answer *choices,
                struct str message);

#endif
