/*
 * What is to become of a row, as it is said on the command line: col=value, col:=JSON, col+=n,
 * col-=n, col@file. Pure.
 */
#ifndef PG409_CLI_CLIENT_CHANGE_H
#define PG409_CLI_CLIENT_CHANGE_H

#include "base/str.h"
#include "wire/json.h"

enum wish_kind {
    WISH_TEXT, /* the value as text: PostgreSQL reads it by the column's type */
    WISH_JSON, /* the value as JSON, exactly */
    WISH_ADD,  /* a number that is added to what is there */
    WISH_FILE, /* the text of a file of that name; "-": standard input */
};

/* One column. */
struct wish {
    struct str column;
    enum wish_kind kind;
    struct str value;
};

struct wishes {
    struct wish *items;
    size_t count;
};

#define WISHES_MAX 1000

/*
 * One argument. The name is what stands before the first "=" or "@" (and before ":", "+" or "-" in
 * front of "="), or a JSON string. ERR_SYNTAX, ERR_UTF8 or ERR_NUL, and *trouble, static, says what
 * is wrong. All of it points into text or is in arena.
 */
enum err wish_parse(struct arena *arena, struct str text, struct wish *wish,
                    const char **trouble) MUST_CHECK;

/* The wish for that column, or NULL. */
struct wish *wish_find(const struct wishes *wishes, struct str column);

/*
 * The value to send, as JSON; seen is what the row holds there, NULL: nothing. A text that is a
 * number, true, false, an array or an object is sent as that: a column that is not of type json
 * gets the same text. A sum needs a number: ERR_SYNTAX; ERR_TOO_LONG when it has more digits than
 * are counted. Not for WISH_FILE.
 */
enum err wish_value(struct arena *arena, const struct wish *wish, const struct json_value *seen,
                    struct str *sent) MUST_CHECK;

/* Any text as a JSON string, in arena. */
struct str json_text(struct arena *arena, struct str text);

#endif
