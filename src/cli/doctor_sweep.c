#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor_core.h"
#include "wire/json.h"

#include "base/banned.h"

/*
 * The file of a sweep is text, sorted by its bytes, so that it is compared while it is written:
 *
 *   pg409 sweep 1 <TAB> "database"
 *   T <TAB> "table" <TAB> digest of the columns' names and types
 *   R <TAB> ["key"] <TAB> version <TAB> digest of the row
 *   E
 *
 * Names and keys are JSON, which has no tab and no line end.
 */
#define HEADING "pg409 sweep 1\t"
#define KEYS_SHOWN 5

struct line {
    char *text; /* getline's */
    size_t room;
    char kind; /* 'T', 'R', 'E'; 0: the file does not go on */
    struct str name, version, digest;
};

struct sweep {
    struct doctor *doctor;
    struct finding *finding;
    FILE *before, *now; /* before is NULL the first time */
    struct line line;   /* where before stands */
    bool compares;      /* the table at hand was there, with the same columns */
    bool broken;        /* a write failed */
    size_t tables, rows, compared, moved;
    size_t bypassed; /* of the table at hand */
    struct buf keys; /* the first of them */
};

/* --- the file
 * ------------------------------------------------------------------------------------- */

static void next_line(struct sweep *sweep)
{
    struct line *line = &sweep->line;
    ssize_t len = sweep->before ? getline(&line->text, &line->room, sweep->before) : -1;
    line->kind = 0;
    if (len < 1 || line->text[len - 1] != '\n')
        return; /* a line that was cut short tells nothing */
    struct str rest = {line->text, (size_t)len - 1};
    struct str kind = str_cut(rest, '\t', &rest);
    line->kind = kind.len == 1 ? kind.ptr[0] : 0;
    line->name = str_cut(rest, '\t', &rest);
    line->version = str_cut(rest, '\t', &rest);
    line->digest = rest;
}

static void put(struct sweep *sweep, const char *kind, struct str a, struct str b, struct str c)
{
    int written = fprintf(sweep->now, "%s\t%.*s\t%.*s", kind, STR_ARG(a), STR_ARG(b));
    if (c.ptr)
        written = fprintf(sweep->now, "\t%.*s", STR_ARG(c));
    sweep->broken |= written < 0 || fputc('\n', sweep->now) == EOF;
}

static struct str heading(struct doctor *doctor)
{
    struct buf buf;
    buf_init(&buf, &doctor->arena, 4096);
    buf_text(&buf, HEADING);
    json_string(&buf, doctor->database);
    buf_char(&buf, '\n');
    return buf_slice(&buf);
}

/* --- the comparison
 * ------------------------------------------------------------------------------- */

/* Passes by what is not there any more; true when before stands at that table now. */
static bool find_table(struct sweep *sweep, struct str name)
{
    struct line *line = &sweep->line;
    while (line->kind && line->kind != 'E' && (line->kind != 'T' || str_cmp(line->name, name) < 0))
        next_line(sweep);
    return line->kind == 'T' && str_eq(line->name, name);
}

static void begin_table(struct sweep *sweep, struct str name, struct str columns)
{
    put(sweep, "T", name, columns, STR_NONE);
    sweep->compares = find_table(sweep, name) && str_eq(sweep->line.version, columns);
    if (sweep->compares)
        next_line(sweep);
    sweep->tables++;
    sweep->bypassed = 0;
    buf_clear(&sweep->keys);
}

static void compare(struct sweep *sweep, struct str key, struct str version, struct str digest)
{
    struct line *line = &sweep->line;
    while (sweep->compares && line->kind == 'R' && str_cmp(line->name, key) < 0)
        next_line(sweep);
    if (!sweep->compares || line->kind != 'R' || !str_eq(line->name, key))
        return;
    sweep->compared++;
    if (!str_eq(line->version, version)) {
        sweep->moved++;
    } else if (!str_eq(line->digest, digest)) {
        if (sweep->bypassed++ < KEYS_SHOWN) {
            buf_char(&sweep->keys, ' ');
            buf_str(&sweep->keys, key);
        }
    }
}

