#include "wire/accesslog_layout_steps.h"

#include "base/banned.h"

struct making {
    struct arena *arena;
    struct accesslog_layout *layout;
    struct buf text;          /* what stands between the last value and the next */
    struct layout_step spare; /* where too many of them go */
    struct str *fault;
    enum err err;
};

struct directive {
    const char *name;
    enum layout_kind kind;
    enum accesslog_part part;
};

/* --- steps ----------------------------------------------------------------------------------- */

static void fail(struct making *making, enum err err, const char *why, struct str what)
{
    if (making->err)
        return;
    making->err = err;
    *making->fault =
        str_printf(making->arena, "%s%s%.*s", why, what.len ? ": " : "", STR_ARG(what));
}

static struct layout_step *add(struct making *making, enum layout_kind kind)
{
    struct accesslog_layout *layout = making->layout;
    if (layout->count == LAYOUT_STEPS) {
        fail(making, ERR_TOO_MANY, "the format has too many parts", STR(""));
        return &making->spare;
    }
    struct layout_step *step = &layout->steps[layout->count++];
    *step = (struct layout_step){.kind = kind};
    return step;
}

/* The text so far becomes a step. */
static void end_text(struct making *making)
{
    struct str text = buf_slice(&making->text);
    if (!text.len)
        return;
    add(making, LAYOUT_TEXT)->text = str_copy(making->arena, text);
    buf_clear(&making->text);
}

/* Of two that say the same the first one counts; a time may be in several pieces. */
static bool is_there(const struct accesslog_layout *layout, enum accesslog_part part)
{
    for (size_t i = 0; i < layout->count && part != PART_TIME; i++)
        if (layout->steps[i].kind != LAYOUT_TEXT && layout->steps[i].part == part)
            return true;
    return false;
}

/* Two that end where the next text begins cannot stand side by side, unless they are one. */
static void add_value(struct making *making, const struct directive *what, struct str name)
{
    struct accesslog_layout *layout = making->layout;
    end_text(making);
    struct layout_step *last = layout->count ? &layout->steps[layout->count - 1] : NULL;
    bool value = what->kind == LAYOUT_VALUE;
    if (last && last->kind == LAYOUT_VALUE && value) {
        bool whole = last->part == PART_PATH && what->part == PART_QUERY;
        if (!whole && !(last->part == PART_QUERY && what->part == PART_QUERY))
            fail(making, ERR_SYNTAX, "nothing stands between the one before and", name);
        last->part = whole ? PART_TARGET : last->part;
        return;
    }
    if (last && last->kind == LAYOUT_VALUE && what->kind != LAYOUT_VALUE)
        fail(making, ERR_SYNTAX, "nothing stands between the one before and", name);
    struct layout_step *step = add(making, what->kind);
    step->part = is_there(layout, what->part) ? PART_OTHER : what->part;
    step->quoted = value && last && last->kind == LAYOUT_TEXT && str_ends(last->text, STR("\""));
}

static const struct directive *find(const struct directive *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_ieq(name, str_from(list[i].name)))
            return &list[i];
    return NULL;
}

#define FIND(list, name) find((list), sizeof(list) / sizeof *(list), (name))

static const struct directive other = {"", LAYOUT_VALUE, PART_OTHER};

/* --- Apache and lighttpd --------------------------------------------------------------------- */

static const struct directive headers[] = {
    {"Referer", LAYOUT_VALUE, PART_REFERER},
    {"User-Agent", LAYOUT_VALUE, PART_AGENT},
    {"Host", LAYOUT_VALUE, PART_VHOST},
    {"X-Forwarded-Host", LAYOUT_VALUE, PART_OTHER},
    {"X-Forwarded-For", LAYOUT_VALUE, PART_FORWARDED},
    {"X-Real-IP", LAYOUT_VALUE, PART_FORWARDED},
};

/* A bracket and what is in it around the time, as %t writes it. */
static void add_apache_time(struct making *making)
{
    static const struct directive classic = {"", LAYOUT_CLASSIC, PART_TIME};
    buf_char(&making->text, '[');
    add_value(making, &classic, STR("%t"));
    buf_char(&making->text, ']');
}

