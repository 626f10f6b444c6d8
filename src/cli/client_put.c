#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/client_keep.h"
#include "cli/client_upload.h"
#include "wire/digest.h"
#include "wire/filename.h"
#include "wire/url.h"

#include "base/banned.h"

static const char help[] =
    "pg409 put [OPTION]... FILE URL\n"
    "pg409 put [OPTION]... --kept=URL {--as=NAME | --replace | --drop}\n"
    "\n"
    "Sends a file in parts of 96 KiB. When the connection breaks it goes on by itself; after the\n"
    "command was killed, the same command goes on where it stopped. A file that is there is never\n"
    "written over: who has the name is told, and what was sent is kept there, to be given another\n"
    "name without being sent again. At the end the SHA-256 of both sides is compared.\n"
    "\n"
    "  pg409 put report.pdf http://localhost:8409/_files/\n"
    "  pg409 put --replace report.pdf http://localhost:8409/_files/report.pdf\n"
    "\n"
    "      --as=NAME          under this name\n"
    "      --replace          in the place of the file that has the name when this begins\n"
    "      --version=TOKEN    in the place of exactly this version\n"
    "      --type=TYPE        its media type, such as application/pdf\n"
    "      --kept=URL         an upload that is kept there: --as or --replace gives it its name,\n"
    "                         --drop throws it away\n";

static int say(struct client *client, enum client_exit exit, const char *words, struct call *call)
{
    struct client_result result = {.exit = exit, .words = words, .call = call};
    return show_result(client, &result);
}

static int trouble(struct client *client, const char *path)
{
    bool pipe = errno == ESPIPE || strcmp(path, "-") == 0;
    struct str words = str_printf(&client->arena, "%s: %s", path,
                                  pipe ? "put needs a file, which it can read again after an "
                                         "interruption; write it into one first"
                                       : strerror(errno));
    return say(client, CLIENT_LOCAL, str_cstr(&client->arena, words), NULL);
}

/* Its size and digest. */
static bool read_file(struct upload_file *upload)
{
    struct digest_state state;
    char part[65536];
    struct stat info;
    ssize_t got;
    upload->file = open(upload->path, O_RDONLY | O_CLOEXEC);
    if (upload->file < 0 || fstat(upload->file, &info) < 0)
        return false;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : ESPIPE;
        return false;
    }
    digest_start(&state);
    while ((got = read(upload->file, part, sizeof part)) > 0) {
        digest_add(&state, (struct str){part, (size_t)got});
        upload->size += (uint64_t)got;
    }
    upload->digest = digest_end(&upload->client->arena, &state);
    return got == 0;
}

/* /_files/ and /_files/NAME: the folder, and the name if one is said. */
static bool take_address(struct upload_file *upload)
{
    struct client *client = upload->client;
    struct str url = str_cut(str_from(client->url), '?', &(struct str){0}), name;
    size_t at = str_find(url, STR("/_files"));
    struct str rest = at == SIZE_MAX ? STR_NONE : str_skip(url, at + 7);
    if (!rest.ptr || (rest.len && *rest.ptr != '/')) {
        (void)fputs("pg409 put: the address of files ends with /_files/ or /_files/NAME\n", stderr);
        return false;
    }
    upload->folder =
        str_cstr(&client->arena, str_printf(&client->arena, "%.*s/_files/", (int)at, url.ptr));
    rest = str_skip(rest, 1);
    if (url_decode(&client->arena, rest, URL_PLUS_IS_PLUS, &name))
        name = rest;
    if (client->options.as)
        name = str_from(client->options.as);
    upload->name = name.len ? name : filename_last(str_from(upload->path));
    enum filename_fault fault = filename_check(upload->name);
    if (fault == FILENAME_FINE)
        return true;
    (void)fprintf(stderr, "pg409 put: “%.*s”: %s\n", STR_ARG(upload->name), filename_words(fault));
    return false;
}

/* The file's own address, from now on that of the client. */
static void name_address(struct upload_file *upload)
{
    struct buf url;
    buf_init(&url, &upload->client->arena, 8000);
    buf_text(&url, upload->folder);
    url_encode(&url, upload->name);
    upload->client->url = str_cstr(&upload->client->arena, buf_slice(&url));
}

/* What has the name now: its version, STR_NONE when nothing has. False: it was shown. */
static bool look(struct upload_file *upload, struct str *version, int *status)
{
    struct client *client = upload->client;
    upload->call = (struct call){.exchange = {.method = "HEAD", .url = client->url}};
    client_call(client, &upload->call);
    *version = STR_NONE;
    if (call_fine(&upload->call))
        *version = str_copy(&client->arena, call_header(&upload->call, "PG409-Version"));
    if (call_fine(&upload->call) ||
        (upload->call.exchange.fault == FAULT_NONE && upload->call.exchange.status == 404))
        return true;
    *status = say(client, call_exit(&upload->call), NULL, &upload->call);
    return false;
}

/* As one word of a shell's command line, whatever a server put into it. */
static struct str shell_word(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, 4 * text.len + 16);
    buf_char(&out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\'')
            buf_text(&out, "'\\''");
        else
            buf_char(&out, c < 0x20 || c == 0x7f ? '?' : text.ptr[i]);
    }
    buf_char(&out, '\'');
    return buf_slice(&out);
}

