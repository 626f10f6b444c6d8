#include "edit/advice.h"

#include <stdlib.h>

#include "edit/row.h"

#include "base/banned.h"

#define FEW 5   /* conflicts of a table below which nothing is said about it */
#define MOST 60 /* percent that count as "most" */
#define HALF 50
#define LITTLE 20
#define AGAIN 3 /* refusals for one edit that look like a loop */

struct finding {
    struct arena *arena;
    const struct answer *answers;
    bool merges;
    struct advice *advice;
    size_t count;
    /* of the table that is looked at */
    const struct table *table;
    size_t row; /* in REPORT_TABLES */
    uint64_t conflicts;
};

static uint64_t of_table(const struct finding *finding, enum report_table column)
{
    return report_number(&finding->answers[REPORT_TABLES], finding->row, column);
}

static uint64_t percent(uint64_t part, uint64_t whole)
{
    return whole ? (100 * part + whole / 2) / whole : 0;
}

static void add(struct finding *finding, const char *code, uint64_t part, struct str text,
                struct str cure)
{
    struct advice *last = &finding->advice[ADVICE_MOST - 1];
    struct advice *place = finding->count < ADVICE_MOST ? &finding->advice[finding->count++] : last;
    if (place == last && finding->count == ADVICE_MOST && last->code && last->part >= part)
        return;
    *place = (struct advice){.code = code,
                             .table = finding->table,
                             .text = text,
                             .cure = cure,
                             .part = part,
                             .whole = finding->conflicts};
}

static bool is_mine(const struct finding *finding, const struct answer *answer, size_t row)
{
    struct str name = row_table_text(finding->arena, finding->table);
    return str_eq(answer_cell(answer, row, 0), name);
}

/* The first row of that group that is about the table; SIZE_MAX when there is none. */
static size_t first_of(const struct finding *finding, enum report_group group)
{
    const struct answer *answer = &finding->answers[group];
    for (size_t row = 0; row < answer->rows; row++)
        if (is_mine(finding, answer, row))
            return row;
    return SIZE_MAX;
}

/* ", most at 02:00 by cron-import", as far as it is so; STR("") otherwise. */
static struct str by_whom(const struct finding *finding)
{
    const struct answer *answer = &finding->answers[REPORT_FIRSTS];
    size_t row = first_of(finding, REPORT_FIRSTS);
    if (row == SIZE_MAX || percent(report_number(answer, row, 2), finding->conflicts) < HALF)
        return STR("");
    struct str user = answer_cell(answer, row, 1);
    bool hourly = percent(report_number(answer, row, 4), report_number(answer, row, 2)) >= MOST;
    if (hourly)
        return str_printf(finding->arena, ", most at %02llu:00 UTC by %.*s",
                          (unsigned long long)report_number(answer, row, 3), STR_ARG(user));
    return str_printf(finding->arena, ", most by %.*s", STR_ARG(user));
}

static void add_literal(struct buf *buf, struct str text)
{
    buf_char(buf, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_char(buf, '\'');
        buf_char(buf, text.ptr[i]);
    }
    buf_char(buf, '\'');
}

/* COMMENT ON COLUMN ..., with what the comment says for people kept. */
static struct str comment(const struct finding *finding, const struct column *column,
                          const char *policy)
{
    struct sql sql;
    struct str words = column->comment.len ? column->comment : STR("");
    sql_init(&sql, finding->arena);
    sql_raw(&sql, "COMMENT ON COLUMN ");
    sql_name(&sql, finding->table->schema, finding->table->name);
    sql_raw(&sql, ".");
    sql_ident(&sql, column->name);
    sql_raw(&sql, " IS ");
    add_literal(&sql.text, str_printf(finding->arena, "%.*s%spg409: %s", STR_ARG(words),
                                      words.len ? " " : "", policy));
    sql_raw(&sql, ";");
    return buf_slice(&sql.text);
}

