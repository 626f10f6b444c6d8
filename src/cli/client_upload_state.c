#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/client_keep.h"
#include "cli/client_upload.h"
#include "wire/digest.h"

#include "base/banned.h"

#define WIDTH 30  /* of the bar */
#define EVERY 100 /* milliseconds between two pictures of it */

/* --- the state --- */

static bool make_folder(struct arena *arena, struct str path)
{
    for (size_t i = 1; i <= path.len; i++)
        if (i == path.len || path.ptr[i] == '/') {
            const char *part = str_cstr(arena, (struct str){path.ptr, i});
            if (mkdir(part, 0700) < 0 && errno != EEXIST)
                return false;
        }
    return true;
}

/* One file for each file and address; NULL: there is no place for it. */
static const char *state_path(struct upload_file *upload)
{
    struct arena *arena = &upload->client->arena;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *user = upload->client->options.transport.user;
    struct str folder;
    if (state && *state == '/')
        folder = str_printf(arena, "%s/pg409", state);
    else if (home && *home == '/')
        folder = str_printf(arena, "%s/.local/state/pg409", home);
    else
        return NULL;
    if (!make_folder(arena, folder))
        return NULL;
    struct str parts[] = {str_from(upload->folder), upload->name, upload->digest, upload->replaces,
                          str_cut(str_from(user), ':', &(struct str){0})};
    struct str name = digest_of(arena, parts, sizeof parts / sizeof *parts);
    return str_cstr(arena, str_printf(arena, "%.*s/upload-%.*s", STR_ARG(folder), STR_ARG(name)));
}

/* scheme://host:port of both is the same: a login goes nowhere else. */
static bool same_place(struct str a, struct str b)
{
    size_t at = str_find(b, STR("://"));
    size_t end = at == SIZE_MAX ? 0 : at + 3;
    while (end < b.len && b.ptr[end] != '/')
        end++;
    return end > 0 && str_starts(a, (struct str){b.ptr, end}) && a.len > end && a.ptr[end] == '/';
}

const char *upload_recall(struct upload_file *upload)
{
    const char *path = state_path(upload);
    struct str text;
    if (!path || !client_read_file(&upload->client->arena, path, &text))
        return NULL;
    text = str_cut(text, '\n', &(struct str){0});
    bool fine = same_place(text, str_from(upload->folder));
    return fine ? str_cstr(&upload->client->arena, text) : NULL;
}

void upload_remember(struct upload_file *upload)
{
    const char *path = state_path(upload);
    int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    if (!stream)
        return;
    (void)fprintf(stream, "%s\n", upload->location);
    (void)fclose(stream);
}

void upload_forget(struct upload_file *upload)
{
    const char *path = state_path(upload);
    if (path)
        (void)unlink(path);
}

/* --- the bar --- */

static uint64_t now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void upload_bar_start(struct upload_bar *bar, const struct client *client, uint64_t done)
{
    *bar = (struct upload_bar){.begun = now(), .first = done};
    bar->shown = isatty(STDERR_FILENO) && !client->options.quiet && !client->options.verbose;
}

/* 1.5 MB */
static void put_size(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        unit++;
    }
    (void)fprintf(stderr, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void upload_bar_show(struct upload_bar *bar, uint64_t done, uint64_t size)
{
    uint64_t time = now();
    if (!bar->shown || (time - bar->last < EVERY && done < size))
        return;
    bar->last = time;
    size_t full = size ? (size_t)(done * WIDTH / size) : WIDTH;
    double seconds = (double)(time - bar->begun) / 1000;
    double rate = seconds > 0 ? (double)(done - bar->first) / seconds : 0;
    (void)fputs("\r[", stderr);
    for (size_t i = 0; i < WIDTH; i++)
        (void)fputc(i < full ? '#' : ' ', stderr);
    (void)fprintf(stderr, "] %3u %%  ", size ? (unsigned)(done * 100 / size) : 100);
    put_size((double)done);
    (void)fputs(" of ", stderr);
    put_size((double)size);
    (void)fputs(", ", stderr);
    put_size(rate);
    (void)fputs("/s", stderr);
    if (rate > 0 && done < size)
        (void)fprintf(stderr, ", %.0f s left", (double)(size - done) / rate);
    (void)fputs("   ", stderr);
}

void upload_bar_end(struct upload_bar *bar)
{
    if (bar->shown && bar->last)
        (void)fputc('\n', stderr);
}