static bool take_row(void *ctx, const struct answer *row)
{
    struct sweep *sweep = ctx;
    struct str key = answer_cell(row, 0, 0), version = answer_cell(row, 0, 1);
    struct str digest = answer_cell(row, 0, 2);
    put(sweep, "R", key, version, digest);
    compare(sweep, key, version, digest);
    sweep->rows++;
    return !sweep->broken;
}

static void end_table(struct sweep *sweep, struct str shown, struct str fix)
{
    struct arena *arena = &sweep->doctor->arena;
    if (sweep->bypassed)
        finding_add(sweep->doctor, sweep->finding,
                    str_printf(arena, "%zu row%s of %.*s:%.*s%s", sweep->bypassed,
                               sweep->bypassed == 1 ? "" : "s", STR_ARG(shown),
                               STR_ARG(buf_slice(&sweep->keys)),
                               sweep->bypassed > KEYS_SHOWN ? " and others" : ""),
                    fix);
}

/* --- what is asked
 * -------------------------------------------------------------------------------- */

enum { S_SHOWN, S_NAME, S_SCHEMA, S_TABLE, S_VERSION, S_KEY, S_COLUMNS, S_FIX };

/* Tables with a key and a version, in the order of their names' bytes in the file. */
static void ask_tables(struct sql *sql)
{
    sql_raw(sql,
            " SELECT shown, to_json(shown)::text, schema, c.relname, attname,"
            " (SELECT string_agg(a.attname, E'\\x1f' ORDER BY u.n) FROM unnest(v.key)"
            " WITH ORDINALITY u (attnum, n) JOIN pg_attribute a ON a.attrelid = v.oid"
            " AND a.attnum = u.attnum), (SELECT left(encode(sha256(textsend(string_agg(format("
            "'%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum))),"
            " 'hex'), 32) FROM pg_attribute a WHERE a.attrelid = v.oid AND a.attnum > 0"
            " AND NOT a.attisdropped),"
            " CASE WHEN installed THEN format('SELECT pg409.protect(%L)', shown) END"
            " FROM said, versions v JOIN pg_class c ON c.oid = v.oid WHERE v.key IS NOT NULL"
            " AND has_table_privilege(v.oid, 'SELECT')"
            " ORDER BY to_json(shown)::text COLLATE \"C\"");
}

static void ask_rows(struct sql *sql, const struct answer *tables, size_t row)
{
    struct str keys = answer_cell(tables, row, S_KEY);
    sql_raw(sql, "SELECT * FROM (SELECT to_json(ARRAY[");
    for (bool first = true; keys.ptr; first = false) {
        if (!first)
            sql_raw(sql, ", ");
        sql_raw(sql, "pg409_row.");
        sql_ident(sql, str_cut(keys, '\x1f', &keys));
        sql_raw(sql, "::text");
    }
    sql_raw(sql, "])::text AS k, coalesce(pg409_row.");
    sql_ident(sql, answer_cell(tables, row, S_VERSION));
    sql_raw(sql, "::text, '') AS v, left(encode(sha256(textsend((pg409_row.*)::text)), 'hex'), 32)"
                 " AS d FROM ");
    sql_name(sql, answer_cell(tables, row, S_SCHEMA), answer_cell(tables, row, S_TABLE));
    sql_raw(sql, " AS pg409_row) s ORDER BY k COLLATE \"C\"");
}

static bool sweep_table(struct sweep *sweep, const struct answer *tables, size_t row)
{
    struct doctor *doctor = sweep->doctor;
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    sql_init(&sql, &doctor->arena);
    ask_rows(&sql, tables, row);
    talk_then(talk, NULL, sweep);
    talk_each(talk, sql_ask(&sql, talk), take_row);
    begin_table(sweep, answer_cell(tables, row, S_NAME), answer_cell(tables, row, S_COLUMNS));
    if (!doctor_run(doctor, talk) && !sweep->broken) {
        sweep->finding->unseen = talk->error.message;
        return false;
    }
    end_table(sweep, answer_cell(tables, row, S_SHOWN), answer_cell(tables, row, S_FIX));
    return !sweep->broken;
}

