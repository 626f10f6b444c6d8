#include "memory_gateway.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const char *get_param(struct gateway *gateway, const char *name)
{
    const struct memory_gateway *memory = (struct memory_gateway *)gateway;
    for (size_t i = 0; i < memory->param_count; i++)
        if (strcmp(memory->params[i].name, name) == 0)
            return memory->params[i].value;
    return NULL;
}

static size_t read_body(struct gateway *gateway, char *into, size_t size)
{
    struct memory_gateway *memory = (struct memory_gateway *)gateway;
    size_t left = memory->body.len - memory->body_at;
    if (size > left)
        size = left;
    if (size)
        memcpy(into, memory->body.ptr + memory->body_at, size);
    memory->body_at += size;
    return size;
}

static bool read_failed(struct gateway *gateway)
{
    return ((struct memory_gateway *)gateway)->read_failed;
}

static enum err write_out(struct gateway *gateway, struct str bytes)
{
    struct memory_gateway *memory = (struct memory_gateway *)gateway;
    memory->writes++;
    if (memory->deaf)
        return ERR_IO;
    buf_str(&memory->out, bytes);
    return ERR_NONE;
}

static void log_line(struct gateway *gateway, struct str line)
{
    struct memory_gateway *memory = (struct memory_gateway *)gateway;
    buf_str(&memory->log, line);
    buf_char(&memory->log, '\n');
}

static void end_answer(struct gateway *gateway)
{
    struct memory_gateway *memory = (struct memory_gateway *)gateway;
    memory->ended = true;
    memory->deaf = true; /* nothing may follow */
}

void memory_init(struct memory_gateway *memory)
{
    *memory = (struct memory_gateway){
        .gateway = {get_param, read_body, read_failed, write_out, log_line, end_answer},
    };
    arena_init(&memory->arena);
    buf_init(&memory->out, &memory->arena, (size_t)1 << 30);
    buf_init(&memory->log, &memory->arena, (size_t)1 << 20);
}

void memory_release(struct memory_gateway *memory)
{
    arena_release(&memory->arena);
}

void memory_param(struct memory_gateway *memory, const char *name, const char *value)
{
    size_t i = 0;
    while (i < memory->param_count && strcmp(memory->params[i].name, name) != 0)
        i++;
    if (i == MEMORY_PARAMS)
        abort();
    memory->params[i].name = name;
    memory->params[i].value = value;
    if (i == memory->param_count)
        memory->param_count++;
}

void memory_body(struct memory_gateway *memory, const char *type, struct str body)
{
    struct str length = str_printf(&memory->arena, "%zu", body.len);
    memory->body = body;
    memory_param(memory, "CONTENT_LENGTH", length.ptr);
    memory_param(memory, "CONTENT_TYPE", type);
}

/* The header part with the CRLF of its last line. */
static struct str head_of(const struct memory_gateway *memory)
{
    struct str out = buf_slice(&memory->out);
    size_t end = str_find(out, STR("\r\n\r\n"));
    return end == SIZE_MAX ? STR("") : (struct str){out.ptr, end + 2};
}

int memory_status(const struct memory_gateway *memory)
{
    struct str value = memory_header(memory, STR("Status"));
    return value.len < 4 ? 0 : (int)strtol(value.ptr, NULL, 10);
}

struct str memory_header(const struct memory_gateway *memory, struct str name)
{
    struct str rest = head_of(memory);
    while (rest.len) {
        struct str value, line = str_cut(rest, '\n', &rest);
        struct str found = str_cut(line, ':', &value);
        if (value.len && str_ieq(found, name) && str_ends(value, STR("\r")))
            return str_trim((struct str){value.ptr, value.len - 1});
    }
    return STR_NONE;
}

struct str memory_answer(const struct memory_gateway *memory)
{
    struct str out = buf_slice(&memory->out);
    size_t end = str_find(out, STR("\r\n\r\n"));
    return end == SIZE_MAX ? STR_NONE : str_skip(out, end + 4);
}
