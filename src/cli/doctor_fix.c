#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor_core.h"

#include "base/banned.h"

#define LOCK_WAIT                                                                                  \
    5000 /* milliseconds: while a statement waits for a table, all others wait too                 \
          */
#define BETWEEN '\x1e'
#define CHMOD STR("chmod ")

size_t finding_fixes(struct arena *arena, const struct finding *finding, struct str **fixes)
{
    size_t count = 0, room = 1;
    for (size_t i = 0; i < finding->count; i++)
        for (size_t k = 0; k < finding->items[i].fix.len; k++)
            room += finding->items[i].fix.ptr[k] == BETWEEN;
    *fixes = ARENA_ARRAY(arena, finding->count + room, struct str);
    for (size_t i = 0; i < finding->count; i++) {
        struct str rest = finding->items[i].fix;
        while (rest.ptr) {
            struct str fix = str_cut(rest, BETWEEN, &rest);
            size_t k = 0;
            while (k < count && !str_eq((*fixes)[k], fix))
                k++;
            if (k == count)
                (*fixes)[count++] = fix;
        }
    }
    return count;
}

/* "chmod 600 /path" without a shell. */
static struct str change_mode(struct doctor *doctor, struct str fix)
{
    struct str path, mode = str_cut(str_skip(fix, CHMOD.len), ' ', &path);
    unsigned long bits = strtoul(str_cstr(&doctor->arena, mode), NULL, 8);
    if (chmod(str_cstr(&doctor->arena, path), (mode_t)bits) == 0)
        return STR_NONE;
    return str_copy(&doctor->arena, str_from(strerror(errno)));
}

static struct str run_statement(struct doctor *doctor, struct str fix)
{
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    sql_init(&sql, &doctor->arena);
    sql_statement(&sql, (struct sql_statement){fix});
    sql_ask(&sql, talk);
    talk->writing = true;
    talk->lock_timeout = LOCK_WAIT;
    if (doctor_run(doctor, talk))
        return STR_NONE;
    const char *hint = "";
    if (strcmp(talk->error.sqlstate, "42501") == 0)
        hint = " (run this with a CONNINFO of the owner)";
    if (strcmp(talk->error.sqlstate, "55P03") == 0)
        hint = " (somebody is at work on it: try again later)";
    return str_printf(&doctor->arena, "%.*s%s", STR_ARG(str_trim(talk->error.message)), hint);
}

static bool agreed(const struct doctor *doctor)
{
    char answer[16];
    if (doctor->options.yes)
        return true;
    (void)fputs("Do it? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* One remedy may be that of others too. What happened to the rows of a sweep has happened. */
static void look_again(struct doctor *doctor, struct finding *finding)
{
    size_t before = finding->count;
    if (!doctor->changed || finding->check->when == CHECK_SWEEP)
        return;
    doctor_look_again(doctor, finding);
    if (before > finding->count)
        finding->mended += before - finding->count;
}

static void carry_out(struct doctor *doctor, struct finding *finding, const struct str *fixes,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_mode = str_starts(fixes[i], CHMOD);
        struct str fault =
            is_mode ? change_mode(doctor, fixes[i]) : run_statement(doctor, fixes[i]);
        if (!fault.ptr)
            continue;
        finding->failed = fault;
        if (!doctor->options.json)
            doctor_show_failed(fixes[i], fault);
    }
    doctor->changed = true;
    look_again(doctor, finding);
    if (!doctor->options.json && !finding->failed.ptr)
        (void)puts("  ✓ done");
}

static void mend(struct doctor *doctor, struct finding *finding)
{
    struct str *fixes;
    look_again(doctor, finding);
    size_t count = finding_fixes(&doctor->arena, finding, &fixes);
    if (count == 0)
        return;
    if (!doctor->options.json) {
        (void)printf("\nTo mend “%s”: [%s]\n", finding->check->title, finding->check->name);
        for (size_t i = 0; i < count; i++)
            doctor_show_fix(fixes[i]);
        (void)fflush(stdout);
    }
    if (agreed(doctor))
        carry_out(doctor, finding, fixes, count);
}

void doctor_fix(struct doctor *doctor)
{
    if (!doctor->options.yes && !isatty(STDIN_FILENO)) {
        (void)fputs("pg409 doctor: nothing was changed, for there is nobody to ask. With --yes it "
                    "does not ask.\n",
                    stderr);
        return;
    }
    for (size_t i = 0; i < doctor->count; i++)
        mend(doctor, &doctor->findings[i]);
    for (size_t i = 0; i < doctor->count; i++)
        look_again(doctor, &doctor->findings[i]);
}
