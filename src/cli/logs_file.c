#include "cli/logs_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

#define SHOW_EVERY 100 /* milliseconds */
#define BAR 30

/* --- progress -------------------------------------------------------------------------------- */

static int64_t milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show_bar(const struct logs_progress *progress, uint64_t rate)
{
    char bar[BAR + 1];
    uint64_t full = progress->done * BAR / progress->total;
    for (uint64_t i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '-';
    bar[BAR] = 0;
    (void)fprintf(stderr, "\r[%s] %" PRIu64 " %%, %" PRIu64 " MiB/s ", bar,
                  progress->done * 100 / progress->total, rate);
}

static void progress_add(struct logs_progress *progress, uint64_t bytes)
{
    progress->done += bytes;
    if (!progress->shown)
        return;
    int64_t now = milliseconds();
    if (!progress->started)
        progress->started = progress->last = now;
    if (now - progress->last < SHOW_EVERY)
        return;
    progress->last = now;
    uint64_t mib = progress->done >> 20;
    uint64_t rate = mib * 1000 / (uint64_t)(now - progress->started);
    if (progress->total && progress->done <= progress->total)
        show_bar(progress, rate);
    else
        (void)fprintf(stderr, "\r%" PRIu64 " MiB, %" PRIu64 " MiB/s ", mib, rate);
}

void logs_progress_clear(const struct logs_progress *progress)
{
    if (progress->shown && progress->started)
        (void)fprintf(stderr, "\r%*s\r", BAR + 30, "");
}

static void complain(struct logs_file *file, const char *what)
{
    logs_progress_clear(file->progress);
    if (!file->told)
        (void)fprintf(stderr, "pg409 logs: %s: %s\n", file->name, what);
    file->told = true;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Nothing comes any more; what was wrong with that. */
static void end(struct logs_file *file)
{
    file->ended = true;
    if (file->raw.fault)
        complain(file, file->raw.fault);
    if (file->raw.broken)
        complain(file, "the compressed file is damaged or cut off; what comes before that counts");
    file->failed |= file->raw.fault != NULL;
    file->broken |= file->raw.broken;
}

/* More bytes behind the line that begins at at. */
static void fill(struct logs_file *file)
{
    uint64_t done = file->done;
    struct str left = str_range(file->at, file->end);
    if (left.len > LOGS_LINE_MAX) {
        file->skipping = true;
        left.len = 0;
    }
    struct str more = logs_ahead_next(&file->ahead, left, &done);
    if (more.ptr) {
        file->at = (char *)(uintptr_t)more.ptr;
        file->end = file->at + more.len;
    } else {
        end(file);
    }
    progress_add(file->progress, done - file->done);
    file->done = done;
}

/* The next line without its end, or false at the end of the file. */
static bool next_line(struct logs_file *file, char **ptr, size_t *len)
{
    for (;;) {
        char *at = file->at;
        size_t rest = (size_t)(file->end - at);
        char *stop = rest ? memchr(at, '\n', rest) : NULL;
        if (!stop && !file->ended) {
            fill(file);
            continue;
        }
        if (!stop && !rest && !file->skipping)
            return false;
        *len = stop ? (size_t)(stop - at) : rest;
        file->at += *len + (stop ? 1 : 0);
        file->lines++;
        file->cut = !stop;
        if (file->skipping || *len > LOGS_LINE_MAX) {
            file->skipping = false;
            file->too_long++;
            continue;
        }
        *ptr = at;
        *len -= *len && at[*len - 1] == '\r';
        return true;
    }
}

/* A line of a log that has an object a line. */
static enum err parse_object(struct logs_file *file, char *ptr, size_t len)
{
    enum err err = accesslog_json(ptr, len, file->names, file->room, &file->entry);
    file->objects |= err != ERR_SYNTAX;
    return err;
}

static enum err parse(struct logs_file *file, char *ptr, size_t len)
{
    struct str line = {ptr, len};
    if (file->layout)
        return accesslog_layout_parse(file->layout, line, &file->minute, file->room, &file->entry);
    if (accesslog_is_journal(line)) {
        enum err err = file->objects ? parse_object(file, ptr, len) : ERR_SYNTAX;
        if (err != ERR_SYNTAX)
            return err;
        if (accesslog_journal(line, len, ptr, &line))
            return parse_object(file, ptr, len);
        file->journal = true;
        if (accesslog_is_journal(line))
            return parse_object(file, ptr, line.len);
    }
    return accesslog_parse(line, &file->minute, &file->entry);
}

static void note_dull(struct logs_file *file)
{
    int64_t time = file->entry.time;
    if (!file->dull || time < file->dull_first)
        file->dull_first = time;
    if (!file->dull || time > file->dull_last)
        file->dull_last = time;
    file->dull++;
}

bool logs_file_next(struct logs_file *file)
{
    char *ptr;
    size_t len;
    if (!file->open)
        return false;
    while (next_line(file, &ptr, &len)) {
        file->err = parse(file, ptr, len);
        if (file->err == ERR_SYNTAX) {
            file->unread += len > 0;
            continue;
        }
        file->entries++;
        if (!file->is_dull(&file->entry))
            return true;
        note_dull(file);
    }
    logs_file_close(file);
    return false;
}

/* --- opening --------------------------------------------------------------------------------- */

/* Looks at the first lines, until one can be read, and leaves them where they are. */
static void look(struct logs_file *file)
{
    char *room = arena_bytes(&file->arena, LOGS_BLOCK);
    fill(file);
    char *at = file->at;
    const char *stop = at;
    for (; stop && file->first == INT64_MIN; at += stop ? stop - at + 1 : 0) {
        size_t rest = (size_t)(file->end - at);
        stop = rest ? memchr(at, '\n', rest) : NULL;
        size_t len = stop ? (size_t)(stop - at) : rest;
        memcpy(room, at, len);
        if (!len || parse(file, room, len) == ERR_SYNTAX)
            continue;
        file->first = file->entry.time;
        if (!file->asked && !file->entry.whole)
            file->format = accesslog_guess(&file->entry);
    }
}

void logs_file_open(struct logs_file *file)
{
    file->first = INT64_MIN;
    file->minute = (struct accesslog_minute){.zone = 0};
    arena_init(&file->arena);
    if (!logs_raw_open(&file->raw, &file->arena, file->name)) {
        complain(file, file->raw.fault);
        file->failed = true;
        arena_release(&file->arena);
        return;
    }
    logs_ahead_begin(&file->ahead, &file->arena, &file->raw);
    file->room = arena_bytes(&file->arena, LOGS_LINE_MAX + 2);
    file->at = file->end = NULL;
    file->done = 0;
    file->ended = file->skipping = false;
    file->open = true;
    look(file);
}

void logs_file_close(struct logs_file *file)
{
    if (!file->open)
        return;
    logs_ahead_end(&file->ahead);
    logs_raw_close(&file->raw);
    arena_release(&file->arena);
    file->open = false;
}
