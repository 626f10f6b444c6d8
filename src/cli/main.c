/*
 * pg409: what a person does at a shell.
 */
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"
#include "cli/logs.h"
#include "cli/merge.h"

#include "base/banned.h"

#define WRONG_USE 255

static const char help[] =
    "pg409: tools around lost updates and conflicts\n"
    "\n"
    "  pg409 logs FILE...               what access logs tell about lost updates and conflicts\n"
    "  pg409 merge BASE YOURS CURRENT   three states of a text become one\n"
    "  pg409 doctor [CONNINFO]          what will make trouble in a database, and its cure\n"
    "  pg409 --help                     this text\n"
    "  pg409 --version                  the version\n"
    "\n"
    "Each command explains itself with --help. The program that the web server starts is\n"
    "pg409.fcgi.\n";

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "logs") == 0)
        return cli_logs(argc - 1, argv + 1);
    if (strcmp(command, "merge") == 0)
        return cli_merge(argc - 1, argv + 1);
    if (strcmp(command, "doctor") == 0)
        return cli_doctor(argc - 1, argv + 1);
    if (strcmp(command, "--version") == 0)
        return puts("pg409 " PG409_VERSION) < 0;
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        return fputs(help, stdout) < 0;
    if (*command)
        (void)fprintf(stderr, "pg409: there is no command “%s”\n", command);
    (void)fputs(help, stderr);
    return WRONG_USE;
}
