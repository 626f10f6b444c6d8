#include "wire/url.h"

#include <string.h>

#include "base/scan.h"

#include "base/banned.h"

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The escape character and the byte in hex, upper-case as RFC 3986 advises. */
static void add_escaped(struct buf *buf, char escape, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    buf_add(buf, (char[]){escape, digits[byte >> 4], digits[byte & 15]}, 3);
}

/*
 * Copies up to the next escape and writes space as ' ' on the way; *at moves there. Forms are full
 * of spaces, so blocks are copied with them rather than looked through for them.
 */
static size_t copy_plain(char *to, struct str in, size_t *at, char escape, char space)
{
    size_t from = *at, end = from, first = SCAN_BLOCK;
    for (; first == SCAN_BLOCK && in.len - end >= SCAN_BLOCK; end += first) {
        scan_block block = scan_load(in.ptr + end), spaces = scan_is(block, space);
        first = scan_first(scan_is(block, escape));
        block = (block & ~spaces) | (spaces & ' ');
        memcpy(to + (end - from), &block, sizeof block); /* as long as what is still to be read */
    }
    for (; first == SCAN_BLOCK && end < in.len && in.ptr[end] != escape; end++)
        to[end - from] = in.ptr[end] == space ? ' ' : in.ptr[end];
    *at = end;
    return end - from;
}

/*
 * Undoes escape + two hex digits, and space, a character that may be escape where there is none.
 * '%' in URLs and '~' in keys follow the same rule, so this is written once.
 */
static enum err unescape(struct arena *arena, struct str in, char escape, char space,
                         struct str *out)
{
    char *text = arena_bytes(arena, in.len + 1); /* never longer than what is read */
    size_t len = 0, at = 0;
    for (;; at += 3) {
        len += copy_plain(text + len, in, &at, escape, space);
        if (at == in.len)
            break;
        int high = in.len - at > 2 ? hex_digit(in.ptr[at + 1]) : -1;
        int low = high >= 0 ? hex_digit(in.ptr[at + 2]) : -1;
        if (low < 0)
            return ERR_SYNTAX;
        text[len++] = (char)(high << 4 | low);
    }
    text[len] = '\0';
    /* Only now: a code point may be partly raw and partly encoded. */
    struct str result = {text, len};
    enum err err = str_check_utf8(result);
    if (!err)
        *out = result;
    return err;
}

enum err url_decode(struct arena *arena, struct str in, enum url_plus plus, struct str *out)
{
    bool spaces = plus == URL_PLUS_IS_SPACE;
    if (in.len && (memchr(in.ptr, '%', in.len) || (spaces && memchr(in.ptr, '+', in.len))))
        return unescape(arena, in, '%', spaces ? '+' : '%', out);
    enum err err = str_check_utf8(in);
    if (!err)
        *out = in;
    return err;
}

void url_encode(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            buf_char(buf, c);
        else
            add_escaped(buf, '%', c);
    }
}

static void add_key_value(struct buf *buf, struct str value, bool first)
{
    /* A bare '~' can mean nothing else, for any other is followed by two digits. */
    if (value.len == 0)
        buf_char(buf, '~');
    bool dots = str_is(value, ".") || str_is(value, "..");
    size_t done = 0; /* in runs: names and most keys are plain */
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (is_alnum(c) || c == '-' || (c == '.' && !(dots && i == 0)) ||
            (c == '_' && !(first && i == 0)))
            continue;
        buf_add(buf, value.ptr + done, i - done);
        add_escaped(buf, '~', c);
        done = i + 1;
    }
    if (done < value.len)
        buf_add(buf, value.ptr + done, value.len - done);
}

void url_key(struct buf *buf, const struct str *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(buf, ',');
        add_key_value(buf, values[i], i == 0);
    }
}

enum err url_key_parse(struct arena *arena, struct str segment, struct str *values, size_t max,
                       size_t *count)
{
    *count = 0;
    do {
        struct str part = str_cut(segment, ',', &segment);
        /* Not taken for an empty value: a stray comma is a slip, not a key. */
        if (part.len == 0)
            return ERR_SYNTAX;
        if (*count == max)
            return ERR_TOO_MANY;
        if (str_is(part, "~"))
            part = STR("");
        enum err err = unescape(arena, part, '~', '~', &values[*count]);
        if (err)
            return err;
        ++*count;
    } while (segment.ptr);
    return ERR_NONE;
}
