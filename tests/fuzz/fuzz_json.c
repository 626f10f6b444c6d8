#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

/* What holds of every value that was let pass, and of all below it. */
static void check(struct arena *arena, struct str input, const struct json_value *value,
                  unsigned depth)
{
    struct json_object object = {0};
    struct json_value *items = NULL;
    size_t count = 0;
    require(depth <= 16);
    require(value->raw.len > 0 && value->raw.ptr >= input.ptr &&
            value->raw.ptr + value->raw.len <= input.ptr + input.len);
    require(str_check_utf8(value->raw) == ERR_NONE && str_check_utf8(value->text) == ERR_NONE);
    require((value->text.ptr == NULL) == (value->type == JSON_NULL));
    if (value->type == JSON_STRING) {
        struct buf buf;
        struct json_value again;
        size_t at;
        buf_init(&buf, arena, SIZE_MAX / 4);
        json_string(&buf, value->text);
        require(json_parse(arena, buf_slice(&buf), 0, &again, &at) == ERR_NONE);
        require(str_eq(again.text, value->text));
    }
    if (value->type == JSON_ARRAY) {
        require(json_items(arena, value, SIZE_MAX, &items, &count) == ERR_NONE);
        require(count == 0 || json_items(arena, value, count - 1, &items, &count) == ERR_TOO_MANY);
    }
    if (value->type == JSON_OBJECT) {
        enum err err = json_members(arena, value, SIZE_MAX, &object);
        require(err == ERR_NONE || (err == ERR_DUPLICATE && depth > 0));
    }
    for (size_t i = 0; i < count; i++)
        check(arena, input, &items[i], depth + 1);
    for (size_t i = 0; i < object.count; i++) {
        require(str_check_utf8(object.members[i].name) == ERR_NONE);
        require(json_get(&object, object.members[i].name) == &object.members[i].value);
        check(arena, input, &object.members[i].value, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct json_value value;
    struct str input = {(const char *)data, size};
    size_t at = SIZE_MAX;
    arena_init(&arena);
    if (json_parse(&arena, input, 16, &value, &at) == ERR_NONE)
        check(&arena, input, &value, 0);
    else
        require(at <= size);
    arena_release(&arena);
    return 0;
}
