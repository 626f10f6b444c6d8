#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/doctor_checks.h"
#include "cli/doctor_options.h"

#include "base/banned.h"

#define WRONG_USE 255

static const char help[] =
    "Usage: pg409 doctor [option...] [CONNINFO]\n"
    "\n"
    "Looks at the settings, the database and its tables for what will make trouble: versions that\n"
    "are too coarse or stand still, tables that are not protected, rights that are missing, too "
    "few\n"
    "connections, files that are not whole. Each finding names its cure. Nothing is changed "
    "unless\n"
    "--fix says so.\n"
    "\n"
    "  CONNINFO         how to reach the database (a libpq connection string), as the owner for\n"
    "                   instance; without one, what the settings file says\n"
    "  --config FILE    the settings file; without it, the one that pg409.fcgi would find\n"
    "  --schema NAME    the schema of the tables; without it, what the settings say\n"
    "  --role NAME      the role that pg409.fcgi connects as; without it, what the settings say,\n"
    "                   else who is connected\n"
    "  --workers N      how many processes the web server may start (32)\n"
    "  --deep           also read every row's version, and every file below 256 MiB\n"
    "  --sweep FILE     note a digest of every row in FILE, and compare with what is noted there:\n"
    "                   finds rows that were changed while their version stood still\n"
    "  --fix            mend what can be mended: shows the statements first, and asks\n"
    "  --yes            with --fix: do not ask\n"
    "  --only A,B       these checks alone\n"
    "  --skip A,B       all but these checks\n"
    "  --list           the names of all checks\n"
    "  --json           the findings as JSON\n"
    "\n"
    "✗ problem  ! warning  – hint  ? could not be looked at\n"
    "\n"
    "Exit status: 0 no problem and no warning is left (there may be hints), 1 there is one,\n"
    "2 the database cannot be asked, 255 the command was not understood.\n";

enum { OPTION_CONFIG = 1, OPTION_ROLE, OPTION_SWEEP, OPTION_ONLY, OPTION_SKIP, OPTION_LIST };

static const struct option options[] = {{"schema", required_argument, NULL, 's'},
                                        {"config", required_argument, NULL, OPTION_CONFIG},
                                        {"role", required_argument, NULL, OPTION_ROLE},
                                        {"workers", required_argument, NULL, 'w'},
                                        {"sweep", required_argument, NULL, OPTION_SWEEP},
                                        {"only", required_argument, NULL, OPTION_ONLY},
                                        {"skip", required_argument, NULL, OPTION_SKIP},
                                        {"deep", no_argument, NULL, 'd'},
                                        {"fix", no_argument, NULL, 'f'},
                                        {"yes", no_argument, NULL, 'y'},
                                        {"list", no_argument, NULL, OPTION_LIST},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static void take(struct doctor_options *taken, int option)
{
    switch (option) {
    case OPTION_CONFIG:
        setenv("PG409_CONFIG", optarg, 1); /* where it is looked for first */
        break;
    case OPTION_ROLE:
        taken->role = optarg;
        break;
    case OPTION_SWEEP:
        taken->sweep = optarg;
        break;
    case OPTION_ONLY:
        taken->only = optarg;
        break;
    case OPTION_SKIP:
        taken->skip = optarg;
        break;
    case 's':
        taken->schema = optarg;
        break;
    case 'w':
        taken->workers = optarg;
        break;
    case 'd':
        taken->deep = true;
        break;
    case 'f':
        taken->fix = true;
        break;
    case 'y':
        taken->yes = true;
        break;
    default:
        taken->json = true;
        break;
    }
}

static bool is_check(struct str name)
{
    for (const struct check *check = doctor_checks; check->name; check++)
        if (str_is(name, check->name))
            return true;
    return false;
}

/* Whether all names of a list are those of checks. */
static bool known(struct str list)
{
    while (list.ptr) {
        struct str name = str_trim(str_cut(list, ',', &list));
        if (!is_check(name)) {
            (void)fprintf(stderr,
                          "pg409 doctor: there is no check “%.*s”; --list tells their names\n",
                          STR_ARG(name));
            return false;
        }
    }
    return true;
}

/* What no check could find out by itself. */
static bool makes_sense(const struct doctor_options *taken)
{
    uint64_t workers = 1;
    if (taken->workers &&
        (str_to_u64(str_from(taken->workers), 1000000, &workers) || workers == 0)) {
        (void)fputs("pg409 doctor: --workers takes a number from 1 to 1000000\n", stderr);
        return false;
    }
    if (taken->fix && taken->json && !taken->yes) {
        (void)fputs("pg409 doctor: --fix with --json cannot ask, so it needs --yes\n", stderr);
        return false;
    }
    return known(str_from(taken->only)) && known(str_from(taken->skip));
}

int cli_doctor(int argc, char **argv)
{
    struct doctor_options taken = {.deep = false};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(help, stdout) < 0;
        if (option == OPTION_LIST) {
            doctor_show_list();
            return 0;
        }
        if (option == '?')
            return WRONG_USE;
        take(&taken, option);
    }
    if (argc - optind > 1) {
        (void)fputs(help, stderr);
        return WRONG_USE;
    }
    if (!makes_sense(&taken))
        return WRONG_USE;
    taken.conninfo = optind < argc ? argv[optind] : NULL;
    return doctor_examine(&taken);
}
