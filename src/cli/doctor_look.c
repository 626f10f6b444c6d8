#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/doctor_core.h"

#include "base/banned.h"

#define WORKERS "32" /* what the shipped configurations say */

/* What each statement can use: what was said, the tables but those of extensions, and the version
 * column of each that has one. What is not used costs nothing. */
static void put_common(struct sql *sql)
{
    sql_raw(sql,
            "WITH said AS (SELECT $1::name AS schema, $2::name AS role, $3::integer AS workers,"
            " $4::numeric AS clock, $5::boolean AS user_role, $6::boolean AS folded,"
            " $7::integer AS receipt_days, $8::boolean AS installed, $9::boolean AS pooled,"
            " $10::name[] AS version_columns),"
            " tables AS (SELECT c.*, c.oid::regclass::text AS shown, (SELECT k.conkey FROM"
            " pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') AS key,"
            " (SELECT convert_from(substr(g.tgargs, 1, length(g.tgargs) - 1),"
            " getdatabaseencoding()) FROM pg_trigger g WHERE g.tgrelid = c.oid"
            " AND g.tgname = 'zz_pg409_version' AND g.tgnargs = 1) AS guarded"
            " FROM said JOIN pg_namespace n ON n.nspname = said.schema JOIN pg_class c"
            " ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass"
            " AND e.objid = c.oid AND e.deptype = 'e')),"
            " versions AS (SELECT t.oid, t.shown, t.reltuples, t.guarded, t.key, a.attname,"
            " a.attnum, a.atttypid, a.atttypmod, a.attnotnull,"
            " a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype) AS stamp"
            " FROM tables t CROSS JOIN LATERAL (SELECT a.* FROM said, pg_attribute a"
            " WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " AND a.attname = ANY (said.version_columns) AND a.atttypid IN"
            " ('timestamptz'::regtype, 'timestamp'::regtype, 'int2'::regtype, 'int4'::regtype,"
            " 'int8'::regtype) AND a.attgenerated = '' AND a.attidentity = ''"
            " AND a.attnum <> ALL (coalesce(t.key, '{}'))"
            " ORDER BY array_position(said.version_columns, a.attname) LIMIT 1) a)");
}

static struct str word(bool value)
{
    return value ? STR("true") : STR("false");
}

