#include "wire/base64.h"

#include "base/banned.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bits of count characters, left-aligned in 24; false when one is none. */
static bool read_group(const char *text, size_t count, uint32_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < count; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        *bits |= (uint32_t)value << (18 - 6 * i);
    }
    return true;
}

enum err base64_decode(struct arena *arena, struct str text, struct str *out)
{
    size_t len = 0;
    if (text.len % 4)
        return ERR_SYNTAX;
    char *bytes = arena_bytes(arena, text.len / 4 * 3 + 1);
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t bits;
        size_t count = 4;
        /* Padding stands in the last group only; anywhere else '=' has no value. */
        while (i + 4 == text.len && count > 2 && text.ptr[i + count - 1] == '=')
            count--;
        if (!read_group(text.ptr + i, count, &bits))
            return ERR_SYNTAX;
        for (size_t j = 0; j < count - 1; j++, bits = bits << 8 & 0xffffff)
            bytes[len++] = (char)(bits >> 16);
        if (bits)
            return ERR_SYNTAX;
    }
    bytes[len] = '\0';
    *out = (struct str){bytes, len};
    return ERR_NONE;
}

void base64_encode(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < count; j++)
            bits |= (uint32_t)(unsigned char)bytes.ptr[i + j] << (16 - 8 * j);
        for (size_t j = 0; j < 4; j++)
            buf_char(out, j <= count ? alphabet[bits >> (18 - 6 * j) & 63] : '=');
    }
}
