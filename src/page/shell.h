/*
 * What every page has: head, navigation, foot; and the small pieces that pages
 * share.
 */
#ifndef PG409_PAGE_SHELL_H
#define PG409_PAGE_SHELL_H

#include "web/work.h"
#include "wire/html.h"

/* The body under way. */
#define OUT(work) (&(work)->reply.body)

/* Head and navigation; title is text. The table of the route is named in the way back. */
void page_begin(struct work *work, struct str title);
void page_end(struct work *work);

/* An address of ours inside an attribute: href="/desk/articles/42". name is a literal. */
#define page_link(work, name, table, key)                                                          \
    (html_raw(OUT(work), " " name "=\""), work_link((work), OUT(work), (table), (key)),            \
     html_raw(OUT(work), "\""))

/* "created at" for created_at: a column's name as a label. */
void page_label(struct work *work, const struct column *column);

/* A form field's name for a column: a leading underscore is doubled. */
void page_field_name(struct buf *buf, const struct column *column);

/* "3 minutes ago", "yesterday at 14:05 UTC": an instant for people, with the exact one as title. */
void page_when(struct work *work, struct str instant);

/* The same words as text; STR_NONE when instant cannot be read. */
struct str page_when_text(struct arena *arena, struct str instant);

#endif
