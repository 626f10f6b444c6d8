#include <stdlib.h>
#include <string.h>

#include "wire/settings.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

/* Whatever was accepted is within its limits. */
static void check(const struct settings *settings)
{
    for (const struct option *option = settings_options; option->name; option++) {
        const void *member = (const char *)settings + option->offset;
        if (option->type == OPTION_TEXT) {
            struct str text = *(const struct str *)member;
            require(text.ptr && str_check_utf8(text) == ERR_NONE);
            continue;
        }
        uint64_t value = *(const uint64_t *)member;
        if (option->type == OPTION_SWITCH || option->type == OPTION_CHOICE)
            require(value <= 2);
        else
            require(value >= option->min && value <= option->max);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct settings before;
    struct settings settings;
    struct str why = STR_NONE;
    arena_init(&arena);
    settings_defaults(&before);
    settings = before;
    if (settings_parse(&arena, (struct str){(const char *)data, size}, &settings, &why)) {
        require(why.len > 10 && str_check_utf8(why) == ERR_NONE);
        require(memcmp(&settings, &before, sizeof settings) == 0);
    } else {
        check(&settings);
    }
    arena_release(&arena);
    return 0;
}
