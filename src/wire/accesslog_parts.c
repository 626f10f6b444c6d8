#include "wire/accesslog_parts.h"

#include <string.h>

#include "base/banned.h"

#define CLASSIC_TIME 26
#define SECOND_MAX INT64_C(100000000000) /* a higher number is no seconds but milliseconds */
#define SECOND_MIN 100000000             /* of 1973: a lower number is how long something took */
#define THOUSAND 1000

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number of exactly count digits, or -1. */
static int digits(const char **at, const char *end, int count)
{
    int value = 0;
    if (end - *at < count)
        return -1;
    for (int i = 0; i < count; i++) {
        if (!is_digit((*at)[i]))
            return -1;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    return value;
}

static bool take(const char **at, const char *end, const char *one_of)
{
    if (*at == end || !**at || !strchr(one_of, **at))
        return false;
    ++*at;
    return true;
}

/* "Z", "+01:00", "+0100", "+01"; nothing is UTC. */
static bool take_zone(const char **at, const char *end, int *zone)
{
    const char *sign = *at;
    *zone = 0;
    if (take(at, end, "Zz") || !take(at, end, "+-"))
        return true;
    int hour = digits(at, end, 2), minute = 0;
    if (take(at, end, ":") || (*at < end && is_digit(**at)))
        minute = digits(at, end, 2);
    *zone = (hour * 60 + minute) * (*sign == '-' ? -1 : 1);
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

const char *accesslog_take_iso(const char *at, const char *end, int64_t *seconds, int *zone)
{
    int year = digits(&at, end, 4), month = take(&at, end, "-") ? digits(&at, end, 2) : -1;
    int day = take(&at, end, "-") ? digits(&at, end, 2) : -1;
    int hour = take(&at, end, "Tt ") ? digits(&at, end, 2) : -1;
    int minute = take(&at, end, ":") ? digits(&at, end, 2) : -1;
    int second = take(&at, end, ":") ? digits(&at, end, 2) : -1;
    if (year < 1901 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        return NULL;
    if (take(&at, end, ".,"))
        while (at < end && is_digit(*at))
            at++;
    if (!take_zone(&at, end, zone))
        return NULL;
    *seconds = ((accesslog_days(year, month, day) * 24 + hour) * 60 + minute - *zone) * 60 + second;
    return at;
}

static enum err number_time(struct str text, int64_t *seconds, int *zone)
{
    struct str rest, whole = str_cut(text, '.', &rest);
    uint64_t value, part;
    if (str_to_u64(whole, INT64_MAX, &value) ||
        (rest.ptr && str_to_u64(str_range(rest.ptr, rest.ptr + (rest.len < 9 ? rest.len : 9)),
                                INT64_MAX, &part)))
        return ERR_SYNTAX;
    if (value < SECOND_MIN)
        return ERR_SYNTAX;
    while (value >= (uint64_t)SECOND_MAX)
        value /= THOUSAND;
    *seconds = (int64_t)value;
    *zone = 0;
    return ERR_NONE;
}

enum err accesslog_any_time(struct str text, int64_t *seconds, int *zone)
{
    text = str_trim(text);
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = str_range(text.ptr + 1, text.ptr + text.len - 1);
    if (!text.len)
        return ERR_SYNTAX;
    if (text.len == CLASSIC_TIME && text.ptr[2] == '/')
        return accesslog_time(text, seconds, zone);
    const char *end = text.ptr + text.len;
    if (accesslog_take_iso(text.ptr, end, seconds, zone) == end)
        return ERR_NONE;
    return number_time(text, seconds, zone);
}

struct str accesslog_or_none(struct str text)
{
    bool dash = text.len == 1 && text.ptr[0] == '-';
    bool quotes = text.len == 2 && text.ptr[0] == '"' && text.ptr[1] == '"';
    return dash || quotes || !text.len ? STR_NONE : text;
}

static enum err read_status(struct str text, struct accesslog *entry)
{
    bool none = !text.len || str_is(text, "-") || str_is(text, "0") || str_is(text, "000");
    uint64_t status = 0;
    if (!none && (text.len != 3 || str_to_u64(text, 999, &status)))
        return ERR_SYNTAX;
    entry->status = (int)status;
    return ERR_NONE;
}

/* Path and query as one; servers write the query with its '?' or without. */
static struct str join_target(struct str path, struct str query, char *room)
{
    bool has = path.len && memchr(path.ptr, '?', path.len);
    query = accesslog_or_none(query);
    if (has || !query.len || str_is(query, "?"))
        return path;
    size_t len = path.len;
    memcpy(room, path.ptr, len);
    if (query.ptr[0] != '?')
        room[len++] = '?';
    memcpy(room + len, query.ptr, query.len);
    return (struct str){room, len + query.len};
}

static enum err join_request(const struct str *parts, char *room, struct accesslog *entry)
{
    struct str method = accesslog_or_none(parts[PART_METHOD]);
    struct str target = accesslog_or_none(parts[PART_TARGET]);
    if (parts[PART_REQUEST].ptr && (!method.len || !(target.len || parts[PART_PATH].len)))
        return accesslog_request(parts[PART_REQUEST], entry);
    if (!target.len && parts[PART_PATH].len)
        target = join_target(parts[PART_PATH], parts[PART_QUERY], room);
    entry->method = entry->target = STR_NONE;
    if (!method.len || !accesslog_or_none(target).len)
        return ERR_UNKNOWN;
    for (size_t i = 0; i < method.len; i++)
        if (method.ptr[i] < 'A' || method.ptr[i] > 'Z')
            return ERR_UNKNOWN;
    entry->method = method;
    entry->target = target;
    return ERR_NONE;
}

enum err accesslog_join(const struct str parts[ACCESSLOG_PARTS], char *room,
                        struct accesslog *entry)
{
    entry->whole = true;
    entry->head = entry->tail = STR("");
    entry->client = accesslog_or_none(parts[PART_CLIENT]);
    if (!entry->client.ptr)
        entry->client = accesslog_or_none(parts[PART_FORWARDED]);
    entry->user = accesslog_or_none(parts[PART_USER]);
    entry->vhost = accesslog_or_none(parts[PART_VHOST]);
    entry->referer = accesslog_or_none(parts[PART_REFERER]);
    entry->agent = accesslog_or_none(parts[PART_AGENT]);
    if (read_status(parts[PART_STATUS], entry))
        return ERR_SYNTAX;
    return join_request(parts, room, entry);
}
