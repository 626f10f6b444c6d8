#include "cli/client_options.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "wire/url.h"

#include "base/banned.h"

#define INTERRUPT 3 /* Ctrl-C */
#define COMMON "uNCKTRDMjqvh"
#define DAY ((uint64_t)86400000)

static const struct option known[] = {
    {"user", required_argument, NULL, 'u'},
    {"netrc-file", required_argument, NULL, 'N'},
    {"cacert", required_argument, NULL, 'C'},
    {"insecure", no_argument, NULL, 'K'},
    {"timeout", required_argument, NULL, 'T'},
    {"retries", required_argument, NULL, 'R'},
    {"retry-delay", required_argument, NULL, 'D'},
    {"max-delay", required_argument, NULL, 'M'},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"on-conflict", required_argument, NULL, 'c'},
    {"version", required_argument, NULL, 'V'},
    {"column", required_argument, NULL, 'L'},
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, 'f'},
    {"yes", no_argument, NULL, 'y'},
    {"create", no_argument, NULL, 'n'},
    {"from", required_argument, NULL, 'F'},
    {"no-keep", no_argument, NULL, 'k'},
    {"as", required_argument, NULL, 'a'},
    {"replace", no_argument, NULL, 'r'},
    {"drop", no_argument, NULL, 'd'},
    {"kept", required_argument, NULL, 'x'},
    {"type", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

static const char common_help[] =
    "\nWho and how:\n"
    "  -u, --user=NAME[:PASSWORD]  the login; other users of this machine can read it in the list\n"
    "                         of processes: NAME alone asks for the password, and ~/.netrc is\n"
    "                         used by itself\n"
    "      --netrc-file=FILE  another file than ~/.netrc\n"
    "      --cacert=FILE      certificates to trust\n"
    "      --insecure         do not check the server's certificate\n"
    "      --timeout=TIME     when no byte moves (60s)\n"
    "      --retries=N        how often what did not get through is sent again (10)\n"
    "      --retry-delay=TIME the first pause (200ms); it doubles, and a random part of it is "
    "taken\n"
    "      --max-delay=TIME   the longest pause (30s); a server that asks for more is believed "
    "and\n"
    "                         not waited for\n"
    "  -j, --json             the result as one JSON object on standard output\n"
    "  -q, --quiet            no word about what went well\n"
    "  -v, --verbose          a line on standard error for each request\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 done, 1 conflict, 2 refused, 3 not allowed, 4 not there, 5 busy: later it may\n"
    "work, 6 no connection, nothing was done, 7 unknown whether it was done, 8 left because you\n"
    "said so, 9 a file or the editor on this side, 10 not a pg409, 255 not understood.\n";

bool client_duration(struct str text, uint64_t *milliseconds)
{
    uint64_t unit = 1000, whole = 0, part = 0, scale = 1;
    struct str behind;
    if (str_ends(text, STR("ms"))) {
        unit = 1;
        text.len -= 2;
    } else if (str_ends(text, STR("s")) || str_ends(text, STR("m"))) {
        unit = str_ends(text, STR("m")) ? 60000 : 1000;
        text.len--;
    }
    struct str before = str_cut(text, '.', &behind);
    if (str_to_u64(before, DAY, &whole) ||
        (behind.ptr && (behind.len > 6 || str_to_u64(behind, DAY, &part))))
        return false;
    for (size_t i = 0; i < behind.len; i++)
        scale *= 10;
    *milliseconds = whole * unit + part * unit / scale;
    return *milliseconds <= DAY;
}

/* NAME alone: the password is typed, unseen. NULL when there is nobody to type it. */
static const char *ask_password(struct arena *arena, const char *name)
{
    struct termios before, quiet;
    char line[1024];
    FILE *terminal = fopen("/dev/tty", "r+");
    if (!terminal)
        return NULL;
    bool set = tcgetattr(fileno(terminal), &before) == 0;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* Ctrl-C comes as a letter that ends the line: */
    quiet.c_cc[VEOL] = INTERRUPT;              /* echo has to be on again before it counts */
    (void)fprintf(terminal, "Password of %s: ", name);
    (void)fflush(terminal);
    if (set)
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
    ssize_t got = read(fileno(terminal), line, sizeof line - 1); /* a line; fgets would go on */
    if (set)
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    (void)fputs("\n", terminal);
    (void)fclose(terminal);
    if (got <= 0)
        return NULL;
    line[got] = '\0';
    if (strchr(line, INTERRUPT))
        (void)raise(SIGINT);
    line[strcspn(line, "\n")] = '\0';
    return str_cstr(arena, str_printf(arena, "%s:%s", name, line));
}

static bool take_conflict(const char *word, enum on_conflict *how)
{
    static const char *const words[] = {"merge", "ask", "yours", "theirs", "fail"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *how = (enum on_conflict)i;
            return true;
        }
    (void)fprintf(stderr, "pg409: --on-conflict is merge, ask, yours, theirs or fail, not “%s”\n",
                  word);
    return false;
}

static bool take_number(const char *name, const char *text, bool duration, uint64_t *value)
{
    struct str given = str_from(text);
    bool fine =
        duration ? client_duration(given, value) : str_to_u64(given, 1000000, value) == ERR_NONE;
    if (!fine)
        (void)fprintf(stderr, "pg409: --%s is %s, not “%s”\n", name,
                      duration ? "a time such as 500ms, 2s or 1m" : "a number", text);
    return fine;
}

static bool take_common(int option, struct client_options *options)
{
    switch (option) {
    case 'u':
        options->transport.user = optarg;
        return true;
    case 'N':
        options->transport.netrc = optarg;
        return true;
    case 'C':
        options->transport.cacert = optarg;
        return true;
    case 'K':
        options->transport.insecure = true;
        return true;
    case 'T':
        return take_number("timeout", optarg, true, &options->transport.timeout);
    case 'R':
        return take_number("retries", optarg, false, &options->retries);
    case 'D':
        return take_number("retry-delay", optarg, true, &options->delay);
    case 'M':
        return take_number("max-delay", optarg, true, &options->max_delay);
    case 'j':
        options->json = true;
        return true;
    case 'q':
        options->quiet = true;
        return true;
    default:
        options->verbose = true;
        return true;
    }
}

static bool take_own(int option, struct client_options *options)
{
    const struct {
        int letter;
        const char **text;
        bool *flag;
    } places[] = {
        {'V', &options->version, NULL}, {'L', &options->column, NULL},
        {'o', &options->output, NULL},  {'F', &options->from, NULL},
        {'a', &options->as, NULL},      {'x', &options->kept, NULL},
        {'t', &options->type, NULL},    {'f', NULL, &options->force},
        {'y', NULL, &options->yes},     {'n', NULL, &options->create},
        {'k', NULL, &options->no_keep}, {'r', NULL, &options->replace},
        {'d', NULL, &options->drop},
    };
    if (option == 'c')
        return take_conflict(optarg, &options->on_conflict);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i].letter != option)
            continue;
        if (places[i].text)
            *places[i].text = optarg;
        else
            *places[i].flag = true;
    }
    return true;
}

