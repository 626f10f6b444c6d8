#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/client_show.h"
#include "wire/digest.h"
#include "wire/http.h"

#include "base/banned.h"

#define DIGEST_LEN 64

static const char help[] =
    "pg409 get [OPTION]... URL\n"
    "\n"
    "A row as JSON, with its version; a list; a file's bytes. A file that breaks off is gone on\n"
    "with where it stopped, and its SHA-256 is compared at the end.\n"
    "\n"
    "  pg409 get http://localhost:8409/articles/1\n"
    "  pg409 get --column title http://localhost:8409/articles/1\n"
    "  pg409 get -o report.pdf http://localhost:8409/_files/report.pdf\n"
    "\n"
    "      --column=NAME      only this column: a text as it is, anything else as JSON\n"
    "  -o, --output=FILE      into FILE, which appears when all of it is there\n"
    "      --force            also when FILE exists\n";

/* Bytes on their way to where they belong. */
struct download {
    struct client *client;
    FILE *out;
    char *beside; /* the file that is written before it gets its name; NULL: standard output */
    uint64_t done;
    struct digest_state digest;
    const char *headers[4];
    bool failed, resumed;
};

static bool take(void *ctx, const char *ptr, size_t len)
{
    struct download *download = ctx;
    download->done += len;
    digest_add(&download->digest, (struct str){ptr, len});
    download->failed = fwrite(ptr, 1, len, download->out) != len;
    return !download->failed;
}

/* Goes on where it stopped, if the answer said which version it is of. */
static bool go_on(struct call *call)
{
    struct download *download = call->ctx;
    struct arena *arena = &download->client->arena;
    struct str tag = exchange_header(&call->exchange, "ETag");
    if (download->done == 0)
        return true;
    if (!download->resumed && tag.len == 0)
        return false;
    if (tag.len)
        download->headers[2] = str_cstr(arena, str_printf(arena, "If-Range: %.*s", STR_ARG(tag)));
    download->headers[1] = str_cstr(arena, str_printf(arena, "Range: bytes=%llu-",
                                                      (unsigned long long)download->done));
    download->resumed = true;
    return true;
}

/* Whether what came is what the server says it is, where it says that. */
static bool is_whole(struct download *download, const struct call *call)
{
    struct http_tags tags;
    struct arena *arena = &download->client->arena;
    struct str digest = digest_end(arena, &download->digest);
    if (http_tags(arena, call_header(call, "ETag"), &tags) || tags.count != 1 ||
        tags.tags[0].len != DIGEST_LEN)
        return true;
    return str_eq(tags.tags[0], digest);
}

static int trouble(struct client *client, const char *name)
{
    struct client_result result = {.exit = CLIENT_LOCAL};
    result.words =
        str_cstr(&client->arena, str_printf(&client->arena, "%s: %s", name, strerror(errno)));
    return show_result(client, &result);
}

/* Opens a file beside the one that is asked for. False: errno says why. */
static bool open_beside(struct download *download)
{
    struct client *client = download->client;
    const char *output = client->options.output;
    struct stat there;
    if (!client->options.force && lstat(output, &there) == 0) {
        errno = EEXIST;
        return false;
    }
    struct str name = str_printf(&client->arena, "%s.pg409-XXXXXX", output);
    download->beside = arena_copy(&client->arena, name.ptr, name.len);
    int file = mkstemp(download->beside);
    if (file < 0)
        return false;
    mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(file, 0666 & ~mask);
    download->out = fdopen(file, "wb");
    return download->out != NULL;
}

/* Gives it its name, never that of another file unless --force says so. */
static bool put_in_place(struct download *download)
{
    const char *output = download->client->options.output;
    bool fine = fflush(download->out) == 0 && fsync(fileno(download->out)) == 0;
    fine &= fclose(download->out) == 0;
    download->out = NULL;
    if (fine && download->client->options.force)
        return rename(download->beside, output) == 0;
    fine = fine && link(download->beside, output) == 0;
    int problem = errno;
    (void)unlink(download->beside);
    errno = problem;
    return fine;
}

