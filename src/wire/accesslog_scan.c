#include "wire/accesslog_scan.h"

#include <string.h>

#include "base/banned.h"

#define DEPTH_MAX 8

void scan_blanks(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
}

bool scan_take(struct scan *scan, char c)
{
    scan_blanks(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

bool scan_string(struct scan *scan, struct str *text)
{
    if (!scan_take(scan, '"'))
        return false;
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    if (scan->at == scan->end)
        return false;
    *text = str_range(start, scan->at++);
    return true;
}

/* Strings are passed over as a whole, brackets are counted. */
bool scan_skip(struct scan *scan)
{
    int depth = 0;
    struct str text;
    do {
        scan_blanks(scan);
        if (scan->at == scan->end)
            return false;
        char c = *scan->at;
        if (c == '"') {
            if (!scan_string(scan, &text))
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

bool room_add(struct room *room, unsigned byte)
{
    if (room->len == room->size)
        return false;
    room->ptr[room->len++] = (char)byte;
    return true;
}

bool room_add_code(struct room *room, unsigned code)
{
    if (code < 0x80)
        return room_add(room, code);
    if (code < 0x800)
        return room_add(room, 0xc0 | code >> 6) && room_add(room, 0x80 | (code & 0x3f));
    return room_add(room, 0xe0 | code >> 12) && room_add(room, 0x80 | (code >> 6 & 0x3f)) &&
           room_add(room, 0x80 | (code & 0x3f));
}

unsigned scan_hex4(struct str text)
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
