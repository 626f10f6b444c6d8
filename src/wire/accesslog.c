#include "wire/accesslog_parts.h"

#include <string.h>

#include "base/banned.h"

#define CLASSIC_TIME 26 /* 10/Oct/2000:13:55:36 -0700 */
#define ISO_TIME 25     /* 2000-10-10T13:55:36-07:00 */
#define METHOD_MAX 24
#define MOST_QUOTES 16 /* of a user's name, before the request */

/* From a pointer up to another, in the place where each line comes by. */
static inline struct str range(const char *ptr, const char *end)
{
    return (struct str){ptr, (size_t)(end - ptr)};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *accesslog_quote(const char *at, const char *end)
{
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        const char *first = quote;
        if (!quote)
            return NULL;
        while (first > at && first[-1] == '\\')
            first--;
        if ((quote - first) % 2 == 0)
            return quote;
        at = quote + 1;
    }
    return NULL;
}

#define MINUTE_LEN 17 /* 10/Oct/2000:13:55 */
#define ZONE_LEN 6
#define ZONE_AT 20

/* The time at at, of size bytes: of the minute before, or as accesslog_time reads it. */
static bool read_time(const char *at, size_t size, struct accesslog_minute *minute,
                      struct accesslog *entry)
{
    int second = size == CLASSIC_TIME ? (at[18] - '0') * 10 + (at[19] - '0') : 0;
    if (size == CLASSIC_TIME && memcmp(at, minute->text, MINUTE_LEN) == 0 &&
        memcmp(at + ZONE_AT, minute->text + ZONE_AT, ZONE_LEN) == 0 && at[17] == ':' &&
        is_digit(at[18]) && at[18] < '6' && is_digit(at[19])) {
        entry->time = minute->start + second;
        entry->zone = minute->zone;
        return true;
    }
    if (accesslog_time((struct str){at, size}, &entry->time, &entry->zone))
        return false;
    if (size == CLASSIC_TIME) {
        memcpy(minute->text, at, CLASSIC_TIME);
        minute->start = entry->time - second;
        minute->zone = entry->zone;
    }
    return true;
}

/*
 * The time in its brackets right before a quote. Names of users may hold brackets and blanks, and
 * whoever is refused chooses the name freely, but no quote: servers escape it.
 */
static bool time_before(const char *start, const char *quote, struct accesslog_minute *minute,
                        struct accesslog *entry)
{
    static const size_t sizes[] = {CLASSIC_TIME, ISO_TIME};
    if (quote - start < 2 || quote[-1] != ' ' || quote[-2] != ']')
        return false;
    for (size_t i = 0; i < 2; i++) {
        const char *open = quote - 3 - sizes[i];
        if (open < start || *open != '[')
            continue;
        if (!read_time(open + 1, sizes[i], minute, entry))
            continue;
        entry->head = range(start, open);
        return true;
    }
    return false;
}

/* The quote that begins the request, with head and time filled in; NULL: there is none. */
static const char *find_request(struct str line, struct accesslog_minute *minute,
                                struct accesslog *entry)
{
    const char *end = line.ptr + line.len;
    const char *at = line.ptr;
    for (int i = 0; i < MOST_QUOTES && at < end; i++) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (!quote)
            return NULL;
        if (time_before(line.ptr, quote, minute, entry))
            return quote;
        at = quote + 1;
    }
    return NULL;
}

static bool is_method(struct str text)
{
    if (!text.len || text.len > METHOD_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') || text.ptr[i] == '-' ||
              text.ptr[i] == '_'))
            return false;
    return true;
}

/* Method, target and protocol; a blank in the target is a client's fault, and stays in it. */
enum err accesslog_request(struct str request, struct accesslog *entry)
{
    struct str rest = STR_NONE;
    struct str method = str_cut(request, ' ', &rest);
    entry->method = entry->target = STR_NONE;
    if (!rest.ptr || !rest.len || !is_method(method))
        return ERR_UNKNOWN;
    const char *blank = memrchr(rest.ptr, ' ', rest.len);
    if (blank && str_starts(range(blank + 1, rest.ptr + rest.len), STR("HTTP/")))
        rest = range(rest.ptr, blank);
    if (!rest.len)
        return ERR_UNKNOWN;
    entry->method = method;
    entry->target = rest;
    return ERR_NONE;
}

/* What nearly every line has needs no search. */
static enum err take_request(struct str request, struct accesslog *entry)
{
    const size_t version = sizeof " HTTP/1.1" - 1;
    const char *end = request.ptr + request.len;
    if (request.len > version + 4 && memcmp(request.ptr, "GET /", 5) == 0 &&
        memcmp(end - version, " HTTP/", 6) == 0) {
        entry->method = (struct str){request.ptr, 3};
        entry->target = range(request.ptr + 4, end - version);
        return ERR_NONE;
    }
    return accesslog_request(request, entry);
}

/* The status behind the request, three digits; the tail is what follows. */
static bool take_status(const char *at, const char *end, struct accesslog *entry)
{
    if (end - at < 4 || at[0] != ' ' || !is_digit(at[1]) || !is_digit(at[2]) || !is_digit(at[3]))
        return false;
    if (end - at > 4 && at[4] != ' ')
        return false;
    entry->status = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
    entry->tail = range(at + 4, end);
    return true;
}

bool accesslog_classic(const char *at, struct accesslog_minute *minute, struct accesslog *entry)
{
    return read_time(at, CLASSIC_TIME, minute, entry);
}

