#include "wire/accesslog.h"

#include <string.h>

#include "base/banned.h"

#define DEPTH_MAX 8

/* Bytes that are read one after another; at == end: there are no more. */
struct scan {
    const char *at, *end;
};

struct room {
    char *ptr;
    size_t len, size;
};

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
}

static bool take(struct scan *scan, char c)
{
    skip_blanks(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/* The inside of a string, escapes as they are. */
static bool take_string(struct scan *scan, struct str *text)
{
    if (!take(scan, '"'))
        return false;
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    if (scan->at == scan->end)
        return false;
    *text = str_range(start, scan->at++);
    return true;
}

/* A value, whatever it is: strings are passed over as a whole, brackets are counted. */
static bool skip_value(struct scan *scan)
{
    int depth = 0;
    struct str text;
    do {
        skip_blanks(scan);
        if (scan->at == scan->end)
            return false;
        char c = *scan->at;
        if (c == '"') {
            if (!take_string(scan, &text))
                return false;
        } else {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
            scan->at++;
        }
        if (depth > DEPTH_MAX || depth < 0)
            return false;
    } while (depth || (scan->at < scan->end && *scan->at != ',' && *scan->at != '}'));
    return true;
}

static bool add(struct room *room, unsigned byte)
{
    if (room->len == room->size)
        return false;
    room->ptr[room->len++] = (char)byte;
    return true;
}

/* As UTF-8; halves of pairs stay three bytes each, as nothing here depends on them. */
static bool add_code(struct room *room, unsigned code)
{
    if (code < 0x80)
        return add(room, code);
    if (code < 0x800)
        return add(room, 0xc0 | code >> 6) && add(room, 0x80 | (code & 0x3f));
    return add(room, 0xe0 | code >> 12) && add(room, 0x80 | (code >> 6 & 0x3f)) &&
           add(room, 0x80 | (code & 0x3f));
}

/* The value of four hex digits, or a number above all of them. */
static unsigned hex4(struct str text)
{
    unsigned value = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *digit =
            i < text.len ? strchr("0123456789abcdef0123456789ABCDEF", text.ptr[i]) : NULL;
        if (!digit || !*digit)
            return UINT32_MAX;
        value = value * 16 + (unsigned)(digit - "0123456789abcdef0123456789ABCDEF") % 16;
    }
    return value;
}

static enum err decode_string(struct str text, struct room *room)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < text.len; i++) {
        unsigned code = (unsigned char)text.ptr[i];
        if (code != '\\') {
            if (!add(room, code))
                return ERR_TOO_LONG;
            continue;
        }
        char c = ++i < text.len ? text.ptr[i] : 0;
        const char *known = c ? strchr(from, c) : NULL;
        code = c == 'u' ? hex4(str_skip(text, i + 1))
               : known  ? (unsigned char)to[known - from]
                        : UINT32_MAX;
        if (code == UINT32_MAX)
            return ERR_SYNTAX;
        i += c == 'u' ? 4 : 0;
        if (!add_code(room, code))
            return ERR_TOO_LONG;
    }
    return ERR_NONE;
}

/* [49, 50]: what journald makes of a message that is not UTF-8. */
static enum err decode_bytes(struct scan *scan, struct room *room)
{
    if (!take(scan, '['))
        return ERR_UNKNOWN;
    do {
        unsigned value = 0, digits = 0;
        skip_blanks(scan);
        while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && digits++ < 3)
            value = value * 10 + (unsigned)(*scan->at++ - '0');
        if (!digits || value > 255)
            return ERR_SYNTAX;
        if (!add(room, value))
            return ERR_TOO_LONG;
    } while (take(scan, ','));
    return take(scan, ']') ? ERR_NONE : ERR_SYNTAX;
}

bool accesslog_is_journal(struct str line)
{
    return line.len && line.ptr[0] == '{';
}

enum err accesslog_journal(struct str line, size_t size, char *room, struct str *message)
{
    struct scan scan = {line.ptr, line.ptr + line.len};
    struct room decoded = {room, 0, size};
    struct str name, text;
    if (!line.len || !take(&scan, '{'))
        return ERR_SYNTAX;
    do {
        if (!take_string(&scan, &name) || !take(&scan, ':'))
            return ERR_SYNTAX;
        if (str_is(name, "MESSAGE")) {
            enum err err = take_string(&scan, &text) ? decode_string(text, &decoded)
                                                     : decode_bytes(&scan, &decoded);
            *message = (struct str){room, decoded.len};
            return err;
        }
        if (!skip_value(&scan))
            return ERR_SYNTAX;
    } while (take(&scan, ','));
    return ERR_UNKNOWN;
}

/* --- escapes --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at text stands for, and how long the escape is; 0: it is none. */
static size_t escape(struct str text, char *byte)
{
    static const char from[] = "\"\\bfnrtv", to[] = "\"\\\b\f\n\r\t\v";
    if (text.len < 2 || text.ptr[0] != '\\')
        return 0;
    const char *known = text.ptr[1] ? strchr(from, text.ptr[1]) : NULL;
    if (known) {
        *byte = to[known - from];
        return 2;
    }
    int high = text.len >= 4 && text.ptr[1] == 'x' ? hex_digit(text.ptr[2]) : -1;
    int low = high >= 0 ? hex_digit(text.ptr[3]) : -1;
    *byte = (char)(high * 16 + low);
    return low >= 0 ? 4 : 0;
}

size_t accesslog_unescape(struct str text, char *out)
{
    size_t len = 0, i = 0;
    while (i < text.len) {
        char byte;
        size_t used = escape(str_skip(text, i), &byte);
        out[len++] = used ? byte : text.ptr[i];
        i += used ? used : 1;
    }
    return len;
}
