#include "gateway/fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/banned.h"

/* So many requests may pass before a signal to end is seen. */
#define LOOK_EVERY 64
/* Of libfcgi: what its stream for logging holds, less the head of a record. */
#define STDERR_BUFFER ((size_t)500)
#define RECORD_MAX ((size_t)65535)
#define STDERR_RECORD 7
#define DRAIN_LIMIT ((size_t)64 * 1024)

#define PARAMS_MAX 128
#define PARAM_BUCKETS 32

struct param {
    const char *text; /* "NAME=value", of libfcgi */
    size_t length;    /* of the name */
    uint8_t next;     /* the next one with a name of this length; 0: none */
};

/*
 * The parameters of a request by the length of their names, so that one is found with a
 * comparison or two. libfcgi's own look-up compares each name in turn, and a request asks for
 * thirty.
 */
struct params {
    uint8_t first[PARAM_BUCKETS], last[PARAM_BUCKETS]; /* by length; 0: none */
    struct param entries[PARAMS_MAX + 1];              /* counted from 1 */
    size_t count;
    bool more; /* than there is room for: those are left to libfcgi */
};

struct fastcgi {
    struct gateway gateway;
    struct params params;
    FCGX_Request request;
    bool local;       /* the listening socket is a Unix one */
    int epoll;        /* watches the listening socket */
    sigset_t waiting; /* the signal mask while waiting: nothing is blocked */
    unsigned taken;   /* requests taken without waiting, since the last wait */
    uint64_t read;    /* bytes of the body */
    size_t logged;    /* bytes of lines for the log */
    bool ended;       /* the answer is out */
    bool linger;      /* libfcgi has to close: more of the body may come */
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

static void params_read(struct params *params, char *const *list)
{
    memset(params->first, 0, sizeof params->first);
    params->count = 0;
    for (; *list && params->count < PARAMS_MAX; list++) {
        const char *end = strchr(*list, '=');
        if (!end)
            continue;
        size_t length = (size_t)(end - *list), bucket = length % PARAM_BUCKETS;
        uint8_t number = (uint8_t)++params->count;
        params->entries[number] = (struct param){*list, length, 0};
        /* behind those before it: of two with one name the first counts */
        if (params->first[bucket])
            params->entries[params->last[bucket]].next = number;
        else
            params->first[bucket] = number;
        params->last[bucket] = number;
    }
    params->more = *list != NULL;
}

static const char *fastcgi_param(struct gateway *gateway, const char *name)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    const struct params *params = &fastcgi->params;
    size_t length = strlen(name);
    for (uint8_t at = params->first[length % PARAM_BUCKETS]; at; at = params->entries[at].next)
        if (params->entries[at].length == length &&
            memcmp(params->entries[at].text, name, length) == 0)
            return params->entries[at].text + length + 1;
    return params->more ? FCGX_GetParam(name, fastcgi->request.envp) : NULL;
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
    fastcgi->read += len;
    return len;
}

/* Whether more of the body was announced than was read: who refuses early does not wait for it. */
static bool is_unread(struct fastcgi *fastcgi)
{
    uint64_t announced;
    struct str length = str_from(fastcgi_param(&fastcgi->gateway, "CONTENT_LENGTH"));
    return str_to_u64(length, INT64_MAX, &announced) == ERR_NONE && announced > fastcgi->read;
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

/*
 * libfcgi cuts what is logged into records of 500 bytes, and web servers make a line of each. What
 * does not fit into the first goes out as a record of its own (FastCGI 1.0, section 3.3); the
 * streams of libfcgi send whole records too, so that none is cut into.
 */
static void log_long(const FCGX_Request *request, struct str line)
{
    unsigned size = (unsigned)line.len + 1, id = (unsigned)request->requestId;
    unsigned char head[8] = {1,
                             STDERR_RECORD,
                             (unsigned char)(id >> 8),
                             (unsigned char)id,
                             (unsigned char)(size >> 8),
                             (unsigned char)size,
                             0,
                             0};
    struct iovec parts[] = {{head, sizeof head},
                            {(char *)(uintptr_t)line.ptr, line.len},
                            {"\n", 1}};
    ssize_t sent = writev(request->ipcFd, parts, 3);
    if (sent >= 0 && (size_t)sent < sizeof head + size) /* half a record: nothing can follow */
        shutdown(request->ipcFd, SHUT_RDWR);
}

static void fastcgi_log(struct gateway *gateway, struct str line)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    fastcgi->logged += line.len + 1;
    if (fastcgi->logged > STDERR_BUFFER && line.len < RECORD_MAX) {
        if (FCGX_FFlush(fastcgi->request.err) == 0)
            log_long(&fastcgi->request, line);
        return;
    }
    if (put(fastcgi->request.err, line) == ERR_NONE && put(fastcgi->request.err, STR("\n")))
        return; /* the web server is gone: nothing to do about it */
}

/*
 * Sends what libfcgi still holds, and the record that ends the request. What nobody read has to go
 * first: closing on unread bytes would reset the connection under the answer. Only a body that
 * is still to come is left to libfcgi, which sends the answer before it looks for more.
 */
