#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/client_keep.h"

#include "base/banned.h"

static const char help[] =
    "pg409 set [OPTION]... URL CHANGE...\n"
    "pg409 set [OPTION]... --from FILE\n"
    "\n"
    "Changes a row, however many others are at it: where somebody was faster it is read again, "
    "the\n"
    "change is made again on what is there now, and then it is sent. With the address of a table "
    "it\n"
    "creates a row.\n"
    "\n"
    "  pg409 set http://localhost:8409/articles/1 stock=3 'title=The ferry'\n"
    "  pg409 set http://localhost:8409/articles/1 stock-=1 body@body.txt\n"
    "\n"
    "  column=value           this text; PostgreSQL reads it by the column's type\n"
    "  column:=JSON           this JSON: null, true, [1,2], {\"a\":1}\n"
    "  column+=n, column-=n   added to what is there, exactly: however often it has to be tried, "
    "once\n"
    "  column@file            the text of a file; column@- of standard input\n"
    "\n"
    "      --on-conflict=HOW  when others changed the same: merge (what fits together is merged, "
    "a\n"
    "                         clash is an error; this is what happens anyway), ask, yours, "
    "theirs,\n"
    "                         fail (when anybody changed anything)\n"
    "      --version=TOKEN    only when the row is at this version\n"
    "      --create           create the row if there is none at this address\n"
    "      --from=FILE        what could not be saved before, once more\n"
    "      --no-keep          write no such file\n";

static int local(struct client *client, const char *name)
{
    struct client_result result = {.exit = CLIENT_LOCAL};
    result.words =
        str_cstr(&client->arena, str_printf(&client->arena, "%s: %s", name, strerror(errno)));
    return show_result(client, &result);
}

static bool load(struct client *client, struct wish *wish, int *status)
{
    const char *name = str_cstr(&client->arena, wish->value);
    if (!client_read_file(&client->arena, name, &wish->value)) {
        *status = local(client, name);
        return false;
    }
    wish->kind = WISH_TEXT;
    if (str_check_utf8(wish->value) == ERR_NONE)
        return true;
    (void)fprintf(stderr, "pg409 set: %s is no UTF-8 text\n", name);
    if (strcmp(name, "-") == 0)
        client_keep_text(client, wish->value);
    *status = CLIENT_LOCAL;
    return false;
}

/* The changes of the command line. */
static bool read_wishes(struct client *client, struct wishes *wishes, int *status)
{
    const struct client_options *options = &client->options;
    wishes->items = ARENA_ARRAY(&client->arena, (size_t)options->count, struct wish);
    wishes->count = 0;
    size_t standard = 0;
    for (int i = 1; i < options->count; i++) {
        struct wish *wish = &wishes->items[wishes->count];
        struct str text = str_from(options->arguments[i]);
        const char *trouble;
        *status = CLIENT_USAGE;
        if (wish_parse(&client->arena, text, wish, &trouble)) {
            (void)fprintf(stderr, "pg409 set: “%.*s”: %s\n", STR_ARG(text), trouble);
            return false;
        }
        if (wish_find(wishes, wish->column)) {
            (void)fprintf(stderr, "pg409 set: “%.*s” is changed twice\n", STR_ARG(wish->column));
            return false;
        }
        wishes->count++;
        standard += wish->kind == WISH_FILE && str_is(wish->value, "-");
        if (standard > 1) {
            (void)fputs("pg409 set: standard input can be the text of one column only\n", stderr);
            return false;
        }
    }
    /* What comes on standard input comes once, so all else is looked at before. */
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < wishes->count; i++)
            if (wishes->items[i].kind == WISH_FILE &&
                str_is(wishes->items[i].value, "-") == (pass == 1) &&
                !load(client, &wishes->items[i], status))
                return false;
    return true;
}

/* --- creating --- */

/* The object to create; false: a sum of nothing. */
static bool new_row(struct client *client, const struct wishes *wishes, struct str *body)
{
    struct buf out;
    buf_init(&out, &client->arena, (size_t)64 << 20);
    buf_char(&out, '{');
    for (size_t i = 0; i < wishes->count; i++) {
        struct str value;
        if (wish_value(&client->arena, &wishes->items[i], NULL, &value)) {
            return false;
        }
        json_comma(&out);
        json_string(&out, wishes->items[i].column);
        buf_char(&out, ':');
        buf_str(&out, value);
    }
    buf_char(&out, '}');
    *body = buf_slice(&out);
    return buf_ok(&out);
}

/* PUT: the row gets the key of its address; POST: the address is a table's. */
static void send_new(struct saving *saving)
{
    struct client *client = saving->client;
    struct arena *arena = &client->arena;
    bool put = strcmp(saving->method, "PUT") == 0;
    const char *key = str_cstr(arena, str_printf(arena, "Idempotency-Key: %s", saving->key));
    const char *const headers[] = {"Content-Type: application/json",
                                   /* the answer to POST would be an array otherwise */
                                   put ? "Accept: application/json"
                                       : "Accept: application/vnd.pgrst.object+json",
                                   "Prefer: return=representation", key,
                                   put ? "If-None-Match: *" : NULL, NULL};
    saving->call.exchange = (struct exchange){.method = saving->method,
                                              .url = client->url,
                                              .headers = headers,
                                              .body = saving->body};
    saving->call.repeatable = true;
    client_call(client, &saving->call);
    saving->call.exchange.headers = NULL;
}

