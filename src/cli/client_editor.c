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
    if (keep || !editor->path)
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

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]))
            return false;
    return true;
}

enum editor_end editor_run(struct editor *editor, struct str *text)
{
    struct stat before, now;
    struct arena *arena = &editor->client->arena;
    if (!write_file(editor->path, *text) || stat(editor->path, &before) < 0)
        return EDITOR_FAILED;
    if (!run(editor->path)) {
        if (stat(editor->path, &now) == 0 && is_other(&before, &now))
            (void)client_read_file(arena, editor->path, text); /* it is not to be lost */
        return EDITOR_FAILED;
    }
    if (stat(editor->path, &now) < 0 || !is_other(&before, &now))
        return EDITOR_LEFT;
    if (!client_read_file(arena, editor->path, text)) {
        (void)complain(editor->path);
        return EDITOR_FAILED;
    }
    return is_blank(*text) ? EDITOR_LEFT : EDITOR_DONE;
}

enum editor_end editor_text(struct client *client, struct str *text)
{
    struct editor editor;
    if (!editor_open(&editor, client, STR("text")))
        return EDITOR_FAILED;
    enum editor_end end = editor_run(&editor, text);
    editor_close(&editor, false);
    return end;
}