/* What can be done about a name that is taken. */
static const char *advice(struct upload_file *upload)
{
    struct client *client = upload->client;
    const struct client_problem *problem = &upload->call.problem;
    struct str name =
        shell_word(&client->arena, problem->proposed.len ? problem->proposed : STR("NAME"));
    const char *kept = NULL;
    if (problem->instance.len)
        kept = transport_resolve(&client->arena, client->url, problem->instance);
    struct str words =
        kept ? str_printf(&client->arena,
                          "What you sent is kept: pg409 put --kept %.*s --as %.*s, or --replace",
                          STR_ARG(shell_word(&client->arena, str_from(kept))), STR_ARG(name))
             : str_printf(&client->arena,
                          "Nothing was sent: put it again with --as %.*s, or with --replace",
                          STR_ARG(name));
    return str_cstr(&client->arena, words);
}

static int send(struct upload_file *upload)
{
    struct client *client = upload->client;
    struct client_result result = {.call = &upload->call};
    const char *words;
    if (upload_send(upload, &words, &result.exit)) {
        result.exit = CLIENT_DONE;
        struct str outcome = call_header(&upload->call, "PG409-Outcome");
        result.outcome = outcome.len ? str_cstr(&client->arena, outcome) : "saved";
        result.version = upload->digest;
        return show_result(client, &result);
    }
    result.words = words;
    if (result.exit == CLIENT_CONFLICT && !words)
        result.advice = advice(upload);
    else if (result.exit == CLIENT_NETWORK || result.exit == CLIENT_BUSY)
        result.advice = "The same command goes on where it stopped.";
    return show_result(client, &result);
}

static int put(struct client *client)
{
    struct upload_file upload = {.client = client,
                                 .path = client->options.arguments[0],
                                 .file = -1};
    struct str there;
    int status;
    if (!take_address(&upload))
        return CLIENT_USAGE;
    arena_init(&upload.part);
    name_address(&upload);
    if (!read_file(&upload)) {
        status = trouble(client, upload.path);
    } else if (look(&upload, &there, &status)) {
        if (str_eq(there, upload.digest)) {
            struct client_result result = {.call = &upload.call,
                                           .outcome = "already-applied",
                                           .version = there};
            status = show_result(client, &result);
        } else {
            upload.replaces = client->options.version   ? str_from(client->options.version)
                              : client->options.replace ? there
                                                        : STR_NONE;
            status = send(&upload);
        }
    }
    if (upload.file >= 0)
        (void)close(upload.file);
    arena_release(&upload.part);
    return status;
}

/* --- one that is kept there --- */

static void field(struct buf *out, const char *name, struct str value)
{
    if (out->len)
        buf_char(out, '&');
    buf_text(out, name);
    buf_char(out, '=');
    url_encode(out, value);
}

/* The version that --replace means: the one that has the name now. */
static bool current_version(struct client *client, struct str *version, int *status)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct call call = {.exchange = {.url = client->url, .headers = headers}};
    client_call(client, &call);
    if (client->options.version) {
        *version = str_from(client->options.version);
        return true;
    }
    if (call_fine(&call) &&
        client_problem_read(&client->arena, call.exchange.answer, &call.problem) == ERR_NONE &&
        call.problem.current.version.len) {
        *version = call.problem.current.version;
        return true;
    }
    *status = say(client, call_fine(&call) ? CLIENT_GONE : call_exit(&call),
                  call_fine(&call) ? "There is nothing to replace by it." : NULL, &call);
    return false;
}

static int resolve(struct client *client)
{
    static const char *const headers[] = {"Accept: application/json",
                                          "Content-Type: application/x-www-form-urlencoded", NULL};
    const struct client_options *options = &client->options;
    struct str version;
    struct buf body;
    int status;
    buf_init(&body, &client->arena, 10000);
    field(&body, "_action",
          str_from(options->drop      ? "drop"
                   : options->replace ? "replace"
                                      : "save"));
    if (options->as)
        field(&body, "name", str_from(options->as));
    if (options->replace && !options->drop) {
        if (!current_version(client, &version, &status))
            return status;
        field(&body, "_version", version);
    }
    struct call call = {.exchange = {.method = "POST",
                                     .url = client->url,
                                     .headers = headers,
                                     .body = buf_slice(&body)},
                        .repeatable = true};
    client_call(client, &call);
    struct client_result result = {.call = &call};
    struct str outcome = call_header(&call, "PG409-Outcome");
    if (!call_fine(&call) || !outcome.len) {
        result.exit = call_fine(&call) ? CLIENT_FOREIGN : call_exit(&call);
        return show_result(client, &result);
    }
    struct str to = call_header(&call, "Location");
    if (!to.len)
        to = call_header(&call, "Content-Location");
    result.outcome = str_cstr(&client->arena, outcome);
    result.words = options->drop ? "dropped" : result.outcome;
    result.version = call_header(&call, "PG409-Version");
    const char *there = to.len ? transport_resolve(&client->arena, client->url, to) : NULL;
    if (there)
        client->url = there;
    return show_result(client, &result);
}

static bool says_what(const struct client_options *options)
{
    if ((options->as != NULL) + options->replace + options->drop == 1)
        return true;
    (void)fputs("pg409 put: --kept goes with one of --as=NAME, --replace and --drop\n", stderr);
    return false;
}

int cli_put(int argc, char **argv)
{
    struct client client;
    int status = CLIENT_USAGE;
    if (!client_start(&client, argc, argv, "artxdV", help, &status)) {
        client_end(&client);
        return status;
    }
    struct client_options *options = &client.options;
    if (options->kept) {
        struct str url = client_address(&client.arena, options->kept, &options->transport.user);
        client.url = str_cstr(&client.arena, url);
        status = CLIENT_USAGE;
        if (client.url && says_what(options) && client_url(&client, 0, 0, 0, &status))
            status = resolve(&client);
    } else if (client_url(&client, 2, 2, 1, &status)) {
        status = put(&client);
    }
    client_end(&client);
    return status;
}