/* The names of a list with commas, as PostgreSQL's array. */
static struct str as_array(struct arena *arena, struct str list)
{
    struct buf buf;
    buf_init(&buf, arena, (size_t)64 * 1024);
    buf_char(&buf, '{');
    while (list.ptr) {
        struct str name = str_trim(str_cut(list, ',', &list));
        buf_text(&buf, buf.len > 1 ? ",\"" : "\"");
        for (size_t i = 0; i < name.len; i++) {
            if (name.ptr[i] == '"' || name.ptr[i] == '\\')
                buf_char(&buf, '\\');
            buf_char(&buf, name.ptr[i]);
        }
        buf_char(&buf, '"');
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

static void put_said(struct sql *sql, const struct doctor *doctor)
{
    const struct settings *settings = &doctor->config.settings;
    const char *workers = doctor->options.workers;
    sql_param(sql, doctor->schema);
    sql_param(sql, doctor->role);
    sql_param(sql, str_from(workers ? workers : WORKERS));
    sql_param(sql, str_number(sql->arena, (uint64_t)time(NULL)));
    sql_param(sql, word(settings->user_role != 0));
    sql_param(sql, word(settings->file_names == FILE_NAMES_FOLDED));
    sql_param(sql, str_number(sql->arena, settings->receipt_days));
    sql_param(sql, word(doctor->installed));
    sql_param(sql, word(!pg_direct(doctor->pg)));
    sql_param(sql, as_array(sql->arena, settings->version_columns));
}

void doctor_sql(struct doctor *doctor, struct sql *sql)
{
    sql_init(sql, &doctor->arena);
    put_common(sql);
    put_said(sql, doctor);
}

struct talk *doctor_talk(struct doctor *doctor)
{
    struct talk *talk = ARENA_NEW(&doctor->arena, struct talk);
    talk_init(talk, &doctor->arena);
    return talk;
}

bool doctor_run(struct doctor *doctor, struct talk *talk)
{
    pg_run(doctor->pg, talk);
    return !talk->failed;
}

void finding_add(struct doctor *doctor, struct finding *finding, struct str text, struct str fix)
{
    struct item *items = ARENA_ARRAY(&doctor->arena, finding->count + 1, struct item);
    for (size_t i = 0; i < finding->count; i++)
        items[i] = finding->items[i];
    items[finding->count++] = (struct item){text, fix};
    finding->items = items;
}

/* The rows of an answer, as items. */
static void take(struct doctor *doctor, struct finding *finding, const struct answer *answer)
{
    finding->items = ARENA_ARRAY(&doctor->arena, answer->rows + 1, struct item);
    for (size_t i = 0; i < answer->rows; i++) {
        struct str fix = answer->columns > 1 ? answer_cell(answer, i, 1) : STR_NONE;
        finding->items[i] = (struct item){answer_cell(answer, i, 0), fix};
    }
    finding->count = answer->rows;
}

static void ask(struct doctor *doctor, struct finding *finding)
{
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    doctor_sql(doctor, &sql);
    finding->check->ask(&sql);
    sql_ask(&sql, talk);
    talk->repeatable = true;
    if (doctor_run(doctor, talk))
        take(doctor, finding, &talk->answers[0]);
    else
        finding->unseen = talk->error.message;
}

void doctor_look_again(struct doctor *doctor, struct finding *finding)
{
    finding->items = NULL;
    finding->count = 0;
    finding->unseen = STR_NONE;
    if (finding->check->ask)
        ask(doctor, finding);
    else
        finding->check->look(doctor, finding);
}

static bool applies(const struct doctor *doctor, const struct check *check)
{
    const struct doctor_options *options = &doctor->options;
    struct str name = str_from(check->name);
    if ((options->only && !str_in_list(str_from(options->only), name)) ||
        (options->skip && str_in_list(str_from(options->skip), name)))
        return false;
    switch (check->when) {
    case CHECK_LOCAL:
    case CHECK_ALWAYS:
        return true;
    case CHECK_INSTALLED:
        return doctor->installed;
    case CHECK_FILES:
        return doctor->files;
    case CHECK_ROWS:
        return options->deep;
    case CHECK_BYTES:
        return doctor->files && options->deep;
    case CHECK_SWEEP:
        return options->sweep != NULL;
    }
    return false;
}

void doctor_look(struct doctor *doctor, bool local)
{
    for (const struct check *check = doctor_checks; check->name; check++) {
        if ((check->when == CHECK_LOCAL) != local || !applies(doctor, check))
            continue;
        if (doctor->count == DOCTOR_MAX_CHECKS)
            abort();
        struct finding *finding = &doctor->findings[doctor->count];
        *finding = (struct finding){.check = check};
        doctor_look_again(doctor, finding);
        doctor->count += finding->count || finding->unseen.ptr;
    }
}

size_t doctor_left(const struct doctor *doctor, enum severity severity)
{
    size_t left = 0;
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        enum severity found = finding->unseen.ptr ? SEVERITY_WARNING : finding->check->severity;
        left += (finding->count || finding->unseen.ptr) && found >= severity;
    }
    return left;
}

/* --- the connection
 * --------------------------------------------------------------------------- */

/* Who the program is: named, or in its settings; else whoever is connected. */
static struct str program_role(struct doctor *doctor)
{
    if (doctor->options.role)
        return str_from(doctor->options.role);
    return pg_conninfo_value(&doctor->arena, doctor->config.settings.database, "user");
}

static bool keep(struct doctor *doctor, const struct answer *answer)
{
    doctor->role = answer_cell(answer, 0, 0);
    doctor->user = answer_cell(answer, 0, 1);
    doctor->database = answer_cell(answer, 0, 2);
    doctor->installed = answer_true(answer, 0, 3);
    doctor->files = answer_true(answer, 0, 4);
    if (answer_true(answer, 0, 5))
        return true;
    (void)fprintf(stderr, "pg409 doctor: there is no role %.*s in this database server\n",
                  STR_ARG(doctor->role));
    return false;
}

struct pg *doctor_open(struct doctor *doctor)
{
    const char *conninfo = doctor->options.conninfo;
    struct pg_options options = {.connect_timeout = 10000};
    options.conninfo =
        conninfo ? conninfo : str_cstr(&doctor->arena, doctor->config.settings.database);
    return pg_new(&options);
}

bool doctor_connect(struct doctor *doctor)
{
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    doctor->pg = doctor_open(doctor);
    sql_init(&sql, &doctor->arena);
    sql_param(&sql, program_role(doctor));
    sql_raw(&sql,
            "SELECT coalesce($1::name, current_user), current_user, current_database(),"
            " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'receipt'),"
            " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'file_upload'),"
            " EXISTS (SELECT FROM pg_roles r WHERE r.rolname = coalesce($1::name, current_user))");
    sql_ask(&sql, talk);
    talk->repeatable = true;
    if (doctor_run(doctor, talk))
        return keep(doctor, &talk->answers[0]);
    (void)fprintf(stderr, "pg409 doctor: %.*s\n", STR_ARG(str_trim(talk->error.message)));
    return false;
}
