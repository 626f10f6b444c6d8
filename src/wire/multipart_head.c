#include "wire/multipart_head.h"

#include <string.h>

#include "base/banned.h"

bool multipart_fault(struct multipart *multipart, enum err err, const char *sentence)
{
    multipart->err = err;
    multipart->fault = sentence;
    multipart->state = MULTIPART_FAILED;
    return false;
}

/* --- parameters --- */

bool multipart_escapes(struct str text, size_t at)
{
    return text.ptr[at] == '\\' && at + 1 < text.len &&
           (text.ptr[at + 1] == '"' || text.ptr[at + 1] == '\\');
}

/* Letters, digits and what else may stand in a name, RFC 9110, section 5.6.2. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= ' ' || c > '~' || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return text.len > 0;
}

/* Takes a string in quotes from the front of *rest; the value is what is between them. */
static enum err take_quoted(struct str *rest, struct str *value)
{
    size_t at = 1;
    while (at < rest->len && rest->ptr[at] != '"') {
        /* Before the very last quote, which can only be the closing one, it is just a backslash. */
        bool pair =
            multipart_escapes(*rest, at) && !(at + 2 == rest->len && rest->ptr[at + 1] == '"');
        at += pair ? 2 : 1;
    }
    if (at >= rest->len)
        return ERR_SYNTAX;
    *value = (struct str){rest->ptr + 1, at - 1};
    *rest = str_trim(str_skip(*rest, at + 1));
    return rest->len && rest->ptr[0] != ';' ? ERR_SYNTAX : ERR_NONE;
}

/* Up to the next ';', which stays: more than a token may stand there, for boundaries have '='. */
static enum err take_unquoted(struct str *rest, struct str *value)
{
    struct str behind;
    *value = str_trim(str_cut(*rest, ';', &behind));
    *rest = multipart_parameters(*rest);
    return value->len == 0 || memchr(value->ptr, '"', value->len) ? ERR_SYNTAX : ERR_NONE;
}

struct str multipart_parameters(struct str value)
{
    const char *at = value.len ? memchr(value.ptr, ';', value.len) : NULL;
    return at ? str_range(at, value.ptr + value.len) : STR("");
}

enum err multipart_parameter(struct str *rest, struct multipart_parameter *parameter)
{
    size_t at = 0;
    *parameter = (struct multipart_parameter){STR_NONE, STR_NONE, false};
    *rest = str_trim(*rest);
    if (rest->len && rest->ptr[0] != ';')
        return ERR_SYNTAX;
    while (at < rest->len && strchr("; \t", rest->ptr[at]) && rest->ptr[at])
        at++;
    *rest = str_skip(*rest, at);
    if (rest->len == 0)
        return ERR_NONE;
    parameter->name = str_trim(str_cut(*rest, '=', rest));
    if (!rest->ptr || !is_token(parameter->name))
        return ERR_SYNTAX;
    *rest = str_trim(*rest);
    parameter->quoted = rest->len && rest->ptr[0] == '"';
    return parameter->quoted ? take_quoted(rest, &parameter->value)
                             : take_unquoted(rest, &parameter->value);
}

/* --- decoding: never longer than what is decoded, so it is done in its place --- */

static char *in_head(struct multipart *multipart, const char *at)
{
    return multipart->head + (at - multipart->head);
}

/* The character that browsers write as such an escape, or 0. */
static char browser_escape(struct str text, size_t at)
{
    struct str escape = str_skip(text, at);
    if (str_starts(escape, STR("%22")))
        return '"';
    if (str_starts(escape, STR("%0D")))
        return '\r';
    return str_starts(escape, STR("%0A")) ? '\n' : 0;
}

static struct str decode_quoted(struct multipart *multipart, struct str text)
{
    char *out = in_head(multipart, text.ptr);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = browser_escape(text, i);
        if (c)
            i += 2;
        else
            c = text.ptr[i += multipart_escapes(text, i)];
        out[len++] = c;
    }
    return (struct str){out, len};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 8187: charset'language'text. False when it is not that, or no UTF-8. */
static bool decode_extended(struct multipart *multipart, struct str *value)
{
    struct str text;
    struct str charset = str_cut(*value, '\'', &text);
    (void)str_cut(text, '\'', &text);
    if (!text.ptr || !str_ieq(charset, STR("UTF-8")))
        return false;
    char *out = in_head(multipart, text.ptr);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hex_digit(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[len++] = c;
    }
    *value = (struct str){out, len};
    return true;
}

/* --- fields --- */

struct fields {
    struct multipart *multipart;
    struct str extended; /* filename* */
    bool disposition, type, encoding;
};

static bool wrong_disposition(struct multipart *multipart)
{
    return multipart_fault(multipart, ERR_SYNTAX,
                           "The Content-Disposition of a part is not well formed; it must be "
                           "like form-data; name=\"a\"; filename=\"b\".");
}

static bool keep_name(struct multipart *multipart, struct str *kept, struct str name)
{
    enum err err = str_check_utf8(name);
    if (kept->ptr)
        return multipart_fault(multipart, ERR_DUPLICATE,
                               "A part has two names or filenames; send one of each.");
    if (name.len > MULTIPART_MAX_NAME)
        return multipart_fault(multipart, ERR_TOO_LONG,
                               "The name or filename of a part is longer than 1024 bytes.");
    if (err)
        return multipart_fault(multipart, err,
                               err == ERR_NUL
                                   ? "The name or filename of a part has a NUL character."
                                   : "The name or filename of a part is not UTF-8.");
    *kept = name;
    return true;
}

