#include <string.h>

#include "wire/accesslog_layout_steps.h"

#include "base/banned.h"

struct reader {
    const char *at, *end;
};

/* A number of at most count digits, with one blank before it as %e has it; -1: there is none. */
static int number(struct reader *reader, int count)
{
    int value = 0, used = 0;
    if (reader->at < reader->end && *reader->at == ' ')
        reader->at++;
    while (used < count && reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        value = value * 10 + (*reader->at++ - '0');
        used++;
    }
    return used ? value : -1;
}

static bool take_number(struct reader *reader, int count, int *value)
{
    *value = number(reader, count);
    return *value >= 0;
}

/* The English name of a month, short or long. */
static bool take_month(struct reader *reader, struct layout_clock *clock)
{
    static const char *const rest[] = {"uary", "ruary", "ch",     "il",   "",      "e",
                                       "y",    "ust",   "tember", "ober", "ember", "ember"};
    if (reader->end - reader->at < 3)
        return false;
    clock->month = accesslog_month(reader->at);
    if (!clock->month)
        return false;
    reader->at += 3;
    size_t more = strlen(rest[clock->month - 1]);
    if ((size_t)(reader->end - reader->at) >= more &&
        memcmp(reader->at, rest[clock->month - 1], more) == 0)
        reader->at += more;
    return true;
}

/* A word: a day's name, the name of a zone. */
static bool skip_word(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && ((*reader->at | 0x20) >= 'a' && (*reader->at | 0x20) <= 'z'))
        reader->at++;
    return reader->at > start;
}

static bool take_zone(struct reader *reader, struct layout_clock *clock)
{
    int hour, minute;
    if (reader->at == reader->end || (*reader->at != '+' && *reader->at != '-'))
        return false;
    bool west = *reader->at++ == '-';
    if (!take_number(reader, 2, &hour))
        return false;
    if (reader->at < reader->end && *reader->at == ':')
        reader->at++;
    if (!take_number(reader, 2, &minute) || hour > 23 || minute > 59)
        return false;
    clock->zone = (hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

static bool take_half(struct reader *reader, struct layout_clock *clock)
{
    if (reader->end - reader->at < 2 || (reader->at[1] | 0x20) != 'm')
        return false;
    char half = (char)(*reader->at | 0x20);
    reader->at += 2;
    if (half == 'p')
        clock->hour = clock->hour % 12 + 12;
    else
        clock->hour %= 12;
    return half == 'a' || half == 'p';
}

static bool take_short_year(struct reader *reader, struct layout_clock *clock)
{
    if (!take_number(reader, 2, &clock->year))
        return false;
    clock->year += 2000;
    return true;
}

static bool take_all(struct reader *reader, struct layout_clock *clock, struct str format);

static bool take_one(struct reader *reader, struct layout_clock *clock, char conversion)
{
    switch (conversion) {
    case 'Y':
        return take_number(reader, 4, &clock->year);
    case 'y':
        return take_short_year(reader, clock);
    case 'm':
        return take_number(reader, 2, &clock->month);
    case 'd':
    case 'e':
        return take_number(reader, 2, &clock->day);
    case 'H':
    case 'k':
    case 'I':
        return take_number(reader, 2, &clock->hour);
    case 'M':
        return take_number(reader, 2, &clock->minute);
    case 'S':
        return take_number(reader, 2, &clock->second);
    case 'b':
    case 'B':
    case 'h':
        return take_month(reader, clock);
    case 'a':
    case 'A':
    case 'Z':
        return skip_word(reader);
    case 'z':
        return take_zone(reader, clock);
    case 'p':
        return take_half(reader, clock);
    case 'T':
        return take_all(reader, clock, STR("%H:%M:%S"));
    case 'R':
        return take_all(reader, clock, STR("%H:%M"));
    case 'F':
        return take_all(reader, clock, STR("%Y-%m-%d"));
    case 'D':
        return take_all(reader, clock, STR("%m/%d/%y"));
    default:
        return false;
    }
}

static bool take_all(struct reader *reader, struct layout_clock *clock, struct str format)
{
    for (size_t i = 0; i < format.len; i++) {
        bool conversion = format.ptr[i] == '%' && i + 1 < format.len;
        char c = format.ptr[conversion ? ++i : i];
        if (conversion && c != '%') {
            if (!take_one(reader, clock, c))
                return false;
        } else if (reader->at == reader->end || *reader->at++ != c) {
            return false;
        }
    }
    return true;
}

const char *layout_clock_take(struct layout_clock *clock, struct str format, const char *at,
                              const char *end)
{
    struct reader reader = {at, end};
    return take_all(&reader, clock, format) ? reader.at : NULL;
}

bool layout_clock_knows(struct str format)
{
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%')
            continue;
        if (++i == format.len || !format.ptr[i] ||
            !strchr("YymdeHkIMSbBhaAZzpTRFD%", format.ptr[i]))
            return false;
    }
    return true;
}

enum err layout_clock_time(const struct layout_clock *clock, int64_t *seconds)
{
    if (clock->year < 1901 || clock->month < 1 || clock->month > 12 || clock->day < 1 ||
        clock->day > 31 || clock->hour > 23 || clock->minute > 59 || clock->second > 60)
        return ERR_SYNTAX;
    int64_t hours = accesslog_days(clock->year, clock->month, clock->day) * 24 + clock->hour;
    *seconds = (hours * 60 + clock->minute - clock->zone) * 60 + clock->second;
    return ERR_NONE;
}
