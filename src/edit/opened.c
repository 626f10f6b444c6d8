#include "edit/opened.h"

#include "base/banned.h"

size_t opened_ask(struct talk *talk, const struct table *table, struct key key, struct str user,
                  uint64_t minutes)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT o.username, to_char(o.at AT TIME ZONE 'UTC',"
                  " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), o.username = ");
    size_t self = sql_typed(&sql, user, (struct sql_type){STR("text")});
    sql_raw(&sql, " AS self FROM pg409.opened o WHERE o.table_name = ");
    sql_value(&sql, row_table_text(talk->arena, table));
    sql_raw(&sql, " AND o.row_key = ");
    row_key_text_of(&sql, table, key);
    sql_raw(&sql, " AND o.at > now() - interval '1 minute' * CASE o.username WHEN ");
    sql_again(&sql, self, (struct sql_type){STR("text")});
    sql_raw(&sql, " THEN 1 ELSE ");
    sql_number(&sql, minutes);
    sql_raw(&sql,
            " END AND NOT EXISTS (SELECT FROM pg409.receipt r WHERE r.table_name = o.table_name"
            " AND r.row_key = o.row_key AND r.username = o.username AND r.at > o.at)"
            " ORDER BY self DESC, o.at DESC LIMIT 4");
    return sql_ask(&sql, talk);
}

struct opener opened_take(const struct answer *answer, size_t row)
{
    return (struct opener){answer_cell(answer, row, 0), answer_cell(answer, row, 1),
                           answer_true(answer, row, 2)};
}

void opened_note(struct talk *talk, const struct table *table, struct key key, struct str user)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "WITH s AS (SELECT set_config('synchronous_commit', 'off', true))"
                  " INSERT INTO pg409.opened (table_name, row_key, username) SELECT ");
    sql_value(&sql, row_table_text(talk->arena, table));
    sql_raw(&sql, ", ");
    row_key_text_of(&sql, table, key);
    sql_raw(&sql, ", ");
    sql_value(&sql, user);
    sql_raw(&sql, " FROM s ON CONFLICT (table_name, row_key, username) DO UPDATE SET at = now()");
    sql_ask(&sql, talk);
}

void opened_expire(struct talk *talk)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "DELETE FROM pg409.opened WHERE ctid = ANY (ARRAY(SELECT ctid FROM pg409.opened"
                  " WHERE at < now() - interval '1 day' LIMIT 1000))");
    sql_ask(&sql, talk);
}
