#include "edit/catalog.h"

#include "base/banned.h"

/* The column that the trigger of a protected table keeps. */
#define GUARDED                                                                                    \
    " (SELECT convert_from(substr(t.tgargs, 1, length(t.tgargs) - 1), 'UTF8')"                     \
    " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"                                        \
    " JOIN pg_namespace pn ON pn.oid = p.pronamespace"                                             \
    " WHERE t.tgrelid = c.oid AND t.tgname = 'zz_pg409_version' AND t.tgnargs = 1"                 \
    " AND t.tgenabled IN ('O', 'A') AND pn.nspname = 'pg409') AS guarded,"

/* Whether the trigger that keeps the history is there, and on. */
#define RECORDED                                                                                   \
    " EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"                       \
    " JOIN pg_namespace pn ON pn.oid = p.pronamespace WHERE t.tgrelid = c.oid"                     \
    " AND t.tgname = 'zz_pg409_history' AND t.tgenabled IN ('O', 'A')"                             \
    " AND pn.nspname = 'pg409') AS recorded,"

/*
 * A row a column, in the order of names; what belongs to the table stands in
 * each of its rows. Its column list is mirrored by the enum in catalog.c.
 */
static void ask_tables(struct talk *talk, const struct settings *settings)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(
        &sql,
        "WITH tables AS MATERIALIZED ("
        " SELECT c.oid, c.relname, c.relnamespace, obj_description(c.oid, 'pg_class') AS note,"
        " c.reltuples::bigint AS estimate, has_table_privilege(c.oid, 'DELETE') AS may_delete,"
        " row_security_active(c.oid) AS security," GUARDED RECORDED
        " (SELECT string_agg(concat_ws(E'\\x1f', ic.relname, (SELECT string_agg(ua.attname,"
        " E'\\x1f' ORDER BY u.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(k, n)"
        " JOIN pg_attribute ua ON ua.attrelid = c.oid AND ua.attnum = u.k"
        " AND u.n <= i.indnkeyatts)), E'\\x1e')"
        " FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid"
        " WHERE i.indrelid = c.oid AND i.indisunique AND i.indexprs IS NULL) AS uniques,"
        " (SELECT string_agg(concat_ws(E'\\x1f', k.conname, fc.relname,"
        " (SELECT string_agg(concat_ws(E'\\x1f', ka.attname, fa.attname), E'\\x1f' ORDER BY u.n)"
        " FROM unnest(k.conkey, k.confkey) WITH ORDINALITY u(here, there, n)"
        " JOIN pg_attribute ka ON ka.attrelid = c.oid AND ka.attnum = u.here"
        " JOIN pg_attribute fa ON fa.attrelid = fc.oid AND fa.attnum = u.there)),"
        " E'\\x1e' ORDER BY k.conname) FROM pg_constraint k JOIN pg_class fc"
        " ON fc.oid = k.confrelid AND fc.relnamespace = c.relnamespace"
        " WHERE k.conrelid = c.oid AND k.contype = 'f') AS foreigns,"
        " (SELECT k.conkey FROM pg_constraint k"
        " WHERE k.conrelid = c.oid AND k.contype = 'p') AS primary_key"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ");
    sql_value(&sql, settings->schema);
    sql_raw(
        &sql,
        ") SELECT c.relname, c.note, c.estimate, c.may_delete, c.security, c.guarded, c.recorded, "
        "c.uniques,"
        " c.foreigns, a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, -1),"
        " b.typname, b.typtype, b.typcategory, a.atttypmod, a.attnotnull,"
        " pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,"
        " col_description(c.oid, a.attnum),"
        " has_column_privilege(c.oid, a.attnum, 'SELECT'),"
        " has_column_privilege(c.oid, a.attnum, 'INSERT'),"
        " has_column_privilege(c.oid, a.attnum, 'UPDATE'),"
        " coalesce(array_position(c.primary_key, a.attnum), 0),"
        " CASE WHEN b.typtype = 'e' THEN (SELECT string_agg(e.enumlabel, E'\\x1f'"
        " ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) END,"
        " f.relname, f.attname"
        " FROM tables c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid"
        " JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END"
        " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        " LEFT JOIN LATERAL (SELECT fc.relname, fa.attname FROM pg_constraint k"
        " JOIN pg_class fc ON fc.oid = k.confrelid AND fc.relnamespace = c.relnamespace"
        " JOIN pg_attribute fa ON fa.attrelid = fc.oid AND fa.attnum = k.confkey[1]"
        " WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]"
        " ORDER BY k.conname LIMIT 1) f ON true"
        " ORDER BY c.relname::text COLLATE \"C\", a.attnum");
    sql_ask(&sql, talk);
}

/* What of the schema pg409 is there and may be used. */
static void ask_schema(struct talk *talk)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql,
            "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'receipt'"
            " AND has_schema_privilege(n.oid, 'USAGE')"
            " AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')),"
            " EXISTS (SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'pg409' AND p.proname = 'row_exists'"
            " AND has_schema_privilege(n.oid, 'USAGE')"
            " AND has_function_privilege(p.oid, 'EXECUTE')),"
            " EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'conflict'"
            " AND has_schema_privilege(n.oid, 'USAGE') AND (SELECT bool_and("
            "has_table_privilege(c.oid, p)) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE',"
            " 'DELETE']) p)),"
            " EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'history'"
            " AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')),"
            " EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname = 'opened'"
            " AND has_schema_privilege(n.oid, 'USAGE') AND (SELECT bool_and("
            "has_table_privilege(c.oid, p)) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE',"
            " 'DELETE']) p)),"
            " (SELECT count(*) = 5 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'pg409' AND c.relname IN ('file', 'file_content', 'file_chunk',"
            " 'file_revision', 'file_upload') AND has_schema_privilege(n.oid, 'USAGE')"
            " AND (SELECT bool_and(has_table_privilege(c.oid, p)) FROM unnest(ARRAY['SELECT',"
            " 'INSERT', 'UPDATE', 'DELETE']) p)),"
            " EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pg409'"
            " AND c.relname = 'conflict' AND a.attname = 'their_columns')");
    sql_ask(&sql, talk);
}

void catalog_ask(struct talk *talk, const struct settings *settings)
{
    ask_tables(talk, settings);
    ask_schema(talk);
    talk->repeatable = true;
}
