#include "cli/merge.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/merge_put.h"

#include "base/banned.h"

#define FAILED 255
#define MOST_CLASHES 127
#define MOST_LABELS 3
#define MOST_BYTES ((size_t)1 << 30)

static const char help[] =
    "pg409 merge [OPTION]... BASE YOURS CURRENT\n"
    "\n"
    "Merges what YOURS and CURRENT made of BASE: by lines, and by words inside lines that\n"
    "both changed. Writes the merged text to standard output. Where both changed the same\n"
    "thing differently, both are there, between markers.\n"
    "\n"
    "  -m, --markers       both sides between markers (this is what happens anyway)\n"
    "  -3, --diff3         the markers show BASE as well\n"
    "  -j, --json          the places as JSON instead of the text\n"
    "  -o, --output=FILE   into FILE instead; it may be one of the three\n"
    "  -L, --label=NAME    what the markers call YOURS; again for BASE, again for CURRENT\n"
    "      --help          this text\n"
    "\n"
    "Exit status: 0 when nothing clashes, the number of clashes (at most 127) when something\n"
    "does, 255 when it could not be done: then nothing was written.\n"
    "\n"
    "As git's merge driver: git config merge.pg409.driver 'pg409 merge -o %A %O %A %B'\n"
    "and in .gitattributes: *.txt merge=pg409\n";

struct options {
    struct merge_put put;
    bool json;
    const char *output; /* NULL: standard output */
    int labels;
};

static bool read_file(struct arena *arena, const char *name, struct str *text)
{
    FILE *file = fopen(name, "rb");
    struct buf buf;
    char part[65536];
    size_t len;
    bool fine = file != NULL;
    buf_init(&buf, arena, MOST_BYTES);
    while (fine && (len = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&buf, part, len);
    if (fine && ferror(file))
        fine = false;
    if (!fine)
        (void)fprintf(stderr, "pg409 merge: %s: %s\n", name, strerror(errno));
    if (file)
        (void)fclose(file);
    if (fine && !buf_ok(&buf)) {
        (void)fprintf(stderr, "pg409 merge: %s is larger than 1 GiB\n", name);
        fine = false;
    }
    *text = buf.len ? buf_slice(&buf) : STR("");
    return fine;
}

static bool is_text(const char *name, struct str text, bool json)
{
    if (memchr(text.ptr, 0, text.len)) {
        (void)fprintf(stderr, "pg409 merge: %s is no text: it holds a zero byte\n", name);
        return false;
    }
    if (json && str_check_utf8(text)) {
        (void)fprintf(stderr, "pg409 merge: %s is not UTF-8, which --json needs\n", name);
        return false;
    }
    return true;
}

static bool write_text(const char *name, struct str text)
{
    FILE *file = name ? fopen(name, "wb") : stdout;
    bool fine = false;
    if (file) {
        fine = fwrite(text.ptr ? text.ptr : "", 1, text.len, file) == text.len;
        fine &= fflush(file) == 0;
        if (name)
            fine &= fclose(file) == 0;
    }
    if (!fine)
        (void)fprintf(stderr, "pg409 merge: %s: %s\n", name ? name : "standard output",
                      strerror(errno));
    return fine;
}

/* Adds the next label; the first is for YOURS, as git has it. */
static bool add_label(struct options *options, const char *name)
{
    const char **const labels[MOST_LABELS] = {&options->put.yours, &options->put.base,
                                              &options->put.current};
    if (options->labels == MOST_LABELS) {
        (void)fputs("pg409 merge: there are three labels at most\n", stderr);
        return false;
    }
    *labels[options->labels++] = name;
    return true;
}

/* False when it is to end, with *status. */
static bool read_options(int argc, char **argv, struct options *options, int *status)
{
    static const struct option known[] = {
        {"markers", no_argument, NULL, 'm'},
        {"diff3", no_argument, NULL, '3'},
        {"json", no_argument, NULL, 'j'},
        {"output", required_argument, NULL, 'o'},
        {"label", required_argument, NULL, 'L'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    *status = FAILED;
    optind = 1;
    while ((option = getopt_long(argc, argv, "m3jo:L:h", known, NULL)) != -1) {
        if (option == 'h')
            *status = fputs(help, stdout) < 0 ? FAILED : 0;
        if (option == 'h' || option == '?' || (option == 'L' && !add_label(options, optarg)))
            return false;
        options->put.diff3 |= option == '3';
        options->json |= option == 'j';
        if (option == 'o')
            options->output = optarg;
    }
    if (argc - optind != 3)
        (void)fputs("pg409 merge: it takes three files: BASE YOURS CURRENT; see --help\n", stderr);
    return argc - optind == 3;
}

static int run(struct arena *arena, struct options *options, char **names)
{
    struct str texts[3];
    struct merge merge;
    struct buf out;
    for (size_t i = 0; i < 3; i++)
        if (!read_file(arena, names[i], &texts[i]) || !is_text(names[i], texts[i], options->json))
            return FAILED;
    merge3(arena, texts[0], texts[1], texts[2], options->json ? MERGE_PLACES : MERGE_LINES, &merge);
    buf_init(&out, arena, SIZE_MAX / 4);
    if (options->json)
        merge_put_json(&out, arena, &merge);
    else
        merge_put_text(&out, arena, &merge, &options->put);
    if (!write_text(options->output, buf_slice(&out)))
        return FAILED;
    return merge.clashes > MOST_CLASHES ? MOST_CLASHES : (int)merge.clashes;
}

int cli_merge(int argc, char **argv)
{
    struct options options = {.json = false};
    struct arena arena;
    int status;
    if (!read_options(argc, argv, &options, &status))
        return status;
    char **names = argv + optind;
    if (!options.put.base)
        options.put.base = names[0];
    if (!options.put.yours)
        options.put.yours = names[1];
    if (!options.put.current)
        options.put.current = names[2];
    arena_init(&arena);
    status = run(&arena, &options, names);
    arena_release(&arena);
    return status;
}
