#include "cli/doctor_core.h"

#include "base/banned.h"

void ask_old_server(struct sql *sql)
{
    sql_raw(sql, " SELECT format('this is PostgreSQL %s', current_setting('server_version'))"
                 " WHERE current_setting('server_version_num')::integer < 130000");
}

void ask_read_only(struct sql *sql)
{
    sql_raw(sql, " SELECT 'the server is a standby, which can only be read' WHERE"
                 " pg_is_in_recovery()"
                 " UNION ALL SELECT 'default_transaction_read_only is on for this connection'"
                 " WHERE NOT pg_is_in_recovery()"
                 " AND current_setting('default_transaction_read_only')::boolean"
                 " UNION ALL SELECT format('default_transaction_read_only is on for the role %s',"
                 " role) FROM said WHERE role <> current_user AND EXISTS (SELECT FROM"
                 " pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
                 " WHERE r.rolname = role AND 'default_transaction_read_only=on' = ANY"
                 " (s.setconfig))");
}

void ask_not_durable(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s is off', name) FROM pg_settings WHERE setting = 'off'"
                 " AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY 1");
}

void ask_encoding(struct sql *sql)
{
    sql_raw(sql, " SELECT format('the database is encoded in %s', getdatabaseencoding())"
                 " WHERE getdatabaseencoding() <> 'UTF8'");
}

void ask_few_connections(struct sql *sql)
{
    sql_raw(sql, " SELECT format('%s connections are allowed, %s are open',"
                 " current_setting('max_connections'), count(*)) FROM pg_stat_activity"
                 " WHERE backend_type = 'client backend' HAVING"
                 " count(*) > 0.8 * current_setting('max_connections')::integer");
}

/* Each process holds one connection; what is kept for superusers is not for it. */
void ask_workers(struct sql *sql)
{
    sql_raw(sql,
            ", room AS (SELECT least(current_setting('max_connections')::integer"
            " - current_setting('superuser_reserved_connections')::integer"
            " - coalesce(current_setting('reserved_connections', true)::integer, 0),"
            " nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) AS n"
            " FROM said, pg_roles r, pg_database d"
            " WHERE r.rolname = role AND d.datname = current_database())"
            " SELECT format('%s processes, each with a connection, and room for %s', workers, n)"
            " FROM said, room WHERE NOT pooled AND workers > n");
}

void ask_clock(struct sql *sql)
{
    sql_raw(sql, ", off AS (SELECT extract(epoch FROM clock_timestamp())::numeric - clock AS s"
                 " FROM said) SELECT format('the database''s clock is %s seconds %s this"
                 " machine''s', round(abs(s)), CASE WHEN s > 0 THEN 'ahead of' ELSE 'behind' END)"
                 " FROM off WHERE abs(s) > 5");
}

/* The process that answers this connection; STR_NONE when it cannot be asked. */
static struct str backend(struct doctor *doctor, struct pg *pg)
{
    struct talk *talk = doctor_talk(doctor);
    struct sql sql;
    sql_init(&sql, &doctor->arena);
    sql_raw(&sql, "SELECT pg_backend_pid()");
    sql_ask(&sql, talk);
    pg_run(pg, talk);
    return talk->failed ? STR_NONE : answer_cell(&talk->answers[0], 0, 0);
}

/* Two connections that take turns with one process share it; in session mode each has its own. */
static bool is_shared(struct doctor *doctor)
{
    struct pg *other = doctor_open(doctor);
    bool shared = false;
    for (int attempt = 0; attempt < 5 && !shared; attempt++) {
        struct str mine = backend(doctor, doctor->pg);
        shared = mine.ptr && str_eq(mine, backend(doctor, other));
    }
    pg_free(other);
    return shared;
}

void look_pooler(struct doctor *doctor, struct finding *finding)
{
    if (!pg_direct(doctor->pg))
        finding_add(doctor, finding,
                    is_shared(doctor)
                        ? STR("in transaction mode: connections take turns with one process")
                        : STR("in session mode, or with a process for each connection so far"),
                    STR_NONE);
}

/* Bulk creates, batches and uploads are transactions of several round trips. */
void look_transactions(struct doctor *doctor, struct finding *finding)
{
    struct talk *talk = doctor_talk(doctor);
    struct pg *other = doctor_open(doctor);
    struct sql sql;
    sql_init(&sql, &doctor->arena);
    sql_raw(&sql, "SELECT 1");
    sql_ask(&sql, talk);
    talk->transaction = TALK_OPEN;
    pg_run(other, talk);
    if (talk->failed)
        finding_add(doctor, finding, str_trim(talk->error.message), STR_NONE);
    pg_free(other);
}
