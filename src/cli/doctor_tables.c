#include "cli/doctor_core.h"

#include "base/banned.h"

/* Only where the function is there. */
#define PROTECT " CASE WHEN installed THEN format('SELECT pg409.protect(%L)', shown) END"

/* One number from a statement made of names: query_to_xml() runs it, and without a function of our
 * own nothing else does. */
#define NUMBER(statement)                                                                          \
    "(xpath('//n/text()', query_to_xml(" statement ", false, false, '')))[1]::text::numeric"

#define TRIGGER_OFF "t.tgname = 'zz_pg409_version' AND t.tgenabled NOT IN ('O', 'A')"

void ask_without_key(struct sql *sql)
{
    sql_raw(sql, " SELECT shown FROM tables WHERE key IS NULL ORDER BY 1");
}

void ask_unprotected(struct sql *sql)
{
    sql_raw(sql, " SELECT shown," PROTECT " FROM said, tables WHERE installed AND key IS NOT NULL"
                 " AND guarded IS NULL ORDER BY 1");
}

void ask_trigger_off(struct sql *sql)
{
    sql_raw(sql, " SELECT shown," PROTECT " FROM said, tables JOIN pg_trigger t"
                 " ON t.tgrelid = tables.oid WHERE " TRIGGER_OFF " ORDER BY 1");
}

/* Triggers run in the order of their names. 1: for each row, 2: before, 16: on update. */
void ask_trigger_after(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s of %s', quote_ident(t.tgname), shown) FROM tables"
                 " JOIN pg_trigger t ON t.tgrelid = tables.oid WHERE guarded IS NOT NULL"
                 " AND t.tgtype & 19 = 19 AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
                 " AND t.tgname::text COLLATE \"C\" > 'zz_pg409_version' ORDER BY 1");
}

void ask_rules(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s of %s', quote_ident(r.rulename), shown) FROM tables"
                 " JOIN pg_rewrite r ON r.ev_class = tables.oid WHERE r.ev_type IN ('2', '3', '4')"
                 " AND r.ev_enabled <> 'D' ORDER BY 1");
}

void ask_unusable(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s.%s is %s%s', shown, quote_ident(a.attname),"
                 " format_type(a.atttypid, NULL), CASE WHEN a.attgenerated <> '' THEN ', and"
                 " computed' WHEN a.attidentity <> '' THEN ', and an identity' WHEN a.attnum = ANY"
                 " (t.key) THEN ', and in the key' ELSE '' END) FROM said CROSS JOIN tables t"
                 " JOIN pg_attribute a ON a.attrelid = t.oid AND NOT a.attisdropped"
                 " WHERE a.attname = ANY (version_columns)"
                 " AND NOT EXISTS (SELECT FROM versions v WHERE v.oid = t.oid) ORDER BY 1");
}

void ask_coarse(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s.%s keeps %s digits of a second', shown,"
                 " quote_ident(attname), atttypmod),"
                 " format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', shown, attname,"
                 " format_type(atttypid, -1)) || CASE WHEN guarded IS NULL THEN ''"
                 " ELSE format(E'\\x1eSELECT pg409.protect(%L)', shown) END FROM versions"
                 " WHERE stamp AND atttypmod BETWEEN 0 AND 5 ORDER BY 1");
}

void ask_without_zone(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s.%s', shown, quote_ident(attname)) FROM versions"
                 " WHERE atttypid = 'timestamp'::regtype ORDER BY 1");
}

void ask_nullable(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s.%s may be NULL', shown, quote_ident(attname))," PROTECT
                 " FROM said, versions WHERE NOT attnotnull ORDER BY 1");
}

void ask_small(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s.%s is smallint', shown, quote_ident(attname)),"
                 " format('ALTER TABLE %s ALTER COLUMN %I TYPE integer', shown, attname)"
                 " || CASE WHEN guarded IS NULL THEN ''"
                 " ELSE format(E'\\x1eSELECT pg409.protect(%L)', shown) END FROM versions"
                 " WHERE atttypid = 'int2'::regtype ORDER BY 1");
}