static const char *name_of(int option)
{
    for (const struct option *each = known; each->name; each++)
        if (each->val == option)
            return each->name;
    return "";
}

/* Whether it is one of this command's; says so when not. */
static bool accepted(int option, const char *accepts, const char *command)
{
    if (option == '?')
        return false;
    if (strchr(COMMON, option) || strchr(accepts, option))
        return true;
    (void)fprintf(stderr, "pg409 %s has no option --%s; see pg409 %s --help\n", command,
                  name_of(option), command);
    return false;
}

bool client_options_read(struct arena *arena, int argc, char **argv, const char *accepts,
                         const char *help, struct client_options *options, int *status)
{
    int option;
    *options = (struct client_options){.retries = 10, .delay = 200, .max_delay = 30000};
    options->command = argv[0];
    *status = CLIENT_USAGE;
    optind = 1;
    while ((option = getopt_long(argc, argv, "u:jqvho:y", known, NULL)) != -1) {
        if (option == 'h') {
            *status = fputs(help, stdout) < 0 || fputs(common_help, stdout) < 0 ? CLIENT_LOCAL : 0;
            return false;
        }
        if (!accepted(option, accepts, argv[0]))
            return false;
        if (strchr(COMMON, option) ? !take_common(option, options) : !take_own(option, options))
            return false;
    }
    options->arguments = argv + optind;
    options->count = argc - optind;
    const char *user = options->transport.user;
    if (user && !strchr(user, ':')) {
        options->transport.user = ask_password(arena, user);
        if (options->transport.user)
            return true;
        (void)fprintf(stderr,
                      "pg409 %s: there is nobody to ask for the password of %s: put both into "
                      "~/.netrc, or give -u %s:PASSWORD\n",
                      argv[0], user, user);
        return false;
    }
    if (options->transport.user && isatty(STDERR_FILENO) && !options->quiet)
        (void)fputs("pg409: others on this machine can see the password of -u; ~/.netrc hides it\n",
                    stderr);
    return true;
}

/* name and password as they are written in an address, percent-encoded. */
static const char *login_of(struct arena *arena, struct str text)
{
    struct str password, decoded;
    struct str name = str_cut(text, ':', &password);
    if (url_decode(arena, name, URL_PLUS_IS_PLUS, &name))
        return NULL;
    if (!password.ptr)
        return str_cstr(arena, str_printf(arena, "%.*s:", STR_ARG(name)));
    if (url_decode(arena, password, URL_PLUS_IS_PLUS, &decoded))
        return NULL;
    return str_cstr(arena, str_printf(arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(decoded)));
}

/* Where the last '@' of the authority stands; SIZE_MAX: nowhere. */
static size_t login_end(struct str rest)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < rest.len && !strchr("/?#", rest.ptr[i]); i++)
        if (rest.ptr[i] == '@')
            at = i;
    return at;
}

struct str client_address(struct arena *arena, const char *text, const char **user)
{
    struct str given = str_from(text), rest = given;
    struct str scheme = STR("http://");
    size_t at = str_find(given, STR("://"));
    if (at != SIZE_MAX) {
        scheme = (struct str){given.ptr, at + 3};
        rest = str_skip(given, at + 3);
        if (!str_ieq(scheme, STR("http://")) && !str_ieq(scheme, STR("https://")))
            return STR_NONE;
    }
    size_t login = login_end(rest);
    if (login != SIZE_MAX) {
        if (!*user)
            *user = login_of(arena, (struct str){rest.ptr, login});
        rest = str_skip(rest, login + 1);
    }
    struct str address = str_cut(rest, '#', &(struct str){0});
    return address.len ? str_printf(arena, "%.*s%.*s", STR_ARG(scheme), STR_ARG(address))
                       : STR_NONE;
}
