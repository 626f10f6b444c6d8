/*
 * Lines of access logs, which strangers write as much as servers do: each line of the input, as
 * formats that pg409 knows, as objects, and by a format that is given: the first line if it is one.
 */
#include "wire/accesslog_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ROOM 4096

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Slices are none, or within the line. */
static void require_within(struct str part, struct str line)
{
    if (part.ptr && part.len)
        require(part.ptr >= line.ptr && part.ptr + part.len <= line.ptr + line.len);
}

static void try_unescape(struct str field)
{
    char out[ROOM];
    if (!field.ptr || field.len > sizeof out)
        return;
    require(accesslog_unescape(field, out) <= field.len);
}

/* What was read of a line is what another reading, without the line before, finds. */
static void require_same(const struct accesslog *entry, const struct accesslog *again)
{
    require(entry->time == again->time && entry->zone == again->zone);
    require(entry->status == again->status);
    require(str_eq(entry->target, again->target) && str_eq(entry->head, again->head));
}

static void try_line(struct str line, struct accesslog_minute *minute)
{
    struct accesslog_minute fresh = {.zone = 0};
    struct accesslog found, again, *entry = &found;
    enum err err = accesslog_parse(line, minute, entry);
    if (err == ERR_SYNTAX)
        return;
    require(accesslog_parse(line, &fresh, &again) == err);
    require_same(entry, &again);
    require(err == ERR_NONE || err == ERR_UNKNOWN);
    require((err == ERR_NONE) == (entry->target.ptr && entry->target.len && entry->method.len));
    require(entry->status >= 0 && entry->status <= 999);
    for (enum accesslog_format format = ACCESSLOG_ANY; format <= ACCESSLOG_LIGHTTPD; format++) {
        accesslog_who(entry, format);
        const struct str parts[] = {entry->method, entry->target, entry->vhost,  entry->client,
                                    entry->user,   entry->agent,  entry->referer};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            require_within(parts[i], line);
            try_unescape(parts[i]);
        }
    }
}

/* What accesslog_layout_parse and accesslog_json fill in: within the line, or put together. */
static void require_whole(const struct accesslog *entry, enum err err, struct str line,
                          struct str room)
{
    const struct str parts[] = {entry->vhost, entry->client, entry->user, entry->agent,
                                entry->referer};
    if (err == ERR_SYNTAX)
        return;
    require(entry->whole && entry->status >= 0 && entry->status <= 999);
    require((err == ERR_NONE) == (entry->target.ptr && entry->target.len && entry->method.len));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        require_within(parts[i], line);
    if (!entry->target.ptr)
        return;
    bool made = entry->target.ptr >= room.ptr && entry->target.ptr < room.ptr + room.len;
    require_within(entry->target, made ? room : line);
    try_unescape(entry->target);
}

/* In memory of their own, so that a byte too far is found. */
static void try_whole(struct str line, const struct accesslog_layout *layout,
                      struct accesslog_minute *minute)
{
    struct accesslog_names names = {.names = {{STR("a_b"), 1}}, .count = 1};
    char *copy = malloc(line.len + 1), *room = malloc(line.len + 1);
    struct accesslog entry;
    require(copy && room);
    memcpy(copy, line.ptr, line.len);
    struct str mine = {copy, line.len}, made = {room, line.len + 1};
    if (layout)
        require_whole(&entry, accesslog_layout_parse(layout, mine, minute, room, &entry), mine,
                      made);
    if (accesslog_is_journal(mine))
        require_whole(&entry, accesslog_json(copy, line.len, &names, room, &entry), mine, made);
    free(copy);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accesslog_minute minute = {.zone = 0};
    struct str rest = {(const char *)data, size}, fault = STR("");
    struct accesslog_layout *layout = NULL;
    struct arena arena;
    arena_init(&arena);
    if (accesslog_layout_read(&arena, str_cut(rest, '\n', &(struct str){NULL, 0}), &layout,
                              &fault)) {
        require(fault.len > 0);
        layout = NULL;
    }
    while (rest.ptr) {
        char room[ROOM];
        struct str line = str_cut(rest, '\n', &rest), message = STR("");
        try_whole(line, layout, &minute);
        if (accesslog_is_journal(line) && !accesslog_journal(line, sizeof room, room, &message)) {
            require(message.len <= sizeof room);
            line = message;
        }
        try_line(line, &minute);
    }
    arena_release(&arena);
    return 0;
}
