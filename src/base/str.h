/*
 * Text: slices (struct str: not owned, not NUL-terminated) and bounded buffers
 * (struct buf: grow in an arena, never beyond their maximum).
 *
 * Overflow of a buffer is sticky: what does not fit is dropped and buf_ok()
 * tells, so it is asked once, at the end.
 */
#ifndef PG409_BASE_STR_H
#define PG409_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

struct str {
    const char *ptr; /* NULL: no value at all (SQL NULL, absent header) */
    size_t len;      /* bytes */
};

struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool overflow;
};

/* A slice of a string literal; anything else does not compile. */
#define STR(literal) ((struct str){"" literal "", sizeof("" literal "") - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

/* The slice of a NUL-terminated string; NULL gives STR_NONE. */
static inline struct str str_from(const char *text)
{
    return text ? (struct str){text, strlen(text)} : STR_NONE;
}

/* The bytes from ptr up to end. */
static inline struct str str_range(const char *ptr, const char *end)
{
    return (struct str){ptr, (size_t)(end - ptr)};
}

/* A copy in the arena, NUL-terminated; STR_NONE stays STR_NONE. */
struct str str_copy(struct arena *arena, struct str text);
/* A NUL-terminated copy; NULL for STR_NONE. */
const char *str_cstr(struct arena *arena, struct str text);

/* Same bytes; STR_NONE equals STR_NONE only. */
static inline bool str_eq(struct str a, struct str b)
{
    if (!a.ptr || !b.ptr)
        return !a.ptr && !b.ptr;
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str text, const char *other)
{
    return str_eq(text, str_from(other));
}

/* Same but for ASCII case. */
bool str_ieq(struct str a, struct str b);

static inline bool str_starts(struct str text, struct str prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 ||
            (text.ptr && prefix.ptr && memcmp(text.ptr, prefix.ptr, prefix.len) == 0));
}

bool str_ends(struct str text, struct str suffix);
/* -1, 0, 1 in the order of bytes. */
int str_cmp(struct str a, struct str b);

/* The part before the first sep, or all; *rest is what follows it (STR_NONE when there was none).
 */
struct str str_cut(struct str text, char sep, struct str *rest);
/* Where needle first stands in text, or SIZE_MAX. */
size_t str_find(struct str text, struct str needle);
/* Without the spaces and tabs at both ends. */
struct str str_trim(struct str text);
/* text from byte at on; at may be beyond the end. */
static inline struct str str_skip(struct str text, size_t at)
{
    if (at > text.len)
        at = text.len;
    return text.ptr ? (struct str){text.ptr + at, text.len - at} : STR_NONE;
}

/* Whether name is one of the comma-separated names (spaces around them do not count). */
bool str_in_list(struct str list, struct str name);

/* A whole decimal number from 0 to max: digits only, at most 19 of them. */
enum err str_to_u64(struct str text, uint64_t max, uint64_t *value) MUST_CHECK;
/* ERR_UTF8 (overlong forms and surrogates included), ERR_NUL, or fine. */
enum err str_check_utf8(struct str text) MUST_CHECK;
/* How many code points valid UTF-8 text has. */
size_t str_chars(struct str text);

/* An empty buffer that grows in arena to at most max bytes. */
void buf_init(struct buf *buf, struct arena *arena, size_t max);
/* Forgets the content and the overflow, keeps the memory. */
void buf_clear(struct buf *buf);
/* Whether everything added so far fitted. */
bool buf_ok(const struct buf *buf);
/* buf_add where there may be no room: grows first, or overflows. */
void buf_grow(struct buf *buf, const char *ptr, size_t len);

/* ptr may be NULL when len is 0. Here, because pages are written in many such small steps. */
static inline void buf_add(struct buf *buf, const char *ptr, size_t len)
{
    /* cap is 0 or at least len + 1, for the NUL, and never more than max + 1 */
    if (!buf->overflow && len && len < buf->cap - buf->len) {
        memcpy(buf->ptr + buf->len, ptr, len);
        buf->len += len;
        buf->ptr[buf->len] = '\0';
    } else {
        buf_grow(buf, ptr, len);
    }
}

static inline void buf_str(struct buf *buf, struct str text)
{
    buf_add(buf, text.ptr, text.len);
}

static inline void buf_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

static inline void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_u64(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The content, valid until the buffer changes; a NUL stands behind it. */
struct str buf_slice(const struct buf *buf);

/* A number in decimal, in the arena. */
struct str str_number(struct arena *arena, uint64_t value);
/* A formatted string in the arena. */
struct str str_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
