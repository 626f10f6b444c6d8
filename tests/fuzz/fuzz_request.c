/*
 * A whole request: parameters and a body of any bytes. What is accepted is
 * valid UTF-8 and within the limits, whatever else it is.
 *
 * The input: values in the order of names[], each up to a byte 0xFE (a value
 * that is a lone 0xFD is absent), then the body. 0xFC before the body cuts it short.
 */
#include "web/request.h"

#include "../unit/memory_gateway.h"

#include <stdlib.h>

#include "base/banned.h"

static const char *const names[] = {
    "REQUEST_METHOD",    "SCRIPT_NAME",  "PATH_INFO",           "REQUEST_URI",
    "QUERY_STRING",      "CONTENT_TYPE", "CONTENT_LENGTH",      "HTTP_ACCEPT",
    "HTTP_HOST",         "HTTP_ORIGIN",  "HTTP_SEC_FETCH_SITE", "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_X_REQUEST_ID", "REMOTE_USER",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void require_text(struct str text)
{
    require(!text.ptr || str_check_utf8(text) == ERR_NONE);
}

static void check_form(const struct form *form, size_t most)
{
    require(form->count <= most);
    for (size_t i = 0; i < form->count; i++) {
        require(form->fields[i].name.ptr && form->fields[i].value.ptr);
        require_text(form->fields[i].name);
        require_text(form->fields[i].value);
    }
}

/* A link begins with it: nothing in it may end an attribute or a header field. */
static void check_prefix(struct str prefix)
{
    for (size_t i = 0; i < prefix.len; i++) {
        unsigned char c = (unsigned char)prefix.ptr[i];
        require(c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\'' && c != '?');
    }
}

/* What even a refusal shows. */
static void check_always(const struct request *request)
{
    check_prefix(request->prefix);
    require_text(request->user);
    require(request->id.ptr ? request->id.len > 0 && request->id.len <= 64 : request->id.len == 0);
    require_text(request->id);
    check_form(&request->query, 200);
}

static void check_started(const struct request *request)
{
    require_text(request->path);
    require(str_starts(request->path, STR("/")));
    require(request->segment_count <= MAX_SEGMENTS + 1);
    for (size_t i = 0; i < request->segment_count && i < MAX_SEGMENTS; i++) {
        require_text(request->segments[i]);
        require(str_find(request->segments[i], STR("/")) == SIZE_MAX);
    }
}

static void check_body(const struct request *request, const struct settings *settings)
{
    require(request->body.len <= settings->max_body);
    require(request->has_body == (request->body.len > 0));
    check_form(&request->form, settings->max_fields);
    if (request->sent_method != HTTP_POST)
        require(request->method == request->sent_method);
}

static struct str set_params(struct memory_gateway *memory, struct str text)
{
    for (size_t i = 0; i < sizeof names / sizeof *names && text.ptr; i++) {
        struct str value = str_cut(text, '\xfe', &text);
        if (!str_is(value, "\xfd"))
            memory_param(memory, names[i], str_cstr(&memory->arena, value));
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_gateway memory;
    struct settings settings;
    struct request request;
    memory_init(&memory);
    settings_defaults(&settings);
    settings.max_body = 4096;
    settings.max_fields = 12;
    memory.body = set_params(&memory, (struct str){(const char *)data, size});
    memory.read_failed = str_starts(memory.body, STR("\xfc"));
    struct refusal refusal = request_start(&memory.arena, &memory.gateway, &request);
    check_always(&request);
    if (refusal.status == 0) {
        check_started(&request);
        refusal = request_body(&memory.arena, &settings, &request, false);
        require(!memory.read_failed || refusal.status != 0);
        if (refusal.status == 0)
            check_body(&request, &settings);
        (void)request_is_foreign(&settings, &request);
    }
    require(refusal.status == 0 || (refusal.status >= 400 && refusal.name));
    memory_release(&memory);
    return 0;
}
