#include "wire/json.h"

#include <string.h>

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
    if (at) {
        buf_char(buf, '\\');
        buf_char(buf, names[at - means]);
    } else {
        buf_str(buf, STR("\\u00"));
        buf_char(buf, digits[(unsigned char)c >> 4]);
        buf_char(buf, digits[c & 15]);
    }
}

void json_string(struct buf *buf, struct str text)
{
    if (!text.ptr) {
        buf_str(buf, STR("null"));
        return;
    }
    size_t done = 0;
    buf_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (!needs_escape(text.ptr[i]))
            continue;
        buf_add(buf, text.ptr + done, i - done);
        add_escape(buf, text.ptr[i]);
        done = i + 1;
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
