/*
 * A row as a text that a person edits, and back. One column a line:
 *
 *   # a remark; blank lines do not count either
 *   title = The old ferry
 *   stock := 12
 *   body <<END-OF-body
 *   Any text, as it is, line by line,
 *   up to the line that says so.
 *   END-OF-body
 *
 * Behind "=" and one blank stands a text, to the end of its line; behind ":=" JSON; behind "<<" the
 * word of the line that ends a text of several lines, which is without the last line's end. Pure.
 */
#ifndef PG409_CLI_CLIENT_TEXT_H
#define PG409_CLI_CLIENT_TEXT_H

#include "base/str.h"
#include "wire/json.h"

#define TEXT_ITEMS_MAX 2000

/* One column. */
struct text_item {
    struct str name;
    bool json; /* value is JSON; else a text */
    struct str value;
    struct str note; /* lines for people above it; STR_NONE */
    size_t line;     /* where it was read, from 1 on */
};

/* Adds one. A text with line ends CRLF has LF while it is edited. */
void client_text_put(struct buf *out, const struct text_item *item);

/* Adds a remark: each line of text with "# " before it. */
void client_text_remark(struct buf *out, struct str text);

struct text_fault {
    size_t line;
    struct str words; /* what is wrong, for the person, in arena */
};

/*
 * Reads what client_text_put wrote and a person changed. ERR_SYNTAX, ERR_UTF8, ERR_NUL,
 * ERR_TOO_MANY or ERR_DUPLICATE with *fault. *items in arena.
 */
enum err client_text_read(struct arena *arena, struct str text, struct text_item **items,
                          size_t *count, struct text_fault *fault) MUST_CHECK;

/* Whether all lines of text, and one at least, end with CRLF. */
bool client_text_crlf(struct str text);

/* text with CRLF for LF, unless it has a CR already. */
struct str client_text_with_crlf(struct arena *arena, struct str text);

#endif