enum err accesslog_parse(struct str line, struct accesslog_minute *minute, struct accesslog *entry)
{
    const char *end = line.ptr + line.len;
    entry->whole = false;
    const char *open = line.len ? find_request(line, minute, entry) : NULL;
    const char *close = open ? accesslog_quote(open + 1, end) : NULL;
    if (!close || !take_status(close + 1, end, entry))
        return ERR_SYNTAX;
    return take_request(range(open + 1, close), entry);
}

/* --- who ------------------------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Something that looks like an IPv4 or IPv6 address, and like no name and no "-". */
static bool is_address(struct str text)
{
    size_t dots = 0, colons = 0;
    for (size_t i = 0; i < text.len; i++) {
        dots += text.ptr[i] == '.';
        colons += text.ptr[i] == ':';
        if (!is_hex(text.ptr[i]) && text.ptr[i] != '.' && text.ptr[i] != ':')
            return false;
    }
    return colons >= 2 || (dots == 3 && !colons);
}

/* A line that went through syslog into a file: "Nov 22 07:49:00 host nginx: " before the client. */
static struct str without_syslog(struct str head)
{
    static const char months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    bool classic = head.len > 16 && head.ptr[3] == ' ' && memmem(months, 48, head.ptr, 4);
    bool iso = head.len > 20 && head.ptr[4] == '-' && head.ptr[7] == '-' && head.ptr[10] == 'T';
    size_t at = classic || iso ? str_find(head, STR(": ")) : SIZE_MAX;
    return at == SIZE_MAX ? head : str_skip(head, at + 2);
}

/* The first field; a list of addresses, as proxies make it ("10.0.0.1, 10.0.0.2"), is one. */
static struct str take_field(struct str *head)
{
    const char *start = head->ptr;
    struct str field = str_cut(*head, ' ', head);
    while (head->ptr && field.len && field.ptr[field.len - 1] == ',')
        field = str_cut(*head, ' ', head);
    if (!head->ptr)
        *head = STR("");
    return range(start, field.ptr + field.len);
}

static enum accesslog_format guess(struct str head)
{
    take_field(&head);
    struct str second = take_field(&head);
    if (second.len == 1 && second.ptr[0] == '-')
        return ACCESSLOG_COMMON;
    if (is_address(second) && str_starts(head, STR("- ")) && head.len > 2)
        return ACCESSLOG_VHOST;
    return ACCESSLOG_LIGHTTPD;
}

enum accesslog_format accesslog_guess(const struct accesslog *entry)
{
    return guess(without_syslog(entry->head));
}

/* A quoted field behind the first quote of *tail. */
static struct str take_quoted(struct str *tail)
{
    const char *end = tail->ptr + tail->len;
    const char *open = tail->len ? memchr(tail->ptr, '"', tail->len) : NULL;
    if (!open) {
        *tail = STR("");
        return STR_NONE;
    }
    const char *close = accesslog_quote(open + 1, end);
    struct str field = range(open + 1, close ? close : end);
    *tail = close ? range(close + 1, end) : STR("");
    return accesslog_or_none(field);
}

static void take_head(struct accesslog *entry, struct str head, enum accesslog_format format)
{
    head = without_syslog(head);
    if (format == ACCESSLOG_ANY)
        format = guess(head);
    entry->vhost = format == ACCESSLOG_VHOST ? accesslog_or_none(take_field(&head)) : STR_NONE;
    entry->client = accesslog_or_none(take_field(&head));
    struct str second = take_field(&head);
    if (format == ACCESSLOG_LIGHTTPD)
        entry->vhost = accesslog_or_none(second);
    entry->user = accesslog_or_none(str_trim(head));
}

/* "client - user ", what most logs have; false when it is something else. */
static bool take_common(struct accesslog *entry)
{
    const char *start = entry->head.ptr, *end = start + entry->head.len;
    const char *blank = entry->head.len ? memchr(start, ' ', entry->head.len) : NULL;
    if (!blank || blank == start || end - blank < 5 || blank[1] != '-' || blank[2] != ' ' ||
        end[-1] != ' ' || blank[-1] == ',')
        return false;
    entry->vhost = STR_NONE;
    entry->client = range(start, blank);
    entry->user = accesslog_or_none(range(blank + 3, end - 1));
    return true;
}

/* " 1234 "referer" "agent"", what most logs have; false when it is something else. */
static bool take_combined(struct accesslog *entry)
{
    const char *at = entry->tail.ptr, *end = at + entry->tail.len;
    const char *opens[2], *closes[2];
    if (at < end && *at == ' ')
        at++;
    while (at < end && (is_digit(*at) || *at == '-'))
        at++;
    for (size_t i = 0; i < 2; i++) {
        if (end - at < 3 || at[0] != ' ' || at[1] != '"')
            return false;
        opens[i] = at + 2;
        closes[i] = accesslog_quote(opens[i], end);
        if (!closes[i])
            return false;
        at = closes[i] + 1;
    }
    entry->referer = accesslog_or_none(range(opens[0], closes[0]));
    entry->agent = accesslog_or_none(range(opens[1], closes[1]));
    return true;
}

void accesslog_who(struct accesslog *entry, enum accesslog_format format)
{
    struct str head = entry->head, tail = entry->tail;
    if (entry->whole)
        return;
    if (format > ACCESSLOG_COMMON || !take_common(entry))
        take_head(entry, head, format);
    if (take_combined(entry))
        return;
    entry->referer = take_quoted(&tail);
    entry->agent = take_quoted(&tail);
}