static bool sweep_tables(struct sweep *sweep)
{
    struct doctor *doctor = sweep->doctor;
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    doctor_sql(doctor, &sql);
    ask_tables(&sql);
    sql_ask(&sql, talk);
    if (!doctor_run(doctor, talk)) {
        sweep->finding->unseen = talk->error.message;
        return false;
    }
    next_line(sweep);
    for (size_t i = 0; i < talk->answers[0].rows; i++)
        if (!sweep_table(sweep, &talk->answers[0], i))
            return false;
    return true;
}

/* --- from file to file
 * ---------------------------------------------------------------------------- */

static void fault(struct sweep *sweep, const char *path, const char *why)
{
    sweep->finding->unseen = str_printf(&sweep->doctor->arena, "%s: %s", path, why);
}

/* Whether the file is there and can be compared with; a file of something else is left alone. */
static bool open_before(struct sweep *sweep, const char *path)
{
    struct str expected = heading(sweep->doctor);
    sweep->before = fopen(path, "re");
    if (!sweep->before) {
        if (errno != ENOENT)
            fault(sweep, path, strerror(errno));
        return errno == ENOENT;
    }
    ssize_t len = getline(&sweep->line.text, &sweep->line.room, sweep->before);
    if (len > 0 && str_eq((struct str){sweep->line.text, (size_t)len}, expected))
        return true;
    fault(sweep, path,
          "is not the file of a sweep of this database, so it was left as it is. Name another");
    return false;
}

static bool open_now(struct sweep *sweep, const char *path)
{
    (void)unlink(path); /* left by a sweep that was killed */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sweep->now = fd < 0 ? NULL : fdopen(fd, "w");
    if (sweep->now && fputs(heading(sweep->doctor).ptr, sweep->now) != EOF)
        return true;
    fault(sweep, path, strerror(errno));
    return false;
}

static bool finish(struct sweep *sweep, const char *written, const char *path)
{
    bool fine = fputs("E\n", sweep->now) != EOF && fflush(sweep->now) == 0 && !sweep->broken &&
                fsync(fileno(sweep->now)) == 0 && rename(written, path) == 0;
    if (!fine)
        fault(sweep, written, strerror(errno));
    return fine;
}

static struct str note(const struct sweep *sweep, const char *path, const struct stat *before)
{
    struct arena *arena = &sweep->doctor->arena;
    char when[32] = "";
    struct tm tm;
    if (!sweep->before)
        return str_printf(arena,
                          "Sweep: %zu rows of %zu tables are noted in %s. Run it again later: then "
                          "it tells which were changed without their version.",
                          sweep->rows, sweep->tables, path);
    if (localtime_r(&before->st_mtime, &tm))
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    return str_printf(arena,
                      "Sweep: %zu rows of %zu tables; of %zu that were there on %s, %zu have a new "
                      "version.",
                      sweep->rows, sweep->tables, sweep->compared, when, sweep->moved);
}

void look_sweep(struct doctor *doctor, struct finding *finding)
{
    const char *path = doctor->options.sweep;
    const char *written = str_printf(&doctor->arena, "%s.new", path).ptr;
    struct sweep sweep = {.doctor = doctor, .finding = finding};
    struct stat info = {0};
    buf_init(&sweep.keys, &doctor->arena, (size_t)64 * 1024);
    if (open_before(&sweep, path) && open_now(&sweep, written)) {
        if (sweep.before)
            (void)fstat(fileno(sweep.before), &info);
        if (sweep_tables(&sweep) && finish(&sweep, written, path))
            doctor->sweep_note = note(&sweep, path, &info);
        else if (sweep.broken)
            fault(&sweep, written, "cannot be written: is the disk full?");
        if (finding->unseen.ptr)
            (void)unlink(written);
    }
    if (sweep.now)
        (void)fclose(sweep.now);
    if (sweep.before)
        (void)fclose(sweep.before);
    free(sweep.line.text);
}
