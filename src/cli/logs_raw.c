#include "cli/logs_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define IN_SIZE ((size_t)65536)
#define MAGIC 6 /* bytes that show how a file is compressed */
#define GZIP_WINDOW (16 + MAX_WBITS)

static size_t read_disk(struct logs_raw *raw, char *ptr, size_t size)
{
    ssize_t len;
    do
        len = read(raw->fd, ptr, size);
    while (len < 0 && errno == EINTR);
    if (len < 0) {
        raw->fault = strerrordesc_np(errno);
        return 0;
    }
    raw->done += (uint64_t)len;
    return (size_t)len;
}

/* Whether there is anything that is not unpacked yet. */
static bool more_in(struct logs_raw *raw)
{
    if (raw->in_at == raw->in_end) {
        raw->in_at = 0;
        raw->in_end = read_disk(raw, raw->in, IN_SIZE);
    }
    return raw->in_end > 0;
}

/* A gzip file may be several behind one another, and something that is none behind them. */
static size_t read_zipped(struct logs_raw *raw, char *ptr, size_t size)
{
    z_stream *zip = &raw->zip;
    zip->next_out = (Bytef *)ptr;
    zip->avail_out = (uInt)size;
    while (zip->avail_out == size) {
        if (!more_in(raw)) {
            raw->broken |= zip->total_in > 0; /* within one of them */
            break;
        }
        zip->next_in = (Bytef *)raw->in + raw->in_at;
        zip->avail_in = (uInt)(raw->in_end - raw->in_at);
        int status = inflate(zip, Z_NO_FLUSH);
        raw->in_at = raw->in_end - zip->avail_in;
        if (status == Z_STREAM_END) {
            if (inflateReset(zip) != Z_OK || (more_in(raw) && raw->in[raw->in_at] != '\x1f'))
                break;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            raw->broken = true;
            break;
        }
    }
    return size - zip->avail_out;
}

size_t logs_raw_read(struct logs_raw *raw, char *ptr, size_t size)
{
    size_t len = raw->in_end - raw->in_at;
    if (raw->zipped)
        return read_zipped(raw, ptr, size);
    if (!len)
        return read_disk(raw, ptr, size);
    /* What the look at its beginning found. */
    len = len < size ? len : size;
    memcpy(ptr, raw->in + raw->in_at, len);
    raw->in_at += len;
    return len;
}

/* What is compressed otherwise, and what unpacks it; else NULL. */
static const char *other_compression(struct str start)
{
    if (str_starts(start, STR("\xfd"
                              "7zXZ")))
        return "it is compressed: xz -dc FILE | pg409 logs -";
    if (str_starts(start, STR("\x28\xb5\x2f\xfd")))
        return "it is compressed: zstd -dc FILE | pg409 logs -";
    if (str_starts(start, STR("BZh")))
        return "it is compressed: bzip2 -dc FILE | pg409 logs -";
    return NULL;
}

/* Finds out whether it is compressed; from a pipe the first bytes may come one by one. */
static void begin(struct logs_raw *raw)
{
    size_t len = 1;
    while (len && raw->in_end < MAGIC) {
        len = read_disk(raw, raw->in + raw->in_end, IN_SIZE - raw->in_end);
        raw->in_end += len;
    }
    struct str start = {raw->in, raw->in_end};
    if (!raw->fault)
        raw->fault = other_compression(start);
    if (raw->fault || !str_starts(start, STR("\x1f\x8b")))
        return;
    raw->zipped = inflateInit2(&raw->zip, GZIP_WINDOW) == Z_OK;
    if (!raw->zipped)
        raw->fault = "there is no memory to unpack it";
}

bool logs_raw_open(struct logs_raw *raw, struct arena *arena, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    *raw = (struct logs_raw){.fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC)};
    if (raw->fd < 0) {
        raw->fault = strerrordesc_np(errno);
        return false;
    }
    (void)posix_fadvise(raw->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    raw->in = arena_bytes(arena, IN_SIZE);
    begin(raw);
    if (raw->fault)
        logs_raw_close(raw);
    return !raw->fault;
}

void logs_raw_close(struct logs_raw *raw)
{
    if (raw->zipped)
        (void)inflateEnd(&raw->zip);
    if (raw->fd != STDIN_FILENO)
        (void)close(raw->fd);
    raw->zipped = false;
    raw->fd = -1;
}
