#include "wire/html_scan.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

#define REFERENCE_MAX 32 /* bytes of a character reference without & and ; */
#define REPLACEMENT 0xFFFDU

void html_scan_init(struct html_scan *scan, struct arena *arena, struct str page)
{
    *scan = (struct html_scan){.arena = arena,
                               .ptr = page.ptr ? page.ptr : "",
                               .end = page.ptr ? page.ptr + page.len : ""};
    if (!page.ptr)
        scan->end = scan->ptr;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

/* --- character references -----------------------------------------------------------------------
 */

static void put_utf8(char *out, size_t *len, unsigned code)
{
    if (code < 0x80) {
        out[(*len)++] = (char)code;
    } else if (code < 0x800) {
        out[(*len)++] = (char)(0xC0 | code >> 6);
        out[(*len)++] = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out[(*len)++] = (char)(0xE0 | code >> 12);
        out[(*len)++] = (char)(0x80 | (code >> 6 & 0x3F));
        out[(*len)++] = (char)(0x80 | (code & 0x3F));
    } else {
        out[(*len)++] = (char)(0xF0 | code >> 18);
        out[(*len)++] = (char)(0x80 | (code >> 12 & 0x3F));
        out[(*len)++] = (char)(0x80 | (code >> 6 & 0x3F));
        out[(*len)++] = (char)(0x80 | (code & 0x3F));
    }
}

static int digit_of(char c, unsigned base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (base == 16 && c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* What 0x80 to 0x9F are in windows-1252; five are nothing there. */
static const unsigned short windows[] = {0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020,
                                         0x2021, 0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,
                                         0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D,
                                         0x2022, 0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A,
                                         0x153,  0x9D,   0x17E,  0x178};

/* Behind "&#". *used is how many bytes it has with a ';', 0 when it is none. */
static unsigned numeric(struct str text, size_t *used)
{
    bool hex = text.len && (text.ptr[0] == 'x' || text.ptr[0] == 'X');
    unsigned base = hex ? 16 : 10, code = 0;
    size_t at = hex, from = hex;
    int digit;
    while (at < text.len && (digit = digit_of(text.ptr[at], base)) >= 0) {
        if (code <= 0x10FFFF)
            code = code * base + (unsigned)digit;
        at++;
    }
    *used = at == from ? 0 : at + (at < text.len && text.ptr[at] == ';');
    if (code >= 0x80 && code < 0xA0) /* browsers read these as windows-1252 */
        return windows[code - 0x80];
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return REPLACEMENT;
    return code;
}

static bool is_short(struct str name)
{
    return str_is(name, "amp") || str_is(name, "lt") || str_is(name, "gt") || str_is(name, "quot");
}

/* Behind "&". The same for names. */
static unsigned named(struct str text, size_t *used, unsigned *second)
{
    size_t len = 0;
    while (len < text.len && len < REFERENCE_MAX && is_alnum(text.ptr[len]))
        len++;
    struct str name = {text.ptr, len};
    bool closed = len < text.len && text.ptr[len] == ';';
    bool fine = closed || (is_short(name) && (len == text.len || text.ptr[len] != '='));
    unsigned code = html_entity(name, second);
    *used = fine && code ? len + closed : 0;
    return code;
}

struct str html_decode(struct arena *arena, struct str text)
{
    const char *first = text.len ? memchr(text.ptr, '&', text.len) : NULL;
    if (!first)
        return text;
    /* No reference is shorter than the character it stands for ("&lt", "&#1", "&#x80", "&bne;"). */
    char *out = arena_bytes(arena, text.len + 4);
    size_t len = 0, at = 0;
    while (at < text.len) {
        struct str rest = str_skip(text, at + 1);
        size_t used = 0;
        unsigned code = 0, second = 0;
        if (text.ptr[at] == '&' && rest.len && rest.ptr[0] == '#') {
            code = numeric(str_skip(rest, 1), &used);
            used += used ? 1 : 0;
        } else if (text.ptr[at] == '&' && rest.len) {
            code = named(rest, &used, &second);
        }
        if (used)
            put_utf8(out, &len, code);
        else
            out[len++] = text.ptr[at];
        if (used && second)
            put_utf8(out, &len, second);
        at += 1 + used;
    }
    out[len] = '\0';
    return (struct str){out, len};
}

/* --- tags
 * ----------------------------------------------------------------------------------------- */

static void skip_to(struct html_scan *scan, struct str needle)
{
    size_t at = str_find(str_range(scan->ptr, scan->end), needle);
    scan->ptr = at == SIZE_MAX ? scan->end : scan->ptr + at + needle.len;
}

static struct str read_value(struct html_scan *scan)
{
    const char *start = scan->ptr;
    if (start < scan->end && (*start == '"' || *start == '\'')) {
        const char *close = memchr(start + 1, *start, (size_t)(scan->end - start - 1));
        struct str value = str_range(start + 1, close ? close : scan->end);
        scan->ptr = close ? close + 1 : scan->end;
        return html_decode(scan->arena, value);
    }
    while (scan->ptr < scan->end && !is_space(*scan->ptr) && *scan->ptr != '>')
        scan->ptr++;
    return html_decode(scan->arena, str_range(start, scan->ptr));
}

static void skip_space(struct html_scan *scan)
{
    while (scan->ptr < scan->end && is_space(*scan->ptr))
        scan->ptr++;
}

/* One attribute; false at the end of the tag, which is passed. */
static bool read_attribute(struct html_scan *scan)
{
    while (scan->ptr < scan->end && (is_space(*scan->ptr) || *scan->ptr == '/'))
        scan->ptr++;
    if (scan->ptr == scan->end)
        return false;
    if (*scan->ptr == '>') {
        scan->ptr++;
        return false;
    }
    const char *start = scan->ptr++; /* a '=' may begin a name */
    while (scan->ptr < scan->end && !is_space(*scan->ptr) && *scan->ptr != '/' &&
           *scan->ptr != '>' && *scan->ptr != '=')
        scan->ptr++;
    struct html_attribute attribute = {str_range(start, scan->ptr), STR("")};
    skip_space(scan);
    if (scan->ptr < scan->end && *scan->ptr == '=') {
        scan->ptr++;
        skip_space(scan);
        attribute.value = read_value(scan);
    }
    if (scan->count < HTML_ATTRIBUTES_MAX)
        scan->attributes[scan->count++] = attribute;
    return true;
}

static bool is_raw(struct str name)
{
    static const char *const names[] = {"script", "style",  "textarea", "title",
                                        "xmp",    "iframe", "noembed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_ieq(name, str_from(names[i])))
            return true;
    return false;
}

static void read_tag(struct html_scan *scan)
{
    const char *start = scan->ptr;
    while (scan->ptr < scan->end && !is_space(*scan->ptr) && *scan->ptr != '/' && *scan->ptr != '>')
        scan->ptr++;
    scan->name = str_range(start, scan->ptr);
    scan->count = 0;
    while (read_attribute(scan))
        ;
}

/* What begins with '<' and is neither text nor a tag; true when it was one, and is passed. */
static bool skip_other(struct html_scan *scan)
{
    struct str rest = str_range(scan->ptr, scan->end);
    if (str_starts(rest, STR("<!--"))) {
        scan->ptr += 2; /* "<!-->" is a comment too */
        skip_to(scan, STR("-->"));
        return true;
    }
    bool closes = str_starts(rest, STR("</"));
    if (!str_starts(rest, STR("<!")) && !str_starts(rest, STR("<?")) &&
        !(closes && rest.len > 2 && !is_alpha(rest.ptr[2])))
        return false;
    skip_to(scan, STR(">"));
    return true;
}

static bool begins_tag(const char *ptr, const char *end)
{
    if (!ptr || end - ptr < 2 || *ptr != '<')
        return false;
    return is_alpha(ptr[1]) || ptr[1] == '!' || ptr[1] == '?' || (ptr[1] == '/' && end - ptr > 2);
}

/* Where the raw element that is open ends: its end tag, or the end of the page. */
static const char *end_of_raw(const struct html_scan *scan)
{
    size_t len = scan->raw.len;
    for (const char *ptr = scan->ptr; ptr < scan->end; ptr++) {
        ptr = memchr(ptr, '<', (size_t)(scan->end - ptr));
        if (!ptr)
            return scan->end;
        if ((size_t)(scan->end - ptr) >= len + 2 && ptr[1] == '/' &&
            strncasecmp(ptr + 2, scan->raw.ptr, len) == 0 &&
            (ptr + 2 + len == scan->end || !is_alnum(ptr[2 + len])))
            return ptr;
    }
    return scan->end;
}

static bool read_raw(struct html_scan *scan)
{
    const char *end = end_of_raw(scan);
    bool rich = str_ieq(scan->raw, STR("textarea")) || str_ieq(scan->raw, STR("title"));
    scan->text = str_range(scan->ptr, end);
    if (rich)
        scan->text = html_decode(scan->arena, scan->text);
    scan->raw = STR_NONE;
    scan->ptr = end;
    return scan->text.len > 0;
}

enum html_token html_scan_next(struct html_scan *scan)
{
    if (scan->raw.ptr && read_raw(scan))
        return HTML_TEXT;
    while (scan->ptr < scan->end && skip_other(scan))
        ;
    if (scan->ptr == scan->end)
        return HTML_END;
    if (begins_tag(scan->ptr, scan->end)) {
        bool closes = scan->ptr[1] == '/';
        scan->ptr += closes ? 2 : 1;
        read_tag(scan);
        if (!closes && is_raw(scan->name))
            scan->raw = scan->name;
        return closes ? HTML_CLOSE : HTML_OPEN;
    }
    const char *start = scan->ptr++;
    while (scan->ptr < scan->end && !begins_tag(scan->ptr, scan->end))
        scan->ptr++;
    scan->text = html_decode(scan->arena, str_range(start, scan->ptr));
    return HTML_TEXT;
}

struct str html_scan_attribute(const struct html_scan *scan, const char *name)
{
    for (size_t i = 0; i < scan->count; i++)
        if (str_ieq(scan->attributes[i].name, str_from(name)))
            return scan->attributes[i].value;
    return STR_NONE;
}

/* --- the page as text
 * ----------------------------------------------------------------------------- */

static bool is_unseen(struct str name)
{
    return str_ieq(name, STR("script")) || str_ieq(name, STR("style")) ||
           str_ieq(name, STR("template"));
}

static void add_words(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool space = is_space(text.ptr[i]);
        if (space && (buf->len == 0 || buf->ptr[buf->len - 1] == ' '))
            continue;
        buf_char(buf, space ? ' ' : text.ptr[i]);
    }
}

void html_page_text(struct buf *buf, struct str page)
{
    struct html_scan scan;
    struct str hidden = STR_NONE;
    html_scan_init(&scan, buf->arena, page);
    for (;;) {
        switch (html_scan_next(&scan)) {
        case HTML_END:
            return;
        case HTML_TEXT:
            if (!hidden.ptr)
                add_words(buf, scan.text);
            break;
        case HTML_OPEN:
            if (!hidden.ptr && is_unseen(scan.name))
                hidden = scan.name;
            break;
        case HTML_CLOSE:
            if (hidden.ptr && str_ieq(hidden, scan.name))
                hidden = STR_NONE;
            break;
        }
    }
}
