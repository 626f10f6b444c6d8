/*
 * HTML in, as strangers write it: one tag or stretch of text after the other. No tree is built and
 * nothing is refused; what is broken is passed over the way browsers do (WHATWG HTML standard,
 * section 13.2.5, as far as it matters for reading forms).
 */
#ifndef PG409_WIRE_HTML_SCAN_H
#define PG409_WIRE_HTML_SCAN_H

#include "base/str.h"

#define HTML_ATTRIBUTES_MAX 48

enum html_token { HTML_END, HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html_attribute {
    struct str name;  /* as written; compare without case */
    struct str value; /* decoded; "" when there was none */
};

struct html_scan {
    struct arena *arena;
    const char *ptr, *end;
    struct str raw; /* the name of the element whose content is text: script, textarea, title … */
    /* Of the token that was read last. */
    struct str name; /* of the tag, as written */
    struct str text; /* decoded; of script and style as it stands */
    struct html_attribute attributes[HTML_ATTRIBUTES_MAX]; /* more of them are passed over */
    size_t count;
};

/* Stands at the beginning of page, which has to live as long as what is read from it. */
void html_scan_init(struct html_scan *scan, struct arena *arena, struct str page);

/*
 * The next token. Decoded text is in arena or points into the page. Comments, doctypes and
 * processing instructions are passed over. The content of script, style, textarea, title, xmp,
 * iframe and noembed is one text up to its end tag, whatever stands in it.
 */
enum html_token html_scan_next(struct html_scan *scan);

/* The value of an attribute of the last tag; STR_NONE: not there. The first of several counts. */
struct str html_scan_attribute(const struct html_scan *scan, const char *name);

/*
 * text with its character references decoded: numeric ones, and the names of HTML (those of XML
 * also without ';', unless a letter, digit or '=' follows). What is no reference stays as it is;
 * references to no character become U+FFFD. In arena, or text itself when nothing was encoded.
 */
struct str html_decode(struct arena *arena, struct str text);

/* The code point that a name such as "eacute" stands for, or 0; a few stand for two. */
unsigned html_entity(struct str name, unsigned *second);

/*
 * What can be read on the page: text outside of tags, scripts, styles and templates, with the
 * values of text areas. Blanks and line ends become one blank.
 */
void html_page_text(struct buf *buf, struct str page);

#endif
