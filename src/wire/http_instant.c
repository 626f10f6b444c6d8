#include "wire/http.h"

#include <inttypes.h>

#include "base/banned.h"

#define TEXT_MAX 64
#define SECOND INT64_C(1000000) /* in microseconds, like all below */
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define YEAR_DAYS 365
#define ERA_YEARS 400   /* after which the calendar repeats itself */
#define ERA_DAYS 146097 /* in 400 years */
/* Days from 0000-03-01, where the eras below begin, to 1970-01-01. */
#define EPOCH_DAYS 719468

/*
 * The years here begin in March: the leap day is then the last of its year, and
 * the days before a month follow from (153 * month + 2) / 5.
 */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - (ERA_YEARS - 1)) / ERA_YEARS;
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t leap_days = year_of_era / 4 - year_of_era / 100;
    return era * ERA_DAYS + year_of_era * YEAR_DAYS + leap_days + day_of_year - EPOCH_DAYS;
}

static void date_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += EPOCH_DAYS;
    int64_t era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t day_of_era = days - era * ERA_DAYS;
    /* Takes out the leap days so far: each 4 years, not each 100, but at the era's end. */
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / YEAR_DAYS;
    int64_t day_of_year =
        day_of_era - (YEAR_DAYS * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted + (shifted < 10 ? 3 : -9);
    *year = year_of_era + era * ERA_YEARS + (*month <= 2);
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool is_digit(struct str text)
{
    return text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

static bool take_char(struct str *text, char c)
{
    if (!text->len || text->ptr[0] != c)
        return false;
    *text = str_skip(*text, 1);
    return true;
}

/* Exactly count digits, whose value is from min to max. */
static bool take_number(struct str *text, int count, int64_t min, int64_t max, int64_t *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(*text))
            return false;
        *value = *value * 10 + (text->ptr[0] - '0');
        *text = str_skip(*text, 1);
    }
    return *value >= min && *value <= max;
}

static bool take_date(struct str *text, int64_t *days)
{
    int64_t year, month, day;
    if (!take_number(text, 4, 1, 9999, &year) || !take_char(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take_char(text, '-') ||
        !take_number(text, 2, 1, month_days(year, month), &day))
        return false;
    *days = days_from_date(year, month, day);
    return true;
}

/* The fraction of a second, when there is one. */
static bool take_fraction(struct str *text, int64_t *micros, int *digits)
{
    *micros = 0;
    *digits = 0;
    if (!take_char(text, '.'))
        return true;
    for (int64_t scale = SECOND / 10; is_digit(*text); scale /= 10) {
        int digit = text->ptr[0] - '0';
        /* What cannot be kept is refused, not rounded: it may be another version. */
        if (scale == 0 && digit != 0)
            return false;
        *micros += digit * scale;
        ++*digits;
        *text = str_skip(*text, 1);
    }
    return *digits > 0;
}

static bool take_time(struct str *text, int64_t *micros, int *digits)
{
    int64_t hour, minute, second, fraction;
    if (!take_number(text, 2, 0, 23, &hour) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &minute) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &second) || !take_fraction(text, &fraction, digits))
        return false;
    *micros = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
    return true;
}

static bool take_offset(struct str *text, bool naive, int64_t *micros)
{
    int64_t hour, minute = 0, second = 0;
    *micros = 0;
    if (take_char(text, 'Z') || take_char(text, 'z') || (naive && text->len == 0))
        return true;
    bool minus = take_char(text, '-');
    if ((!minus && !take_char(text, '+')) || !take_number(text, 2, 0, 23, &hour))
        return false;
    if (take_char(text, ':') && !take_number(text, 2, 0, 59, &minute))
        return false;
    /* Seconds only behind minutes, which have then been read. */
    if (take_char(text, ':') && !take_number(text, 2, 0, 59, &second))
        return false;
    *micros = (hour * HOUR + minute * MINUTE + second * SECOND) * (minus ? -1 : 1);
    return true;
}

enum err http_instant(struct str text, bool naive, int64_t *micros, int *digits)
{
    int64_t days, time, offset;
    int fraction_digits;
    if (text.len > TEXT_MAX || !take_date(&text, &days))
        return ERR_SYNTAX;
    if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
        return ERR_SYNTAX;
    if (!take_time(&text, &time, &fraction_digits) || !take_offset(&text, naive, &offset) ||
        text.len)
        return ERR_SYNTAX;
    int64_t instant = days * DAY + time - offset;
    /* An offset must not lead out of the years that can be written again. */
    if (instant < days_from_date(1, 1, 1) * DAY || instant >= days_from_date(10000, 1, 1) * DAY)
        return ERR_SYNTAX;
    *micros = instant;
    *digits = fraction_digits;
    return ERR_NONE;
}

/* A number with just so many digits, and the character behind it. */
static char *put_number(char *at, int64_t number, int digits, char behind)
{
    at[digits] = behind;
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digits + 1;
}

void http_instant_write(struct buf *buf, int64_t micros)
{
    int64_t days = micros / DAY, rest = micros % DAY;
    int64_t year, month, day;
    /* Before 1970 the remainder is negative; a time of day is not. */
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    date_from_days(days, &year, &month, &day);
    char text[sizeof "2026-11-22T07:49:00.123456Z"], *at = text;
    if (year >= 0 && year <= 9999)
        at = put_number(at, year, 4, '-');
    else
        buf_printf(buf, "%04" PRId64 "-", year);
    at = put_number(at, month, 2, '-');
    at = put_number(at, day, 2, 'T');
    at = put_number(at, rest / HOUR, 2, ':');
    at = put_number(at, rest % HOUR / MINUTE, 2, ':');
    at = put_number(at, rest % MINUTE / SECOND, 2, '.');
    at = put_number(at, rest % SECOND, 6, 'Z');
    buf_str(buf, str_range(text, at));
}