/* %{...}t: a word of Apache's, or a format of strftime. */
static void add_clock(struct making *making, struct str format)
{
    static const struct directive words[] = {
        {"sec", LAYOUT_EPOCH, PART_TIME},         {"msec", LAYOUT_EPOCH, PART_TIME},
        {"usec", LAYOUT_EPOCH, PART_TIME},        {"msec_frac", LAYOUT_DIGITS, PART_OTHER},
        {"usec_frac", LAYOUT_DIGITS, PART_OTHER},
    };
    static const struct directive clock = {"", LAYOUT_CLOCK, PART_TIME};
    if (str_starts(format, STR("begin:")) || str_starts(format, STR("end:")))
        format = str_skip(format, format.ptr[0] == 'b' ? 6 : 4);
    const struct directive *word = FIND(words, format);
    if (word) {
        add_value(making, word, format);
        return;
    }
    if (!format.len) {
        add_apache_time(making);
        return;
    }
    if (!layout_clock_knows(format))
        fail(making, ERR_SYNTAX, "a time has a conversion that is not known", format);
    add_value(making, &clock, format);
    making->layout->steps[making->layout->count - 1].text = str_copy(making->arena, format);
    making->layout->clocked = true;
}

static void add_braced(struct making *making, char letter, struct str name)
{
    const struct directive *header = letter == 'i' ? FIND(headers, name) : NULL;
    if (letter == 't')
        add_clock(making, name);
    else if (letter == 'a' || letter == 'h')
        add_value(making, &(struct directive){"", LAYOUT_VALUE, PART_CLIENT}, name);
    else if (letter == 'e' && str_is(name, "REMOTE_USER"))
        add_value(making, &(struct directive){"", LAYOUT_VALUE, PART_USER}, name);
    else
        add_value(making, header ? header : &other, name);
}

static void add_letter(struct making *making, char letter, struct str name)
{
    static const struct directive letters[] = {
        {"h", LAYOUT_VALUE, PART_CLIENT},  {"u", LAYOUT_VALUE, PART_USER},
        {"r", LAYOUT_VALUE, PART_REQUEST}, {"m", LAYOUT_VALUE, PART_METHOD},
        {"U", LAYOUT_VALUE, PART_PATH},    {"q", LAYOUT_VALUE, PART_QUERY},
        {"s", LAYOUT_STATUS, PART_STATUS}, {"v", LAYOUT_VALUE, PART_VHOST}};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].name[0] == letter) {
            add_value(making, &letters[i], name);
            return;
        }
    if (letter == 'a')
        add_value(making, &letters[0], name);
    else if (letter == 'V')
        add_value(making, &letters[7], name);
    else if (letter == 't')
        add_apache_time(making);
    else
        add_value(making, &other, name);
}

/* What stands behind '%': conditions ("!200,304"), '<' or '>', a name in braces, a letter. */
static struct str read_percent(struct making *making, struct str rest)
{
    const char *start = rest.ptr, *end = rest.ptr + rest.len, *at = start;
    struct str name = STR_NONE;
    while (at < end &&
           (*at == '!' || *at == '<' || *at == '>' || *at == ',' || (*at >= '0' && *at <= '9')))
        at++;
    if (at < end && *at == '{') {
        const char *open = ++at;
        while (at < end && *at != '}')
            at++;
        name = str_range(open, at);
        at += at < end;
    }
    if (at < end && *at == '^') /* %^ti and %^to: trailers */
        at += 2;
    bool letter = at < end && ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z');
    if (!letter) {
        fail(making, ERR_SYNTAX, "behind % something is missing",
             str_range(start, at < end ? at : end));
        return STR("");
    }
    if (name.ptr)
        add_braced(making, *at, name);
    else
        add_letter(making, *at, str_range(start, at + 1));
    return str_range(at + 1, end);
}

/* --- nginx ----------------------------------------------------------------------------------- */

