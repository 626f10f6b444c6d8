#include "cli/logs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/logs_merge.h"
#include "cli/logs_report.h"

#include "base/banned.h"

#define FAILED 255
#define PARTLY 1
#define MOST 20        /* lines of each list of a text or page */
#define MOST_JSON 1000 /* of JSON */
#define MOST_MAX 100000
#define AGE 24 /* hours */
#define AGE_MAX 10000
#define REPORT_MAX ((size_t)1 << 30)

static const char help[] =
    "pg409 logs [OPTION]... FILE...\n"
    "\n"
    "Reads the access logs of Apache, lighttpd or nginx (- is standard input; .gz is unpacked) "
    "and\n"
    "reports: probable lost updates, as a range, because a log tells who opened and who saved a\n"
    "thing, not what they changed; refused writes (409, 412, 428) by address, user and hour;\n"
    "clients that send a refused request again unchanged. Nothing is changed or sent anywhere.\n"
    "\n"
    "  -j, --json            the report as one JSON object\n"
    "      --html            the report as one page, to keep or to mail\n"
    "  -o, --output=FILE     into FILE instead of standard output\n"
    "  -f, --format=FORMAT   common (combined, nginx), vhost, lighttpd, json or journald; without "
    "it\n"
    "                        each file shows what it is. Or a format as the server is told it:\n"
    "                        '%h %l %u %t \"%r\" %>s %b', '$remote_addr [$time_local] ...'\n"
    "      --fields=WORD=MEMBER,...   what a JSON log calls time, request, method, target, path,\n"
    "                        query, status, client, user, host, referer, agent\n"
    "      --edit=PATTERN    an address that opens a thing, as /edit.php?id={id}\n"
    "      --save=PATTERN    the one that saves it, as /save.php?id={id}; the two come in pairs\n"
    "  -a, --apps=NAME,...   only these: wordpress, django, rails, drupal, mediawiki, dokuwiki,\n"
    "                        xwiki, phpmyadmin, adminer, forms, pg409, any. With --edit and "
    "--save\n"
    "                        none of them, unless they are named.\n"
    "      --max-age=HOURS   how long a page may have been open (24)\n"
    "  -n, --most=NUMBER     lines of each list (20; JSON 1000)\n"
    "  -q, --quiet           no progress on the terminal\n"
    "      --help            this text\n"
    "\n"
    "Files come in any order: the one that begins first is read first, and files about the same\n"
    "time are read side by side. Give the logs of one site at a time.\n"
    "\n"
    "Exit status: 0 when all was read, 1 when there is a report but some file could not be read "
    "or\n"
    "is no access log, 255 when there is none.\n";

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_HTML };

struct options {
    enum output kind;
    const char *output, *apps;
    bool asked; /* for a format */
    enum accesslog_format format;
    const char *layout, *fields; /* a format as servers are told it; names of a JSON log */
    const char *edits[LOGS_OWN], *saves[LOGS_OWN];
    size_t edit_count, save_count;
    uint64_t most, max_age;
    bool quiet;
};

static bool wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "pg409 logs: %s%s%s; see --help\n", what, value ? ": " : "",
                  value ? value : "");
    return false;
}

static bool read_format(struct options *options, const char *name)
{
    static const struct {
        const char *name;
        enum accesslog_format format;
    } known[] = {{"auto", ACCESSLOG_ANY},        {"common", ACCESSLOG_COMMON},
                 {"combined", ACCESSLOG_COMMON}, {"nginx", ACCESSLOG_COMMON},
                 {"vhost", ACCESSLOG_VHOST},     {"lighttpd", ACCESSLOG_LIGHTTPD},
                 {"journald", ACCESSLOG_ANY},    {"json", ACCESSLOG_ANY}};
    if (strpbrk(name, "%$")) {
        options->layout = name;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        options->format = known[i].format;
        options->asked = known[i].format != ACCESSLOG_ANY;
        return true;
    }
    return wrong("there is no format", name);
}

static bool read_number(const char *text, uint64_t max, uint64_t *value)
{
    if (str_to_u64(str_from(text), max, value) || !*value)
        return wrong("this is no number, or too high", text);
    return true;
}

