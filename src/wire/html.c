#include "wire/html.h"

#include "base/scan.h"

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

/* Where the next special byte is, from at on; the length when there is none. */
static size_t next_special(struct str text, size_t at)
{
    for (; text.len - at >= SCAN_BLOCK; at += SCAN_BLOCK) {
        scan_block block = scan_load(text.ptr + at);
        size_t first = scan_first(scan_is(block, '&') | scan_is(block, '<') | scan_is(block, '>') |
                                  scan_is(block, '"') | scan_is(block, '\''));
        if (first < SCAN_BLOCK)
            return at + first;
    }
    while (at < text.len && !special[(unsigned char)text.ptr[at]])
        at++;
    return at;
}

void html_text(struct buf *buf, struct str text)
{
    /* In runs: most text has nothing to escape. */
    size_t done = 0, at;
    while ((at = next_special(text, done)) < text.len) {
        buf_add(buf, text.ptr + done, at - done);
        buf_str(buf, escape_of(text.ptr[at]));
        done = at + 1;
    }
    if (done < text.len)
        buf_add(buf, text.ptr + done, text.len - done);
}

void html_number(struct buf *buf, uint64_t number)
{
    buf_u64(buf, number);
}