void ask_null_rows(struct sql *sql)
{
    sql_raw(
        sql,
        ", counted AS (SELECT versions.*, " NUMBER(
            "format('SELECT count(*) AS n FROM %s"
            " WHERE %I IS NULL', shown, attname)") " AS n FROM versions"
                                                   " WHERE NOT attnotnull AND "
                                                   "has_column_privilege(oid, attnum, 'SELECT'))"
                                                   " SELECT format('%s of %s', n, shown)," PROTECT
                                                   " FROM said, counted WHERE n > 0 ORDER BY 1");
}

void ask_future(struct sql *sql)
{
    sql_raw(sql,
            ", counted AS (SELECT versions.*, " NUMBER(
                "format('SELECT count(*) AS n FROM %s WHERE %I > %s + interval ''1 minute''',"
                " shown, attname, CASE atttypid WHEN 'timestamp'::regtype"
                " THEN 'timezone(''UTC'', now())' ELSE 'now()' END)") " AS n FROM versions"
                                                                      " WHERE stamp AND "
                                                                      "has_column_privilege(oid, "
                                                                      "attnum, 'SELECT'))"
                                                                      " SELECT format('%s of %s', "
                                                                      "n, shown) FROM counted "
                                                                      "WHERE n > 0 ORDER BY 1");
}

/* At nine tenths of what the type holds. */
void ask_worn(struct sql *sql)
{
    sql_raw(sql, ", largest AS (SELECT versions.*, CASE atttypid WHEN 'int2'::regtype THEN 32767"
                 " ELSE 2147483647 END AS most, " NUMBER(
                     "format('SELECT max(%I) AS n FROM %s', attname, "
                     "shown)") " AS n FROM versions WHERE atttypid IN "
                               "('int2'::regtype, 'int4'::regtype)"
                               " AND has_column_privilege(oid, attnum, "
                               "'SELECT'))"
                               " SELECT format('%s.%s has come to %s of "
                               "%s', shown, quote_ident(attname), n,"
                               " most), format('ALTER TABLE %s ALTER "
                               "COLUMN %I TYPE bigint', shown, attname)"
                               " || CASE WHEN guarded IS NULL THEN ''"
                               " ELSE format(E'\\x1eSELECT "
                               "pg409.protect(%L)', shown) END"
                               " FROM largest WHERE n > most * 0.9 "
                               "ORDER BY 1");
}

void ask_version_index(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s (about %s rows) by %s', shown, reltuples::bigint,"
                 " quote_ident(attname)), format('CREATE INDEX ON %s (%I)', shown, attname)"
                 " FROM versions WHERE stamp AND reltuples >= 10000"
                 " AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = versions.oid"
                 " AND i.indkey[0] = attnum) ORDER BY 1");
}

/* PostgreSQL looks for rows that refer to one that is deleted, row by row, while it holds locks. */
void ask_reference_index(struct sql *sql)
{
    sql_raw(sql,
            ", lists AS (SELECT shown, k.oid, k.confrelid, string_agg(quote_ident(a.attname), ', '"
            " ORDER BY u.n) AS list FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid"
            " CROSS JOIN unnest(k.conkey) WITH ORDINALITY u (attnum, n)"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.attnum"
            " WHERE k.contype = 'f' AND t.reltuples >= 1000 AND NOT EXISTS (SELECT FROM pg_index i"
            " WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL"
            " AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)"
            " GROUP BY shown, k.oid, k.confrelid)"
            " SELECT format('%s (%s), which refers to %s', shown, list, confrelid::regclass),"
            " format('CREATE INDEX ON %s (%s)', shown, list) FROM lists ORDER BY 1");
}

void ask_invalid_index(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s of %s', i.indexrelid::regclass, shown),"
                 " format('REINDEX INDEX %s', i.indexrelid::regclass) FROM tables t"
                 " JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid"
                 " WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1");
}
