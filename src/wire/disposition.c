#include "wire/disposition.h"

#include "wire/url.h"

#include "base/banned.h"

/* What may stand in the quoted form without being misread by somebody. */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

void disposition_attachment(struct buf *out, struct str filename)
{
    bool plain = true;
    buf_text(out, "attachment; filename=\"");
    for (size_t i = 0; i < filename.len; i++) {
        unsigned char c = (unsigned char)filename.ptr[i];
        bool continues = (c & 0xc0) == 0x80;
        if (is_plain(c))
            buf_char(out, (char)c);
        else if (!continues)
            buf_char(out, '_');
        plain &= is_plain(c);
    }
    buf_char(out, '"');
    if (plain)
        return;
    buf_text(out, "; filename*=UTF-8''");
    url_encode(out, filename);
}
