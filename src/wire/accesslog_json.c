#include "wire/accesslog_parts.h"

#include <string.h>

#include "wire/accesslog_scan.h"

#include "base/banned.h"

#define DEPTH_MAX 4 /* of objects within the line's own */
#define NAME_MAX 64
#define LAST_ONLY 1000 /* behind all that are known by their whole name */
#define UNRANKED INT32_MAX

struct name {
    const char *text;
    enum accesslog_part part;
};

/*
 * In small letters, '_' for '.', '-' and '@', and within objects the names in front: what nginx's
 * variables, Caddy, Traefik, the Elastic Common Schema and usual formats of Apache call it. Of two
 * that are there, the one that stands further up is taken.
 */
static const struct name names[] = {
    {"request_uri", PART_TARGET},
    {"requesturi", PART_TARGET},
    {"requestpath", PART_TARGET}, /* Traefik's has the query */
    {"url_original", PART_TARGET},
    {"target", PART_TARGET},
    {"request_url", PART_TARGET},
    {"uri", PART_PATH},
    {"url", PART_PATH},
    {"path", PART_PATH},
    {"url_path", PART_PATH},
    {"request_path", PART_PATH},
    {"document_uri", PART_PATH},
    {"query_string", PART_QUERY},
    {"args", PART_QUERY},
    {"query", PART_QUERY},
    {"url_query", PART_QUERY},
    {"request_method", PART_METHOD},
    {"requestmethod", PART_METHOD},
    {"http_request_method", PART_METHOD},
    {"method", PART_METHOD},
    {"http_method", PART_METHOD},
    {"verb", PART_METHOD},
    {"request", PART_REQUEST},
    {"request_line", PART_REQUEST},
    {"requestline", PART_REQUEST},
    {"downstreamstatus", PART_STATUS},
    {"status", PART_STATUS},
    {"status_code", PART_STATUS},
    {"statuscode", PART_STATUS},
    {"http_response_status_code", PART_STATUS},
    {"http_status", PART_STATUS},
    {"response", PART_STATUS},
    {"response_code", PART_STATUS},
    {"code", PART_STATUS},
    {"time_iso8601", PART_TIME},
    {"time_local", PART_TIME},
    {"startlocal", PART_TIME},
    {"startutc", PART_TIME},
    {"_timestamp", PART_TIME},
    {"timestamp", PART_TIME},
    {"time", PART_TIME},
    {"datetime", PART_TIME},
    {"date", PART_TIME},
    {"ts", PART_TIME},
    {"msec", PART_TIME},
    {"remote_user", PART_USER},
    {"remoteuser", PART_USER},
    {"user_name", PART_USER},
    {"clientusername", PART_USER},
    {"username", PART_USER},
    {"user_id", PART_USER},
    {"user", PART_USER},
    {"auth", PART_USER},
    {"remote_addr", PART_CLIENT},
    {"remoteaddr", PART_CLIENT},
    {"clienthost", PART_CLIENT},
    {"client_ip", PART_CLIENT},
    {"clientip", PART_CLIENT},
    {"remote_ip", PART_CLIENT},
    {"remoteip", PART_CLIENT},
    {"source_ip", PART_CLIENT},
    {"source_address", PART_CLIENT},
    {"remote_host", PART_CLIENT},
    {"remotehost", PART_CLIENT},
    {"client", PART_CLIENT},
    {"client_address", PART_CLIENT},
    {"ip", PART_CLIENT},
    {"http_x_forwarded_for", PART_FORWARDED},
    {"x_forwarded_for", PART_FORWARDED},
    {"xforwardedfor", PART_FORWARDED},
    {"http_user_agent", PART_AGENT},
    {"user_agent", PART_AGENT},
    {"user_agent_original", PART_AGENT},
    {"useragent", PART_AGENT},
    {"request_user_agent", PART_AGENT},
    {"agent", PART_AGENT},
    {"http_referer", PART_REFERER},
    {"http_request_referrer", PART_REFERER},
    {"request_referer", PART_REFERER},
    {"referer", PART_REFERER},
    {"referrer", PART_REFERER},
    {"http_host", PART_VHOST},
    {"host", PART_VHOST},
    {"requesthost", PART_VHOST},
    {"vhost", PART_VHOST},
    {"server_name", PART_VHOST},
    {"servername", PART_VHOST},
    {"virtual_host", PART_VHOST},
    {"url_domain", PART_VHOST},
};
#define NAMES (sizeof names / sizeof *names)