static bool add_pattern(const char **list, size_t *count, const char *pattern)
{
    if (*count == LOGS_OWN)
        return wrong("there are eight pairs of --edit and --save at most", NULL);
    list[(*count)++] = pattern;
    return true;
}

enum { LONG_HTML = 256, LONG_EDIT, LONG_SAVE, LONG_AGE, LONG_FIELDS };

static bool read_option(struct options *options, int option)
{
    switch (option) {
    case 'j':
        options->kind = OUTPUT_JSON;
        return true;
    case LONG_HTML:
        options->kind = OUTPUT_HTML;
        return true;
    case 'o':
        options->output = optarg;
        return true;
    case 'f':
        return read_format(options, optarg);
    case LONG_EDIT:
        return add_pattern(options->edits, &options->edit_count, optarg);
    case LONG_SAVE:
        return add_pattern(options->saves, &options->save_count, optarg);
    case 'a':
        options->apps = optarg;
        return true;
    case LONG_FIELDS:
        options->fields = optarg;
        return true;
    case LONG_AGE:
        return read_number(optarg, AGE_MAX, &options->max_age);
    case 'n':
        return read_number(optarg, MOST_MAX, &options->most);
    case 'q':
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

/* False when it is to end, with *status. */
static bool read_options(int argc, char **argv, struct options *options, int *status)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"html", no_argument, NULL, LONG_HTML},
                                          {"output", required_argument, NULL, 'o'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"fields", required_argument, NULL, LONG_FIELDS},
                                          {"edit", required_argument, NULL, LONG_EDIT},
                                          {"save", required_argument, NULL, LONG_SAVE},
                                          {"apps", required_argument, NULL, 'a'},
                                          {"max-age", required_argument, NULL, LONG_AGE},
                                          {"most", required_argument, NULL, 'n'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *status = FAILED;
    optind = 1;
    while ((option = getopt_long(argc, argv, "jo:f:a:n:qh", known, NULL)) != -1) {
        if (option == 'h')
            *status = fputs(help, stdout) < 0 ? FAILED : 0;
        if (option == 'h' || !read_option(options, option))
            return false;
    }
    if (options->edit_count != options->save_count)
        return wrong("each --edit needs its --save, and the other way round", NULL);
    if (optind == argc)
        return wrong("say which files; - is standard input", NULL);
    return true;
}

static bool make_rules(struct arena *arena, const struct options *options, struct logs_rules *rules)
{
    struct str fault = STR("");
    if (logs_rules_new(arena, options->apps, options->edit_count > 0, rules, &fault)) {
        (void)fprintf(stderr, "pg409 logs: there is no application “%.*s”; there are: %s\n",
                      STR_ARG(fault), logs_apps());
        return false;
    }
    for (size_t i = 0; i < options->edit_count; i++)
        if (logs_rules_add(rules, options->edits[i], options->saves[i])) {
            (void)fprintf(stderr,
                          "pg409 logs: --edit '%s' --save '%s' is no pair of patterns: each begins "
                          "with / or *, has {names} of which none stands twice, and after ? "
                          "name=value parted by &\n",
                          options->edits[i], options->saves[i]);
            return false;
        }
    return true;
}

/* What was said of the lines, on each of the files. */
static bool describe(struct arena *arena, const struct options *options, struct logs_file *files,
                     size_t count)
{
    struct accesslog_layout *layout = NULL;
    struct accesslog_names *names = ARENA_NEW(arena, struct accesslog_names);
    struct str fault = STR("");
    names->count = 0;
    if (options->layout &&
        accesslog_layout_read(arena, str_from(options->layout), &layout, &fault)) {
        (void)fprintf(stderr, "pg409 logs: --format '%s': %.*s\n", options->layout, STR_ARG(fault));
        return false;
    }
    if (options->fields && accesslog_names_read(arena, str_from(options->fields), names, &fault)) {
        (void)fprintf(stderr,
                      "pg409 logs: --fields: “%.*s” is not WORD=MEMBER; the words are time, "
                      "request, method, target, path, query, status, client, user, host, referer "
                      "and agent\n",
                      STR_ARG(fault));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        files[i].layout = layout;
        files[i].names = names;
    }
    return true;
}

static void take(void *arg, struct logs_file *file)
{
    logs_tally_add(arg, &file->entry, file->format);
}

static struct logs_file *make_files(struct arena *arena, const struct options *options,
                                    char **names, size_t count)
{
    struct logs_file *files = ARENA_ARRAY(arena, count, struct logs_file);
    struct logs_progress *progress = ARENA_NEW(arena, struct logs_progress);
    progress->shown = !options->quiet && isatty(STDERR_FILENO);
    for (size_t i = 0; i < count; i++) {
        files[i].name = names[i];
        files[i].is_dull = logs_is_dull;
        files[i].progress = progress;
        files[i].asked = options->asked;
        files[i].format = options->format;
    }
    return files;
}

static struct str shown_name(struct arena *arena, const char *name)
{
    struct logs_text text;
    logs_text(&text, strcmp(name, "-") == 0 ? STR("standard input") : str_from(name));
    return str_copy(arena, logs_str(&text));
}

/* The notes about the files; *status is PARTLY when one of them was not read as it should. */
static void note_files(struct arena *arena, struct logs_report *report,
                       const struct logs_file *files, int *status)
{
    struct logs_note *notes = ARENA_ARRAY(arena, report->note_count, struct logs_note);
    for (size_t i = 0; i < report->note_count; i++) {
        const struct logs_file *file = &files[i];
        notes[i] = (struct logs_note){.name = shown_name(arena, file->name),
                                      .lines = file->lines,
                                      .unread = file->unread,
                                      .too_long = file->too_long,
                                      .failed = file->failed,
                                      .broken = file->broken,
                                      .cut = file->cut,
                                      .journal = file->journal,
                                      .objects = file->objects,
                                      .layout = file->layout != NULL,
                                      .format = file->format,
                                      .known = file->entries > 0};
        report->lines += file->lines;
        report->unread += file->unread;
        report->too_long += file->too_long;
        if (file->failed || file->broken || (file->lines && !file->entries))
            *status = PARTLY;
    }
    report->notes = notes;
}

static bool write_report(const char *name, struct str text)
{
    FILE *file = name ? fopen(name, "wb") : stdout;
    bool fine = false;
    if (file) {
        fine = fwrite(text.ptr, 1, text.len, file) == text.len;
        fine &= fflush(file) == 0;
        if (name)
            fine &= fclose(file) == 0;
    }
    if (!fine)
        (void)fprintf(stderr, "pg409 logs: %s: %s\n", name ? name : "standard output",
                      strerror(errno));
    return fine;
}

static int run(struct arena *arena, const struct options *options, char **names, size_t count)
{
    static void (*const puts[])(struct buf *, const struct logs_report *) = {logs_put_text,
                                                                             logs_put_json,
                                                                             logs_put_html};
    struct logs_rules rules;
    struct logs_tally tally;
    struct buf out;
    int status = 0;
    if (!make_rules(arena, options, &rules))
        return FAILED;
    size_t most = options->most ? options->most : options->kind == OUTPUT_JSON ? MOST_JSON : MOST;
    struct logs_options how = {&rules, most, (int64_t)options->max_age * 3600};
    logs_tally_init(&tally, arena, &how);
    struct logs_file *files = make_files(arena, options, names, count);
    if (!describe(arena, options, files, count))
        return FAILED;
    logs_merge(arena, files, count, take, &tally);
    for (size_t i = 0; i < count; i++)
        logs_tally_dull(&tally, files[i].dull, files[i].dull_first, files[i].dull_last);
    logs_progress_clear(files->progress);
    struct logs_report report = {.arena = arena,
                                 .tally = &tally,
                                 .note_count = count,
                                 .most = most};
    note_files(arena, &report, files, &status);
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += files[i].failed && !files[i].lines;
    if (failed == count)
        return FAILED;
    buf_init(&out, arena, REPORT_MAX);
    puts[options->kind](&out, &report);
    return write_report(options->output, buf_slice(&out)) ? status : FAILED;
}

int cli_logs(int argc, char **argv)
{
    struct options options = {.max_age = AGE};
    struct arena arena;
    int status;
    if (!read_options(argc, argv, &options, &status))
        return status;
    arena_init(&arena);
    status = run(&arena, &options, argv + optind, (size_t)(argc - optind));
    arena_release(&arena);
    return status;
}
