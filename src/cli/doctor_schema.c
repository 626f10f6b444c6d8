#include "cli/doctor_core.h"

#include "base/banned.h"

void ask_not_installed(struct sql *sql)
{
    sql_raw(sql, " SELECT 'there is no table pg409.receipt' FROM said WHERE NOT installed");
}

/* What each file of schema/ made last. */
void ask_older_schema(struct sql *sql)
{
    sql_raw(sql,
            ", made AS (SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = 'pg409')"
            " SELECT format('the table pg409.%s is missing', t) FROM unnest(ARRAY['protected',"
            " 'gone', 'conflict', 'history', 'opened', 'file', 'file_content', 'file_chunk',"
            " 'file_revision', 'file_upload']) t WHERE t NOT IN (SELECT relname FROM made)"
            " UNION ALL SELECT format('the column %s of pg409.conflict is missing', t)"
            " FROM unnest(ARRAY['other_user', 'their_columns', 'by_program']) t, made"
            " WHERE relname = 'conflict' AND NOT EXISTS (SELECT FROM pg_attribute a"
            " WHERE a.attrelid = made.oid AND a.attname = t AND NOT a.attisdropped)"
            " UNION ALL SELECT format('the function pg409.%s is missing, or as it was before', t)"
            " FROM (VALUES ('protect', 3), ('unprotect', 2), ('version_column', 2),"
            " ('make_keeper', 2), ('watch_gone', 3), ('row_exists', 3), ('grant_to', 1),"
            " ('record_history', 2), ('expire_history', 1), ('file_fold', 2), ('refold_files', 1))"
            " v (t, n) WHERE NOT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace s"
            " ON s.oid = p.pronamespace WHERE s.nspname = 'pg409' AND p.proname = t"
            " AND p.pronargs = n)"
            " UNION ALL SELECT 'the rule receipt_op_check is still there, and makes saves slower'"
            " FROM pg_constraint k JOIN made ON made.oid = k.conrelid"
            " WHERE k.conname = 'receipt_op_check'");
}

/* The program takes away what is past its time, so this says that it does not get to it. */
void ask_not_tidied(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s receipts of before %s', count(*),"
                 " to_char(now() - (receipt_days + 2) * interval '1 day', 'YYYY-MM-DD'))"
                 " FROM said JOIN pg409.receipt r"
                 " ON r.at < now() - (receipt_days + 2) * interval '1 day' GROUP BY receipt_days");
}

/* A name promises the whole of a content. */
void ask_half_files(struct sql *sql)
{
    sql_raw(sql, " SELECT f.name FROM pg409.file f LEFT JOIN pg409.file_content c"
                 " ON c.id = f.content WHERE c.sha256 IS DISTINCT FROM f.sha256"
                 " OR c.received IS DISTINCT FROM f.size OR (SELECT coalesce(sum(octet_length("
                 "k.data)), 0) FROM pg409.file_chunk k WHERE k.content = f.content) <> f.size"
                 " ORDER BY 1");
}

void ask_changed_files(struct sql *sql)
{
    sql_raw(sql, " SELECT f.name FROM pg409.file f WHERE f.size < 268435456"
                 " AND encode(sha256((SELECT coalesce(string_agg(k.data, '' ORDER BY k.at), '')"
                 " FROM pg409.file_chunk k WHERE k.content = f.content)), 'hex') <> f.sha256"
                 " ORDER BY 1");
}

void ask_unused_contents(struct sql *sql)
{
    sql_raw(sql,
            " SELECT format('content %s, %s bytes', c.id, c.received) FROM pg409.file_content c"
            " WHERE c.at < now() - interval '1 day'"
            " AND NOT EXISTS (SELECT FROM pg409.file_upload u WHERE u.content = c.id)"
            " AND NOT EXISTS (SELECT FROM pg409.file f WHERE f.content = c.id)"
            " AND NOT EXISTS (SELECT FROM pg409.file_revision r WHERE r.content = c.id)"
            " ORDER BY c.id");
}

void ask_old_uploads(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s, of %s, since %s', name, coalesce(username, 'nobody'),"
                 " to_char(expires, 'YYYY-MM-DD')) FROM pg409.file_upload"
                 " WHERE expires < now() - interval '1 day' ORDER BY expires");
}

void ask_misfolded(struct sql *sql)
{
    sql_raw(sql, " SELECT name, format('SELECT pg409.refold_files(%s)', folded::text) FROM said,"
                 " pg409.file WHERE fold <> pg409.file_fold(name, folded) ORDER BY 1");
}
