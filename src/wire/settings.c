#include "wire/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define MAX_NAME ((size_t)40) /* bytes of an unknown name that are repeated and compared */
#define MAX_OPTIONS 64

/* The text of one file while it is read. */
struct reader {
    struct arena *arena;
    struct settings settings;
    size_t seen[MAX_OPTIONS]; /* the line where each option stood, or 0 */
    size_t line;
    struct str why;
};

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit size_units[] = {{"k", UINT64_C(1) << 10},
                                         {"m", UINT64_C(1) << 20},
                                         {"g", UINT64_C(1) << 30},
                                         {NULL, 0}};
static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};

/* A whole number with one of the units, which may be NULL, or none behind it. */
static enum err read_amount(struct str text, const struct unit *units, uint64_t *value)
{
    size_t digits = 0;
    uint64_t factor = 1;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    struct str unit = str_trim(str_skip(text, digits));
    if (unit.len) {
        while (units && units->name && !str_ieq(unit, str_from(units->name)))
            units++;
        if (!units || !units->name)
            return ERR_SYNTAX;
        factor = units->factor;
    }
    enum err err = str_to_u64((struct str){text.ptr, digits}, INT64_MAX, value);
    if (err)
        return err;
    if (*value > UINT64_MAX / factor)
        return ERR_TOO_LONG;
    *value *= factor;
    return ERR_NONE;
}

static enum err read_choice(struct str text, const char *choices, uint64_t *value)
{
    struct str rest = str_from(choices);
    for (uint64_t index = 0; rest.ptr; index++) {
        if (str_eq(str_cut(rest, '|', &rest), text)) {
            *value = index;
            return ERR_NONE;
        }
    }
    return ERR_SYNTAX;
}

static enum err read_number(struct str text, const struct option *option, uint64_t *value)
{
    const struct unit *units = option->type == OPTION_SIZE   ? size_units
                               : option->type == OPTION_TIME ? time_units
                                                             : NULL;
    enum err err = read_amount(text, units, value);
    if (!err && (*value < option->min || *value > option->max))
        err = ERR_TOO_LONG;
    return err;
}

/* Sets one option; its member is not touched on an error. The text is kept as it is. */
static enum err set(struct settings *settings, const struct option *option, struct str text)
{
    void *member = (char *)settings + option->offset;
    uint64_t value = 0;
    enum err err = ERR_NONE;
    switch (option->type) {
    case OPTION_TEXT:
        err = str_check_utf8(text);
        if (!err)
            *(struct str *)member = text;
        return err;
    case OPTION_SWITCH:
        err = read_choice(text, "off|on", &value);
        break;
    case OPTION_CHOICE:
        err = read_choice(text, option->choices, &value);
        break;
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_TIME:
        err = read_number(text, option, &value);
        break;
    }
    if (!err)
        *(uint64_t *)member = value;
    return err;
}

void settings_defaults(struct settings *settings)
{
    *settings = (struct settings){0};
    for (const struct option *option = settings_options; option->name; option++)
        if (set(settings, option, str_from(option->standard)))
            abort();
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters to add, remove or change (Levenshtein); name has at most MAX_NAME bytes. */
static size_t distance(struct str name, const char *other)
{
    size_t row[MAX_NAME + 1];
    for (size_t i = 0; i <= name.len; i++)
        row[i] = i;
    for (size_t j = 1; *other; j++, other++) {
        size_t corner = row[0];
        row[0] = j;
        for (size_t i = 1; i <= name.len; i++) {
            char c = name.ptr[i - 1] == '-' ? '_' : name.ptr[i - 1];
            size_t change = corner + !str_ieq((struct str){&c, 1}, (struct str){other, 1});
            corner = row[i];
            row[i] = smallest(change, row[i] + 1, row[i - 1] + 1);
        }
    }
    return row[name.len];
}

/* The known name most like name, or NULL when none has at least half of it. */
static const char *nearest(struct str name)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (const struct option *option = settings_options; option->name; option++) {
        size_t len = strlen(option->name);
        size_t steps = distance(name, option->name);
        if (steps < least && steps * 2 <= (len > name.len ? len : name.len)) {
            least = steps;
            best = option->name;
        }
    }
    return best;
}

/* Only a plain short name is repeated: anything else may be a password gone astray. */
static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char low = (char)(name.ptr[i] | 0x20);
        bool digit = name.ptr[i] >= '0' && name.ptr[i] <= '9';
        if (!(low >= 'a' && low <= 'z') && !digit && name.ptr[i] != '_' && name.ptr[i] != '-')
            return false;
    }
    return name.len > 0 && name.len <= MAX_NAME;
}

static enum err unknown_name(struct reader *reader, struct str name)
{
    const char *hint = is_plain(name) ? nearest(name) : NULL;
    if (!is_plain(name))
        name = STR("of that name");
    reader->why =
        str_printf(reader->arena, "line %zu: there is no option %.*s%s%s; --help lists all options",
                   reader->line, STR_ARG(name), hint ? ", did you mean " : "", hint ? hint : "");
    return ERR_UNKNOWN;
}

static enum err bad_value(struct reader *reader, const struct option *option, enum err err)
{
    struct buf why;
    buf_init(&why, reader->arena, 1000);
    buf_printf(&why, "line %zu: %s takes ", reader->line, option->name);
    settings_takes(&why, option);
    if (option->type == OPTION_TEXT)
        buf_printf(&why, ", and this value %s", err == ERR_NUL ? "has a NUL byte" : "is not UTF-8");
    reader->why = buf_slice(&why);
    return err;
}

static enum err read_option(struct reader *reader, struct str name, struct str text)
{
    const struct option *option = settings_options;
    while (option->name && !str_is(name, option->name))
        option++;
    if (!option->name)
        return unknown_name(reader, name);
    size_t *seen = &reader->seen[option - settings_options];
    if (*seen) {
        reader->why = str_printf(reader->arena, "line %zu: %s stands on line %zu already",
                                 reader->line, option->name, *seen);
        return ERR_DUPLICATE;
    }
    *seen = reader->line;
    enum err err = set(&reader->settings, option, text);
    return err ? bad_value(reader, option, err) : ERR_NONE;
}

static enum err read_line(struct reader *reader, struct str line)
{
    struct str text;
    if (str_ends(line, STR("\r")))
        line.len--;
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return ERR_NONE;
    struct str name = str_trim(str_cut(line, '=', &text));
    if (!text.ptr) {
        reader->why = str_printf(reader->arena, "line %zu: an option is written \"name = value\"",
                                 reader->line);
        return ERR_SYNTAX;
    }
    return read_option(reader, name, str_copy(reader->arena, str_trim(text)));
}

enum err settings_parse(struct arena *arena, struct str text, struct settings *settings,
                        struct str *why)
{
    struct reader reader = {.arena = arena, .settings = *settings};
    if (text.len > SETTINGS_MAX_FILE) {
        *why = STR("the settings file is longer than 64 KiB");
        return ERR_TOO_LONG;
    }
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_skip(text, 3);
    while (text.ptr) {
        reader.line++;
        enum err err = read_line(&reader, str_cut(text, '\n', &text));
        if (err) {
            *why = reader.why;
            return err;
        }
    }
    *settings = reader.settings;
    return ERR_NONE;
}
