#include "wire/disposition.h"

#include "wire/url.h"

#include "base/banned.h"

/* Of a code point that is replaced only the first byte leaves a trace. */
static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static char fallback(char c)
{
    unsigned char byte = (unsigned char)c;
    if (c == '"')
        return '\'';
    /* Some browsers take %41 for an A even inside the quotes. */
    bool odd = byte < ' ' || byte >= 0x7f || c == '\\' || c == '/' || c == '%';
    return odd ? '_' : c;
}

void disposition_attachment(struct buf *out, struct str filename)
{
    bool exact = true;
    buf_text(out, "attachment");
    if (filename.len == 0)
        return;
    buf_text(out, "; filename=\"");
    for (size_t i = 0; i < filename.len; i++) {
        char c = filename.ptr[i];
        exact = exact && fallback(c) == c;
        if (!continues(c))
            buf_char(out, fallback(c));
    }
    buf_char(out, '"');
    if (exact)
        return;
    buf_text(out, "; filename*=UTF-8''");
    url_encode(out, filename);
}