struct walk {
    struct scan scan;
    const struct accesslog_names *own;
    struct str parts[ACCESSLOG_PARTS]; /* as they stand there */
    int rank[ACCESSLOG_PARTS];
    char name[NAME_MAX];
};

/* The part that is called so, and its rank; the names that the user gave come before all others. */
static int look_up(const struct walk *walk, struct str name, enum accesslog_part *part)
{
    for (size_t i = 0; i < walk->own->count; i++)
        if (str_eq(walk->own->names[i].name, name)) {
            *part = (enum accesslog_part)walk->own->names[i].part;
            return -1;
        }
    for (size_t i = 0; i < NAMES; i++)
        if (name.len && names[i].text[0] == name.ptr[0] && str_is(name, names[i].text)) {
            *part = names[i].part;
            return (int)i;
        }
    return UNRANKED;
}

static void note(struct walk *walk, size_t len, size_t last, struct str value)
{
    enum accesslog_part part = PART_OTHER;
    int rank = look_up(walk, (struct str){walk->name, len}, &part);
    if (rank == UNRANKED && last) {
        rank = look_up(walk, (struct str){walk->name + last, len - last}, &part);
        rank = rank == UNRANKED ? UNRANKED : rank + LAST_ONLY;
    }
    if (rank < walk->rank[part]) {
        walk->rank[part] = rank;
        walk->parts[part] = value;
    }
}

/* As names are compared; those that are longer than size are cut, and none of ours. */
static size_t plain_name(struct str name, char *out, size_t size)
{
    size_t len = 0;
    for (; len < name.len && len < size; len++) {
        char c = name.ptr[len];
        out[len] = (char)(c >= 'A' && c <= 'Z'               ? c | 0x20
                          : c == '.' || c == '-' || c == '@' ? '_'
                                                             : c);
    }
    return len;
}

/* The name of a member behind those of the objects that it is in. */
static size_t add_name(struct walk *walk, size_t before, struct str name, size_t *last)
{
    size_t len = before;
    if (len && len < NAME_MAX)
        walk->name[len++] = '_';
    *last = before ? len : 0;
    return len + plain_name(name, walk->name + len, NAME_MAX - len);
}

/* A number or a word, up to what ends it. */
static struct str take_bare(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && !strchr(",}] \t", *scan->at))
        scan->at++;
    struct str text = str_range(start, scan->at);
    bool value = text.len && (text.ptr[0] == '-' || (text.ptr[0] >= '0' && text.ptr[0] <= '9'));
    return value ? text : STR_NONE;
}

/* Of an array the first item, if that is a text: a header that came once. */
static bool take_first(struct walk *walk, size_t len, size_t last)
{
    struct scan inside = {walk->scan.at + 1, walk->scan.end};
    struct str text;
    if (scan_string(&inside, &text))
        note(walk, len, last, text);
    return scan_skip(&walk->scan);
}

static bool take_object(struct walk *walk, size_t before, int depth);

static bool take_value(struct walk *walk, size_t len, size_t last, int depth)
{
    struct str text;
    scan_blanks(&walk->scan);
    char c = walk->scan.at < walk->scan.end ? *walk->scan.at : 0;
    if (c == '{')
        return depth < DEPTH_MAX ? take_object(walk, len, depth + 1) : scan_skip(&walk->scan);
    if (c == '[')
        return take_first(walk, len, last);
    if (c != '"') {
        text = take_bare(&walk->scan);
        if (text.ptr)
            note(walk, len, last, text);
        return true;
    }
    if (!scan_string(&walk->scan, &text))
        return false;
    note(walk, len, last, text);
    return true;
}

