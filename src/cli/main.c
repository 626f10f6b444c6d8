/*
 * pg409: what a person does at a shell.
 */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/doctor.h"
#include "cli/logs.h"
#include "cli/merge.h"
#include "cli/probe.h"

#include "base/banned.h"

#define WRONG_USE 255
#define WIDTH 26 /* of a command and its arguments */

struct command {
    const char *name, *arguments, *help;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

static const struct command commands[] = {
    {"get", "URL", "a row, a list, or a file", cli_get},
    {"set", "URL COLUMN=VALUE...", "a row changed, however many are at it", cli_set},
    {"edit", "URL", "a row in your editor, conflicts too", cli_edit},
    {"put", "FILE URL", "a file up, in parts, resumed", cli_put},
    {"delete", "URL", "a row or a file, if it is as you saw it", cli_delete},
    {"logs", "FILE...", "what access logs tell about lost updates and conflicts", cli_logs},
    {"merge", "BASE YOURS CURRENT", "three states of a text become one", cli_merge},
    {"probe", "URL", "a staged race of two writers: is something lost there?", cli_probe},
    {"doctor", "[CONNINFO]", "what will make trouble in a database, and its cure", cli_doctor},
};

static int show_help(FILE *file)
{
    (void)fputs("pg409: tools around lost updates and conflicts\n\n", file);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *command = &commands[i];
        int width = WIDTH - (int)strlen(command->name);
        (void)fprintf(file, "  pg409 %s %-*s %s\n", command->name, width, command->arguments,
                      command->help);
    }
    return fputs("  pg409 --help                      this text\n"
                 "  pg409 --version                   the version\n"
                 "\n"
                 "Each command explains itself with --help. The program that the web server starts "
                 "is\npg409.fcgi.\n",
                 file) < 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0)
        return puts("pg409 " PG409_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return show_help(stdout);
    if (*name)
        (void)fprintf(stderr, "pg409: there is no command “%s”\n", name);
    (void)show_help(stderr);
    return WRONG_USE;
}
