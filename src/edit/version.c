#include "edit/version.h"

#include <string.h>

#include "wire/http.h"

#include "base/banned.h"

static bool is_time(const struct table *table)
{
    return table->version_kind == VERSION_TIMESTAMPTZ || table->version_kind == VERSION_TIMESTAMP;
}

static bool is_whole_number(struct str text)
{
    uint64_t number;
    if (str_starts(text, STR("-")))
        text = str_skip(text, 1);
    return str_to_u64(text, INT64_MAX, &number) == ERR_NONE;
}

static bool is_infinite(struct str text)
{
    return str_is(text, "infinity") || str_is(text, "-infinity");
}

/*
 * What PostgreSQL can keep and RFC 3339 cannot say: infinity, years before 1 and
 * after 9999. Such a value travels as PostgreSQL writes it, behind a '='.
 */
static bool is_beyond(struct str text)
{
    size_t digits = 0;
    if (is_infinite(text))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789-:+. BC", text.ptr[i]))
            return false;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    return text.len <= 64 && digits >= 4 && str_find(text, STR(":")) != SIZE_MAX &&
           (digits > 4 || str_ends(text, STR(" BC")));
}

/* The canonical text of a value of the version column; STR_NONE when it cannot be one. */
static struct str canonical(struct arena *arena, const struct table *table, struct str text,
                            unsigned *digits)
{
    int64_t micros;
    int fraction;
    struct buf buf;
    if (!is_time(table))
        return is_whole_number(text) ? text : STR_NONE;
    bool naive = table->version_kind == VERSION_TIMESTAMP;
    if (http_instant(text, naive, &micros, &fraction) != ERR_NONE)
        return STR_NONE;
    *digits = (unsigned)fraction;
    buf_init(&buf, arena, 64);
    http_instant_write(&buf, micros);
    return buf_slice(&buf);
}

struct version version_of(struct arena *arena, const struct table *table, struct str column,
                          struct str xmin)
{
    struct version version = {.xmin = xmin, .digits = 6};
    version.bare = table->version_kind == VERSION_XMIN;
    if (version.bare || !column.ptr)
        return version;
    version.column = canonical(arena, table, column, &version.digits);
    if (!version.column.ptr && is_beyond(column))
        version.column = column;
    version.digits = 6;
    if (version.column.ptr && table->protected)
        version.xmin = STR_NONE;
    return version;
}

struct str version_token(struct arena *arena, struct version version)
{
    const char *mark = is_beyond(version.column) ? "=" : "";
    if (version.bare)
        return version.xmin;
    if (!version.column.ptr)
        return version.xmin.ptr ? str_printf(arena, "null~%.*s", STR_ARG(version.xmin)) : STR_NONE;
    if (!version.xmin.ptr && !*mark)
        return version.column;
    if (!version.xmin.ptr)
        return str_printf(arena, "=%.*s", STR_ARG(version.column));
    return str_printf(arena, "%s%.*s~%.*s", mark, STR_ARG(version.column), STR_ARG(version.xmin));
}

enum err version_parse(struct arena *arena, const struct table *table, struct str token,
                       struct version *version)
{
    struct str xmin, column = str_cut(token, '~', &xmin);
    uint64_t number;
    *version = (struct version){.digits = 6, .bare = table->version_kind == VERSION_XMIN};
    if (version->bare && !xmin.ptr) {
        xmin = column;
        column = STR("null");
    }
    if (xmin.ptr && str_to_u64(xmin, UINT32_MAX, &number) != ERR_NONE)
        return ERR_SYNTAX;
    version->xmin = xmin;
    if (str_is(column, "null"))
        return xmin.ptr ? ERR_NONE : ERR_SYNTAX;
    if (version->bare)
        return ERR_SYNTAX;
    if (str_starts(column, STR("=")) && is_time(table) && is_beyond(str_skip(column, 1)))
        version->column = str_skip(column, 1);
    else
        version->column = canonical(arena, table, column, &version->digits);
    return version->column.ptr ? ERR_NONE : ERR_SYNTAX;
}

static bool same_xmin(struct version a, struct version b)
{
    return !a.xmin.ptr || !b.xmin.ptr || str_eq(a.xmin, b.xmin);
}

bool version_same(struct version a, struct version b)
{
    return str_eq(a.column, b.column) && same_xmin(a, b);
}

bool version_cut_short(struct version yours, struct version current)
{
    /* 2026-11-22T07:49:00.123456Z: the seconds end at byte 19, the digits start at 20 */
    size_t keep = yours.digits ? 20 + yours.digits : 19;
    if (yours.digits >= 6 || yours.column.len != current.column.len || yours.column.len < 27)
        return false;
    return memcmp(yours.column.ptr, current.column.ptr, keep) == 0 &&
           !str_eq(yours.column, current.column) && same_xmin(yours, current);
}

static void column_of(struct sql *sql, struct str alias, struct str name)
{
    if (alias.len)
        sql_name(sql, alias, name);
    else
        sql_ident(sql, name);
}

static void xmin_of(struct sql *sql, struct str alias)
{
    if (alias.len) {
        sql_ident(sql, alias);
        sql_raw(sql, ".");
    }
    sql_raw(sql, "xmin::text");
}

