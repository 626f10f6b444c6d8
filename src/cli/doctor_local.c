#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor_core.h"

#include "base/banned.h"

/* A fix that begins like this is no SQL. */
#define CHMOD "chmod "

void look_settings_fault(struct doctor *doctor, struct finding *finding)
{
    if (doctor->config.fault.ptr)
        finding_add(doctor, finding, doctor->config.fault, STR_NONE);
}

/* A password in it is for the program alone; a file that others may write is theirs. */
void look_settings_readable(struct doctor *doctor, struct finding *finding)
{
    struct arena *arena = &doctor->arena;
    struct str path = doctor->config.path;
    struct stat info;
    if (!path.ptr || doctor->config.fault.ptr || stat(path.ptr, &info) != 0)
        return;
    unsigned mode = (unsigned)info.st_mode & 0777;
    bool secret =
        pg_conninfo_value(arena, doctor->config.settings.database, "password").ptr != NULL;
    unsigned open = mode & (secret ? 0006U : 0002U);
    if (open)
        finding_add(doctor, finding,
                    str_printf(arena, "%.*s may be %s by everybody (mode %03o)%s", STR_ARG(path),
                               open & 2 ? "written" : "read", mode,
                               secret ? " and holds a password" : ""),
                    str_printf(arena, CHMOD "%03o %.*s", mode & ~(secret ? 0007U : 0002U),
                               STR_ARG(path)));
}

/* Whether an .htaccess beside it keeps anything from being handed out. */
static bool denies(struct arena *arena, struct str path)
{
    size_t folder = path.len;
    char text[16384];
    while (folder && path.ptr[folder - 1] != '/')
        folder--;
    struct str name = str_printf(arena, "%.*s.htaccess", (int)folder, path.ptr);
    FILE *file = fopen(name.ptr, "re");
    struct str found = {text, file ? fread(text, 1, sizeof text, file) : 0};
    if (file)
        (void)fclose(file);
    return str_find(found, STR("denied")) != SIZE_MAX ||
           str_find(found, STR("Deny from all")) != SIZE_MAX;
}

/* Folders that shared hosts hand out as they are. */
void look_settings_in_web(struct doctor *doctor, struct finding *finding)
{
    static const char *const names[] = {"public_html", "htdocs", "httpdocs", "www",
                                        "html",        "public", "web",      "wwwroot"};
    struct str path = doctor->config.path, rest = path;
    while (rest.ptr) {
        struct str part = str_cut(rest, '/', &rest);
        for (size_t i = 0; rest.ptr && i < sizeof names / sizeof *names; i++) {
            if (!str_is(part, names[i]) || denies(&doctor->arena, path))
                continue;
            finding_add(doctor, finding, path, STR_NONE);
            return;
        }
    }
}

void look_settings_loose(struct doctor *doctor, struct finding *finding)
{
    const struct settings *settings = &doctor->config.settings;
    if (settings->allow_overwrite)
        finding_add(doctor, finding,
                    STR("allow_overwrite = on: who sends the version * writes over anything"),
                    STR_NONE);
    if (settings->anonymous == ANONYMOUS_WRITE)
        finding_add(doctor, finding,
                    STR("anonymous = write: who has not logged in may save, and nobody can say "
                        "who it was"),
                    STR_NONE);
    if (settings->metrics == METRICS_OPEN && settings->metrics_tables)
        finding_add(doctor, finding,
                    STR("metrics = open and metrics_tables = on: everybody learns the names of "
                        "the tables"),
                    STR_NONE);
}

/* libpq passes over a file of passwords that others may read, and says so to nobody. */
void look_password_file(struct doctor *doctor, struct finding *finding)
{
    struct arena *arena = &doctor->arena;
    struct str path = pg_conninfo_value(arena, doctor->config.settings.database, "passfile");
    struct passwd *entry = getpwuid(getuid());
    struct stat info;
    if (!path.ptr)
        path = str_from(getenv("PGPASSFILE"));
    if (!path.ptr && entry)
        path = str_printf(arena, "%s/.pgpass", entry->pw_dir);
    if (path.ptr && stat(str_cstr(arena, path), &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_mode & 0077)
        finding_add(doctor, finding,
                    str_printf(arena, "%.*s has mode %03o", STR_ARG(path),
                               (unsigned)info.st_mode & 0777),
                    str_printf(arena, CHMOD "600 %.*s", STR_ARG(path)));
}
