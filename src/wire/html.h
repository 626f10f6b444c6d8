/*
 * HTML out. Raw markup can only be a string literal; all else goes through the
 * escaper of its context.
 */
#ifndef PG409_WIRE_HTML_H
#define PG409_WIRE_HTML_H

#include "base/str.h"

/* Markup as it stands: a literal, a variable does not compile. */
#define html_raw(buf, literal) buf_add((buf), "" literal "", sizeof("" literal "") - 1)

/* Text between tags, and inside double-quoted attributes: & < > " ' are escaped. */
void html_text(struct buf *buf, struct str text);

/* ' name="text"' with a leading space; the name is a literal. */
#define html_attr(buf, name, text)                                                                 \
    (html_raw((buf), " " name "=\""), html_text((buf), (text)), html_raw((buf), "\""))

/* A number, in decimal. */
void html_number(struct buf *buf, uint64_t number);

#endif
