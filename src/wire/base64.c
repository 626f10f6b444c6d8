#include "wire/base64.h"

#include <string.h>

#include "base/banned.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a digit, or 64. */
static unsigned value_of(char c)
{
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (unsigned)(at - digits) : 64;
}

enum err base64_decode(struct arena *arena, struct str text, struct str *out)
{
    size_t pads = 0;
    if (text.len % 4)
        return ERR_SYNTAX;
    while (pads < 2 && pads < text.len && text.ptr[text.len - 1 - pads] == '=')
        pads++;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    size_t len = 0, digit_count = text.len - pads;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < digit_count; i++) {
        unsigned value = value_of(text.ptr[i]);
        if (value == 64)
            return ERR_SYNTAX;
        held = held << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[len++] = (char)(held >> bits & 0xff);
        }
    }
    if (held & ((1u << bits) - 1)) /* bits that belong to no byte */
        return ERR_SYNTAX;
    *out = (struct str){bytes, len};
    return ERR_NONE;
}

void base64_encode(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned held = (unsigned)(unsigned char)bytes.ptr[i] << 16;
        if (left > 1)
            held |= (unsigned)(unsigned char)bytes.ptr[i + 1] << 8;
        if (left > 2)
            held |= (unsigned char)bytes.ptr[i + 2];
        buf_char(out, digits[held >> 18]);
        buf_char(out, digits[held >> 12 & 63]);
        buf_char(out, left > 1 ? digits[held >> 6 & 63] : '=');
        buf_char(out, left > 2 ? digits[held & 63] : '=');
    }
}
