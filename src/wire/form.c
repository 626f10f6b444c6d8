#include "wire/form.h"

#include "wire/url.h"

#include "base/banned.h"

#define NAME_MAX_BYTES 256

/* How many fields text can have at most: its non-empty parts between '&'. */
static size_t count_parts(struct str text)
{
    size_t count = 0;
    while (text.ptr)
        count += str_cut(text, '&', &text).len > 0;
    return count;
}

static enum err parse_field(struct arena *arena, struct str name, struct str value,
                            struct form_field *field)
{
    enum err err = url_decode(arena, name, URL_PLUS_IS_SPACE, &field->name);
    if (err)
        return err;
    if (field->name.len > NAME_MAX_BYTES)
        return ERR_TOO_LONG;
    return url_decode(arena, value.ptr ? value : STR(""), URL_PLUS_IS_SPACE, &field->value);
}

enum err form_parse(struct arena *arena, struct str text, size_t max_fields, struct form *form,
                    struct str *bad)
{
    size_t parts = count_parts(text);
    size_t room = parts < max_fields ? parts : max_fields;
    *form = (struct form){0};
    *bad = STR_NONE;
    if (room)
        form->fields = ARENA_ARRAY(arena, room, struct form_field);
    while (text.ptr) {
        struct str part = str_cut(text, '&', &text);
        if (part.len == 0)
            continue;
        struct str value;
        struct str name = str_cut(part, '=', &value);
        enum err err = form->count == room
                           ? ERR_TOO_MANY
                           : parse_field(arena, name, value, &form->fields[form->count]);
        if (err) {
            *bad = name;
            return err;
        }
        form->count++;
    }
    return ERR_NONE;
}

struct str form_get(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (str_eq(form->fields[i].name, name))
            return form->fields[i].value;
    return STR_NONE;
}