static void give_up(struct download *download)
{
    if (!download->beside)
        return;
    if (download->out)
        (void)fclose(download->out);
    (void)unlink(download->beside);
}

static int finish_download(struct download *download, struct call *call)
{
    struct client *client = download->client;
    struct client_result result = {.call = call};
    bool other = download->resumed && call->exchange.status == 200;
    if (download->failed) {
        give_up(download);
        return trouble(client, client->options.output ? client->options.output : "standard output");
    }
    if (!call_fine(call) || other || !is_whole(download, call)) {
        give_up(download);
        result.exit = call_fine(call) ? CLIENT_NETWORK : call_exit(call);
        if (call_fine(call))
            result.words = "What came is not the file as it is there: it was changed meanwhile, or "
                           "on the way. Try again.";
        return show_result(client, &result);
    }
    if (!download->beside)
        return fflush(stdout) == 0 ? CLIENT_DONE : trouble(client, "standard output");
    if (!put_in_place(download))
        return trouble(client, client->options.output);
    if (!client->options.json)
        return CLIENT_DONE;
    result.outcome = "done";
    result.version = call_header(call, "PG409-Version");
    return show_result(client, &result);
}

static int download_to(struct client *client, struct call *call)
{
    struct download *download = ARENA_NEW(&client->arena, struct download);
    *download = (struct download){.client = client, .out = stdout};
    digest_start(&download->digest);
    if (client->options.output && !open_beside(download))
        return trouble(client, client->options.output);
    download->headers[0] = "Accept: application/json, */*;q=0.5";
    call->exchange.headers = download->headers;
    call->exchange.sink = take;
    call->exchange.ctx = download;
    call->before = go_on;
    call->ctx = download;
    client_call(client, call);
    return finish_download(download, call);
}

/* One column of a row. */
static int put_column(struct client *client, const struct call *call)
{
    struct client_result result = {.call = call, .exit = CLIENT_FOREIGN};
    struct client_row row;
    if (client_row_read(&client->arena, call->exchange.answer, &row)) {
        result.words = "That is no row: --column is about one.";
        return show_result(client, &result);
    }
    const struct json_value *value = json_get(&row.members, str_from(client->options.column));
    if (!value) {
        result.exit = CLIENT_GONE;
        result.words = "The row has no such column.";
        return show_result(client, &result);
    }
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal)
        show_plain(stdout, value->text);
    else if (value->text.len)
        (void)fwrite(value->text.ptr, 1, value->text.len, stdout);
    if (terminal || (value->type != JSON_STRING && value->type != JSON_NULL))
        (void)fputc('\n', stdout);
    return fflush(stdout) == 0 ? CLIENT_DONE : trouble(client, "standard output");
}

static int get(struct client *client)
{
    static const char *const headers[] = {"Accept: application/json, */*;q=0.5", NULL};
    struct call call = {.exchange = {.url = client->url, .follow = true, .headers = headers}};
    struct client_result result = {.call = &call};
    bool shown = isatty(STDOUT_FILENO) && !client->options.output;
    if (!shown && !client->options.column)
        return download_to(client, &call);
    client_call(client, &call);
    if (!call_fine(&call)) {
        result.exit = call_exit(&call);
        return show_result(client, &result);
    }
    if (client->options.column)
        return put_column(client, &call);
    show_plain(stdout, call.exchange.answer);
    return fflush(stdout) == 0 ? CLIENT_DONE : trouble(client, "standard output");
}

int cli_get(int argc, char **argv)
{
    struct client client;
    int status;
    if (client_start(&client, argc, argv, "Lof", help, &status) &&
        client_url(&client, 1, 1, 0, &status))
        status = get(&client);
    client_end(&client);
    return status;
}
