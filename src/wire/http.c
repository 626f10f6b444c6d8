#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct method {
    unsigned method;
    const char *name;
};

/* In the order in which Allow names them. */
static const struct method methods_known[] = {
    {HTTP_GET, "GET"},     {HTTP_HEAD, "HEAD"},     {HTTP_POST, "POST"},       {HTTP_PUT, "PUT"},
    {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"}, {HTTP_OPTIONS, "OPTIONS"},
};

#define METHOD_COUNT (sizeof methods_known / sizeof methods_known[0])

unsigned http_method(struct str name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (str_is(name, methods_known[i].name))
            return methods_known[i].method;
    return 0;
}

const char *http_method_name(unsigned method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (method == methods_known[i].method)
            return methods_known[i].name;
    return "";
}

void http_allow(struct buf *buf, unsigned methods)
{
    const char *comma = "";
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (!(methods & methods_known[i].method))
            continue;
        buf_text(buf, comma);
        buf_text(buf, methods_known[i].name);
        comma = ", ";
    }
}

/*
 * Complete from 400 on, for a function in the database may raise any PT4xx; the
 * number in the text is the number looked for, so the two cannot disagree.
 */
static const char *const statuses[] = {
    "200 OK",
    "201 Created",
    "202 Accepted",
    "203 Non-Authoritative Information",
    "204 No Content",
    "205 Reset Content",
    "206 Partial Content",
    "207 Multi-Status",
    "208 Already Reported",
    "226 IM Used",
    "300 Multiple Choices",
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "304 Not Modified",
    "305 Use Proxy",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
    "400 Bad Request",
    "401 Unauthorized",
    "402 Payment Required",
    "403 Forbidden",
    "404 Not Found",
    "405 Method Not Allowed",
    "406 Not Acceptable",
    "407 Proxy Authentication Required",
    "408 Request Timeout",
    "409 Conflict",
    "410 Gone",
    "411 Length Required",
    "412 Precondition Failed",
    "413 Content Too Large",
    "414 URI Too Long",
    "415 Unsupported Media Type",
    "416 Range Not Satisfiable",
    "417 Expectation Failed",
    "421 Misdirected Request",
    "422 Unprocessable Content",
    "423 Locked",
    "424 Failed Dependency",
    "425 Too Early",
    "426 Upgrade Required",
    "428 Precondition Required",
    "429 Too Many Requests",
    "431 Request Header Fields Too Large",
    "451 Unavailable For Legal Reasons",
    "460 Checksum Mismatch",
    "500 Internal Server Error",
    "501 Not Implemented",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "505 HTTP Version Not Supported",
    "506 Variant Also Negotiates",
    "507 Insufficient Storage",
    "508 Loop Detected",
    "511 Network Authentication Required",
};

const char *http_status(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const char *text = statuses[i];
        if (status == (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'))
            return text;
    }
    return "500 Internal Server Error";
}

struct str http_media_type(struct arena *arena, struct str value)
{
    struct str rest;
    struct str type = str_trim(str_cut(value, ';', &rest));
    if (!type.ptr)
        return STR_NONE;
    char *text = arena_copy(arena, type.ptr, type.len);
    for (size_t i = 0; i < type.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    return (struct str){text, type.len};
}

/* Like str_cut, but a sep inside a quoted string does not count. */
static struct str cut_unquoted(struct str text, char sep, struct str *rest)
{
    /* nearly always there is no quote before the first sep */
    struct str part = str_cut(text, sep, rest);
    if (!part.len || !memchr(part.ptr, '"', part.len))
        return part;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted)
            i++;
        else if (c == sep && !quoted) {
            *rest = str_skip(text, i + 1);
            return (struct str){text.ptr, i};
        }
    }
    *rest = STR_NONE;
    return text;
}

/*
 * A weight in thousandths, or -1. Integers, for 0.1 is no exact double. ".2"
 * without the zero is not in the grammar, but Java's HttpURLConnection sends it.
 */
static int parse_weight(struct str text)
{
    size_t i = 0;
    int sum = 0;
    if (text.len && (text.ptr[0] == '0' || text.ptr[0] == '1'))
        sum = (text.ptr[i++] - '0') * 1000;
    if (i < text.len && text.ptr[i] == '.') {
        i++;
        for (int scale = 100; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; scale /= 10)
            sum += (text.ptr[i++] - '0') * scale;
    }
    return text.len && i == text.len && sum <= 1000 ? sum : -1;
}

/* The weight among the parameters of a range: 1000 without one, -1 for a bad one. */
static int range_weight(struct str parameters)
{
    while (parameters.ptr) {
        struct str value;
        struct str name = str_cut(cut_unquoted(parameters, ';', &parameters), '=', &value);
        if (str_ieq(str_trim(name), STR("q")))
            return parse_weight(str_trim(value));
    }
    return 1000;
}

enum specificity { FITS_NOT, FITS_ALL, FITS_TYPE, FITS_EXACTLY };

static enum specificity range_fits(struct str range, struct str offer)
{
    if (str_is(range, "*") || str_is(range, "*/*"))
        return FITS_ALL;
    if (str_ieq(range, offer))
        return FITS_EXACTLY;
    if (!str_ends(range, STR("/*")) || offer.len < range.len)
        return FITS_NOT;
    struct str type = {range.ptr, range.len - 1};
    return str_ieq(type, (struct str){offer.ptr, type.len}) ? FITS_TYPE : FITS_NOT;
}

/* How well an offer does: its weight comes from the most specific range that fits it. */
struct rank {
    enum specificity fits;
    int weight;
};

/* Takes one range of Accept into account; false when it is not well formed. */
static bool take_range(struct str item, const struct str *offers, size_t count, struct rank *ranks)
{
    struct str parameters;
    struct str range = str_trim(cut_unquoted(item, ';', &parameters));
    int weight = range_weight(parameters);
    if (weight < 0 || (!str_is(range, "*") && str_find(range, STR("/")) == SIZE_MAX))
        return false;
    for (size_t i = 0; i < count; i++) {
        enum specificity fits = range_fits(range, offers[i]);
        if (fits > ranks[i].fits || (fits == ranks[i].fits && weight > ranks[i].weight))
            ranks[i] = (struct rank){fits, fits == FITS_NOT ? 0 : weight};
    }
    return true;
}

size_t http_accept(struct str accept, const struct str *offers, size_t count)
{
    struct rank ranks[HTTP_OFFERS_MAX] = {0};
    size_t best = count;
    struct rank top = {0};
    bool any = false;
    if (count > HTTP_OFFERS_MAX)
        abort();
    while (accept.ptr)
        any |= take_range(cut_unquoted(accept, ',', &accept), offers, count, ranks);
    if (!any)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct rank rank = ranks[i];
        if (rank.weight > top.weight ||
            (rank.weight && rank.weight == top.weight && rank.fits > top.fits)) {
            top = rank;
            best = i;
        }
    }
    return best;
}
