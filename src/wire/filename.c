#include "wire/filename.h"

#include "base/banned.h"

#define EXTENSION_MAX 16
#define NUMBER_DIGITS 3

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* In valid UTF-8: a byte and its neighbours tell the code point. */
static bool has_control(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        unsigned char second = i + 1 < name.len ? (unsigned char)name.ptr[i + 1] : 0;
        unsigned char third = i + 2 < name.len ? (unsigned char)name.ptr[i + 2] : 0;
        if (c < ' ' || c == 0x7f || (c == 0xc2 && second < 0xa0))
            return true;
        bool turns = (second == 0x80 && third >= 0xa8 && third <= 0xae) || /* U+2028-202E */
                     (second == 0x81 && third >= 0xa6 && third <= 0xa9);   /* U+2066-2069 */
        if (c == 0xe2 && turns)
            return true;
    }
    return false;
}

enum filename_fault filename_check(struct str name)
{
    if (name.len == 0)
        return FILENAME_EMPTY;
    if (name.len > FILENAME_MAX_BYTES)
        return FILENAME_TOO_LONG;
    enum err err = str_check_utf8(name);
    if (err)
        return err == ERR_NUL ? FILENAME_CONTROL : FILENAME_UTF8;
    if (str_find(name, STR("/")) != SIZE_MAX)
        return FILENAME_SLASH;
    if (has_control(name))
        return FILENAME_CONTROL;
    return name.ptr[0] == '.' ? FILENAME_DOT : FILENAME_FINE;
}

const char *filename_words(enum filename_fault fault)
{
    switch (fault) {
    case FILENAME_FINE:
        return "This name can be used.";
    case FILENAME_EMPTY:
        return "The file has no name: please give it one.";
    case FILENAME_TOO_LONG:
        return "The name is longer than 255 bytes: please shorten it.";
    case FILENAME_UTF8:
        return "The name is not valid UTF-8: please type it anew.";
    case FILENAME_SLASH:
        return "The name has a slash (/): please use another character in its place.";
    case FILENAME_CONTROL:
        return "The name has characters that cannot be seen, such as a line end: please type it "
               "anew.";
    case FILENAME_DOT:
        return "The name begins with a dot: please let it begin with something else.";
    }
    return "This name cannot be used: please choose another one.";
}

struct str filename_last(struct str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
            return str_skip(path, i);
    return path;
}

/* Where the extension begins, its dot counted; name.len when there is none. */
static size_t extension_at(struct str name)
{
    bool letter = false;
    size_t at = name.len;
    while (at > 0 && (is_digit(name.ptr[at - 1]) || is_letter(name.ptr[at - 1])))
        letter = is_letter(name.ptr[--at]) || letter;
    if (!letter || at < 2 || name.ptr[at - 1] != '.' || name.len - at > EXTENSION_MAX)
        return name.len;
    at--;
    struct str stem = {name.ptr, at};
    return stem.len > 4 && str_ends(stem, STR(".tar")) ? at - 4 : at;
}

/* The stem without a number in brackets of before. */
static struct str without_number(struct str stem)
{
    size_t at = stem.len;
    if (!str_ends(stem, STR(")")))
        return stem;
    at--;
    while (at > 0 && is_digit(stem.ptr[at - 1]))
        at--;
    size_t digits = stem.len - 1 - at;
    struct str before = {stem.ptr, at};
    if (digits == 0 || digits > NUMBER_DIGITS || before.len <= 2 || !str_ends(before, STR(" (")))
        return stem;
    return (struct str){stem.ptr, at - 2};
}

unsigned filename_number(struct str name)
{
    struct str stem = {name.ptr, extension_at(name)};
    size_t before = without_number(stem).len;
    uint64_t number;
    if (before == stem.len ||
        str_to_u64((struct str){stem.ptr + before + 2, stem.len - before - 3}, 999, &number) ||
        number == 0)
        return 1;
    return (unsigned)number;
}

struct str filename_proposed(struct arena *arena, struct str name, unsigned number)
{
    size_t at = extension_at(name);
    struct str stem = without_number((struct str){name.ptr, at});
    struct str extension = str_skip(name, at);
    struct str end = str_printf(arena, " (%u)%.*s", number, STR_ARG(extension));
    if (stem.len > FILENAME_MAX_BYTES - end.len) {
        stem.len = FILENAME_MAX_BYTES - end.len;
        while (stem.len > 0 && ((unsigned char)stem.ptr[stem.len] & 0xc0) == 0x80)
            stem.len--;
    }
    return str_printf(arena, "%.*s%.*s", STR_ARG(stem), STR_ARG(end));
}