static struct str shares(const struct finding *finding, const struct column *column, uint64_t part)
{
    struct str whom = by_whom(finding);
    return str_printf(finding->arena, "%llu %% of the conflicts on %.*s are in %.*s%.*s",
                      (unsigned long long)percent(part, finding->conflicts),
                      STR_ARG(finding->table->name), STR_ARG(column->name), STR_ARG(whom));
}

/* Others change the column under people who do not touch it. */
static void background(struct finding *finding, const struct column *column, uint64_t theirs)
{
    bool named = by_whom(finding).len > 0;
    if (column->policy.kind == POLICY_IGNORE)
        return;
    struct str words = shares(finding, column, theirs);
    add(finding, "column-ignore", theirs,
        str_printf(finding->arena,
                   "%.*s, and hardly anybody who was stopped had touched it. Mark %.*s “ignore”, "
                   "so that it stops nobody%s.",
                   STR_ARG(words), STR_ARG(column->name),
                   named ? ", or let that program send the version it read" : ""),
        comment(finding, column, "ignore"));
}

/* Both sides change the same column. */
static void same_column(struct finding *finding, const struct column *column, uint64_t theirs)
{
    struct arena *arena = finding->arena;
    struct str words = shares(finding, column, theirs);
    bool number = column->kind == KIND_INTEGER || column->kind == KIND_NUMERIC;
    if (number && column->policy.kind != POLICY_DELTA)
        add(finding, "column-delta", theirs,
            str_printf(arena,
                       "%.*s, a number that both sides change. If both changes should count, as "
                       "with a stock, mark it “delta”.",
                       STR_ARG(words)),
            comment(finding, column, "merge=delta"));
    else if (column->kind == KIND_ARRAY && column->policy.kind != POLICY_SET)
        add(finding, "column-set", theirs,
            str_printf(arena,
                       "%.*s, a list that both sides change. If it is a set of things, as tags "
                       "are, mark it “set”.",
                       STR_ARG(words)),
            comment(finding, column, "merge=set"));
    else
        add(finding, "column-shared", theirs,
            str_printf(arena,
                       "%.*s. Agree on who looks after it, or split it into smaller parts, so "
                       "that two people need not change the same thing.",
                       STR_ARG(words)),
            STR_NONE);
}

/* True when one column explains most of it. */
static bool about_column(struct finding *finding)
{
    const struct answer *answer = &finding->answers[REPORT_COLUMNS];
    size_t row = first_of(finding, REPORT_COLUMNS); /* they are ordered by what others changed */
    if (row == SIZE_MAX)
        return false;
    const struct column *column = table_column(finding->table, answer_cell(answer, row, 1));
    uint64_t both = report_number(answer, row, 2);
    uint64_t theirs = both + report_number(answer, row, 4);
    if (!column || percent(theirs, finding->conflicts) < MOST)
        return false;
    if (percent(both, theirs) < LITTLE)
        background(finding, column, theirs);
    else if (percent(both, finding->conflicts) >= HALF)
        same_column(finding, column, both);
    else
        return false;
    return true;
}

static void about_person(struct finding *finding)
{
    struct str whom = by_whom(finding);
    size_t row = first_of(finding, REPORT_FIRSTS);
    if (!whom.len)
        return;
    uint64_t part = report_number(&finding->answers[REPORT_FIRSTS], row, 2);
    add(finding, "one-writer", part,
        str_printf(finding->arena,
                   "%llu %% of the conflicts on %.*s have one cause%.*s. If that is a program, let "
                   "it run when nobody edits, and change only the columns that it needs.",
                   (unsigned long long)percent(part, finding->conflicts),
                   STR_ARG(finding->table->name), STR_ARG(whom)),
        STR_NONE);
}

static void about_merging(struct finding *finding)
{
    uint64_t apart = of_table(finding, TABLE_APART);
    if (finding->merges || percent(apart, finding->conflicts) < MOST)
        return;
    add(finding, "auto-merge", apart,
        str_printf(finding->arena,
                   "In %llu of %llu conflicts on %.*s the two sides changed different columns. "
                   "With auto_merge they are saved at once, and the answer says what was merged.",
                   (unsigned long long)apart, (unsigned long long)finding->conflicts,
                   STR_ARG(finding->table->name)),
        STR("auto_merge = columns"));
}

