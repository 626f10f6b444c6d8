#include "cli/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/probe_core.h"

#include "base/banned.h"

#define FAILED 255
#define UNKNOWN 3
#define PUT_MAX ((size_t)16 << 20)
#define BODY_LIMIT ((uint64_t)64 << 10) /* KiB */
#define TIMEOUT 30000                   /* milliseconds */

static const char help[] =
    "pg409 probe [OPTION]... URL\n"
    "\n"
    "Two editors open the form or the JSON resource at URL, one after the other; the first saves,\n"
    "then the second does. What became of the first one's text? Says so in one word: safe, or\n"
    "loses; looks at what web servers on the way do to ETags, methods, long texts and error "
    "pages;\n"
    "names the cure for the application, Apache, lighttpd and nginx; and puts back what was "
    "there.\n"
    "It writes to a real thing: it asks before it does.\n"
    "\n"
    "  -y, --yes              does not ask\n"
    "  -j, --json             the report as one JSON object\n"
    "  -u, --user=NAME:PASS   who both editors are, by Basic authentication; without it as .netrc "
    "says\n"
    "      --as-b=NAME:PASS   who the second one is\n"
    "      --login=URL        a page with a login form, to be filled in first\n"
    "      --login-data=DATA  with this: user=anna&pass=secret\n"
    "      --cookie=COOKIE    a Cookie header, of a session that is there already\n"
    "  -H, --header=LINE      one more header of each request\n"
    "      --one-session      both editors are two windows of one session\n"
    "\n"
    "  -f, --field=NAME       the field to change, or the JSON member (a.b is b inside a); without "
    "it\n"
    "                         the longest text\n"
    "      --form=WHICH       the form's number on the page, its id or its name\n"
    "      --button=NAME      the button to press; without it the one that looks like saving\n"
    "\n"
    "      --api              asks for JSON, where there is a page as well\n"
    "      --get=URL          what is read, the same as URL\n"
    "      --put=URL          what is written, where that is another address\n"
    "      --method=METHOD    how (PUT; and PATCH, where PUT is not known)\n"
    "      --data=TEMPLATE    what is sent: {value} becomes the text, {version} the version, as "
    "JSON\n"
    "      --type=TYPE        its Content-Type\n"
    "\n"
    "      --path             looks only at the way, and writes nothing\n"
    "      --no-path          only the race\n"
    "      --body=KIB         the longest body that is tried (2048)\n"
    "      --timeout=SECONDS  for one request in which nothing moves (30); four times that in all\n"
    "      --cacert=FILE, -k, --insecure\n"
    "                         certificates to trust; certificates are not checked\n"
    "      --help             this text\n"
    "\n"
    "Exit status: 0 safe; 1 loses; 2 refuses the second save, but loses its text; 3 it could not "
    "be\n"
    "found out; 4 what was there could not be put back (it is printed, and kept in a file); 255\n"
    "wrong use, or nothing was asked or done.\n";

static bool wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "pg409 probe: %s%s%s; see --help\n", what, value ? ": " : "",
                  value ? value : "");
    return false;
}

static bool read_number(const char *text, uint64_t max, uint64_t *value)
{
    if (str_to_u64(str_from(text), max, value) || !*value)
        return wrong("this is no number, or too high", text);
    return true;
}

static bool add_header(struct probe_options *options, const char *line)
{
    if (options->header_count == PROBE_HEADERS_MAX || !strchr(line, ':'))
        return wrong("this is no header, or one too many", line);
    options->headers[options->header_count++] = line;
    return true;
}

enum {
    LONG_AS_B = 256,
    LONG_LOGIN,
    LONG_LOGIN_DATA,
    LONG_COOKIE,
    LONG_ONE,
    LONG_FORM,
    LONG_BUTTON,
    LONG_API,
    LONG_GET,
    LONG_PUT,
    LONG_METHOD,
    LONG_DATA,
    LONG_TYPE,
    LONG_PATH,
    LONG_NO_PATH,
    LONG_BODY,
    LONG_TIMEOUT,
    LONG_CACERT
};

