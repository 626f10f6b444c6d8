#include "wire/accesslog.h"

#include <string.h>

#include "wire/accesslog_scan.h"

#include "base/banned.h"

static enum err decode_string(struct str text, struct room *room)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < text.len; i++) {
        unsigned code = (unsigned char)text.ptr[i];
        if (code != '\\') {
            if (!room_add(room, code))
                return ERR_TOO_LONG;
            continue;
        }
        char c = ++i < text.len ? text.ptr[i] : 0;
        const char *known = c ? strchr(from, c) : NULL;
        code = c == 'u' ? scan_hex4(str_skip(text, i + 1))
               : known  ? (unsigned char)to[known - from]
                        : UINT32_MAX;
        if (code == UINT32_MAX)
            return ERR_SYNTAX;
        i += c == 'u' ? 4 : 0;
        if (!room_add_code(room, code))
            return ERR_TOO_LONG;
    }
    return ERR_NONE;
}

/* [49, 50]: what journald makes of a message that is not UTF-8. */
static enum err decode_bytes(struct scan *scan, struct room *room)
{
    if (!scan_take(scan, '['))
        return ERR_UNKNOWN;
    do {
        unsigned value = 0, digits = 0;
        scan_blanks(scan);
        while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && digits++ < 3)
            value = value * 10 + (unsigned)(*scan->at++ - '0');
        if (!digits || value > 255)
            return ERR_SYNTAX;
        if (!room_add(room, value))
            return ERR_TOO_LONG;
    } while (scan_take(scan, ','));
    return scan_take(scan, ']') ? ERR_NONE : ERR_SYNTAX;
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
    if (!line.len || !scan_take(&scan, '{'))
        return ERR_SYNTAX;
    do {
        if (!scan_string(&scan, &name) || !scan_take(&scan, ':'))
            return ERR_SYNTAX;
        if (str_is(name, "MESSAGE")) {
            enum err err = scan_string(&scan, &text) ? decode_string(text, &decoded)
                                                     : decode_bytes(&scan, &decoded);
            *message = (struct str){room, decoded.len};
            return err;
        }
        if (!scan_skip(&scan))
            return ERR_SYNTAX;
    } while (scan_take(&scan, ','));
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
