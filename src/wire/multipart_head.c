#include "wire/multipart_head.h"

#include <string.h>

#include "base/banned.h"

static const char ended_early[] = "A part of the form has a header that is not well formed.";

static bool is_token(char c)
{
    return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The byte that "%22", "%0D" or "%0A" stand for (HTML standard, multipart form data), or -1. */
static int browser_escape(struct str at)
{
    if (at.len < 3 || at.ptr[0] != '%')
        return -1;
    int high = hex(at.ptr[1]), low = hex(at.ptr[2]);
    int byte = high < 0 || low < 0 ? -1 : high * 16 + low;
    return byte == '"' || byte == '\r' || byte == '\n' ? byte : -1;
}

/* A value under way, in a buffer of fixed size. */
struct target {
    char *into;
    size_t size, len;
    bool full;
};

static void put(struct target *target, char c)
{
    if (target->len < target->size)
        target->into[target->len++] = c;
    else
        target->full = true;
}

/* "…" with \" and \\ as curl writes them, and percent escapes as browsers do. Behind it in *rest.
 */
static bool quoted(struct str *rest, struct target *target)
{
    struct str at = str_skip(*rest, 1);
    while (at.len && at.ptr[0] != '"') {
        bool escaped = at.ptr[0] == '\\' && at.len > 1 && (at.ptr[1] == '"' || at.ptr[1] == '\\');
        int byte = browser_escape(at);
        put(target, byte >= 0 ? (char)byte : at.ptr[escaped]);
        at = str_skip(at, byte >= 0 ? 3 : escaped ? 2 : 1);
    }
    *rest = str_skip(at, 1);
    return at.len > 0;
}

static bool token(struct str *rest, struct target *target)
{
    size_t len = 0;
    while (len < rest->len && (is_token(rest->ptr[len]) || strchr("/?=:@", rest->ptr[len])))
        put(target, rest->ptr[len++]);
    *rest = str_skip(*rest, len);
    return len > 0;
}

static struct str blanks(struct str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = str_skip(text, 1);
    return text;
}

/* One "; name=value" from the front of *rest; false when it is not well formed. */
static bool parameter(struct str *rest, struct str *name, struct target *target)
{
    struct str at = blanks(*rest);
    size_t len = 0;
    if (!at.len || at.ptr[0] != ';')
        return false;
    at = blanks(str_skip(at, 1));
    while (len < at.len && is_token(at.ptr[len]))
        len++;
    *name = (struct str){at.ptr, len};
    at = blanks(str_skip(at, len));
    if (!len || !at.len || at.ptr[0] != '=')
        return false;
    at = blanks(str_skip(at, 1));
    bool fine = at.len && at.ptr[0] == '"' ? quoted(&at, target) : token(&at, target);
    *rest = blanks(at);
    return fine;
}

enum err multipart_parameter(struct str value, struct str name, char *into, size_t size,
                             struct str *found)
{
    size_t semicolon = str_find(value, STR(";"));
    struct str rest = semicolon == SIZE_MAX ? STR("") : str_skip(value, semicolon);
    *found = STR_NONE;
    while (rest.len && !str_is(rest, ";")) {
        char other[1];
        struct str here;
        size_t start = rest.len;
        struct str again = rest;
        struct target nothing = {other, 0, 0, false};
        if (!parameter(&rest, &here, &nothing) || rest.len == start)
            return ERR_SYNTAX;
        if (!str_ieq(here, name))
            continue;
        struct target target = {into, size, 0, false};
        if (found->ptr || !parameter(&again, &here, &target))
            return ERR_SYNTAX;
        if (target.full)
            return ERR_TOO_LONG;
        *found = (struct str){into, target.len};
    }
    return ERR_NONE;
}

/* filename*=UTF-8''… (RFC 8187), decoded where it stands. */
static enum err extended(struct str *value, char *into)
{
    static const char charset[] = "utf-8''";
    size_t len = 0, skip = sizeof charset - 1;
    if (value->len < skip || !str_ieq((struct str){value->ptr, skip}, STR("utf-8''")))
        return ERR_SYNTAX;
    for (size_t i = skip; i < value->len; i++) {
        int high = 0, low = 0;
        if (value->ptr[i] == '%') {
            high = i + 2 < value->len ? hex(value->ptr[i + 1]) : -1;
            low = i + 2 < value->len ? hex(value->ptr[i + 2]) : -1;
        }
        if (high < 0 || low < 0)
            return ERR_SYNTAX;
        into[len++] = value->ptr[i] == '%' ? (char)(high * 16 + low) : value->ptr[i];
        i += value->ptr[i] == '%' ? 2 : 0;
    }
    *value = (struct str){into, len};
    return ERR_NONE;
}

static enum err fail(struct multipart *multipart, enum err err, const char *fault)
{
    multipart->fault = fault;
    return err;
}

static enum err read_names(struct multipart *multipart, struct str value)
{
    struct multipart_part *part = &multipart->part;
    struct str kind = str_trim(str_cut(value, ';', &(struct str){NULL, 0})), coded;
    char buffer[MULTIPART_MAX_NAME];
    if (!str_ieq(kind, STR("form-data")))
        return fail(multipart, ERR_SYNTAX, "A part of the form is no form-data.");
    enum err err =
        multipart_parameter(value, STR("name"), multipart->name, MULTIPART_MAX_NAME, &part->name);
    if (!err)
        err = multipart_parameter(value, STR("filename"), multipart->filename, MULTIPART_MAX_NAME,
                                  &part->filename);
    if (!err)
        err = multipart_parameter(value, STR("filename*"), buffer, MULTIPART_MAX_NAME, &coded);
    if (!err && coded.ptr) {
        err = extended(&coded, multipart->filename);
        part->filename = coded;
    }
    if (err == ERR_TOO_LONG)
        return fail(multipart, err, "A name in the form is longer than 1024 bytes.");
    if (err)
        return fail(multipart, err, ended_early);
    return ERR_NONE;
}

static void read_type(struct multipart *multipart, struct str value)
{
    struct str type = str_trim(str_cut(value, ';', &(struct str){NULL, 0}));
    if (type.len == 0 || type.len > sizeof multipart->media_type)
        return;
    for (size_t i = 0; i < type.len; i++)
        multipart->media_type[i] =
            (char)(type.ptr[i] >= 'A' && type.ptr[i] <= 'Z' ? type.ptr[i] + 32 : type.ptr[i]);
    multipart->part.media_type = (struct str){multipart->media_type, type.len};
}

static enum err read_field(struct multipart *multipart, struct str line)
{
    struct str value, name = str_cut(line, ':', &value);
    value = str_trim(value);
    if (!value.ptr || name.len == 0 || !is_token(name.ptr[0]))
        return fail(multipart, ERR_SYNTAX, ended_early);
    if (str_ieq(name, STR("content-disposition"))) {
        if (multipart->part.name.ptr)
            return fail(multipart, ERR_DUPLICATE, ended_early);
        return read_names(multipart, value);
    }
    if (str_ieq(name, STR("content-type")))
        read_type(multipart, value);
    bool encoding = str_ieq(name, STR("content-transfer-encoding"));
    if (encoding && !str_ieq(value, STR("binary")) && !str_ieq(value, STR("8bit")) &&
        !str_ieq(value, STR("7bit")))
        return fail(multipart, ERR_SYNTAX, "A part of the form is encoded, which forms are not.");
    return ERR_NONE;
}

static enum err check_names(struct multipart *multipart)
{
    const struct multipart_part *part = &multipart->part;
    if (!part->name.ptr)
        return fail(multipart, ERR_SYNTAX, "A part of the form has no name.");
    enum err err = str_check_utf8(part->name);
    if (!err && part->filename.ptr)
        err = str_check_utf8(part->filename);
    return err ? fail(multipart, err, "A name in the form is not valid UTF-8 text.") : ERR_NONE;
}

enum err multipart_read_head(struct multipart *multipart)
{
    struct str rest = {multipart->head, multipart->head_len};
    multipart->part = (struct multipart_part){STR_NONE, STR_NONE, STR_NONE};
    while (rest.len) {
        size_t end = str_find(rest, STR("\r\n"));
        struct str line = {rest.ptr, end};
        enum err err = read_field(multipart, line);
        if (err)
            return err;
        rest = str_skip(rest, end + 2);
    }
    return check_names(multipart);
}