static const struct option known[] = {{"yes", no_argument, NULL, 'y'},
                                      {"json", no_argument, NULL, 'j'},
                                      {"user", required_argument, NULL, 'u'},
                                      {"as-b", required_argument, NULL, LONG_AS_B},
                                      {"login", required_argument, NULL, LONG_LOGIN},
                                      {"login-data", required_argument, NULL, LONG_LOGIN_DATA},
                                      {"cookie", required_argument, NULL, LONG_COOKIE},
                                      {"header", required_argument, NULL, 'H'},
                                      {"one-session", no_argument, NULL, LONG_ONE},
                                      {"field", required_argument, NULL, 'f'},
                                      {"form", required_argument, NULL, LONG_FORM},
                                      {"button", required_argument, NULL, LONG_BUTTON},
                                      {"api", no_argument, NULL, LONG_API},
                                      {"get", required_argument, NULL, LONG_GET},
                                      {"put", required_argument, NULL, LONG_PUT},
                                      {"method", required_argument, NULL, LONG_METHOD},
                                      {"data", required_argument, NULL, LONG_DATA},
                                      {"type", required_argument, NULL, LONG_TYPE},
                                      {"path", no_argument, NULL, LONG_PATH},
                                      {"no-path", no_argument, NULL, LONG_NO_PATH},
                                      {"body", required_argument, NULL, LONG_BODY},
                                      {"timeout", required_argument, NULL, LONG_TIMEOUT},
                                      {"cacert", required_argument, NULL, LONG_CACERT},
                                      {"insecure", no_argument, NULL, 'k'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static bool read_number_option(struct probe_options *options, int option)
{
    uint64_t number;
    if (!read_number(optarg, BODY_LIMIT, &number))
        return false;
    if (option == LONG_BODY)
        options->body = number << 10;
    else
        options->transport[0].timeout = number * 1000;
    return true;
}

/* Options that are no more than a flag; false: it is another one. */
static bool read_flag(struct probe_options *options, int option)
{
    bool *const flag = option == 'y'            ? &options->yes
                       : option == 'j'          ? &options->json
                       : option == 'k'          ? &options->transport[0].insecure
                       : option == LONG_ONE     ? &options->one_session
                       : option == LONG_API     ? &options->api
                       : option == LONG_PATH    ? &options->path_only
                       : option == LONG_NO_PATH ? &options->no_path
                                                : NULL;
    if (flag)
        *flag = true;
    return flag != NULL;
}

static bool read_option(struct probe_options *options, int option)
{
    const struct {
        int option;
        const char **text;
    } texts[] = {{'u', &options->transport[0].user}, {LONG_AS_B, &options->transport[1].user},
                 {LONG_LOGIN, &options->login},      {LONG_LOGIN_DATA, &options->login_data},
                 {LONG_COOKIE, &options->cookie},    {'f', &options->field},
                 {LONG_FORM, &options->form},        {LONG_BUTTON, &options->button},
                 {LONG_GET, &options->url},          {LONG_PUT, &options->put},
                 {LONG_METHOD, &options->method},    {LONG_DATA, &options->data},
                 {LONG_TYPE, &options->type},        {LONG_CACERT, &options->transport[0].cacert}};
    if (read_flag(options, option))
        return true;
    if (option == 'H')
        return add_header(options, optarg);
    if (option == LONG_BODY || option == LONG_TIMEOUT)
        return read_number_option(options, option);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].option == option) {
            *texts[i].text = optarg;
            return true;
        }
    return false;
}

/* What only makes sense together. */
static bool fits(struct probe_options *options, int left, char **arguments)
{
    if (left + (options->url != NULL) != 1)
        return wrong("say one URL", NULL);
    if (left)
        options->url = arguments[0];
    if (!options->login != !options->login_data)
        return wrong("--login needs --login-data, and the other way round", NULL);
    if (options->data && !options->field)
        return wrong("--data needs --field: what the text is called where it is read", NULL);
    if (options->data && !strstr(options->data, "{value}"))
        return wrong("--data has no {value} in it", NULL);
    const char *user = options->transport[1].user;
    options->transport[1] = options->transport[0];
    if (user)
        options->transport[1].user = user;
    return true;
}

/* False when it is to end, with *status. */
static bool read_options(int argc, char **argv, struct probe_options *options, int *status)
{
    int option;
    *status = FAILED;
    optind = 1;
    while ((option = getopt_long(argc, argv, "yju:H:f:kh", known, NULL)) != -1) {
        if (option == 'h')
            *status = fputs(help, stdout) < 0 ? FAILED : 0;
        if (option == 'h' || !read_option(options, option))
            return false;
    }
    return fits(options, argc - optind, argv + optind);
}

/* --- asking
 * --------------------------------------------------------------------------------------- */

static bool may_write(struct probe *probe)
{
    struct buf plan;
    char line[16];
    if (probe->options->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        (void)
            fputs("pg409 probe: it would write, and there is nobody to ask. With --yes it does not "
                  "ask;\nwith --path it looks only at the way, and writes nothing.\n",
                  stderr);
        return false;
    }
    buf_init(&plan, probe->arena, PUT_MAX);
    probe_put_plan(&plan, probe);
    (void)fprintf(stderr, "%.*s\nGo on? [y/N] ", STR_ARG(buf_slice(&plan)));
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* From here on an end has to wait until what was there is put back. */
static void hold_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &held, before);
}

/* --- what cannot be put back
 * ---------------------------------------------------------------------- */