static bool one_parameter(struct fields *fields, struct multipart_parameter *parameter)
{
    struct multipart *multipart = fields->multipart;
    bool name = str_ieq(parameter->name, STR("name"));
    if (str_ieq(parameter->name, STR("filename*"))) {
        if (!decode_extended(multipart, &parameter->value))
            return multipart_fault(multipart, ERR_SYNTAX,
                                   "The filename* of a part is not like UTF-8''a%20b.");
        return keep_name(multipart, &fields->extended, parameter->value);
    }
    if (!name && !str_ieq(parameter->name, STR("filename")))
        return true;
    if (parameter->quoted)
        parameter->value = decode_quoted(multipart, parameter->value);
    return keep_name(multipart, name ? &multipart->part.name : &multipart->part.filename,
                     parameter->value);
}

static bool disposition(struct fields *fields, struct str value)
{
    struct multipart_parameter parameter;
    struct str rest;
    if (!str_ieq(str_trim(str_cut(value, ';', &rest)), STR("form-data")))
        return wrong_disposition(fields->multipart);
    rest = multipart_parameters(value);
    for (;;) {
        if (multipart_parameter(&rest, &parameter))
            return wrong_disposition(fields->multipart);
        if (!parameter.name.ptr)
            return true;
        if (!one_parameter(fields, &parameter))
            return false;
    }
}

/* Anything but type/subtype is as good as none: a browser sends what it was told by its system. */
static void media_type(struct fields *fields, struct str value)
{
    struct str parameters, subtype;
    value = str_trim(str_cut(value, ';', &parameters));
    if (value.len > MULTIPART_MAX_TYPE || !is_token(str_cut(value, '/', &subtype)) ||
        !is_token(subtype))
        return;
    char *text = in_head(fields->multipart, value.ptr);
    for (size_t i = 0; i < value.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    fields->multipart->part.media_type = value;
}

static bool encoding(struct fields *fields, struct str value)
{
    if (str_ieq(value, STR("7bit")) || str_ieq(value, STR("8bit")) || str_ieq(value, STR("binary")))
        return true;
    return multipart_fault(fields->multipart, ERR_UNKNOWN,
                           "The Content-Transfer-Encoding of a part is none of 7bit, 8bit and "
                           "binary; send the content as it is.");
}

/* Notes that a field is there, once. */
static bool first(struct fields *fields, bool *seen)
{
    if (*seen)
        return multipart_fault(fields->multipart, ERR_DUPLICATE,
                               "A part has a field of its header twice; send it once.");
    *seen = true;
    return true;
}

static bool one_field(struct fields *fields, struct str line)
{
    struct str value;
    struct str name = str_cut(line, ':', &value);
    if (!value.ptr || !is_token(name))
        return multipart_fault(fields->multipart, ERR_SYNTAX,
                               "A line in the header of a part is no field like Name: value.");
    value = str_trim(value);
    if (str_ieq(name, STR("Content-Disposition")))
        return first(fields, &fields->disposition) && disposition(fields, value);
    if (str_ieq(name, STR("Content-Transfer-Encoding")))
        return first(fields, &fields->encoding) && encoding(fields, value);
    if (!str_ieq(name, STR("Content-Type")))
        return true;
    if (!first(fields, &fields->type))
        return false;
    media_type(fields, value);
    return true;
}

/* --- the head --- */

/*
 * Makes one line of a field that is folded over several (RFC 822): without the
 * CRLF before a blank. False for a CR without LF.
 */
static bool unfold(struct multipart *multipart, struct str *lines)
{
    char *out = in_head(multipart, lines->ptr);
    size_t len = 0;
    for (size_t i = 0; i < lines->len; i++) {
        char c = lines->ptr[i];
        if (c == '\r' && (i + 1 == lines->len || lines->ptr[i + 1] != '\n'))
            return false;
        bool folded = c == '\r' && i + 2 < lines->len &&
                      (lines->ptr[i + 2] == ' ' || lines->ptr[i + 2] == '\t');
        if (folded)
            i++;
        else
            out[len++] = c;
    }
    lines->len = len;
    return true;
}

static bool all_fields(struct fields *fields, struct str lines)
{
    while (lines.len) {
        struct str line = str_cut(lines, '\n', &lines);
        line.len--; /* the CR */
        if (!one_field(fields, line))
            return false;
    }
    return true;
}

bool multipart_head(struct multipart *multipart)
{
    struct fields fields = {.multipart = multipart};
    struct str lines = {multipart->head + 2, multipart->head_len - 4};
    multipart->part = (struct multipart_part){STR_NONE, STR_NONE, STR_NONE};
    if (memchr(lines.ptr, '\0', lines.len))
        return multipart_fault(multipart, ERR_NUL, "The header of a part has a NUL character.");
    if (!unfold(multipart, &lines))
        return multipart_fault(multipart, ERR_SYNTAX,
                               "The header of a part has a CR without its LF.");
    if (!all_fields(&fields, lines))
        return false;
    if (!multipart->part.name.ptr)
        return multipart_fault(multipart, ERR_SYNTAX,
                               "A part has no name; each needs a Content-Disposition: form-data "
                               "with a name.");
    if (fields.extended.ptr)
        multipart->part.filename = fields.extended;
    return true;
}
