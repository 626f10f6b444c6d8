#include "gateway/fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

#define DRAIN_LIMIT ((size_t)64 * 1024)

struct fastcgi {
    struct gateway gateway;
    FCGX_Request request;
    sigset_t waiting; /* the signal mask while waiting: nothing is blocked */
};

/* A signal handler can reach nothing else: the one variable of the process. */
static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal)
{
    (void)signal;
    stop_asked = 1;
}

bool fastcgi_wanted(void)
{
    return !FCGX_IsCGI();
}

static const char *fastcgi_param(struct gateway *gateway, const char *name)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    return FCGX_GetParam(name, fastcgi->request.envp);
}

static size_t fastcgi_read(struct gateway *gateway, char *into, size_t size)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    size_t len = 0;
    while (len < size) {
        size_t part = size - len > INT_MAX ? INT_MAX : size - len;
        int got = FCGX_GetStr(into + len, (int)part, fastcgi->request.in);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return len;
}

static bool fastcgi_read_failed(struct gateway *gateway)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    return FCGX_GetError(fastcgi->request.in) != 0;
}

static enum err put(FCGX_Stream *stream, struct str bytes)
{
    while (bytes.len) {
        size_t part = bytes.len > INT_MAX ? INT_MAX : bytes.len;
        if (FCGX_PutStr(bytes.ptr, (int)part, stream) < 0)
            return ERR_IO;
        bytes = str_skip(bytes, part);
    }
    return ERR_NONE;
}

static enum err fastcgi_write(struct gateway *gateway, struct str bytes)
{
    return put(((struct fastcgi *)gateway)->request.out, bytes);
}

static void fastcgi_log(struct gateway *gateway, struct str line)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    if (put(fastcgi->request.err, line) == ERR_NONE && put(fastcgi->request.err, STR("\n")))
        return; /* the web server is gone: nothing to do about it */
}

/*
 * libfcgi's own handlers would cut a body short: ours are there first, and the
 * signals stay blocked but for the wait in fastcgi_next.
 */
static void take_signals(struct fastcgi *fastcgi)
{
    sigset_t blocked;
    struct sigaction action = {.sa_handler = ask_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &fastcgi->waiting);
    sigdelset(&fastcgi->waiting, SIGTERM);
    sigdelset(&fastcgi->waiting, SIGUSR1);
    sigdelset(&fastcgi->waiting, SIGINT);
}

struct fastcgi *fastcgi_new(void)
{
    struct fastcgi *fastcgi = calloc(1, sizeof *fastcgi);
    if (!fastcgi)
        abort();
    fastcgi->gateway = (struct gateway){fastcgi_param, fastcgi_read, fastcgi_read_failed,
                                        fastcgi_write, fastcgi_log};
    take_signals(fastcgi);
    /* libfcgi waits that long for the web server to close first, where lingering stays */
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 0);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&fastcgi->request, 0, 0) != 0) {
        free(fastcgi);
        return NULL;
    }
    /* with several workers on one socket another may be faster: then accept must not block */
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    return fastcgi;
}

void fastcgi_free(struct fastcgi *fastcgi)
{
    FCGX_Free(&fastcgi->request, 1);
    free(fastcgi);
}

enum fastcgi_event fastcgi_next(struct fastcgi *fastcgi, uint64_t idle)
{
    struct timespec limit = {.tv_sec = (time_t)(idle / 1000),
                             .tv_nsec = (long)(idle % 1000) * 1000000L};
    for (;;) {
        struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = ppoll(&fd, 1, idle ? &limit : NULL, &fastcgi->waiting);
        if (stop_asked || (ready < 0 && errno != EINTR))
            return FASTCGI_STOP;
        if (ready == 0)
            return FASTCGI_IDLE;
        if (ready < 0)
            continue;
        int rc = FCGX_Accept_r(&fastcgi->request);
        if (rc == 0)
            return FASTCGI_REQUEST;
        if (rc != -EAGAIN && rc != -ECONNABORTED && rc != -EINTR)
            return FASTCGI_STOP;
    }
}

struct gateway *fastcgi_gateway(struct fastcgi *fastcgi)
{
    return &fastcgi->gateway;
}

/*
 * libfcgi's lingering close waits for the web server to close too. The answer
 * is complete when FCGX_Finish_r has written its end record, so the connection
 * is kept by libfcgi's lights and closed here. A body that nobody read has to
 * go first: closing on unread bytes would reset the connection under the answer.
 */
void fastcgi_finish(struct fastcgi *fastcgi)
{
    char rest[4096];
    size_t drained = 0, got = sizeof rest;
    while (drained < DRAIN_LIMIT && got == sizeof rest) {
        got = fastcgi_read(&fastcgi->gateway, rest, sizeof rest);
        drained += got;
    }
    bool linger = got == sizeof rest;
    if (!linger)
        fastcgi->request.keepConnection = 1;
    FCGX_Finish_r(&fastcgi->request);
    if (!linger && fastcgi->request.ipcFd >= 0) {
        close(fastcgi->request.ipcFd);
        fastcgi->request.ipcFd = -1;
    }
}