/* key: of a request whose fate is unknown; NULL: a new one. */
static int create(struct client *client, struct wishes wishes, const char *method, const char *key)
{
    struct arena *arena = &client->arena;
    struct client_row none = {0}, row;
    struct saving saving;
    saving_init(&saving, client, &none, wishes);
    saving.method = method;
    saving.key = key ? key : client_key(client);
    saving.call.lost = key != NULL;
    if (!new_row(client, &wishes, &saving.body))
        return saving_fail(&saving, CLIENT_USAGE,
                           "Nothing is there to which something could be added.");
    send_new(&saving);
    struct str outcome = call_header(&saving.call, "PG409-Outcome");
    struct str location = call_header(&saving.call, "Location");
    bool fine = call_fine(&saving.call);
    if (!fine || !outcome.len)
        return saving_fail(&saving, fine ? CLIENT_FOREIGN : call_exit(&saving.call), NULL);
    const char *there = location.len ? transport_resolve(arena, client->url, location) : NULL;
    if (there)
        client->url = there;
    struct client_result result = {.call = &saving.call,
                                   .words = "created",
                                   .outcome = str_cstr(arena, outcome),
                                   .version = call_header(&saving.call, "PG409-Version")};
    if (client_row_read(arena, saving.call.exchange.answer, &row) == ERR_NONE)
        result.row = row.raw;
    return show_result(client, &result);
}

/* --- what the address is --- */

/* With --version: the row has to be at it before anything is computed from it. */
static int at_version(struct client *client, struct client_row *row, struct wishes wishes)
{
    struct saving saving;
    struct str version = str_from(client->options.version);
    bool other = !str_eq(row->version, version);
    struct client_row base = *row;
    base.version = version;
    if (other)
        base.members.count = 0; /* what was read belongs to another version */
    saving_init(&saving, client, &base, wishes);
    for (size_t i = 0; other && i < wishes.count; i++)
        if (wishes.items[i].kind == WISH_ADD)
            return saving_fail(&saving, CLIENT_CONFLICT, "The row is at another version by now.");
    return saving_run(&saving);
}

static bool is_list(const struct call *call)
{
    return call->exchange.answer.len && *call->exchange.answer.ptr == '[';
}

static int set(struct client *client, struct wishes wishes)
{
    static const char *const headers[] = {"Accept: application/json", "Range: 0-0",
                                          "Range-Unit: items", NULL};
    struct call call = {.exchange = {.url = client->url, .follow = true, .headers = headers}};
    struct client_row row = {0};
    struct saving saving;
    client_call(client, &call);
    bool fine = call_fine(&call);
    if (fine && !client_follow(client, &call)) {
        saving_init(&saving, client, &row, wishes);
        return saving_fail(&saving, CLIENT_FOREIGN, "Nothing was sent.");
    }
    if (fine && is_list(&call))
        return create(client, wishes, "POST", NULL);
    if (!fine && client->options.create && str_is(call.problem.reason, "no-row"))
        return create(client, wishes, "PUT", NULL);
    bool is_row = fine && client_row_read(&client->arena, call.exchange.answer, &row) == ERR_NONE &&
                  row.version.ptr;
    if (is_row && client->options.version)
        return at_version(client, &row, wishes);
    if (!is_row)
        row = (struct client_row){0};
    saving_init(&saving, client, &row, wishes);
    if (is_row)
        return saving_run(&saving);
    saving.call = call;
    return saving_fail(&saving, fine ? CLIENT_FOREIGN : call_exit(&call), NULL);
}

static int set_arguments(struct client *client)
{
    struct wishes wishes;
    int status;
    if (!read_wishes(client, &wishes, &status))
        return status;
    client->holds = true;
    return set(client, wishes);
}

/* What was kept: on the version that it was based on, so that it is merged with what came since. */
static int set_from(struct client *client)
{
    struct client_options *options = &client->options;
    struct arena *arena = &client->arena;
    struct kept kept;
    struct str text;
    struct saving saving;
    if (!client_read_file(arena, options->from, &text))
        return local(client, options->from);
    bool read = client_keep_read(arena, text, &kept) == ERR_NONE;
    if (read && !client->url)
        client->url = str_cstr(arena, client_address(arena, kept.url, &options->transport.user));
    if (!read || !client->url) {
        (void)fprintf(stderr, "pg409 set: %s is no file of what could not be saved\n",
                      options->from);
        return CLIENT_LOCAL;
    }
    if (kept.method)
        return create(client, kept.wishes, kept.method, kept.key);
    if (!kept.base.version.ptr) /* it failed before anything was read */
        return set(client, kept.wishes);
    saving_init(&saving, client, &kept.base, kept.wishes);
    return kept.key ? saving_resume(&saving, kept.key, kept.body) : saving_run(&saving);
}

int cli_set(int argc, char **argv)
{
    struct client client;
    int status;
    bool fine = client_start(&client, argc, argv, "cVnFk", help, &status);
    bool from = fine && client.options.from;
    if (fine && client_url(&client, from ? 0 : 2, from ? 1 : WISHES_MAX, 0, &status))
        status = from ? set_from(&client) : set_arguments(&client);
    client_end(&client);
    return status;
}
