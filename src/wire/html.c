#include "wire/html.h"

#include "base/banned.h"

/* What may not stand as it is: asked for each byte of a page. */
static const bool special[256] = {
    ['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true, ['\''] = true};

/* The escaped form of a special c. */
static struct str escape_of(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;"); /* &apos; is not HTML 4 */
    default:
        return STR_NONE;
    }
}

void html_text(struct buf *buf, struct str text)
{
    /* In runs: most text has nothing to escape. */
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!special[(unsigned char)text.ptr[i]])
            continue;
        struct str escape = escape_of(text.ptr[i]);
        buf_add(buf, text.ptr + done, i - done);
        buf_str(buf, escape);
        done = i + 1;
    }
    if (done < text.len)
        buf_add(buf, text.ptr + done, text.len - done);
}

void html_number(struct buf *buf, uint64_t number)
{
    buf_u64(buf, number);
}
