#include "wire/json_scan.h"

#include "base/scan.h"

#include "base/banned.h"

void json_scan_init(struct json_scan *scan, struct arena *arena, struct str text, size_t max_depth)
{
    *scan = (struct json_scan){.arena = arena, .start = text.ptr, .ptr = text.ptr};
    scan->end = text.len ? text.ptr + text.len : text.ptr;
    buf_init(&scan->open, arena, max_depth);
}

bool json_fail(struct json_scan *scan, enum err err, const char *fault)
{
    scan->err = err;
    scan->fault = fault;
    return false;
}

int json_peek(const struct json_scan *scan)
{
    return scan->ptr < scan->end ? (unsigned char)*scan->ptr : -1;
}

bool json_unexpected(struct json_scan *scan)
{
    return json_fail(scan, json_peek(scan) == 0 ? ERR_NUL : ERR_SYNTAX, scan->ptr);
}

static bool expect(struct json_scan *scan, char c)
{
    if (json_peek(scan) != c)
        return json_unexpected(scan);
    scan->ptr++;
    return true;
}

void json_skip_space(struct json_scan *scan)
{
    int c = json_peek(scan);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        scan->ptr++;
        c = json_peek(scan);
    }
}

int json_hex4(const char *ptr, const char *end)
{
    int code = 0;
    if (end - ptr < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = ptr[i];
        char low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            code = code * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            code = code * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return code;
}

bool json_is_high(int code)
{
    return code >= 0xd800 && code <= 0xdbff;
}

static bool is_low(int code)
{
    return code >= 0xdc00 && code <= 0xdfff;
}

int json_low_surrogate(const char *ptr, const char *end)
{
    if (end - ptr < 6 || ptr[0] != '\\' || ptr[1] != 'u')
        return -1;
    int code = json_hex4(ptr + 2, end);
    return is_low(code) ? code : -1;
}

/* What may follow a backslash. */
static const bool escapes[256] = {
    ['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true, ['f'] = true,
    ['n'] = true, ['r'] = true,  ['t'] = true, ['u'] = true};

/* Checks and passes the escape at ptr, a surrogate pair as one. */
static bool scan_escape(struct json_scan *scan)
{
    const char *at = scan->ptr++;
    int c = json_peek(scan);
    if (c < 0 || !escapes[c])
        return json_unexpected(scan);
    scan->ptr++;
    if (c != 'u')
        return true;
    int code = json_hex4(scan->ptr, scan->end);
    if (code < 0)
        return json_fail(scan, ERR_SYNTAX, at);
    if (code == 0)
        return json_fail(scan, ERR_NUL, at);
    scan->ptr += 4;
    if (is_low(code) || (json_is_high(code) && json_low_surrogate(scan->ptr, scan->end) < 0))
        return json_fail(scan, ERR_UTF8, at);
    if (json_is_high(code))
        scan->ptr += 6;
    return true;
}

static bool scan_utf8(struct json_scan *scan)
{
    unsigned char lead = (unsigned char)*scan->ptr;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if ((size_t)(scan->end - scan->ptr) < len || str_check_utf8((struct str){scan->ptr, len}))
        return json_fail(scan, ERR_UTF8, scan->ptr);
    scan->ptr += len;
    return true;
}

/* Behind what needs no look: all but control characters, quotes, backslashes and beyond ASCII. */
static const char *skip_plain(const char *ptr, const char *end)
{
    for (; (size_t)(end - ptr) >= SCAN_BLOCK; ptr += SCAN_BLOCK) {
        scan_block block = scan_load(ptr);
        size_t first = scan_first(scan_below(block, 0x20) | scan_is(block, '"') |
                                  scan_is(block, '\\') | scan_from(block, 0x80));
        if (first < SCAN_BLOCK)
            return ptr + first;
    }
    while (ptr < end && (unsigned char)*ptr >= 0x20 && (unsigned char)*ptr < 0x80 && *ptr != '"' &&
           *ptr != '\\')
        ptr++;
    return ptr;
}

/* Passes a string; *inner is what stands between its quotes. */
static bool scan_string(struct json_scan *scan, struct str *inner)
{
    if (!expect(scan, '"'))
        return false;
    const char *begin = scan->ptr;
    for (;;) {
        scan->ptr = skip_plain(scan->ptr, scan->end);
        int c = json_peek(scan);
        if (c == '"')
            break;
        if (c < 0x20)
            return json_unexpected(scan);
        if (c >= 0x80 && !scan_utf8(scan))
            return false;
        if (c == '\\' && !scan_escape(scan))
            return false;
    }
    *inner = str_range(begin, scan->ptr++);
    return true;
}

static bool scan_digits(struct json_scan *scan)
{
    int c = json_peek(scan);
    if (c < '0' || c > '9')
        return json_unexpected(scan);
    while (c >= '0' && c <= '9') {
        scan->ptr++;
        c = json_peek(scan);
    }
    return true;
}

static bool scan_number(struct json_scan *scan)
{
    if (json_peek(scan) == '-')
        scan->ptr++;
    if (json_peek(scan) == '0')
        scan->ptr++;
    else if (!scan_digits(scan))
        return false;
    if (json_peek(scan) == '.') {
        scan->ptr++;
        if (!scan_digits(scan))
            return false;
    }
    if (json_peek(scan) != 'e' && json_peek(scan) != 'E')
        return true;
    scan->ptr++;
    if (json_peek(scan) == '+' || json_peek(scan) == '-')
        scan->ptr++;
    return scan_digits(scan);
}

static bool scan_word(struct json_scan *scan, const char *word)
{
    for (; *word; word++)
        if (!expect(scan, *word))
            return false;
    return true;
}

static bool scan_scalar(struct json_scan *scan)
{
    struct str inner;
    switch (json_peek(scan)) {
    case '"':
        return scan_string(scan, &inner);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

bool json_scan_name(struct json_scan *scan, struct str *inner)
{
    json_skip_space(scan);
    if (!scan_string(scan, inner))
        return false;
    json_skip_space(scan);
    return expect(scan, ':');
}

static char closing(char opening)
{
    return opening == '{' ? '}' : ']';
}

/*
 * Behind a value: closes what ends here. *more: another value must follow,
 * and ptr stands before it.
 */
static bool scan_after(struct json_scan *scan, bool *more)
{
    struct str name;
    *more = false;
    while (scan->open.len) {
        char kind = scan->open.ptr[scan->open.len - 1];
        scan->count += scan->open.len == 1;
        json_skip_space(scan);
        if (json_peek(scan) == ',') {
            scan->ptr++;
            *more = true;
            return kind == '[' || json_scan_name(scan, &name);
        }
        if (!expect(scan, closing(kind)))
            return false;
        scan->open.len--;
    }
    return true;
}

/* Opens an array or object; *empty when it is closed again at once. */
static bool scan_open(struct json_scan *scan, char kind, bool *empty)
{
    struct str name;
    buf_char(&scan->open, kind);
    if (!buf_ok(&scan->open))
        return json_fail(scan, ERR_TOO_DEEP, scan->ptr);
    scan->ptr++;
    json_skip_space(scan);
    *empty = json_peek(scan) == closing(kind);
    if (*empty) {
        scan->ptr++;
        scan->open.len--;
        return true;
    }
    return kind == '[' || json_scan_name(scan, &name);
}

/* Passes one value of any kind. A loop with its own stack: depth costs a byte, not a frame. */
bool json_scan_value(struct json_scan *scan)
{
    bool more = true;
    buf_clear(&scan->open);
    scan->count = 0;
    while (more) {
        json_skip_space(scan);
        int c = json_peek(scan);
        bool done = true;
        bool fine = c == '{' || c == '[' ? scan_open(scan, (char)c, &done) : scan_scalar(scan);
        if (!fine || (done && !scan_after(scan, &more)))
            return false;
    }
    return true;
}
