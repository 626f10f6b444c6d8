#include "cli/doctor_core.h"

#include "base/banned.h"

/* The role is looked at by name, so that the owner can look for it. */
#define ROLE " FROM said JOIN pg_roles r ON r.rolname = said.role"

void ask_superuser(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s is a superuser', role)" ROLE " WHERE r.rolsuper");
}

/* Whether policies hold for the role: superusers and BYPASSRLS pass over all of them, owners over
 * those that are not forced. */
void ask_passes_policies(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s: %s', shown, CASE WHEN r.rolsuper THEN 'superusers pass over'"
                 " WHEN r.rolbypassrls THEN 'the role has BYPASSRLS'"
                 " ELSE 'the role is the owner, and FORCE ROW LEVEL SECURITY is not said' END)" ROLE
                 " CROSS JOIN tables t WHERE t.relrowsecurity AND (r.rolsuper OR r.rolbypassrls OR"
                 " (NOT t.relforcerowsecurity AND pg_has_role(r.oid, t.relowner, 'USAGE')))"
                 " ORDER BY 1");
}

void ask_no_policy(struct sql *sql)
{
    sql_raw(sql, " SELECT shown FROM tables t WHERE t.relrowsecurity"
                 " AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid) ORDER BY 1");
}

void ask_owner(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s owns %s', role, CASE count(*) WHEN 1 THEN min(shown)"
                 " ELSE format('%s and %s more', min(shown), count(*) - 1) END)" ROLE
                 " JOIN tables t ON t.relowner = r.oid WHERE NOT r.rolsuper GROUP BY role");
}

void ask_user_role(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s is a member of no other role', role)" ROLE
                 " WHERE user_role AND NOT r.rolsuper AND NOT EXISTS (SELECT FROM pg_auth_members m"
                 " WHERE m.member = r.oid)");
}

/* The same as pg409.grant_to() gives. */
void ask_grants(struct sql *sql)
{
    sql_raw(
        sql,
        ", needs AS (SELECT v.name, unnest(v.rights) AS needed FROM (VALUES"
        " ('receipt', '{SELECT,INSERT,DELETE}'::text[]), ('history', '{SELECT}'),"
        " ('conflict', '{SELECT,INSERT,UPDATE,DELETE}'), ('opened', "
        "'{SELECT,INSERT,UPDATE,DELETE}'),"
        " ('file', '{SELECT,INSERT,UPDATE,DELETE}'), ('file_content', "
        "'{SELECT,INSERT,UPDATE,DELETE}'),"
        " ('file_chunk', '{SELECT,INSERT,UPDATE,DELETE}'),"
        " ('file_revision', '{SELECT,INSERT,UPDATE,DELETE}'),"
        " ('file_upload', '{SELECT,INSERT,UPDATE,DELETE}')) v (name, rights)),"
        " missing AS ("
        " SELECT 'USAGE on the schema pg409' AS what FROM said JOIN pg_namespace n"
        " ON n.nspname = 'pg409' WHERE NOT has_schema_privilege(role, n.oid, 'USAGE')"
        " UNION ALL SELECT format('%s on pg409.%s', string_agg(needed, ', ' ORDER BY needed), "
        "needs.name)"
        " FROM said CROSS JOIN needs JOIN pg_class c ON c.relname = needs.name"
        " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'pg409'"
        " WHERE NOT has_table_privilege(role, c.oid, needed) GROUP BY needs.name"
        " UNION ALL SELECT format('EXECUTE on pg409.%s', p.proname) FROM said CROSS JOIN pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'pg409'"
        " WHERE p.proname IN ('row_exists', 'expire_history', 'file_fold')"
        " AND NOT has_function_privilege(role, p.oid, 'EXECUTE'))"
        " SELECT what, format('SELECT pg409.grant_to(%L)', role) FROM said, missing ORDER BY 1");
}

void ask_nothing_readable(struct sql *sql)
{
    sql_raw(sql,
            " SELECT format('%s may read none of %s', role, CASE count(*) WHEN 1 THEN min(shown)"
            " ELSE format('the %s tables of %s', count(*), schema) END)"
            " FROM said, tables t GROUP BY role, schema"
            " HAVING bool_and(NOT has_any_column_privilege(role, t.oid, 'SELECT'))"
            " UNION ALL SELECT format('the schema %s is empty, or not there', schema) FROM said"
            " WHERE NOT EXISTS (SELECT FROM tables)");
}

/* May write, and may not see what tells the rows and their states apart. */
void ask_half_readable(struct sql *sql)
{
    sql_raw(sql,
            " SELECT format('%s of %s', string_agg(quote_ident(a.attname), ', '), t.shown),"
            " format('GRANT SELECT (%s) ON %s TO %I', string_agg(quote_ident(a.attname), ', '),"
            " t.shown, role)"
            " FROM said CROSS JOIN tables t LEFT JOIN versions v ON v.oid = t.oid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE (a.attnum = ANY (t.key) OR a.attnum = v.attnum)"
            " AND (has_any_column_privilege(role, t.oid, 'UPDATE')"
            " OR has_table_privilege(role, t.oid, 'DELETE'))"
            " AND NOT has_column_privilege(role, t.oid, a.attnum, 'SELECT')"
            " GROUP BY role, t.shown ORDER BY 1");
}

/* A serial column takes its number from a sequence, which has rights of its own. */
void ask_sequences(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s, which numbers the rows of %s', s.oid::regclass, shown),"
                 " format('GRANT USAGE ON SEQUENCE %s TO %I', s.oid::regclass, role)"
                 " FROM said CROSS JOIN tables t JOIN pg_depend d ON d.refobjid = t.oid"
                 " AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass"
                 " AND d.deptype = 'a' JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
                 " WHERE has_any_column_privilege(role, t.oid, 'INSERT')"
                 " AND NOT has_sequence_privilege(role, s.oid, 'USAGE, UPDATE') ORDER BY 1");
}
