#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scan.h"

#include "base/banned.h"

struct str str_copy(struct arena *arena, struct str text)
{
    if (!text.ptr)
        return STR_NONE;
    return (struct str){arena_copy(arena, text.ptr, text.len), text.len};
}

const char *str_cstr(struct arena *arena, struct str text)
{
    return text.ptr ? arena_copy(arena, text.ptr, text.len) : NULL;
}

bool str_ieq(struct str a, struct str b)
{
    if (!a.ptr || !b.ptr)
        return !a.ptr && !b.ptr;
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

bool str_ends(struct str text, struct str suffix)
{
    return text.len >= suffix.len && (suffix.len == 0 || memcmp(text.ptr + text.len - suffix.len,
                                                                suffix.ptr, suffix.len) == 0);
}

int str_cmp(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    if (order == 0)
        order = (a.len > b.len) - (a.len < b.len);
    return (order > 0) - (order < 0);
}

struct str str_cut(struct str text, char sep, struct str *rest)
{
    const char *at = text.len ? memchr(text.ptr, sep, text.len) : NULL;
    if (!at) {
        *rest = STR_NONE;
        return text;
    }
    *rest = str_range(at + 1, text.ptr + text.len);
    return str_range(text.ptr, at);
}

size_t str_find(struct str text, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *at = text.len ? memmem(text.ptr, text.len, needle.ptr, needle.len) : NULL;
    return at ? (size_t)(at - text.ptr) : SIZE_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str text)
{
    while (text.len && is_blank(text.ptr[0]))
        text = str_skip(text, 1);
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool str_in_list(struct str list, struct str name)
{
    while (list.ptr) {
        struct str item = str_trim(str_cut(list, ',', &list));
        if (item.len && str_eq(item, name))
            return true;
    }
    return false;
}

enum err str_to_u64(struct str text, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    if (text.len == 0)
        return ERR_SYNTAX;
    if (text.len > 19)
        return ERR_TOO_LONG;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return ERR_SYNTAX;
        sum = sum * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (sum > max)
        return ERR_TOO_LONG;
    *value = sum;
    return ERR_NONE;
}

/* The length of the code point at ptr, of which left bytes are there; 0 when it is not valid. */
static size_t utf8_length(const unsigned char *ptr, size_t left)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = ptr[0] < 0x80 ? 1 : ptr[0] >= 0xf0 ? 4 : ptr[0] >= 0xe0 ? 3 : 2;
    if (len == 1)
        return 1;
    if (ptr[0] < 0xc2 || ptr[0] > 0xf4 || left < len)
        return 0;
    uint32_t code = ptr[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((ptr[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (ptr[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[len] || code > 0x10ffff || surrogate ? 0 : len;
}

/* Where the next byte is that is not plain ASCII, or is NUL, from at on. */
static size_t skip_plain(struct str text, size_t at)
{
    for (; text.len - at >= SCAN_BLOCK; at += SCAN_BLOCK) {
        scan_block block = scan_load(text.ptr + at);
        size_t first = scan_first(scan_is(block, 0) | scan_from(block, 0x80));
        if (first < SCAN_BLOCK)
            return at + first;
    }
    while (at < text.len && text.ptr[at] != 0 && (unsigned char)text.ptr[at] < 0x80)
        at++;
    return at;
}

enum err str_check_utf8(struct str text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t at = 0;
    while ((at = skip_plain(text, at)) < text.len) {
        size_t len = bytes[at] ? utf8_length(bytes + at, text.len - at) : 0;
        if (len == 0)
            return bytes[at] ? ERR_UTF8 : ERR_NUL;
        at += len;
    }
    return ERR_NONE;
}

size_t str_chars(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

void buf_init(struct buf *buf, struct arena *arena, size_t max)
{
    *buf = (struct buf){.arena = arena, .max = max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

bool buf_ok(const struct buf *buf)
{
    return !buf->overflow;
}

/* Makes room for len bytes and a NUL; false when that passes the maximum. */
static bool buf_reserve(struct buf *buf, size_t len)
{
    if (buf->overflow || len > buf->max - buf->len) {
        buf->overflow = true;
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap * 2 : 256;
    if (cap < need)
        cap = need;
    if (cap - 1 > buf->max)
        cap = buf->max + 1;
    char *ptr = arena_bytes(buf->arena, cap);
    if (buf->len)
        memcpy(ptr, buf->ptr, buf->len);
    ptr[buf->len] = '\0';
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

void buf_grow(struct buf *buf, const char *ptr, size_t len)
{
    if (!buf_reserve(buf, len) || len == 0)
        return;
    memcpy(buf->ptr + buf->len, ptr, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

/* The digits of a number, at the end of room. */
static struct str digits_of(char room[20], uint64_t value)
{
    size_t at = 20;
    do {
        room[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return (struct str){room + at, 20 - at};
}

void buf_u64(struct buf *buf, uint64_t value)
{
    char room[20];
    buf_str(buf, digits_of(room, value));
}

struct str str_number(struct arena *arena, uint64_t value)
{
    char room[20];
    return str_copy(arena, digits_of(room, value));
}

static void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    char room[256]; /* most results fit: formatting twice is what costs */
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(room, sizeof room, format, args);
    if (len < 0)
        abort();
    if (buf_reserve(buf, (size_t)len)) {
        if ((size_t)len < sizeof room)
            memcpy(buf->ptr + buf->len, room, (size_t)len + 1);
        else
            (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

struct str buf_slice(const struct buf *buf)
{
    return buf->ptr ? (struct str){buf->ptr, buf->len} : STR("");
}

struct str str_printf(struct arena *arena, const char *format, ...)
{
    struct buf buf;
    va_list args;
    buf_init(&buf, arena, SIZE_MAX / 4);
    va_start(args, format);
    buf_vprintf(&buf, format, args);
    va_end(args);
    return buf_slice(&buf);
}
