/*
 * Form data: what is accepted keeps the limits and, written again, reads the same.
 */
#include "wire/form.h"
#include "wire/url.h"

#include <stdlib.h>

#include "base/banned.h"

#define FIELDS_MAX 12

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_fields(const struct form *form)
{
    require(form->count <= FIELDS_MAX);
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];
        require(field->name.ptr && field->value.ptr && field->name.len <= 256);
        require(str_check_utf8(field->name) == ERR_NONE);
        require(str_check_utf8(field->value) == ERR_NONE);
        require(form_get(form, field->name).ptr != NULL);
    }
}

static struct str write_form(struct arena *arena, const struct form *form)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < form->count; i++) {
        url_encode(&buf, form->fields[i].name);
        buf_char(&buf, '=');
        url_encode(&buf, form->fields[i].value);
        buf_char(&buf, '&');
    }
    return buf_slice(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct form form, again;
    struct str bad;
    arena_init(&arena);
    enum err err =
        form_parse(&arena, (struct str){(const char *)data, size}, FIELDS_MAX, &form, &bad);
    require((err != ERR_NONE) == (bad.ptr != NULL));
    require(err != ERR_TOO_MANY || form.count == FIELDS_MAX);
    check_fields(&form);
    /* Also after an error: the fields before it are whole. */
    require(form_parse(&arena, write_form(&arena, &form), FIELDS_MAX, &again, &bad) == ERR_NONE);
    require(again.count == form.count);
    for (size_t i = 0; i < form.count; i++) {
        require(str_eq(form.fields[i].name, again.fields[i].name));
        require(str_eq(form.fields[i].value, again.fields[i].value));
    }
    arena_release(&arena);
    return 0;
}