static const struct directive variables[] = {
    {"remote_addr", LAYOUT_VALUE, PART_CLIENT},
    {"realip_remote_addr", LAYOUT_VALUE, PART_OTHER},
    {"http_x_forwarded_for", LAYOUT_VALUE, PART_FORWARDED},
    {"proxy_add_x_forwarded_for", LAYOUT_VALUE, PART_FORWARDED},
    {"http_x_real_ip", LAYOUT_VALUE, PART_FORWARDED},
    {"remote_user", LAYOUT_VALUE, PART_USER},
    {"time_local", LAYOUT_CLASSIC, PART_TIME},
    {"time_iso8601", LAYOUT_ISO, PART_TIME},
    {"msec", LAYOUT_EPOCH, PART_TIME},
    {"request", LAYOUT_VALUE, PART_REQUEST},
    {"request_method", LAYOUT_VALUE, PART_METHOD},
    {"request_uri", LAYOUT_VALUE, PART_TARGET},
    {"uri", LAYOUT_VALUE, PART_PATH},
    {"document_uri", LAYOUT_VALUE, PART_PATH},
    {"is_args", LAYOUT_VALUE, PART_QUERY},
    {"args", LAYOUT_VALUE, PART_QUERY},
    {"query_string", LAYOUT_VALUE, PART_QUERY},
    {"status", LAYOUT_STATUS, PART_STATUS},
    {"http_referer", LAYOUT_VALUE, PART_REFERER},
    {"http_user_agent", LAYOUT_VALUE, PART_AGENT},
    {"host", LAYOUT_VALUE, PART_VHOST},
    {"http_host", LAYOUT_VALUE, PART_VHOST},
    {"server_name", LAYOUT_VALUE, PART_VHOST},
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* $uri$is_args$args is one: the first two together take what comes. */
static bool goes_on(const struct making *making, const struct directive *variable)
{
    const struct accesslog_layout *layout = making->layout;
    const struct layout_step *last = layout->count ? &layout->steps[layout->count - 1] : NULL;
    return variable->part == PART_QUERY && last && last->kind == LAYOUT_VALUE &&
           last->part == PART_TARGET && !making->text.len;
}

static struct str read_dollar(struct making *making, struct str rest)
{
    const char *end = rest.ptr + rest.len, *at = rest.ptr;
    bool braced = at < end && *at == '{';
    const char *start = braced ? ++at : at;
    while (at < end && is_name(*at))
        at++;
    struct str name = str_range(start, at);
    if (!name.len || (braced && (at == end || *at != '}'))) {
        fail(making, ERR_SYNTAX, "behind $ a name is missing", STR(""));
        return STR("");
    }
    const struct directive *variable = FIND(variables, name);
    if (!variable || !goes_on(making, variable))
        add_value(making, variable ? variable : &other, name);
    return str_range(at + (braced ? 1 : 0), end);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Quotes around all of it, as they stand in a configuration. */
static struct str without_quotes(struct str text)
{
    text = str_trim(text);
    bool quoted = text.len > 1 && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
                  text.ptr[text.len - 1] == text.ptr[0];
    /* "$request" $status "$agent" begins and ends with quotes, too, but has others inside. */
    for (size_t i = 1; quoted && i + 1 < text.len; i++)
        quoted = text.ptr[i] != text.ptr[0] || text.ptr[i - 1] == '\\';
    return quoted ? str_range(text.ptr + 1, text.ptr + text.len - 1) : text;
}

static bool is_of_nginx(struct str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '$' && (text.ptr[i + 1] == '{' || is_name(text.ptr[i + 1])))
            return true;
    return false;
}

static void read_all(struct making *making, struct str rest)
{
    bool nginx = is_of_nginx(rest);
    while (rest.len && !making->err) {
        char c = rest.ptr[0], next = rest.len > 1 ? rest.ptr[1] : 0;
        bool escape = c == '\\' && (next == '"' || next == '\'' || next == '\\' || next == 't');
        bool percent = !nginx && c == '%' && next == '%';
        rest = str_skip(rest, escape || percent ? 2 : 1);
        if (escape)
            buf_char(&making->text, next == 't' ? '\t' : next);
        else if (!nginx && c == '%' && !percent)
            rest = read_percent(making, rest);
        else if (nginx && c == '$')
            rest = read_dollar(making, rest);
        else
            buf_char(&making->text, c);
    }
    end_text(making);
}

/* What pg409 cannot do without. */
static void check(struct making *making)
{
    const struct accesslog_layout *layout = making->layout;
    bool has[ACCESSLOG_PARTS] = {false};
    for (size_t i = 0; i < layout->count; i++)
        if (layout->steps[i].kind != LAYOUT_TEXT)
            has[layout->steps[i].part] = true;
    bool target = has[PART_TARGET] || has[PART_PATH];
    if (!has[PART_TIME])
        fail(making, ERR_SYNTAX, "the format has no time (%t, $time_local)", STR(""));
    if (!has[PART_REQUEST] && !(has[PART_METHOD] && target))
        fail(making, ERR_SYNTAX, "the format has no request (%r, $request; or method and address)",
             STR(""));
    if (!has[PART_STATUS])
        fail(making, ERR_SYNTAX, "the format has no status (%>s, $status)", STR(""));
}

enum err accesslog_layout_read(struct arena *arena, struct str text,
                               struct accesslog_layout **layout, struct str *fault)
{
    struct making making = {.arena = arena,
                            .layout = ARENA_NEW(arena, struct accesslog_layout),
                            .fault = fault};
    *making.layout = (struct accesslog_layout){.count = 0};
    buf_init(&making.text, arena, text.len + 3);
    read_all(&making, without_quotes(text));
    check(&making);
    *layout = making.layout;
    return making.err;
}
