#include "wire/filename.h"

#include "base/banned.h"

/* C1 controls, line and paragraph separators, and what turns the direction of writing around. */
static bool is_hidden(const unsigned char *at, size_t left)
{
    if (at[0] < ' ' || at[0] == 0x7f)
        return true;
    if (left >= 2 && at[0] == 0xc2 && at[1] < 0xa0)
        return true;
    if (left < 3 || at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

enum filename_fault filename_check(struct str name)
{
    if (name.len == 0)
        return FILENAME_EMPTY;
    if (name.len > FILENAME_MAX_BYTES)
        return FILENAME_TOO_LONG;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '\0')
            return FILENAME_CONTROL;
    if (str_check_utf8(name))
        return FILENAME_UTF8;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '/')
            return FILENAME_SLASH;
        if (is_hidden((const unsigned char *)name.ptr + i, name.len - i))
            return FILENAME_CONTROL;
    }
    return name.ptr[0] == '.' ? FILENAME_DOT : FILENAME_FINE;
}

const char *filename_words(enum filename_fault fault)
{
    switch (fault) {
    case FILENAME_EMPTY:
        return "The file has no name. Give it one.";
    case FILENAME_TOO_LONG:
        return "The name is too long: it may have 255 bytes. Shorten it.";
    case FILENAME_UTF8:
        return "The name holds bytes that are no text. Give the file another name.";
    case FILENAME_SLASH:
        return "A name has no slash in it, for there are no folders here. Leave it out.";
    case FILENAME_CONTROL:
        return "The name holds a character that cannot be seen. Type the name anew.";
    case FILENAME_DOT:
        return "A name does not begin with a dot. Leave it out.";
    default:
        return "The name is fine.";
    }
}

struct str filename_last(struct str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
            return str_skip(path, i);
    return path;
}

/* Where the extension begins: the last dot, or the one before it of "tar.gz" and its like. */
static size_t extension_at(struct str name)
{
    size_t at = name.len;
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.') {
            at = i - 1;
            break;
        }
    if (at >= 5 && at < name.len && str_ends((struct str){name.ptr, at}, STR(".tar")))
        at -= 4;
    return name.len - at > 16 ? name.len : at; /* longer ones are no extensions */
}

/* Without a " (2)" at its end. */
static struct str without_number(struct str stem)
{
    size_t at = stem.len;
    if (at < 4 || stem.ptr[at - 1] != ')')
        return stem;
    at--;
    while (at > 0 && stem.ptr[at - 1] >= '0' && stem.ptr[at - 1] <= '9')
        at--;
    bool numbered =
        at + 1 < stem.len && at >= 3 && stem.ptr[at - 1] == '(' && stem.ptr[at - 2] == ' ';
    return numbered ? (struct str){stem.ptr, at - 2} : stem;
}

struct str filename_proposed(struct arena *arena, struct str name, unsigned number)
{
    size_t at = extension_at(name);
    struct str extension = str_skip(name, at);
    struct str stem = without_number((struct str){name.ptr, at});
    struct str mark = str_printf(arena, " (%u)", number);
    size_t room = FILENAME_MAX_BYTES - mark.len - extension.len;
    if (stem.len > room) {
        stem.len = room;
        while (stem.len > 0 && ((unsigned char)stem.ptr[stem.len] & 0xc0) == 0x80)
            stem.len--;
    }
    return str_printf(arena, "%.*s%.*s%.*s", STR_ARG(stem), STR_ARG(mark), STR_ARG(extension));
}
