/*
 * HTML in: every token moves on and stays in the page, text that is decoded is not longer than it
 * was, and the forms keep their limits.
 */
#include "wire/html_forms.h"
#include "wire/html_scan.h"

#include <stdlib.h>

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_scan(struct arena *arena, struct str page)
{
    struct html_scan scan;
    html_scan_init(&scan, arena, page);
    for (size_t left = page.len + 1;;) {
        enum html_token token = html_scan_next(&scan);
        require(scan.ptr <= scan.end);
        require(scan.count <= HTML_ATTRIBUTES_MAX);
        if (token == HTML_END)
            break;
        /* Text may end where a raw element's end tag begins, but something was passed. */
        require((size_t)(scan.end - scan.ptr) < left);
        left = (size_t)(scan.end - scan.ptr);
        require(token != HTML_TEXT || scan.text.len <= page.len);
    }
    require(scan.ptr == scan.end);
}

static void check_forms(struct arena *arena, struct str page)
{
    struct html_forms forms;
    size_t sum = 0;
    enum err err = html_forms_read(arena, page, &forms);
    require(err == ERR_NONE || err == ERR_TOO_MANY);
    require(forms.count <= HTML_FORMS_MAX);
    for (size_t i = 0; i < forms.count; i++) {
        sum += forms.forms[i].count;
        for (size_t k = 0; k < forms.forms[i].count; k++) {
            const struct html_field *field = &forms.forms[i].fields[k];
            require(field->value.ptr != NULL);
            require(!field->sent || field->name.len > 0);
            require(!field->sent || field->control != HTML_BUTTON);
        }
    }
    require(sum <= HTML_FIELDS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf text;
    struct str page = {(const char *)data, size};
    arena_init(&arena);
    check_scan(&arena, page);
    check_forms(&arena, page);
    require(html_decode(&arena, page).len <= size);
    buf_init(&text, &arena, size + 1);
    html_page_text(&text, page);
    require(buf_ok(&text));
    arena_release(&arena);
    return 0;
}