void version_select(struct sql *sql, const struct table *table, struct str alias)
{
    if (table->version) {
        column_of(sql, alias, table->version->name);
        sql_raw(sql, "::text AS _v, ");
    } else {
        sql_raw(sql, "NULL::text AS _v, ");
    }
    if (table->version && table->protected && table->version->not_null)
        sql_raw(sql, "NULL::text");
    else
        xmin_of(sql, alias);
    sql_raw(sql, " AS _x");
}

void version_text(struct sql *sql, const struct table *table, struct str alias)
{
    if (table->version) {
        sql_raw(sql, "coalesce(");
        column_of(sql, alias, table->version->name);
        sql_raw(sql, "::text, 'null')");
    } else {
        sql_raw(sql, "'null'");
    }
    if (!table->protected) {
        sql_raw(sql, " || '~' || ");
        xmin_of(sql, alias);
    }
}

/* The version column as the token has it; NULL where the column is NULL. */
static void column_token(struct sql *sql, const struct table *table, struct str alias)
{
    struct str name = table->version->name;
    if (!is_time(table)) {
        column_of(sql, alias, name);
        sql_raw(sql, "::text");
        return;
    }
    sql_raw(sql, "CASE WHEN ");
    column_of(sql, alias, name);
    sql_raw(sql, " >= '0001-01-01' AND ");
    column_of(sql, alias, name);
    sql_raw(sql, " < '10000-01-01' THEN to_char(");
    column_of(sql, alias, name);
    sql_raw(sql, ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') ELSE '=' || ");
    column_of(sql, alias, name);
    sql_raw(sql, "::text END");
}

void version_token_sql(struct sql *sql, const struct table *table, struct str alias)
{
    bool nullable = table->version && !(table->protected && table->version->not_null);
    if (!table->version) {
        xmin_of(sql, alias);
        return;
    }
    if (nullable)
        sql_raw(sql, "coalesce(");
    column_token(sql, table, alias);
    if (nullable)
        sql_raw(sql, ", 'null'");
    if (nullable && table->protected) {
        sql_raw(sql, " || '~' || ");
        xmin_of(sql, alias);
    }
    if (nullable)
        sql_raw(sql, ")");
    if (!table->protected) {
        sql_raw(sql, " || '~' || ");
        xmin_of(sql, alias);
    }
}

/* As the column's type reads it: a timestamp without time zone has no Z. */
static struct str stored_form(const struct table *table, struct str text)
{
    if (table->version_kind == VERSION_TIMESTAMP && str_ends(text, STR("Z")))
        text.len--;
    return text;
}

void version_value(struct sql *sql, const struct table *table, struct version version)
{
    sql_typed(sql, stored_form(table, version.column), table->version->base_type);
}

void version_condition(struct sql *sql, const struct table *table, struct version version)
{
    if (version.column.ptr) {
        sql_ident(sql, table->version->name);
        sql_raw(sql, " = ");
        version_value(sql, table, version);
    }
    if (version.column.ptr && version.xmin.ptr)
        sql_raw(sql, " AND ");
    if (version.xmin.ptr) {
        sql_raw(sql, "xmin = ");
        sql_typed(sql, version.xmin, (struct sql_type){STR("xid")});
    }
}

/* The smallest step that the column can show, as an interval. */
static void step(struct sql *sql, const struct table *table)
{
    uint64_t micros = 1;
    for (unsigned digits = table->version->digits; digits < 6; digits++)
        micros *= 10;
    sql_raw(sql, "interval '");
    sql_number(sql, micros);
    sql_raw(sql, " microseconds'");
}

static void old_version(struct sql *sql, const struct table *table, struct version version)
{
    if (!version.column.ptr) {
        sql_ident(sql, table->version->name);
        return;
    }
    sql_typed(sql, stored_form(table, version.column), table->version->base_type);
}

void version_advance(struct sql *sql, const struct table *table, struct version version, bool any)
{
    if (table->version_kind == VERSION_XMIN || !table->version->can_update)
        return;
    sql_raw(sql, ", ");
    sql_ident(sql, table->version->name);
    sql_raw(sql, " = ");
    bool from_row = any || !version.column.ptr || is_infinite(version.column);
    if (table->version_kind == VERSION_INTEGER && from_row) {
        sql_raw(sql, "coalesce(");
        sql_ident(sql, table->version->name);
        sql_raw(sql, ", 0) + 1");
        return;
    }
    if (table->version_kind == VERSION_INTEGER) {
        old_version(sql, table, version);
        sql_raw(sql, " + 1");
        return;
    }
    if (table->version_kind == VERSION_TIMESTAMPTZ)
        sql_raw(sql, "greatest(now(), ");
    else
        sql_raw(sql, "greatest(now() AT TIME ZONE 'UTC', ");
    if (from_row)
        sql_raw(sql, "nullif(nullif(");
    if (from_row)
        version.column = STR_NONE;
    old_version(sql, table, version);
    if (from_row)
        sql_raw(sql, ", 'infinity'), '-infinity')");
    sql_raw(sql, " + ");
    step(sql, table);
    sql_raw(sql, ")");
}
