#include "wire/decimal.h"

#include <string.h>

#include "base/banned.h"

/* Digits as values 0 to 9, the one that counts least last. */
struct decimal {
    bool negative;
    unsigned char *digits;
    size_t count;
    size_t scale; /* how many of them stand behind the point */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* e[+-]digits at the end; false when it is none. Beyond the limits it is cut to just beyond them.
 */
static bool read_exponent(struct str text, long *exponent)
{
    uint64_t value = 0;
    bool negative = false;
    if (text.len && (*text.ptr == '+' || *text.ptr == '-')) {
        negative = *text.ptr == '-';
        text = str_skip(text, 1);
    }
    if (text.len == 0 || text.len > 18 || str_to_u64(text, UINT64_MAX / 2, &value))
        return false;
    if (value > UINT64_C(3) * DECIMAL_MAX)
        value = UINT64_C(3) * DECIMAL_MAX;
    *exponent = negative ? -(long)value : (long)value;
    return true;
}

/* The digits before and behind the point, without sign and exponent. */
static bool read_digits(struct arena *arena, struct str text, struct decimal *number)
{
    bool behind = false;
    number->digits = arena_alloc(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && !behind) {
            behind = true;
        } else if (is_digit(text.ptr[i])) {
            number->digits[number->count++] = (unsigned char)(text.ptr[i] - '0');
            number->scale += behind;
        } else {
            return false;
        }
    }
    return number->count > 0;
}

/* The same number without an exponent: with more digits on either side. */
static enum err apply_exponent(struct arena *arena, struct decimal *number, long exponent)
{
    size_t shift = (size_t)(exponent < 0 ? -exponent : exponent);
    size_t whole = number->count - number->scale;
    if (exponent < 0) {
        size_t zeros = shift > whole ? shift - whole : 0;
        unsigned char *digits = arena_alloc(arena, number->count + zeros + 1);
        memcpy(digits + zeros, number->digits, number->count);
        number->digits = digits;
        number->count += zeros;
        number->scale += shift;
    } else if (shift > number->scale) {
        size_t zeros = shift - number->scale;
        unsigned char *digits = arena_alloc(arena, number->count + zeros + 1);
        memcpy(digits, number->digits, number->count);
        number->digits = digits;
        number->count += zeros;
        number->scale = 0;
    } else {
        number->scale -= shift;
    }
    whole = number->count - number->scale;
    return number->scale > DECIMAL_MAX || whole > DECIMAL_MAX ? ERR_TOO_LONG : ERR_NONE;
}

static enum err read_number(struct arena *arena, struct str text, struct decimal *number)
{
    long exponent = 0;
    *number = (struct decimal){0};
    if (text.len && (*text.ptr == '+' || *text.ptr == '-')) {
        number->negative = *text.ptr == '-';
        text = str_skip(text, 1);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != 'e' && text.ptr[i] != 'E')
            continue;
        if (!read_exponent(str_skip(text, i + 1), &exponent))
            return ERR_SYNTAX;
        text.len = i;
    }
    if (text.len > 2 * DECIMAL_MAX + 1)
        return ERR_TOO_LONG;
    if (!read_digits(arena, text, number))
        return ERR_SYNTAX;
    return apply_exponent(arena, number, exponent);
}

/* As many digits before and behind the point as the other has. */
static void widen(struct arena *arena, struct decimal *number, size_t whole, size_t scale)
{
    unsigned char *digits = arena_alloc(arena, whole + scale + 1);
    size_t before = whole - (number->count - number->scale);
    memcpy(digits + before, number->digits, number->count);
    number->digits = digits;
    number->count = whole + scale;
    number->scale = scale;
}

/* a += b, of the same width, the first digit of both zero. */
static void add(struct decimal *a, const struct decimal *b)
{
    unsigned carry = 0;
    for (size_t i = a->count; i-- > 0;) {
        unsigned sum = a->digits[i] + b->digits[i] + carry;
        a->digits[i] = (unsigned char)(sum % 10);
        carry = sum / 10;
    }
}

/* a -= b, of the same width, b not larger. */
static void subtract(struct decimal *a, const struct decimal *b)
{
    int borrow = 0;
    for (size_t i = a->count; i-- > 0;) {
        int difference = a->digits[i] - b->digits[i] - borrow;
        borrow = difference < 0;
        a->digits[i] = (unsigned char)(difference + 10 * borrow);
    }
}

static struct str write_number(struct arena *arena, const struct decimal *number)
{
    struct buf out;
    size_t whole = number->count - number->scale, at = 0, sum = 0;
    buf_init(&out, arena, number->count + 4);
    for (size_t i = 0; i < number->count; i++)
        sum += number->digits[i];
    if (number->negative && sum)
        buf_char(&out, '-');
    while (at + 1 < whole && number->digits[at] == 0)
        at++;
    for (; at < number->count; at++) {
        if (at == whole)
            buf_char(&out, '.');
        buf_char(&out, (char)('0' + number->digits[at]));
    }
    return buf_slice(&out);
}

enum err decimal_add(struct arena *arena, struct str a, struct str b, struct str *sum)
{
    struct decimal x, y;
    enum err err = read_number(arena, a, &x);
    if (!err)
        err = read_number(arena, b, &y);
    if (err)
        return err;
    size_t whole_x = x.count - x.scale, whole_y = y.count - y.scale;
    size_t whole = (whole_x > whole_y ? whole_x : whole_y) + 1;
    size_t scale = x.scale > y.scale ? x.scale : y.scale;
    widen(arena, &x, whole, scale);
    widen(arena, &y, whole, scale);
    if (x.negative == y.negative) {
        add(&x, &y);
    } else if (memcmp(x.digits, y.digits, x.count) >= 0) {
        subtract(&x, &y);
    } else {
        subtract(&y, &x);
        x = y;
    }
    *sum = write_number(arena, &x);
    return ERR_NONE;
}

struct str decimal_negative(struct arena *arena, struct str a)
{
    if (a.len && *a.ptr == '-')
        return str_skip(a, 1);
    if (a.len && *a.ptr == '+')
        a = str_skip(a, 1);
    return str_printf(arena, "-%.*s", STR_ARG(a));
}
