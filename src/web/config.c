#include "web/config.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

#define LOOK_EVERY 1000000u

void config_init(struct config *config)
{
    *config = (struct config){0};
    arena_init(&config->arena);
    settings_defaults(&config->settings);
}

void config_release(struct config *config)
{
    arena_release(&config->arena);
}

/* The file that was named, or STR_NONE. A client cannot set these: its fields are HTTP_*. */
static struct str named(struct gateway *gateway)
{
    static const char *const names[] = {"PG409_CONFIG", "REDIRECT_PG409_CONFIG"};
    struct str path = STR_NONE;
    for (size_t i = 0; i < 2 && gateway && !path.len; i++)
        path = str_from(gateway->param(gateway, names[i]));
    return path.len ? path : str_from(getenv(names[0]));
}

static bool readable(struct str path)
{
    return path.ptr && access(path.ptr, R_OK) == 0;
}

/* The folder that holds the running program, STR_NONE when it cannot be told. */
static struct str program_folder(struct arena *arena)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len > 0 ? str_copy(arena, (struct str){path, (size_t)len}) : STR_NONE;
}

static struct str home(void)
{
    struct str path = str_from(getenv("HOME"));
    if (path.len)
        return path;
    struct passwd *entry = getpwuid(getuid()); /* mod_fcgid gives no HOME */
    return str_from(entry ? entry->pw_dir : NULL);
}

static struct str search(struct arena *arena)
{
    struct str folder = program_folder(arena), own = home();
    struct str places[] = {
        str_printf(arena, "%.*spg409.conf", STR_ARG(folder)),
        str_printf(arena, "%.*s../pg409.conf", STR_ARG(folder)),
        str_printf(arena, "%.*s/.config/pg409/pg409.conf", STR_ARG(own)),
        STR("/etc/pg409/pg409.conf"),
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (readable(places[i]))
            return places[i];
    return STR_NONE;
}

/* The whole file, one byte more than allowed at most, so that settings_parse can tell. */
static bool slurp(struct arena *arena, const char *path, struct stat *info, struct str *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = arena_alloc(arena, SETTINGS_MAX_FILE + 2);
    size_t len = 0;
    ssize_t got = 1;
    if (fd < 0)
        return false;
    bool fine = fstat(fd, info) == 0;
    while (fine && got > 0 && len <= SETTINGS_MAX_FILE) {
        got = read(fd, bytes + len, SETTINGS_MAX_FILE + 1 - len);
        fine = got >= 0;
        len += fine ? (size_t)got : 0;
    }
    close(fd);
    *text = (struct str){bytes, len};
    return fine;
}

static void load(struct config *config, struct str path)
{
    struct str text, why;
    arena_release(&config->arena);
    config_init(config);
    config->loaded = true;
    config->path = str_copy(&config->arena, path);
    if (!config->path.ptr)
        return;
    if (!slurp(&config->arena, config->path.ptr, &config->stat, &text))
        config->fault = str_printf(&config->arena, "%s cannot be read", config->path.ptr);
    else if (settings_parse(&config->arena, text, &config->settings, &why))
        config->fault = str_printf(&config->arena, "%s: %.*s", config->path.ptr, STR_ARG(why));
}

/* There was no file at all; by now there may be one. */
static bool file_appeared(void)
{
    struct arena scratch;
    arena_init(&scratch);
    bool found = search(&scratch).ptr != NULL;
    arena_release(&scratch);
    return found;
}

static bool file_changed(const struct config *config)
{
    struct stat now;
    if (!config->path.ptr)
        return file_appeared();
    if (stat(config->path.ptr, &now) != 0)
        return !config->fault.ptr;
    return now.st_mtim.tv_sec != config->stat.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != config->stat.st_mtim.tv_nsec ||
           now.st_size != config->stat.st_size || now.st_ino != config->stat.st_ino;
}

bool config_update(struct config *config, struct gateway *gateway, uint64_t now)
{
    struct str wanted = named(gateway);
    bool other = wanted.len ? !str_eq(wanted, config->path) : !config->loaded;
    bool look = now - config->checked >= LOOK_EVERY;
    if (config->loaded && !other && !(look && file_changed(config))) {
        config->checked = look ? now : config->checked;
        return false;
    }
    struct arena scratch;
    arena_init(&scratch);
    struct str path = wanted.len ? str_copy(&scratch, wanted) : search(&scratch);
    load(config, path);
    arena_release(&scratch);
    config->checked = now;
    return true;
}
