#include "cli/client_text.h"

#include <string.h>

#include "base/banned.h"

#define DEPTH 200
#define NONE_OF_THEM "“%.*s” is none of: name = text, name := JSON, name <<END"

bool client_text_crlf(struct str text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\r' && (i + 1 == text.len || text.ptr[i + 1] != '\n'))
            return false;
        if (text.ptr[i] == '\n' && (i == 0 || text.ptr[i - 1] != '\r'))
            return false;
        lines += text.ptr[i] == '\n';
    }
    return lines > 0;
}

struct str client_text_with_crlf(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, SIZE_MAX / 4);
    if (text.len == 0 || memchr(text.ptr, '\r', text.len))
        return text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            buf_char(&out, '\r');
        buf_char(&out, text.ptr[i]);
    }
    return buf_slice(&out);
}

/* --- writing --- */

static bool is_name_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' ||
           u == '-' || u == '.' || u >= 0x80;
}

static bool is_bare(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.ptr[i]))
            return false;
    return name.len > 0;
}

static void put_name(struct buf *out, struct str name)
{
    if (is_bare(name))
        buf_str(out, name);
    else
        json_string(out, name);
}

/* Whether an editor could lose or hide a part of it. */
static bool is_delicate(struct str text)
{
    bool crlf = client_text_crlf(text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t' && c != '\n' && !(c == '\r' && crlf)) || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool has_line(struct str text, struct str line)
{
    struct str rest = text;
    do {
        struct str each = str_cut(rest, '\n', &rest);
        while (each.len && (is_blank(each.ptr[each.len - 1]) || each.ptr[each.len - 1] == '\r'))
            each.len--;
        if (str_eq(each, line))
            return true;
    } while (rest.ptr);
    return false;
}

static void put_block(struct buf *out, struct str name, struct str text)
{
    struct str word = STR("END"), lines = text;
    if (is_bare(name))
        word = str_printf(out->arena, "END-OF-%.*s", STR_ARG(name));
    while (has_line(text, word))
        word = str_printf(out->arena, "%.*s-", STR_ARG(word));
    buf_text(out, " <<");
    buf_str(out, word);
    buf_char(out, '\n');
    bool crlf = client_text_crlf(text);
    for (size_t i = 0; i < lines.len; i++)
        if (!(crlf && lines.ptr[i] == '\r'))
            buf_char(out, lines.ptr[i]);
    buf_char(out, '\n');
    buf_str(out, word);
}

void client_text_put(struct buf *out, const struct text_item *item)
{
    struct str text = item->value;
    if (item->note.ptr)
        client_text_remark(out, item->note);
    put_name(out, item->name);
    bool ends = text.len && (is_blank(*text.ptr) || is_blank(text.ptr[text.len - 1]));
    bool lines = text.len && memchr(text.ptr, '\n', text.len);
    if (item->json) {
        buf_text(out, " := ");
        for (size_t i = 0; i < text.len; i++) /* line ends in JSON are between its parts */
            buf_char(out, (unsigned char)text.ptr[i] < ' ' ? ' ' : text.ptr[i]);
    } else if (is_delicate(text) || (ends && !lines)) {
        buf_text(out, " := ");
        json_string(out, text);
    } else if (lines) {
        put_block(out, item->name, text);
    } else {
        buf_text(out, text.len ? " = " : " =");
        buf_str(out, text);
    }
    buf_char(out, '\n');
}

void client_text_remark(struct buf *out, struct str text)
{
    do {
        struct str line = str_cut(text, '\n', &text);
        buf_text(out, line.len ? "# " : "#");
        for (size_t i = 0; i < line.len; i++)
            buf_char(out, (unsigned char)line.ptr[i] < ' ' ? ' ' : line.ptr[i]);
        buf_char(out, '\n');
    } while (text.ptr);
}

/* --- reading --- */

struct reader {
    struct arena *arena;
    struct str rest;
    size_t line;
    struct text_fault *fault;
};

static enum err fail(struct reader *reader, enum err err, struct str words)
{
    *reader->fault = (struct text_fault){reader->line, words};
    return err;
}

#define FAIL(reader, err, ...) fail((reader), (err), str_printf((reader)->arena, __VA_ARGS__))

static struct str next_line(struct reader *reader)
{
    reader->line++;
    return str_cut(reader->rest, '\n', &reader->rest);
}

static struct str without_end(struct str line)
{
    while (line.len && (is_blank(line.ptr[line.len - 1]) || line.ptr[line.len - 1] == '\r'))
        line.len--;
    return line;
}

/* The lines up to the one that is word. */
static enum err read_block(struct reader *reader, struct str word, struct text_item *item)
{
    const char *start = reader->rest.ptr;
    size_t begun = reader->line;
    if (!word.len)
        return FAIL(reader, ERR_SYNTAX, "behind << of “%.*s” the word of its last line is missing",
                    STR_ARG(item->name));
    while (reader->rest.ptr) {
        const char *end = reader->rest.ptr;
        if (!str_eq(without_end(next_line(reader)), word))
            continue;
        item->value = end > start ? (struct str){start, (size_t)(end - start) - 1} : STR("");
        return ERR_NONE;
    }
    reader->line = begun;
    return FAIL(reader, ERR_SYNTAX, "the line “%.*s”, which ends this text, is missing",
                STR_ARG(word));
}

static enum err read_json(struct reader *reader, struct str text, struct text_item *item)
{
    struct json_value value;
    size_t at;
    enum err err = json_parse(reader->arena, text, DEPTH, &value, &at);
    if (err)
        return FAIL(reader, err,
                    "what stands behind := of “%.*s” is no JSON; a text stands behind =",
                    STR_ARG(item->name));
    item->json = value.type != JSON_STRING;
    item->value = item->json ? value.raw : value.text;
    return ERR_NONE;
}

/* The name at the beginning of the line; *rest is what follows it. */
static enum err read_name(struct reader *reader, struct str line, struct str *name,
                          struct str *rest)
{
    size_t at = 0;
    if (line.ptr[0] == '"') {
        struct json_value value;
        size_t fault;
        for (at = 1; at < line.len && line.ptr[at] != '"'; at++)
            at += line.ptr[at] == '\\';
        at = at < line.len ? at + 1 : line.len;
        if (json_parse(reader->arena, (struct str){line.ptr, at}, 0, &value, &fault) ||
            !value.text.len)
            return FAIL(reader, ERR_SYNTAX, "“%.*s” is no name of a column", STR_ARG(line));
        *name = value.text;
    } else {
        while (at < line.len && is_name_byte(line.ptr[at]))
            at++;
        *name = (struct str){line.ptr, at};
    }
    if (at == 0)
        return FAIL(reader, ERR_SYNTAX, NONE_OF_THEM, STR_ARG(line));
    *rest = str_skip(line, at);
    while (rest->len && is_blank(*rest->ptr))
        *rest = str_skip(*rest, 1);
    return ERR_NONE;
}

static enum err read_item(struct reader *reader, struct str line, struct text_item *item)
{
    struct str rest;
    *item = (struct text_item){.line = reader->line};
    enum err err = read_name(reader, line, &item->name, &rest);
    if (err)
        return err;
    if (str_starts(rest, STR(":=")))
        return read_json(reader, str_trim(str_skip(without_end(rest), 2)), item);
    if (str_starts(rest, STR("<<")))
        return read_block(reader, str_trim(str_skip(without_end(rest), 2)), item);
    if (!str_starts(rest, STR("=")))
        return FAIL(reader, ERR_SYNTAX, NONE_OF_THEM, STR_ARG(line));
    item->value = str_skip(rest, 1);
    if (item->value.len && *item->value.ptr == ' ')
        item->value = str_skip(item->value, 1);
    if (item->value.len && item->value.ptr[item->value.len - 1] == '\r')
        item->value.len--;
    return ERR_NONE;
}

static enum err check_new(struct reader *reader, const struct text_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(items[i].name, items[count].name))
            return FAIL(reader, ERR_DUPLICATE,
                        "“%.*s” stands here and in line %zu: delete one of the two",
                        STR_ARG(items[i].name), items[i].line);
    return ERR_NONE;
}

enum err client_text_read(struct arena *arena, struct str text, struct text_item **items,
                          size_t *count, struct text_fault *fault)
{
    struct reader reader = {arena, text, 0, fault};
    enum err err = str_check_utf8(text);
    *items = ARENA_ARRAY(arena, TEXT_ITEMS_MAX, struct text_item);
    *count = 0;
    *fault = (struct text_fault){0};
    if (err)
        return fail(&reader, err, STR("this is no UTF-8 text"));
    while (reader.rest.ptr) {
        struct str line = next_line(&reader);
        struct str shown = str_trim(without_end(line));
        if (!shown.len || *shown.ptr == '#')
            continue;
        if (*count == TEXT_ITEMS_MAX)
            return fail(&reader, ERR_TOO_MANY, STR("these are too many columns"));
        while (line.len && is_blank(*line.ptr))
            line = str_skip(line, 1);
        err = read_item(&reader, line, &(*items)[*count]);
        if (!err)
            err = check_new(&reader, *items, *count);
        if (err)
            return err;
        (*count)++;
    }
    return ERR_NONE;
}
