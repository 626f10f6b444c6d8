#include "edit/report.h"

#include "edit/row.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

#define MOST_ROWS "10"
#define MOST_LINES "20"
/* Of an edit of hundreds of columns, the first few will do. */
#define COLUMNS_LOOKED_AT "[1:20]"
#define HOUR "extract(hour FROM at AT TIME ZONE 'UTC')::int"
#define LEFT                                                                                       \
    "(resolved_at IS NULL AND at < now() - interval '1 day' AND NOT coalesce(by_program, true))"
/* The median of those that FILTER leaves; closed by ")". */
#define MEDIAN                                                                                     \
    "round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - at))"

struct asking {
    struct talk *talk;
    const struct report_scope *scope;
    struct str tables, open_tables; /* arrays of names; open: without row level security */
};

/* A name inside an array's text. */
static void add_name(struct buf *buf, struct str name)
{
    if (buf->len > 1)
        buf_char(buf, ',');
    buf_char(buf, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\')
            buf_char(buf, '\\');
        buf_char(buf, name.ptr[i]);
    }
    buf_char(buf, '"');
}

static struct str names(struct arena *arena, const struct report_scope *scope, bool open)
{
    struct buf buf;
    const struct catalog *catalog = scope->catalog;
    buf_init(&buf, arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (table->can_select && (!scope->table || table == scope->table) &&
            !(open && table->row_security))
            add_name(&buf, row_table_text(arena, table));
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

/* Midnight of UTC, so many days ago. */
static void since(struct sql *sql, uint64_t days)
{
    sql_raw(sql, "(date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 day' * ");
    sql_number(sql, days - 1);
    sql_raw(sql, ") AT TIME ZONE 'UTC'");
}

static uint64_t recent_days(const struct report_scope *scope)
{
    uint64_t kept = scope->receipt_days ? scope->receipt_days : 1;
    return scope->days < kept ? scope->days : kept;
}

/* "WITH c AS (...)": the conflicts proper, or what was refused for another reason. */
static void begin(struct sql *sql, const struct asking *asking, bool open, bool proper)
{
    sql_init(sql, asking->talk->arena);
    sql_raw(sql, "WITH c AS (SELECT username, table_name, row_key, reason, columns, their_columns,"
                 " other_user, by_program, rounds, at, resolved_at, resolution"
                 " FROM pg409.conflict WHERE at >= ");
    since(sql, asking->scope->days);
    sql_raw(sql, " AND table_name = ANY (");
    sql_typed(sql, open ? asking->open_tables : asking->tables, (struct sql_type){STR("text[]")});
    sql_raw(sql, ")");
    if (proper)
        sql_raw(sql, " AND reason IN ('stale', 'deleted')");
    else
        sql_raw(sql, " AND reason NOT IN ('stale', 'deleted')");
    sql_raw(sql, " ORDER BY at DESC LIMIT ");
    sql_number(sql, REPORT_MOST_CONFLICTS);
    sql_raw(sql, ") ");
}

/* ", s AS (...)": the saves that receipts know of, by table. */
static void saves(struct sql *sql, const struct asking *asking)
{
    sql->text.len--; /* the blank */
    sql_raw(sql, ", s AS (SELECT table_name, count(*) AS saves FROM pg409.receipt WHERE at >= ");
    since(sql, recent_days(asking->scope));
    sql_raw(sql, " AND table_name = ANY (");
    sql_typed(sql, asking->tables, (struct sql_type){STR("text[]")});
    sql_raw(sql, ") GROUP BY 1) ");
}

static void recent(struct sql *sql, const struct asking *asking)
{
    sql_raw(sql, "count(*) FILTER (WHERE at >= ");
    since(sql, recent_days(asking->scope));
    sql_raw(sql, ")");
}

static void totals(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    saves(sql, asking);
    sql_raw(sql, "SELECT count(*), count(*) FILTER (WHERE resolution = 'merged'),"
                 " count(*) FILTER (WHERE resolution NOT IN ('merged', 'dropped')),"
                 " count(*) FILTER (WHERE resolution = 'dropped'),"
                 " count(*) FILTER (WHERE resolved_at IS NULL AND NOT " LEFT "),"
                 " count(*) FILTER (WHERE " LEFT "), " MEDIAN
                 " FILTER (WHERE resolution <> 'merged')), coalesce(sum(rounds), 0),"
                 " count(*) FILTER (WHERE by_program), ");
    recent(sql, asking);
    sql_raw(sql, ", (SELECT coalesce(sum(saves), 0) FROM s) FROM c");
}

static void by_day(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    sql_raw(sql, "SELECT to_char(d, 'YYYY-MM-DD'), coalesce(n, 0), coalesce(merged, 0)"
                 " FROM generate_series(date_trunc('day', now() AT TIME ZONE 'UTC')"
                 " - interval '1 day' * ");
    sql_number(sql, asking->scope->days - 1);
    sql_raw(sql, ", date_trunc('day', now() AT TIME ZONE 'UTC'), interval '1 day') d"
                 " LEFT JOIN (SELECT date_trunc('day', at AT TIME ZONE 'UTC') AS day,"
                 " count(*) AS n, count(*) FILTER (WHERE resolution = 'merged') AS merged"
                 " FROM c GROUP BY 1) g ON day = d ORDER BY d");
}

static void by_table(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    saves(sql, asking);
    sql_raw(sql, "SELECT table_name, count(*), ");
    recent(sql, asking);
    sql_raw(sql, ", coalesce(max(saves), 0),"
                 " count(*) FILTER (WHERE cardinality(their_columns) > 0"
                 " AND cardinality(columns) > 0 AND NOT columns && their_columns),"
                 " sum(rounds), count(*) FILTER (WHERE by_program), count(*) FILTER (WHERE " LEFT
                 "), count(*) FILTER (WHERE resolution = 'merged'),"
                 " count(*) FILTER (WHERE NOT by_program)"
                 " FROM c LEFT JOIN s USING (table_name) GROUP BY 1"
                 " ORDER BY 2 DESC, 1 LIMIT " MOST_LINES);
}

static void by_column(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    sql_raw(sql, "SELECT table_name, name, count(*) FILTER (WHERE mine AND theirs),"
                 " count(*) FILTER (WHERE NOT theirs), count(*) FILTER (WHERE NOT mine)"
                 " FROM (SELECT table_name, name, name = ANY (columns) AS mine,"
                 " name = ANY (their_columns) AS theirs FROM c, unnest(ARRAY(SELECT unnest("
                 "columns" COLUMNS_LOOKED_AT ") UNION SELECT unnest(their_columns" COLUMNS_LOOKED_AT
                 "))) name WHERE their_columns IS NOT NULL) x"
                 " GROUP BY 1, 2 ORDER BY count(*) FILTER (WHERE theirs) DESC, count(*) DESC, 1, 2"
                 " LIMIT 50");
}

static void by_pair(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    sql_raw(sql,
            "SELECT table_name, mine, theirs, count(*) FROM c, unnest(columns" COLUMNS_LOOKED_AT
            ") mine, unnest(their_columns" COLUMNS_LOOKED_AT ") theirs"
            " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT " MOST_LINES);
}

static void by_row(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, true, true);
    sql_raw(sql, "SELECT table_name, row_key, count(*),"
                 " to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                 " FROM c WHERE row_key IS NOT NULL GROUP BY 1, 2"
                 " ORDER BY 3 DESC, 4 DESC LIMIT " MOST_ROWS);
}

static void by_person(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, true, true);
    sql_raw(sql, "SELECT who, sum(refused), sum(first) FROM (SELECT username AS who, 1 AS refused,"
                 " 0 AS first FROM c UNION ALL SELECT other_user, 0, 1 FROM c) x"
                 " GROUP BY 1 ORDER BY sum(refused) + sum(first) DESC, 1 LIMIT " MOST_LINES);
}

