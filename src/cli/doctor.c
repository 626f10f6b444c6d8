#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor_checks.h"
#include "db/pg.h"

#include "base/banned.h"

#define WRONG_USE 255
#define MOST_SHOWN 20 /* findings of one kind */

static const char help[] =
    "Usage: pg409 doctor [--schema NAME] [--deep] [CONNINFO]\n"
    "\n"
    "Looks at a database for what will make trouble: tables without a key or protection, versions\n"
    "that are too coarse or missing, files that are not whole, what should have been tidied up.\n"
    "Each finding names its cure. Nothing is changed.\n"
    "\n"
    "  CONNINFO        a libpq connection string; without one the environment counts\n"
    "  --schema NAME   the schema of the tables (public)\n"
    "  --deep          also read every file below 256 MiB and compare its digest\n"
    "\n"
    "Exit status: 0 nothing found, 1 something found, 2 the database cannot be asked,\n"
    "255 the command was not understood.\n";

struct doctor {
    struct pg *pg;
    struct arena arena;
    struct str schema;
    bool installed, files, deep;
    unsigned found;
};

static bool applies(const struct doctor *doctor, enum check_when when)
{
    return when == CHECK_ALWAYS || (when == CHECK_INSTALLED && doctor->installed) ||
           (when == CHECK_FILES && doctor->files) ||
           (when == CHECK_DEEP && doctor->files && doctor->deep);
}

static void show(const struct check *check, const struct answer *answer)
{
    (void)printf("%s %s:\n", check->grave ? "✗" : "–", check->title);
    for (size_t i = 0; i < answer->rows && i < MOST_SHOWN; i++)
        (void)printf("    %.*s\n", STR_ARG(answer_cell(answer, i, 0)));
    if (answer->rows > MOST_SHOWN)
        (void)printf("    and %zu more\n", answer->rows - MOST_SHOWN);
    (void)printf("  What to do: %s\n", check->cure);
}

/* False when the database cannot be asked. */
static bool run(struct doctor *doctor, void (*ask)(struct sql *sql), struct talk *talk)
{
    struct sql sql;
    talk_init(talk, &doctor->arena);
    sql_init(&sql, &doctor->arena);
    sql_param(&sql, doctor->schema);
    ask(&sql);
    sql_ask(&sql, talk);
    talk->repeatable = true;
    pg_run(doctor->pg, talk);
    if (talk->failed)
        (void)fprintf(stderr, "pg409 doctor: %.*s\n", STR_ARG(talk->error.message));
    return !talk->failed;
}

static void ask_what_is_there(struct sql *sql)
{
    sql_raw(sql, "SELECT to_regclass('pg409.receipt') IS NOT NULL,"
                 " to_regclass('pg409.file_upload') IS NOT NULL, $1::text");
}

static int examine(struct doctor *doctor)
{
    struct talk *talk = ARENA_NEW(&doctor->arena, struct talk);
    if (!run(doctor, ask_what_is_there, talk))
        return 2;
    doctor->installed = answer_true(&talk->answers[0], 0, 0);
    doctor->files = answer_true(&talk->answers[0], 0, 1);
    for (const struct check *check = doctor_checks; check->title; check++) {
        if (!applies(doctor, check->when))
            continue;
        if (!run(doctor, check->ask, talk))
            return 2;
        if (talk->answers[0].rows)
            show(check, &talk->answers[0]);
        doctor->found += talk->answers[0].rows > 0;
    }
    if (!doctor->found)
        (void)puts("✓ Nothing was found that would make trouble.");
    return doctor->found ? 1 : 0;
}

int cli_doctor(int argc, char **argv)
{
    static const struct option options[] = {{"schema", required_argument, NULL, 's'},
                                            {"deep", no_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct doctor doctor = {.schema = STR("public")};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(help, stdout) < 0;
        if (option == 'd')
            doctor.deep = true;
        else if (option == 's')
            doctor.schema = str_from(optarg);
        else
            return WRONG_USE;
    }
    if (argc - optind > 1) {
        (void)fputs(help, stderr);
        return WRONG_USE;
    }
    pg_environment();
    arena_init(&doctor.arena);
    struct pg_options pg_options = {.conninfo = optind < argc ? argv[optind] : "",
                                    .connect_timeout = 10000};
    doctor.pg = pg_new(&pg_options);
    int status = examine(&doctor);
    pg_free(doctor.pg);
    arena_release(&doctor.arena);
    return status;
}
