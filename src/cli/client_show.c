#include "cli/client_show.h"

#include "base/banned.h"

/* The code point at ptr, of valid UTF-8, and its length. */
static unsigned code_at(const char *ptr, size_t left, size_t *len)
{
    const unsigned char *p = (const unsigned char *)ptr;
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    if (*len > left)
        *len = 1;
    unsigned code = *p & masks[*len];
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | (p[i] & 0x3f);
    return code;
}

static bool is_harmless(unsigned code)
{
    if (code == '\n' || code == '\t')
        return true;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    return !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069) &&
           code != 0x200e && code != 0x200f && code != 0x2028 && code != 0x2029;
}

void show_plain(FILE *file, struct str text)
{
    bool utf8 = str_check_utf8(text) == ERR_NONE;
    for (size_t i = 0; i < text.len;) {
        size_t len = 1;
        unsigned code = (unsigned char)text.ptr[i];
        if (utf8)
            code = code_at(text.ptr + i, text.len - i, &len);
        else if (code >= 0x80)
            code = 0;
        if (is_harmless(code))
            (void)fwrite(text.ptr + i, 1, len, file);
        else
            (void)fputc('?', file);
        i += len;
    }
}

const char *client_exit_name(enum client_exit exit)
{
    switch (exit) {
    case CLIENT_DONE:
        return "done";
    case CLIENT_CONFLICT:
        return "conflict";
    case CLIENT_REFUSED:
        return "refused";
    case CLIENT_FORBIDDEN:
        return "forbidden";
    case CLIENT_GONE:
        return "gone";
    case CLIENT_BUSY:
        return "busy";
    case CLIENT_NETWORK:
        return "network";
    case CLIENT_UNKNOWN:
        return "unknown";
    case CLIENT_LEFT:
        return "left";
    case CLIENT_LOCAL:
        return "local";
    case CLIENT_FOREIGN:
        return "foreign";
    case CLIENT_USAGE:
        break;
    }
    return "usage";
}

static const char *words_of_fault(const struct call *call)
{
    switch (call->exchange.fault) {
    case FAULT_URL:
        return "This is no address that could be asked.";
    case FAULT_CONNECT:
        return call->lost ? "The connection broke, and now nobody answers."
                          : "Nobody answers there. Nothing was sent.";
    case FAULT_TLS:
        return "There is no secure connection: the certificate is not trusted, or it is no https. "
               "Nothing was sent.";
    case FAULT_LOST:
        return "The connection broke before the answer came.";
    case FAULT_TOO_LARGE:
        return "The answer is larger than this command takes.";
    default:
        return NULL;
    }
}

static const char *words_of_status(const struct call *call)
{
    switch (call->exchange.status) {
    case 401:
        return "A login is needed, or this one is wrong: put it into ~/.netrc, or use -u NAME.";
    case 403:
        return "The server does not allow this.";
    case 404:
        return "There is nothing at this address.";
    case 429:
    case 503:
        return "The server is busy.";
    default:
        return call->exchange.status / 100 == 5 ? "The server failed."
                                                : "What answers there is not pg409.";
    }
}

/* The short sentence about an end that was none of success. */
static const char *words_of(const struct client_result *result)
{
    const struct call *call = result->call;
    if (result->words || !call)
        return result->words;
    const char *words = words_of_fault(call);
    if (!words && !call->problem.reason.ptr)
        words = words_of_status(call);
    return words;
}

static void member(struct buf *out, const char *name, struct str text)
{
    if (!text.ptr)
        return;
    json_comma(out);
    json_string(out, str_from(name));
    buf_char(out, ':');
    if (str_check_utf8(text))
        buf_text(out, "null");
    else
        json_string(out, text);
}

