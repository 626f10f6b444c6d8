#include "wire/json.h"

#include <string.h>

#include "base/scan.h"

#include "base/banned.h"

/* '<', '>' and '&' too: the text may end up inside a page's script element. */
static bool needs_escape(char c)
{
    static const bool special[256] = {
        ['"'] = true, ['\\'] = true, ['<'] = true, ['>'] = true, ['&'] = true};
    return (unsigned char)c < 0x20 || special[(unsigned char)c];
}

static void add_escape(struct buf *buf, char c)
{
    static const char means[] = "\b\f\n\r\t\"\\";
    static const char names[] = "bfnrt\"\\";
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(means, c) : NULL;
    if (at)
        buf_add(buf, (char[]){'\\', names[at - means]}, 2);
    else
        buf_add(buf, (char[]){'\\', 'u', '0', '0', digits[(unsigned char)c >> 4], digits[c & 15]},
                6);
}

/* Where the next one is, from at on; the length when there is none. */
static size_t next_escape(struct str text, size_t at)
{
    for (; text.len - at >= SCAN_BLOCK; at += SCAN_BLOCK) {
        scan_block block = scan_load(text.ptr + at);
        size_t first =
            scan_first(scan_below(block, 0x20) | scan_is(block, '"') | scan_is(block, '\\') |
                       scan_is(block, '<') | scan_is(block, '>') | scan_is(block, '&'));
        if (first < SCAN_BLOCK)
            return at + first;
    }
    while (at < text.len && !needs_escape(text.ptr[at]))
        at++;
    return at;
}

void json_string(struct buf *buf, struct str text)
{
    if (!text.ptr) {
        buf_str(buf, STR("null"));
        return;
    }
    size_t done = 0, at;
    buf_char(buf, '"');
    while ((at = next_escape(text, done)) < text.len) {
        buf_add(buf, text.ptr + done, at - done);
        add_escape(buf, text.ptr[at]);
        done = at + 1;
    }
    buf_add(buf, text.ptr + done, text.len - done);
    buf_char(buf, '"');
}

void json_comma(struct buf *buf)
{
    char last = buf->len ? buf->ptr[buf->len - 1] : ',';
    if (last != '{' && last != '[' && last != ',')
        buf_char(buf, ',');
}
