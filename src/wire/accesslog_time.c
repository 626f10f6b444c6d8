#include "wire/accesslog_parts.h"

#include "wire/http.h"

#include "base/banned.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MICROS 1000000

/* Two digits, or something above any limit. */
static int two(const char *at)
{
    int tens = at[0] - '0', ones = at[1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? 1000 : 10 * tens + ones;
}

#define NAME(a, b, c) ((unsigned char)(a) << 16 | (unsigned char)(b) << 8 | (unsigned char)(c))

int accesslog_month(const char *at)
{
    switch (NAME(at[0], at[1], at[2])) {
    case NAME('J', 'a', 'n'):
        return 1;
    case NAME('F', 'e', 'b'):
        return 2;
    case NAME('M', 'a', 'r'):
        return 3;
    case NAME('A', 'p', 'r'):
        return 4;
    case NAME('M', 'a', 'y'):
        return 5;
    case NAME('J', 'u', 'n'):
        return 6;
    case NAME('J', 'u', 'l'):
        return 7;
    case NAME('A', 'u', 'g'):
        return 8;
    case NAME('S', 'e', 'p'):
        return 9;
    case NAME('O', 'c', 't'):
        return 10;
    case NAME('N', 'o', 'v'):
        return 11;
    case NAME('D', 'e', 'c'):
        return 12;
    default:
        return 0;
    }
}

/* Days from 1970-01-01; exact from 1900-03-01 on, and servers are younger. */
int64_t accesslog_days(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int last = month <= 2 ? year - 1 : year; /* whose leap day has been */
    int leaps = last / 4 - last / 100 + last / 400 - 477;
    return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + day - 1;
}

static enum err classic(const char *at, int64_t *seconds, int *zone)
{
    int day = two(at), month = accesslog_month(at + 3), century = two(at + 7), year = two(at + 9);
    int hour = two(at + 12), minute = two(at + 15), second = two(at + 18);
    int zone_hour = two(at + 22), zone_minute = two(at + 24);
    if (at[2] != '/' || at[6] != '/' || at[11] != ':' || at[14] != ':' || at[17] != ':' ||
        at[20] != ' ' || (at[21] != '+' && at[21] != '-'))
        return ERR_SYNTAX;
    if (day < 1 || day > 31 || !month || century < 19 || century > 99 || year > 99 || hour > 23 ||
        minute > 59 || second > 60 || zone_hour > 23 || zone_minute > 59)
        return ERR_SYNTAX;
    *zone = (zone_hour * 60 + zone_minute) * (at[21] == '-' ? -1 : 1);
    *seconds = accesslog_days(century * 100 + year, month, day) * DAY + hour * HOUR +
               minute * MINUTE + second - *zone * MINUTE;
    return ERR_NONE;
}

static enum err iso(struct str text, int64_t *seconds, int *zone)
{
    int64_t micros;
    int digits;
    const char *sign = text.ptr + 19;
    enum err err = http_instant(text, false, &micros, &digits);
    int hour = two(sign + 1), minute = two(sign + 4);
    if (err || digits || (*sign != '+' && *sign != '-') || hour > 23 || minute > 59)
        return ERR_SYNTAX;
    *zone = (hour * 60 + minute) * (*sign == '-' ? -1 : 1);
    *seconds = micros / MICROS;
    return ERR_NONE;
}

enum err accesslog_time(struct str text, int64_t *seconds, int *zone)
{
    if (text.len == 26)
        return classic(text.ptr, seconds, zone);
    if (text.len == 25)
        return iso(text, seconds, zone);
    return ERR_SYNTAX;
}
