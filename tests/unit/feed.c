#include "feed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

#define CATALOG_COLUMNS (sizeof(struct feed_column) / sizeof(const char *))

struct answer feed_answer(struct arena *arena, size_t rows, size_t columns,
                          const char *const *cells)
{
    struct answer answer = {.rows = rows, .columns = columns, .affected = rows};
    answer.cells = ARENA_ARRAY(arena, rows * columns + 1, struct str);
    for (size_t i = 0; i < rows * columns; i++)
        answer.cells[i] = str_from(cells[i]);
    return answer;
}

static const char * or (const char *text, const char *standard)
{
    return text ? text : standard;
}

static struct feed_column usual(struct feed_column column)
{
    column.table = or (column.table, "articles");
    column.estimate = or (column.estimate, "10");
    column.may_delete = or (column.may_delete, "t");
    column.security = or (column.security, "f");
    column.base_type = or (column.base_type, column.type);
    column.typname = or (column.typname, column.type);
    column.typtype = or (column.typtype, "b");
    column.category = or (column.category, "U");
    column.typmod = or (column.typmod, "-1");
    column.not_null = or (column.not_null, "f");
    column.identity = or (column.identity, "");
    column.generated = or (column.generated, "");
    column.can_select = or (column.can_select, "t");
    column.recorded = or (column.recorded, "f");
    column.can_insert = or (column.can_insert, "t");
    column.can_update = or (column.can_update, "t");
    column.key = or (column.key, "0");
    return column;
}

struct catalog *feed_catalog(struct arena *arena, const struct feed_column *columns, size_t count,
                             const struct settings *settings)
{
    static const char *const schema[] = {"t", "t", "t", "t", "t", "t", "f"};
    struct feed_column *rows = ARENA_ARRAY(arena, count + 1, struct feed_column);
    for (size_t i = 0; i < count; i++)
        rows[i] = usual(columns[i]);
    struct answer tables = feed_answer(arena, count, CATALOG_COLUMNS, (const char **)rows);
    struct answer about = feed_answer(arena, 1, sizeof schema / sizeof *schema, schema);
    return catalog_build(&tables, &about, settings);
}

struct str feed_sql(const struct talk *talk, size_t index)
{
    if (index >= talk->asked_count)
        abort();
    return (struct str){talk->asked[index].sql, talk->asked[index].sql_len};
}

struct str feed_value(const struct talk *talk, size_t index, size_t n)
{
    if (index >= talk->asked_count || n == 0 || n > talk->asked[index].value_count)
        abort();
    return str_from(talk->asked[index].values[n - 1]);
}

void feed_failure(struct talk *talk, const char *sqlstate, const char *table,
                  const char *constraint)
{
    talk->failed = true;
    talk->error = (struct db_error){
        .reason = sqlstate_reason(sqlstate),
        .message = STR("what PostgreSQL says"),
        .table = str_from(table),
        .constraint = str_from(constraint),
    };
    memcpy(talk->error.sqlstate, sqlstate, strlen(sqlstate) + 1);
}

void feed_then(struct talk *talk)
{
    void (*then)(void *) = talk->then;
    talk->then = NULL;
    talk->told.round_trips++;
    talk->answer_count = talk->asked_count;
    then(talk->ctx);
}

bool feed_aborts(void (*func)(void *arg), void *arg)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        static const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        func(arg);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