static bool take_object(struct walk *walk, size_t before, int depth)
{
    struct str name;
    size_t last;
    if (!scan_take(&walk->scan, '{'))
        return false;
    if (scan_take(&walk->scan, '}'))
        return true;
    do {
        if (!scan_string(&walk->scan, &name) || !scan_take(&walk->scan, ':'))
            return false;
        size_t len = add_name(walk, before, name, &last);
        if (!take_value(walk, len, last, depth))
            return false;
    } while (scan_take(&walk->scan, ','));
    return scan_take(&walk->scan, '}');
}

/*
 * In its own place. \" and \\ stay as they are: so they are the escapes that other formats have,
 * and what looks like one of those in the text itself is told from them.
 */
static struct str decode(struct str text)
{
    static const char from[] = "/bfnrt", to[] = "/\b\f\n\r\t";
    const char *first = text.ptr ? memchr(text.ptr, '\\', text.len) : NULL;
    if (!first)
        return text;
    struct room room = {(char *)(uintptr_t)text.ptr, (size_t)(first - text.ptr), text.len};
    for (size_t i = room.len; i < text.len; i++) {
        char c = text.ptr[i], next = i + 1 < text.len ? text.ptr[i + 1] : 0;
        const char *known = c == '\\' && next ? strchr(from, next) : NULL;
        unsigned code = c == '\\' && next == 'u' ? scan_hex4(str_skip(text, i + 2)) : UINT32_MAX;
        if (code != UINT32_MAX) {
            (void)room_add_code(&room, code);
            i += 5;
        } else if (known) {
            (void)room_add(&room, (unsigned char)to[known - from]);
            i++;
        } else {
            (void)room_add(&room, (unsigned char)c);
            if (c == '\\' && next)
                (void)room_add(&room, (unsigned char)text.ptr[++i]);
        }
    }
    return (struct str){room.ptr, room.len};
}

enum err accesslog_json(char *line, size_t len, const struct accesslog_names *own, char *room,
                        struct accesslog *entry)
{
    struct walk walk = {.scan = {line, line + len}, .own = own};
    for (size_t i = 0; i < ACCESSLOG_PARTS; i++)
        walk.rank[i] = UNRANKED;
    if (!take_object(&walk, 0, 0))
        return ERR_SYNTAX;
    for (size_t i = 0; i < ACCESSLOG_PARTS; i++)
        walk.parts[i] = decode(walk.parts[i]);
    if (!walk.parts[PART_TIME].ptr || !walk.parts[PART_STATUS].ptr)
        return ERR_SYNTAX;
    if (!walk.parts[PART_REQUEST].ptr && !walk.parts[PART_METHOD].ptr)
        return ERR_SYNTAX;
    if (accesslog_any_time(walk.parts[PART_TIME], &entry->time, &entry->zone))
        return ERR_SYNTAX;
    return accesslog_join(walk.parts, room, entry);
}

enum err accesslog_names_read(struct arena *arena, struct str text, struct accesslog_names *own,
                              struct str *fault)
{
    static const struct name words[] = {{"time", PART_TIME},       {"request", PART_REQUEST},
                                        {"method", PART_METHOD},   {"target", PART_TARGET},
                                        {"path", PART_PATH},       {"query", PART_QUERY},
                                        {"status", PART_STATUS},   {"client", PART_CLIENT},
                                        {"user", PART_USER},       {"host", PART_VHOST},
                                        {"referer", PART_REFERER}, {"agent", PART_AGENT}};
    struct str rest = text;
    while (rest.ptr) {
        struct str name, word = str_trim(str_cut(str_cut(rest, ',', &rest), '=', &name));
        size_t found = 0;
        *fault = word;
        while (found < sizeof words / sizeof *words && !str_is(word, words[found].text))
            found++;
        if (found == sizeof words / sizeof *words || !name.len)
            return ERR_UNKNOWN;
        if (own->count == ACCESSLOG_NAMES || name.len > NAME_MAX)
            return ERR_TOO_MANY;
        char *plain = arena_bytes(arena, NAME_MAX);
        own->names[own->count].name =
            (struct str){plain, plain_name(str_trim(name), plain, NAME_MAX)};
        own->names[own->count++].part = (int)words[found].part;
    }
    return ERR_NONE;
}
