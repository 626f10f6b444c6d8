#include "cli/client_change.h"

#include "wire/decimal.h"

#include "base/banned.h"

#define DEPTH 64

/* The end of the JSON string at the beginning of text: behind its closing quote; 0: none. */
static size_t quoted_end(struct str text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '"')
            return i + 1;
    }
    return 0;
}

static enum err quoted_name(struct arena *arena, struct str text, struct wish *wish, size_t *at)
{
    struct json_value value;
    size_t fault;
    *at = quoted_end(text);
    if (*at == 0 || json_parse(arena, (struct str){text.ptr, *at}, 0, &value, &fault))
        return ERR_SYNTAX;
    wish->column = value.text;
    return ERR_NONE;
}

/* Where the operator begins; text.len: there is none. */
static size_t bare_end(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool pair = i > 0 && text.ptr[i] == '=' &&
                    str_find(STR(":+-"), (struct str){text.ptr + i - 1, 1}) != SIZE_MAX;
        if (text.ptr[i] == '=' || text.ptr[i] == '@')
            return pair ? i - 1 : i;
    }
    return text.len;
}

/* A sum of the number and nothing: whether it is one. */
static bool is_number(struct arena *arena, struct str text)
{
    struct str sum;
    return decimal_add(arena, text, STR("0"), &sum) == ERR_NONE;
}

static enum err take_value(struct arena *arena, struct str rest, struct wish *wish,
                           const char **trouble)
{
    bool minus = str_starts(rest, STR("-="));
    struct json_value value;
    size_t at;
    wish->value = str_skip(rest, str_starts(rest, STR("=")) || str_starts(rest, STR("@")) ? 1 : 2);
    if (str_starts(rest, STR("="))) {
        wish->kind = WISH_TEXT;
        return ERR_NONE;
    }
    if (str_starts(rest, STR("@"))) {
        wish->kind = WISH_FILE;
        *trouble = "behind the @ the name of a file is missing";
        return wish->value.len ? ERR_NONE : ERR_SYNTAX;
    }
    if (str_starts(rest, STR(":="))) {
        wish->kind = WISH_JSON;
        *trouble = "what stands behind := is no JSON; a text is written with = alone";
        return json_parse(arena, wish->value, DEPTH, &value, &at);
    }
    wish->kind = WISH_ADD;
    *trouble = "what is to be added has to be a number, such as 1 or 0.50";
    if (!is_number(arena, wish->value))
        return ERR_SYNTAX;
    if (minus)
        wish->value = decimal_negative(arena, wish->value);
    return ERR_NONE;
}

enum err wish_parse(struct arena *arena, struct str text, struct wish *wish, const char **trouble)
{
    size_t at = bare_end(text);
    *wish = (struct wish){.column = {text.ptr, at}};
    *trouble = "it is not UTF-8 text";
    enum err err = str_check_utf8(text);
    if (err)
        return err;
    *trouble =
        "a change is column=value, column:=JSON, column+=number, column-=number or column@file";
    if (text.len && *text.ptr == '"' && quoted_name(arena, text, wish, &at))
        return ERR_SYNTAX;
    struct str rest = str_skip(text, at);
    if (wish->column.len == 0 || bare_end(rest) != 0 || rest.len == 0)
        return ERR_SYNTAX;
    return take_value(arena, rest, wish, trouble);
}

struct wish *wish_find(const struct wishes *wishes, struct str column)
{
    for (size_t i = 0; i < wishes->count; i++)
        if (str_eq(wishes->items[i].column, column))
            return &wishes->items[i];
    return NULL;
}

struct str json_text(struct arena *arena, struct str text)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    json_string(&buf, text);
    return buf_slice(&buf);
}

/*
 * Numbers, truth, arrays and objects go as the JSON that they are: a column of type json gets them
 * as such, and any other one the very same text. "null" and what is in quotes is text.
 */
static bool goes_as_json(struct arena *arena, struct str text)
{
    struct json_value value;
    size_t at;
    return json_parse(arena, text, DEPTH, &value, &at) == ERR_NONE && value.raw.len == text.len &&
           value.type != JSON_NULL && value.type != JSON_STRING;
}

enum err wish_value(struct arena *arena, const struct wish *wish, const struct json_value *seen,
                    struct str *sent)
{
    bool json = wish->kind == WISH_JSON;
    if (wish->kind == WISH_ADD) {
        bool number = seen && (seen->type == JSON_NUMBER || seen->type == JSON_STRING);
        return number ? decimal_add(arena, seen->text, wish->value, sent) : ERR_SYNTAX;
    }
    json |= goes_as_json(arena, wish->value);
    *sent = json ? wish->value : json_text(arena, wish->value);
    return ERR_NONE;
}