/* Into a new file in the folder where we are, and on standard error. */
static void keep(const struct probe *probe, struct str field, struct str text, unsigned number)
{
    struct str name = str_printf(probe->arena, "pg409-probe-%08x-%u.txt", probe->number, number);
    int file = open(name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool fine = file >= 0 && write(file, text.ptr ? text.ptr : "", text.len) == (ssize_t)text.len;
    if (file >= 0)
        fine &= close(file) == 0;
    struct buf out;
    buf_init(&out, probe->arena, PUT_MAX);
    buf_text(&out, "pg409 probe: ");
    probe_put_clean(&out, field, false);
    buf_printf(&out, " held this before%s%s%s:\n", fine ? " (it is in " : "", fine ? name.ptr : "",
               fine ? ")" : "");
    probe_put_clean(&out, text, true);
    (void)fprintf(stderr, "%.*s\n", STR_ARG(buf_slice(&out)));
}

static void keep_all(const struct probe *probe)
{
    keep(probe, probe->field, probe->original, 1);
    if (probe->other.ptr)
        keep(probe, probe->other, probe->other_original, 2);
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

static bool open_it(struct probe *probe, struct probe_state *state)
{
    struct probe_state again;
    if (!probe_read(probe, 0, state)) {
        probe->words = str_printf(probe->arena, "could not be found out: %s",
                                  state->why ? state->why : "it cannot be read");
        if (state->status == 401 && probe->options->transport[0].user)
            probe_found(probe, "authorization",
                        STR("The name and password of -u were not accepted: they are wrong, or a "
                            "server on the way drops the header Authorization."));
        return false;
    }
    probe->kind = state->kind;
    if (state->kind == PROBE_FORM ? !probe_form_choose(probe, state->form)
                                  : !probe_json_choose(probe, state)) {
        if (probe->words.ptr)
            return false;
        probe->words = probe->options->field
                           ? STR("could not be found out: there is no such text (--field)")
                           : STR("could not be found out: there is no text to change (--field)");
        return false;
    }
    if (probe_read(probe, 0, &again)) /* what differs now is no version */
        probe_compare(probe, state, &again, false);
    return true;
}

static void race(struct probe *probe)
{
    probe_race(probe);
    probe_restore(probe);
    if (probe->verdict == PROBE_UNKNOWN && probe->words.ptr)
        probe->words =
            str_printf(probe->arena, "could not be found out: %.*s", STR_ARG(probe->words));
    if (probe->not_restored)
        keep_all(probe);
}

static bool put_report(struct probe *probe)
{
    struct buf out;
    buf_init(&out, probe->arena, PUT_MAX);
    if (probe->options->json)
        probe_put_json(&out, probe);
    else
        probe_put_text(&out, probe);
    struct str text = buf_slice(&out);
    bool fine = fwrite(text.ptr, 1, text.len, stdout) == text.len;
    fine &= fflush(stdout) == 0;
    if (!fine)
        (void)fprintf(stderr, "pg409 probe: standard output: %s\n", strerror(errno));
    return fine;
}

static int exit_status(const struct probe *probe)
{
    static const int statuses[] = {
        [PROBE_UNKNOWN] = UNKNOWN, [PROBE_SAFE] = 0, [PROBE_LOSES] = 1, [PROBE_LOSES_TEXT] = 2};
    if (probe->not_restored)
        return 4;
    return statuses[probe->verdict];
}

static int run(struct probe *probe)
{
    const struct probe_options *options = probe->options;
    struct probe_state state;
    sigset_t before;
    int status;
    (void)sigprocmask(SIG_BLOCK, NULL, &before);
    if (!probe_editors_open(probe))
        return FAILED;
    if (open_it(probe, &state)) {
        if (!options->path_only && !may_write(probe))
            return FAILED;
        hold_signals(&before);
        if (!options->no_path)
            probe_path(probe, &state);
        if (!options->path_only)
            race(probe);
        else
            probe->words = STR("only looked at the way: nothing was written");
    }
    if (!put_report(probe))
        return FAILED;
    status = exit_status(probe);
    if (options->path_only && probe->kind)
        status = probe->finding_count ? 1 : 0;
    (void)sigprocmask(SIG_SETMASK, &before, NULL); /* ends it here if that was asked for */
    return status;
}

int cli_probe(int argc, char **argv)
{
    struct probe_options options = {.body = (uint64_t)2 << 20};
    struct probe probe = {.options = &options};
    struct arena arena;
    int status;
    options.transport[0].cookies = true;
    options.transport[0].timeout = TIMEOUT;
    if (!read_options(argc, argv, &options, &status))
        return status;
    arena_init(&arena);
    probe.arena = &arena;
    if (getrandom(&probe.number, sizeof probe.number, 0) != (ssize_t)sizeof probe.number)
        probe.number = (uint32_t)getpid();
    status = run(&probe);
    probe_editors_close(&probe);
    arena_release(&arena);
    return status;
}
