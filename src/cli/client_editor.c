#include "cli/client_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/client_keep.h"

#include "base/banned.h"

static bool complain(const char *what)
{
    (void)fprintf(stderr, "pg409: %s: %s\n", what, strerror(errno));
    return false;
}

static const char *program(void)
{
    static const char *const names[] = {"VISUAL", "EDITOR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return "vi";
}

bool editor_open(struct editor *editor, struct client *client, struct str name)
{
    const char *temporary = getenv("TMPDIR");
    struct arena *arena = &client->arena;
    struct str folder =
        str_printf(arena, "%s/pg409-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    *editor = (struct editor){.client = client};
    editor->folder = arena_copy(arena, folder.ptr, folder.len);
    if (!mkdtemp(editor->folder))
        return complain(editor->folder);
    struct str part = client_file_part(arena, name);
    editor->path = str_cstr(arena, str_printf(arena, "%s/%.*s.txt", editor->folder, STR_ARG(part)));
    return true;
}

void editor_close(struct editor *editor, bool keep)
{
    if (keep || editor->keep || !editor->path)
        return;
    (void)unlink(editor->path);
    (void)rmdir(editor->folder);
}

static bool write_file(const char *path, struct str text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    bool fine = stream && fwrite(text.ptr ? text.ptr : "", 1, text.len, stream) == text.len;
    if (stream)
        fine &= fclose(stream) == 0;
    return fine || complain(path);
}

static void start(const char *path, const char *name, const struct sigaction *interrupt,
                  const struct sigaction *quit)
{
    char command[4096];
    int len = snprintf(command, sizeof command, "%s \"$@\"", name);
    (void)sigaction(SIGINT, interrupt, NULL);
    (void)sigaction(SIGQUIT, quit, NULL);
    if (len > 0 && (size_t)len < sizeof command)
        (void)execlp("sh", "sh", "-c", command, name, path, (char *)NULL);
    _exit(127);
}

/* Runs it; keys that interrupt are for the editor. False: it could not, or says that it failed. */
static bool run(const char *path)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    const char *name = program();
    int status = 0;
    (void)fflush(NULL);
    (void)sigaction(SIGINT, &ignore, &interrupt);
    (void)sigaction(SIGQUIT, &ignore, &quit);
    pid_t child = fork();
    if (child == 0)
        start(path, name, &interrupt, &quit);
    bool waited = child > 0;
    while (waited && waitpid(child, &status, 0) < 0)
        waited = errno == EINTR;
    (void)sigaction(SIGINT, &interrupt, NULL);
    (void)sigaction(SIGQUIT, &quit, NULL);
    if (waited && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    (void)fprintf(stderr, "pg409: the editor “%s” could not be started, or failed\n", name);
    return false;
}

/* Whether the file was written since: another time, size or file. */
static bool is_other(const struct stat *before, const struct stat *now)
{
    return before->st_ino != now->st_ino || before->st_size != now->st_size ||
           before->st_mtim.tv_sec != now->st_mtim.tv_sec ||
           before->st_mtim.tv_nsec != now->st_mtim.tv_nsec;
}

/* What is in the file now; *other: it was written, or is not what was shown (times may be coarse).
 */
static bool look(struct editor *editor, const struct stat *before, struct str *text, bool *other)
{
    struct stat now;
    struct str shown = text->ptr ? *text : STR(""), found;
    *other = false;
    if (stat(editor->path, &now) < 0)
        return true; /* taken away, as some do who want to leave */
    if (!client_read_file(&editor->client->arena, editor->path, &found)) {
        editor->keep = true;
        (void)fprintf(stderr, "pg409: %s: %s; it is left there\n", editor->path, strerror(errno));
        return false;
    }
    *other = is_other(before, &now) || !str_eq(found, shown);
    *text = found;
    return true;
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]))
            return false;
    return true;
}

enum editor_end editor_run(struct editor *editor, struct str *text)
{
    struct stat before;
    bool other;
    if (!write_file(editor->path, *text) || stat(editor->path, &before) < 0)
        return EDITOR_FAILED;
    bool fine = run(editor->path);
    fine &= look(editor, &before, text, &other); /* where it failed, too: it is not to be lost */
    if (!fine)
        return EDITOR_FAILED;
    return other && !is_blank(*text) ? EDITOR_DONE : EDITOR_LEFT;
}

enum editor_end editor_text(struct client *client, struct str *text)
{
    struct editor editor;
    if (!editor_open(&editor, client, STR("text")))
        return EDITOR_FAILED;
    struct str shown = *text;
    enum editor_end end = editor_run(&editor, text);
    if (end == EDITOR_FAILED && !str_eq(*text, shown) && !editor.keep)
        client_keep_text(client, *text);
    editor_close(&editor, false);
    return end;
}
