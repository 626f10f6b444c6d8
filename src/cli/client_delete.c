#include <stdio.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/client_show.h"

#include "base/banned.h"

#define SHOWN 6 /* columns of what is to go */
#define SHOWN_BYTES 70

static const char help[] =
    "pg409 delete [OPTION]... URL\n"
    "\n"
    "Deletes a row or a file, if it is still what was read. On a terminal it is shown first, and\n"
    "you are asked.\n"
    "\n"
    "  pg409 delete http://localhost:8409/articles/1\n"
    "\n"
    "      --version=TOKEN    only this version\n"
    "  -y, --yes              do not ask\n";

static bool is_file(const struct client *client)
{
    return str_find(str_from(client->url), STR("/_files/")) != SIZE_MAX;
}

static void show_row(const struct client_row *row)
{
    for (size_t i = 0; i < row->members.count && i < SHOWN; i++) {
        const struct json_member *member = &row->members.members[i];
        struct str value = member->value.raw;
        if (value.len > SHOWN_BYTES)
            value.len = SHOWN_BYTES;
        while (value.len < member->value.raw.len && value.len &&
               ((unsigned char)value.ptr[value.len] & 0xc0) == 0x80)
            value.len--;
        (void)fputs("  ", stderr);
        show_plain(stderr, member->name);
        (void)fputs(": ", stderr);
        show_plain(stderr, value);
        (void)fputs(value.len < member->value.raw.len ? "…\n" : "\n", stderr);
    }
}

static void show_file(const struct call *call)
{
    static const char *const names[] = {"Content-Length", "Last-Modified", "Content-Type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str value = call_header(call, names[i]);
        if (!value.len)
            continue;
        (void)fprintf(stderr, "  %s: ", names[i]);
        show_plain(stderr, value);
        (void)fputc('\n', stderr);
    }
}

static bool agrees(const struct client *client)
{
    char line[100];
    (void)fprintf(stderr, "Delete %s? [y/N] ", client->url);
    (void)fflush(stderr);
    return fgets(line, sizeof line, stdin) && *line == 'y';
}

/* What is there, and its version; false: it was shown, and *status. */
static bool look(struct client *client, struct str *version, int *status)
{
    static const char *const headers[] = {"Accept: application/json", "Range: 0-0",
                                          "Range-Unit: items", NULL};
    bool file = is_file(client);
    struct call call = {.exchange = {.url = client->url, .follow = true, .headers = headers}};
    struct client_result result = {.call = &call};
    struct client_row row;
    if (file) {
        call.exchange.method = "HEAD";
        call.exchange.headers = NULL;
    }
    client_call(client, &call);
    *version = str_copy(&client->arena, call_header(&call, "PG409-Version"));
    if (call_fine(&call) && !client_follow(client, &call)) {
        *status = CLIENT_FOREIGN;
        return false;
    }
    if (!call_fine(&call) || !version->len) {
        result.exit = call_fine(&call) ? CLIENT_FOREIGN : call_exit(&call);
        if (call_fine(&call))
            result.words = "That is neither a row nor a file of a pg409: it has no version.";
        *status = show_result(client, &result);
        return false;
    }
    bool asks = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !client->options.yes;
    if (asks && file)
        show_file(&call);
    else if (asks && client_row_read(&client->arena, call.exchange.answer, &row) == ERR_NONE)
        show_row(&row);
    result.exit = CLIENT_LEFT;
    result.words = "Nothing was deleted.";
    result.call = NULL;
    if (!asks || agrees(client))
        return true;
    *status = show_result(client, &result);
    return false;
}

/* A try got lost, and now it is not there any more: what was wanted is so. */
static bool is_gone(const struct call *call)
{
    return call->lost && call->exchange.fault == FAULT_NONE &&
           (call_exit(call) == CLIENT_GONE || call->exchange.status == 404);
}

static int delete_it(struct client *client)
{
    struct arena *arena = &client->arena;
    struct str version = str_from(client->options.version);
    int status;
    if (!version.ptr && !look(client, &version, &status))
        return status;
    const char *const headers[] = {
        "Accept: application/json",
        str_cstr(arena, str_printf(arena, "If-Match: \"%.*s\"", STR_ARG(version))),
        str_cstr(arena, str_printf(arena, "Idempotency-Key: %s", client_key(client))), NULL};
    struct call call = {.exchange = {.method = "DELETE", .url = client->url, .headers = headers},
                        .repeatable = true};
    client_call(client, &call);
    struct client_result result = {.call = &call};
    struct str outcome = call_header(&call, "PG409-Outcome");
    if (is_gone(&call)) {
        result.outcome = "already-applied";
        result.words = "gone";
    } else if (!call_fine(&call) || !outcome.len) {
        result.exit = call_fine(&call) ? CLIENT_FOREIGN : call_exit(&call);
    } else {
        result.outcome = str_cstr(arena, outcome);
        result.words = "deleted";
    }
    return show_result(client, &result);
}

int cli_delete(int argc, char **argv)
{
    struct client client;
    int status;
    if (client_start(&client, argc, argv, "Vy", help, &status) &&
        client_url(&client, 1, 1, 0, &status))
        status = delete_it(&client);
    client_end(&client);
    return status;
}