static void as_json(struct client *client, const struct client_result *result)
{
    const struct call *call = result->call;
    const char *words = result->exit == CLIENT_DONE ? result->words : words_of(result);
    struct buf out;
    buf_init(&out, &client->arena, SIZE_MAX / 4);
    buf_char(&out, '{');
    member(&out, "outcome",
           str_from(result->outcome ? result->outcome : client_exit_name(result->exit)));
    json_comma(&out);
    buf_printf(&out, "\"exit\":%d,\"attempts\":%u,\"rounds\":%u", (int)result->exit,
               client->attempts, result->rounds);
    if (result->exit != CLIENT_DONE && call)
        member(&out, "reason", call->problem.reason);
    member(&out, "version", result->version);
    member(&out, "merged", result->merged);
    member(&out, "words", str_from(words));
    member(&out, "kept", str_from(result->kept));
    if (result->row.ptr) {
        json_name(&out, "row");
        buf_str(&out, result->row);
    }
    if (result->exit != CLIENT_DONE && call && call->problem.raw.ptr) {
        json_name(&out, "problem");
        buf_str(&out, call->problem.raw);
    }
    buf_text(&out, "}\n");
    (void)fwrite(out.ptr, 1, out.len, stdout);
}

static void line(struct str text)
{
    if (!text.len)
        return;
    (void)fputs("  ", stderr);
    show_plain(stderr, text);
    (void)fputc('\n', stderr);
}

/* An address of the problem, complete. */
static struct str whole(struct client *client, struct str reference)
{
    if (!reference.len || !client->url)
        return reference;
    return str_from(transport_resolve(&client->arena, client->url, reference));
}

static void show_columns(const struct client_problem *problem)
{
    for (size_t i = 0; i < problem->column_count; i++) {
        const struct client_column *column = &problem->columns[i];
        if (!column->name.ptr)
            continue;
        (void)fputs("  ", stderr);
        show_plain(stderr, column->name);
        (void)fputs(": ", stderr);
        if (column->detail.ptr)
            show_plain(stderr, column->detail);
        else if (column->yours && column->current) {
            (void)fputs("yours ", stderr);
            show_plain(stderr, column->yours->raw);
            (void)fputs(", there ", stderr);
            show_plain(stderr, column->current->raw);
        }
        (void)fputc('\n', stderr);
    }
}

static void show_failure(struct client *client, const struct client_result *result)
{
    const struct call *call = result->call;
    const char *words = words_of(result);
    static const struct client_problem none;
    const struct client_problem *problem = call ? &call->problem : &none;
    bool told = !words && problem->reason.ptr;
    (void)fprintf(stderr, "pg409 %s: ", client->options.command);
    show_plain(stderr, told ? problem->title : str_from(words ? words : "It did not work."));
    (void)fputc('\n', stderr);
    if (call && call->exchange.fault != FAULT_NONE && call->exchange.fault != FAULT_STOPPED)
        line(str_from(call->exchange.trouble));
    if (problem->reason.ptr && result->exit != CLIENT_LEFT) {
        line(problem->detail);
        show_columns(problem);
    }
    if (result->exit == CLIENT_UNKNOWN)
        (void)fputs("  It may have been done, or not. Look before you send it again.\n", stderr);
    if (result->exit == CLIENT_BUSY && call && call->asked > client->options.max_delay)
        (void)fprintf(stderr,
                      "  It asks to be left alone for %llu s, which is longer than --max-delay.\n",
                      (unsigned long long)(call->asked / 1000));
    if (result->advice)
        line(str_from(result->advice));
    if (problem && problem->instance.len && result->exit != CLIENT_LEFT) {
        (void)fputs("  The server keeps it too: ", stderr);
        show_plain(stderr, whole(client, problem->instance));
        (void)fputc('\n', stderr);
    }
    if (result->kept)
        (void)fprintf(stderr, "  Kept in %s\n  Again: pg409 set --from %s\n", result->kept,
                      result->kept);
}

static void show_success(struct client *client, const struct client_result *result)
{
    if (client->options.quiet)
        return;
    show_plain(stdout, str_from(result->words ? result->words : result->outcome));
    (void)printf(" %s", client->url);
    if (result->version.len) {
        (void)fputs(" version ", stdout);
        show_plain(stdout, result->version);
    }
    if (result->merged.len) {
        (void)fputs(" merged ", stdout);
        show_plain(stdout, result->merged);
    }
    (void)fputc('\n', stdout);
}

int show_result(struct client *client, const struct client_result *result)
{
    if (client->options.json)
        as_json(client, result);
    if (result->exit != CLIENT_DONE) {
        if (!client->options.json)
            show_failure(client, result);
    } else if (!client->options.json) {
        show_success(client, result);
    }
    return fflush(stdout) == 0 ? (int)result->exit : CLIENT_LOCAL;
}