static void fastcgi_end(struct gateway *gateway)
{
    struct fastcgi *fastcgi = (struct fastcgi *)gateway;
    char rest[4096];
    size_t drained = 0, got = sizeof rest;
    bool unread = is_unread(fastcgi);
    while (!unread && drained < DRAIN_LIMIT && got == sizeof rest) {
        got = fastcgi_read(gateway, rest, sizeof rest);
        drained += got;
    }
    fastcgi->linger = got == sizeof rest;
    fastcgi->ended = true;
    FCGX_FClose(fastcgi->request.err); /* in libfcgi's own order: the last one ends the request */
    FCGX_FClose(fastcgi->request.out);
}

/*
 * libfcgi's own handlers would cut a body short: ours are there first, and the
 * signals stay blocked but for the wait in fastcgi_next.
 */
static void take_signals(struct fastcgi *fastcgi)
{
    static const int numbers[] = {SIGTERM, SIGUSR1, SIGINT};
    struct sigaction action = {.sa_handler = ask_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    sigaction(SIGPIPE, &ignore, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &fastcgi->waiting);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigdelset(&fastcgi->waiting, numbers[i]);
}

/* All workers wait on one socket: a new connection is to wake one of them, not each as poll does.
 */
static bool watch(struct fastcgi *fastcgi)
{
    struct epoll_event listener = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    fastcgi->epoll = epoll_create1(EPOLL_CLOEXEC);
    return fastcgi->epoll >= 0 &&
           epoll_ctl(fastcgi->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &listener) == 0;
}

static bool is_local(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_UNIX;
}

struct fastcgi *fastcgi_new(void)
{
    struct fastcgi *fastcgi = calloc(1, sizeof *fastcgi);
    if (!fastcgi)
        abort();
    fastcgi->gateway = (struct gateway){fastcgi_param, fastcgi_read, fastcgi_read_failed,
                                        fastcgi_write, fastcgi_log,  fastcgi_end};
    bool watching = watch(fastcgi);
    take_signals(fastcgi);
    /* libfcgi waits that long for the web server to close first, where lingering stays */
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 0);
    if (!watching || FCGX_Init() != 0 || FCGX_InitRequest(&fastcgi->request, 0, 0) != 0) {
        free(fastcgi);
        return NULL;
    }
    fastcgi->local = is_local(STDIN_FILENO);
    /* with several workers on one socket another may be faster: then accept must not block */
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    return fastcgi;
}

void fastcgi_free(struct fastcgi *fastcgi)
{
    FCGX_Free(&fastcgi->request, 1);
    close(fastcgi->epoll);
    free(fastcgi);
}

/* Sleeps until a connection is there; only here a signal to end comes through. */
static enum fastcgi_event wait_for(struct fastcgi *fastcgi, int limit)
{
    struct epoll_event event;
    int ready = epoll_pwait(fastcgi->epoll, &event, 1, limit, &fastcgi->waiting);
    fastcgi->taken = 0;
    if (stop_asked || (ready < 0 && errno != EINTR))
        return FASTCGI_STOP;
    return ready == 0 ? FASTCGI_IDLE : FASTCGI_REQUEST;
}

/*
 * The next request; 0 or an error with its sign turned, as FCGX_Accept_r. libfcgi waits on each new
 * connection of a Unix socket until something can be read, up to two seconds, because of systems
 * where a read would never end that the peer gave up. Here such a read ends at once, so the
 * connection is taken without that wait: to libfcgi it is one that was kept.
 */
static int take_request(struct fastcgi *fastcgi)
{
    FCGX_Request *request = &fastcgi->request;
    if (fastcgi->local) {
        request->ipcFd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);
        if (request->ipcFd < 0)
            return -errno;
        request->keepConnection = 1;
    }
    return FCGX_Accept_r(request);
}

/*
 * Under load the next connection is there already, so it is taken without
 * waiting first; a look at the signals is taken every few requests all the same.
 */
enum fastcgi_event fastcgi_next(struct fastcgi *fastcgi, uint64_t idle)
{
    int limit = idle == 0 ? -1 : idle > INT_MAX ? INT_MAX : (int)idle;
    if (fastcgi->taken >= LOOK_EVERY && wait_for(fastcgi, 0) == FASTCGI_STOP)
        return FASTCGI_STOP;
    for (;;) {
        int rc = take_request(fastcgi);
        fastcgi->taken++;
        if (rc == 0) {
            params_read(&fastcgi->params, fastcgi->request.envp);
            return FASTCGI_REQUEST;
        }
        if (rc != -EAGAIN && rc != -ECONNABORTED && rc != -EINTR)
            return FASTCGI_STOP;
        enum fastcgi_event event = wait_for(fastcgi, limit);
        if (event != FASTCGI_REQUEST)
            return event;
    }
}

struct gateway *fastcgi_gateway(struct fastcgi *fastcgi)
{
    return &fastcgi->gateway;
}

/*
 * libfcgi's lingering close waits for the web server to close too. The answer
 * is complete when its end record is written, so the connection is kept by
 * libfcgi's lights and closed here.
 */
void fastcgi_finish(struct fastcgi *fastcgi)
{
    if (!fastcgi->ended)
        fastcgi_end(&fastcgi->gateway);
    fastcgi->ended = false;
    fastcgi->read = fastcgi->logged = 0;
    if (!fastcgi->linger)
        fastcgi->request.keepConnection = 1;
    FCGX_Finish_r(&fastcgi->request);
    if (!fastcgi->linger && fastcgi->request.ipcFd >= 0) {
        close(fastcgi->request.ipcFd);
        fastcgi->request.ipcFd = -1;
    }
}
