/*
 * The forms of an HTML page as a browser would send them (WHATWG HTML standard, sections 4.10.21
 * and 4.10.22): which controls belong to which form, and what each holds before anybody touches it.
 */
#ifndef PG409_WIRE_HTML_FORMS_H
#define PG409_WIRE_HTML_FORMS_H

#include "base/err.h"
#include "base/str.h"

#define HTML_FORMS_MAX 64
#define HTML_FIELDS_MAX 4096 /* of a page; each option of a list counts as one */

enum html_control {
    HTML_LINE, /* one line that takes any text */
    HTML_AREA,
    HTML_HIDDEN,
    HTML_PASSWORD,
    HTML_VALUE,  /* one line that takes a number, a date, a colour … */
    HTML_CHECK,  /* checkbox */
    HTML_RADIO,  /* one of several of its name */
    HTML_SELECT, /* one option of a list */
    HTML_BUTTON, /* sends the form */
    HTML_FILE
};

struct html_field {
    struct str name, value;
    enum html_control control;
    bool sent;         /* a browser sends it as it is; of a list, the options that are chosen */
    bool fixed;        /* readonly */
    struct str words;  /* what a button shows */
    struct str action; /* of a button: where it sends the form instead; else STR_NONE */
    uint64_t room;     /* maxlength; UINT64_MAX: none */
};

struct html_form {
    struct str id, name;
    struct str action; /* as written; STR_NONE: the page's own address */
    struct str method; /* as written; STR_NONE: get */
    struct str enctype;
    struct str charset;        /* accept-charset as written; STR_NONE: the page's */
    struct html_field *fields; /* in the order of the page; without those that are disabled */
    size_t count;
};

struct html_forms {
    struct html_form *forms;
    size_t count;
};

/*
 * Reads all forms of page into *forms; everything is in arena or points into page. Lines of text
 * areas end as they stand in the page. ERR_TOO_MANY beyond HTML_FORMS_MAX or HTML_FIELDS_MAX:
 * *forms then holds what came before.
 */
enum err html_forms_read(struct arena *arena, struct str page, struct html_forms *forms) MUST_CHECK;

/* The first field of that name; NULL: none. */
struct html_field *html_form_field(const struct html_form *form, struct str name);

#endif