static void by_hour(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    sql_raw(sql, "SELECT h, coalesce(n, 0) FROM generate_series(0, 23) h LEFT JOIN"
                 " (SELECT " HOUR " AS hour, count(*) AS n FROM c GROUP BY 1) g ON hour = h"
                 " ORDER BY h");
}

static void by_end(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, true);
    sql_raw(sql, "SELECT CASE WHEN " LEFT " THEN 'abandoned' ELSE coalesce(resolution, 'open') END,"
                 " count(*), " MEDIAN ") FROM c GROUP BY 1 ORDER BY 2 DESC, 1");
}

static void by_reason(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, false, false);
    sql_raw(sql, "SELECT reason, count(*) FROM c GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT " MOST_LINES);
}

static void by_first(struct sql *sql, const struct asking *asking)
{
    begin(sql, asking, true, true);
    sql_raw(sql,
            "SELECT table_name, other_user, sum(n), (array_agg(hour ORDER BY n DESC, hour))[1],"
            " max(n) FROM (SELECT table_name, other_user, " HOUR " AS hour, count(*) AS n"
            " FROM c WHERE other_user IS NOT NULL GROUP BY 1, 2, 3) x"
            " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT " MOST_LINES);
}

static const struct {
    const char *name;
    void (*write)(struct sql *sql, const struct asking *asking);
} groups[REPORT_GROUPS] = {
    [REPORT_TOTALS] = {"", totals},        [REPORT_DAYS] = {"day", by_day},
    [REPORT_TABLES] = {"table", by_table}, [REPORT_COLUMNS] = {"column", by_column},
    [REPORT_PAIRS] = {"pair", by_pair},    [REPORT_ROWS] = {"row", by_row},
    [REPORT_PEOPLE] = {"user", by_person}, [REPORT_HOURS] = {"hour", by_hour},
    [REPORT_ENDS] = {"end", by_end},       [REPORT_REASONS] = {"reason", by_reason},
    [REPORT_FIRSTS] = {"", by_first},
};

void report_ask(struct talk *talk, const struct report_scope *scope)
{
    struct asking asking = {
        .talk = talk,
        .scope = scope,
        .tables = names(talk->arena, scope, false),
        .open_tables = names(talk->arena, scope, true),
    };
    for (size_t i = 0; i < REPORT_GROUPS; i++) {
        struct sql sql;
        groups[i].write(&sql, &asking);
        sql_ask(&sql, talk);
    }
    talk->repeatable = true;
}

const char *report_name(enum report_group group)
{
    return groups[group].name;
}

uint64_t report_number(const struct answer *answer, size_t row, size_t column)
{
    uint64_t number = 0;
    struct str cell = answer_cell(answer, row, column);
    return !cell.ptr || str_to_u64(cell, INT64_MAX, &number) ? 0 : number;
}

struct str report_key(struct arena *arena, struct str text)
{
    struct json_value key, *items;
    struct str values[MAX_KEY];
    struct buf buf;
    size_t at, count;
    if (!text.ptr || json_parse(arena, text, 2, &key, &at) ||
        json_items(arena, &key, MAX_KEY, &items, &count))
        return STR_NONE;
    for (size_t i = 0; i < count; i++)
        values[i] = items[i].text;
    buf_init(&buf, arena, SIZE_MAX / 4);
    url_key(&buf, values, count);
    return buf_slice(&buf);
}
