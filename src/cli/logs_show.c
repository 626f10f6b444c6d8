#include "cli/logs_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire/accesslog.h"

#include "base/banned.h"

#define MORE "\xe2\x80\xa6"
#define MORE_LEN 3
#define FIELD_MAX 1024 /* of a field as it is in the log */

/* Whether nobody would see the character, or it would change what stands around it. */
static bool is_unseen(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff;
}

/* How long the character at the start of text is; 0: there is none that may be shown. */
static size_t character(struct str text)
{
    unsigned char first = (unsigned char)text.ptr[0];
    if (first >= 0x20 && first < 0x7f)
        return 1;
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (text.len < len || str_check_utf8((struct str){text.ptr, len}))
        return 0;
    unsigned code = len == 1 ? first : first & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)text.ptr[i] & 0x3f);
    return is_unseen(code) ? 0 : len;
}

/* Adds the character or byte at the start of text; how many of its bytes that was, 0: no room. */
static size_t add_one(struct logs_text *out, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = character(text), shown = len ? len : 4;
    unsigned char byte = (unsigned char)text.ptr[0];
    const char escape[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    if (out->len + shown > LOGS_TEXT_MAX - MORE_LEN)
        return 0;
    memcpy(out->ptr + out->len, len ? text.ptr : escape, shown);
    out->len = (unsigned char)(out->len + shown);
    return len ? len : 1;
}

/* How much at the start of text may stay as it is, at most max bytes. */
static size_t plain_bytes(struct str text, size_t max)
{
    size_t len = 0;
    if (max > text.len)
        max = text.len;
    while (len < max && text.ptr[len] >= 0x20 && text.ptr[len] < 0x7f && text.ptr[len] != '\\')
        len++;
    return len;
}

void logs_text_add(struct logs_text *out, struct str field)
{
    char plain[FIELD_MAX];
    if (out->full || !field.ptr)
        return;
    size_t used = plain_bytes(field, LOGS_TEXT_MAX - MORE_LEN - out->len);
    memcpy(out->ptr + out->len, field.ptr, used);
    out->len = (unsigned char)(out->len + used);
    field = str_skip(field, used);
    if (!field.len)
        return;
    size_t cut = field.len > FIELD_MAX ? FIELD_MAX : field.len;
    struct str text = {plain, accesslog_unescape((struct str){field.ptr, cut}, plain)};
    used = 1;
    while (text.len && used) {
        used = add_one(out, text);
        text = str_skip(text, used);
    }
    out->full = cut < field.len || text.len;
    if (!out->full)
        return;
    memcpy(out->ptr + out->len, MORE, MORE_LEN);
    out->len = (unsigned char)(out->len + MORE_LEN);
}

void logs_text(struct logs_text *out, struct str field)
{
    out->len = 0;
    out->full = false;
    logs_text_add(out, field);
}

struct str logs_str(const struct logs_text *text)
{
    return (struct str){text->ptr, text->len};
}

/* --- times and numbers ----------------------------------------------------------------------- */

static void show(struct buf *out, const char *format, int64_t seconds, int zone)
{
    char text[64];
    struct tm tm;
    time_t local = (time_t)(seconds + (int64_t)zone * 60);
    if (gmtime_r(&local, &tm) && strftime(text, sizeof text, format, &tm))
        buf_text(out, text);
}

static void show_zone(struct buf *out, int zone, const char *between)
{
    int minutes = zone < 0 ? -zone : zone;
    buf_printf(out, "%c%02d%s%02d", zone < 0 ? '-' : '+', minutes / 60, between, minutes % 60);
}

void logs_show_time(struct buf *out, int64_t seconds, int zone)
{
    show(out, "%Y-%m-%d %H:%M:%S ", seconds, zone);
    show_zone(out, zone, "");
}

void logs_show_iso(struct buf *out, int64_t seconds, int zone)
{
    show(out, "%Y-%m-%dT%H:%M:%S", seconds, zone);
    show_zone(out, zone, ":");
}

void logs_show_clock(struct buf *out, int64_t seconds, int zone)
{
    show(out, "%H:%M:%S", seconds, zone);
}

void logs_show_hour(struct buf *out, int64_t seconds, int zone)
{
    show(out, "%Y-%m-%d %H:00", seconds, zone);
}

void logs_show_number(struct buf *out, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_char(out, ',');
        buf_char(out, digits[i]);
    }
}
