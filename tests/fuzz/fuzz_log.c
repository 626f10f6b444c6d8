/*
 * Lines of access logs, which strangers write as much as servers do: each line of the input.
 */
#include "wire/accesslog.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accesslog_minute minute = {.zone = 0};
    struct str rest = {(const char *)data, size};
    while (rest.ptr) {
        char room[ROOM];
        struct str line = str_cut(rest, '\n', &rest), message = STR("");
        if (accesslog_is_journal(line) && !accesslog_journal(line, sizeof room, room, &message)) {
            require(message.len <= sizeof room);
            line = message;
        }
        try_line(line, &minute);
    }
    return 0;
}
