#include "gateway/cgi.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

#define DRAIN_MICROS 5000000

static const char *cgi_param(struct gateway *gateway, const char *name)
{
    (void)gateway;
    return getenv(name);
}

static size_t cgi_read(struct gateway *gateway, char *into, size_t size)
{
    struct cgi *cgi = (struct cgi *)gateway;
    size_t len = 0;
    if (size > cgi->left)
        size = (size_t)cgi->left;
    while (len < size) {
        ssize_t got = read(STDIN_FILENO, into + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            cgi->failed = true;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    cgi->left -= len;
    return len;
}

static bool cgi_read_failed(struct gateway *gateway)
{
    return ((struct cgi *)gateway)->failed;
}

static enum err write_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ERR_IO;
        bytes = str_skip(bytes, (size_t)put);
    }
    return ERR_NONE;
}

static enum err cgi_write(struct gateway *gateway, struct str bytes)
{
    (void)gateway;
    return write_all(STDOUT_FILENO, bytes);
}

static void cgi_log(struct gateway *gateway, struct str line)
{
    (void)gateway;
    if (write_all(STDERR_FILENO, line) == ERR_NONE && write_all(STDERR_FILENO, STR("\n")))
        return; /* nobody reads the log: nothing to do about it */
}

/* All is written as it comes, but a server waits for the end of the process all the same. */
static void cgi_end(struct gateway *gateway)
{
    (void)gateway;
}

void cgi_finish(struct cgi *cgi)
{
    char waste[16384];
    uint64_t end = clock_micros() + DRAIN_MICROS;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint64_t left = getenv("HTTP_TRANSFER_ENCODING") ? UINT64_MAX : cgi->left;
    while (left && clock_micros() < end && poll(&input, 1, DRAIN_MICROS / 1000) > 0) {
        ssize_t got = read(STDIN_FILENO, waste, left < sizeof waste ? (size_t)left : sizeof waste);
        if (got <= 0)
            return;
        left -= (uint64_t)got;
    }
}

void cgi_init(struct cgi *cgi)
{
    *cgi = (struct cgi){
        .gateway = {cgi_param, cgi_read, cgi_read_failed, cgi_write, cgi_log, cgi_end},
    };
    if (str_to_u64(str_from(getenv("CONTENT_LENGTH")), INT64_MAX, &cgi->left))
        cgi->left = 0;
}
