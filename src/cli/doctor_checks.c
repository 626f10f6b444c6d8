#include "cli/doctor_checks.h"

#include "base/banned.h"

#define TABLES                                                                                     \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                               \
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = $1"
#define VERSION_NAMES "('updated_at', 'modified_at', 'lock_version', 'version')"

static void not_installed(struct sql *sql)
{
    sql_raw(sql, "SELECT 'there is no table pg409.receipt' WHERE $1::text IS NOT NULL"
                 " AND to_regclass('pg409.receipt') IS NULL");
}

static void older_schema(struct sql *sql)
{
    sql_raw(
        sql,
        "SELECT t FROM unnest(ARRAY['conflict', 'history', 'opened', 'file', 'file_upload',"
        " 'file_revision']) t WHERE $1::text IS NOT NULL AND to_regclass('pg409.' || t) IS NULL");
}

static void without_key(struct sql *sql)
{
    sql_raw(sql, "SELECT c.relname" TABLES " AND NOT EXISTS (SELECT FROM pg_index i"
                 " WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 1");
}

static void unprotected(struct sql *sql)
{
    sql_raw(sql, "SELECT c.relname" TABLES " AND EXISTS (SELECT FROM pg_index i"
                 " WHERE i.indrelid = c.oid AND i.indisprimary) AND NOT EXISTS (SELECT FROM"
                 " pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zz_pg409_version'"
                 " AND t.tgenabled IN ('O', 'A')) ORDER BY 1");
}

static void coarse_stamps(struct sql *sql)
{
    sql_raw(sql, "SELECT format('%s.%s keeps %s digits of a second', c.relname, a.attname,"
                 " a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                 " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                 " AND c.relkind IN ('r', 'p') AND a.attname IN " VERSION_NAMES
                 " AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)"
                 " AND a.atttypmod BETWEEN 0 AND 5 AND NOT a.attisdropped ORDER BY 1");
}

static void null_versions(struct sql *sql)
{
    sql_raw(sql, "SELECT format('%s.%s may be NULL', c.relname, a.attname) FROM pg_attribute a"
                 " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n"
                 " ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
                 " AND a.attname IN " VERSION_NAMES " AND NOT a.attnotnull"
                 " AND NOT a.attisdropped AND a.atttypid IN ('timestamptz'::regtype,"
                 " 'timestamp'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)"
                 " ORDER BY 1");
}

static void few_connections(struct sql *sql)
{
    sql_raw(sql, "SELECT format('%s connections are allowed, %s are open',"
                 " current_setting('max_connections'), count(*)) FROM pg_stat_activity"
                 " WHERE $1::text IS NOT NULL AND backend_type = 'client backend' HAVING"
                 " count(*) > 0.8 * current_setting('max_connections')::integer");
}

/* A name promises the whole of a content. */
static void half_files(struct sql *sql)
{
    sql_raw(
        sql,
        "SELECT f.name FROM pg409.file f LEFT JOIN pg409.file_content c"
        " ON c.id = f.content WHERE $1::text IS NOT NULL AND (c.sha256 IS DISTINCT FROM f.sha256"
        " OR c.received IS DISTINCT FROM f.size OR (SELECT coalesce(sum(octet_length("
        "k.data)), 0) FROM pg409.file_chunk k WHERE k.content = f.content) <> f.size)"
        " ORDER BY 1");
}

static void changed_files(struct sql *sql)
{
    sql_raw(sql, "SELECT f.name FROM pg409.file f WHERE $1::text IS NOT NULL AND f.size < 268435456"
                 " AND encode(sha256((SELECT coalesce(string_agg(k.data, '' ORDER BY k.at), '')"
                 " FROM pg409.file_chunk k WHERE k.content = f.content)), 'hex') <> f.sha256"
                 " ORDER BY 1");
}

static void unused_contents(struct sql *sql)
{
    sql_raw(sql, "SELECT format('content %s, %s bytes', c.id, c.received) FROM pg409.file_content c"
                 " WHERE $1::text IS NOT NULL AND c.at < now() - interval '1 day'"
                 " AND NOT EXISTS (SELECT FROM pg409.file_upload u WHERE u.content = c.id)"
                 " AND NOT EXISTS (SELECT FROM pg409.file f WHERE f.content = c.id)"
                 " AND NOT EXISTS (SELECT FROM pg409.file_revision r WHERE r.content = c.id)"
                 " ORDER BY c.id");
}

static void old_uploads(struct sql *sql)
{
    sql_raw(sql,
            "SELECT format('%s, of %s, since %s', name, coalesce(username, 'nobody'),"
            " to_char(expires, 'YYYY-MM-DD')) FROM pg409.file_upload WHERE $1::text IS NOT NULL"
            " AND expires < now() - interval '1 day' ORDER BY expires");
}

static void misfolded(struct sql *sql)
{
    sql_raw(sql, "SELECT name FROM pg409.file WHERE $1::text IS NOT NULL AND fold NOT IN ("
                 "pg409.file_fold(name, true), pg409.file_fold(name, false)) ORDER BY 1");
}

const struct check doctor_checks[] = {
    {not_installed, "The schema pg409 is not installed, so conflicts cannot say who saved",
     "psql -f schema/pg409.sql, as the owner of the database", CHECK_ALWAYS, false},
    {older_schema, "The schema pg409 is of an older version: tables are missing",
     "psql -f schema/pg409.sql, then SELECT pg409.grant_to('the role of pg409')", CHECK_INSTALLED,
     true},
    {without_key, "Tables without a primary key cannot be edited",
     "ALTER TABLE … ADD PRIMARY KEY (…)", CHECK_ALWAYS, false},
    {unprotected, "Other programs may change these tables without moving the version",
     "SELECT pg409.protect('…')", CHECK_INSTALLED, false},
    {coarse_stamps, "Versions are too coarse: two saves can have the same",
     "ALTER TABLE … ALTER COLUMN … TYPE timestamptz(6)", CHECK_ALWAYS, true},
    {null_versions, "Versions may be missing", "SELECT pg409.protect('…') fills them", CHECK_ALWAYS,
     false},
    {few_connections, "The database is almost out of connections",
     "fewer workers, a shorter idle_timeout, or PgBouncer in between", CHECK_ALWAYS, true},
    {half_files, "Files that are not whole", "restore them from a backup", CHECK_FILES, true},
    {changed_files, "Files whose bytes are not what their digest says",
     "restore them from a backup", CHECK_DEEP, true},
    {unused_contents, "Contents that no file, version or upload uses",
     "they go by themselves as files are uploaded; if they do not, look at the error log",
     CHECK_FILES, false},
    {old_uploads, "Uploads past their time",
     "they go by themselves as files are uploaded; if they do not, look at the error log",
     CHECK_FILES, false},
    {misfolded, "Names of files that are compared by an older rule",
     "SELECT pg409.refold_files(true), or false where file_names = exact", CHECK_FILES, true},
    {.title = NULL},
};