static void about_row(struct finding *finding)
{
    const struct answer *answer = &finding->answers[REPORT_ROWS];
    size_t row = first_of(finding, REPORT_ROWS);
    if (row == SIZE_MAX)
        return;
    uint64_t part = report_number(answer, row, 2);
    struct str key = report_key(finding->arena, answer_cell(answer, row, 1));
    if (part < FEW || percent(part, finding->conflicts) < HALF)
        return;
    add(finding, "one-row", part,
        str_printf(finding->arena,
                   "%llu %% of the conflicts on %.*s are about one row, %.*s. If many have to "
                   "change it, let each add a row of their own instead, or count in a “delta” "
                   "column.",
                   (unsigned long long)percent(part, finding->conflicts),
                   STR_ARG(finding->table->name), STR_ARG(key)),
        STR_NONE);
}

static void about_loops(struct finding *finding)
{
    uint64_t rounds = of_table(finding, TABLE_ROUNDS), programs = of_table(finding, TABLE_PROGRAMS);
    if (rounds < AGAIN * finding->conflicts || percent(programs, finding->conflicts) < HALF)
        return;
    add(finding, "retry-loop", programs,
        str_printf(finding->arena,
                   "Programs sent %llu refused changes of %.*s %llu times, as they were. A refused "
                   "change has to be made again on the row as it is now: see docs/retry.md.",
                   (unsigned long long)finding->conflicts, STR_ARG(finding->table->name),
                   (unsigned long long)rounds),
        STR_NONE);
}

static void about_protection(struct finding *finding)
{
    struct sql sql;
    if (finding->table->protected)
        return;
    sql_init(&sql, finding->arena);
    sql_raw(&sql, "SELECT pg409.protect(");
    struct sql name;
    sql_init(&name, finding->arena);
    sql_name(&name, finding->table->schema, finding->table->name);
    add_literal(&sql.text, buf_slice(&name.text));
    sql_raw(&sql, ");");
    add(finding, "unprotected", finding->conflicts,
        str_printf(finding->arena,
                   "%.*s is not protected: other programs can change it without a new version, "
                   "and then nobody can say when that was. Protect it.",
                   STR_ARG(finding->table->name)),
        buf_slice(&sql.text));
}

static void about_abandoned(struct finding *finding)
{
    uint64_t left = of_table(finding, TABLE_ABANDONED), forms = of_table(finding, TABLE_FORMS);
    if (left < FEW || percent(left, forms) < HALF)
        return;
    add(finding, "abandoned", left,
        str_printf(finding->arena,
                   "%llu of %llu edits of %.*s that were stopped were never finished. Their texts "
                   "are kept: tell people about “Your unfinished edits” on the first page.",
                   (unsigned long long)left, (unsigned long long)forms,
                   STR_ARG(finding->table->name)),
        STR_NONE);
}

static int worse_first(const void *left, const void *right)
{
    const struct advice *a = left, *b = right;
    return a->part < b->part ? 1 : a->part > b->part ? -1 : 0;
}

size_t advice_find(struct arena *arena, const struct catalog *catalog, const struct answer *answers,
                   bool merges, struct advice advice[ADVICE_MOST])
{
    struct finding finding = {.arena = arena,
                              .answers = answers,
                              .merges = merges,
                              .advice = advice};
    const struct answer *tables = &answers[REPORT_TABLES];
    for (finding.row = 0; finding.row < tables->rows; finding.row++) {
        struct str name;
        (void)str_cut(answer_cell(tables, finding.row, TABLE_NAME), '.', &name);
        finding.table = catalog_table(catalog, name);
        finding.conflicts = of_table(&finding, TABLE_CONFLICTS);
        if (!finding.table || finding.conflicts < FEW)
            continue;
        if (!about_column(&finding))
            about_person(&finding);
        about_merging(&finding);
        about_row(&finding);
        about_loops(&finding);
        about_protection(&finding);
        about_abandoned(&finding);
    }
    qsort(advice, finding.count, sizeof *advice, worse_first);
    return finding.count;
}
