#include "edit/receipt.h"

#include "wire/http.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

static const char *op_name(enum change_op op)
{
    return op == CHANGE_CREATE ? "create" : op == CHANGE_DELETE ? "delete" : "save";
}

void receipt_write(struct sql *sql, const struct change *change)
{
    sql_raw(sql, ", r AS (INSERT INTO pg409.receipt"
                 " (table_name, row_key, version, op, username, token, digest) SELECT ");
    sql_value(sql, row_table_text(sql->arena, change->table));
    sql_raw(sql, ", _key, _version, ");
    sql_value(sql, str_from(op_name(change->op)));
    sql_raw(sql, ", ");
    sql_value(sql, change->user);
    sql_raw(sql, ", ");
    if (change->bulk && change->token.ptr) { /* each row of several has a token of its own */
        sql_raw(sql, "CASE row_number() OVER () WHEN 1 THEN ");
        size_t token = sql_typed(sql, change->token, (struct sql_type){STR("text")});
        sql_raw(sql, " ELSE ");
        sql_again(sql, token, (struct sql_type){STR("text")});
        sql_raw(sql, " || '#' || row_number() OVER () END");
    } else {
        sql_value(sql, change->token);
    }
    sql_raw(sql, ", ");
    sql_value(sql, change->digest);
    sql_raw(sql, " FROM w)");
}

#define COLUMNS "version, op, username, token, at::text, digest"
#define KEY_MINUTES                                                                                \
    "10" /* how long a repeat under its key is known, however much was saved since */

static void of_row(struct sql *sql, const struct change *change)
{
    sql_raw(sql, "SELECT " COLUMNS " FROM pg409.receipt WHERE table_name = ");
    sql_value(sql, row_table_text(sql->arena, change->table));
    sql_raw(sql, " AND row_key = ");
    row_key_text_of(sql, change->table, change->key);
}

size_t receipt_ask(struct talk *talk, const struct change *change)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    if (!change_keyed(change) || !change->digest.ptr) {
        of_row(&sql, change);
        sql_raw(&sql, " ORDER BY at DESC LIMIT 20");
        return sql_ask(&sql, talk);
    }
    sql_raw(&sql, "(");
    of_row(&sql, change);
    sql_raw(&sql, " ORDER BY at DESC LIMIT 20) UNION ALL (");
    of_row(&sql, change);
    sql_raw(&sql, " AND token = ");
    sql_value(&sql, change->token);
    sql_raw(&sql, " AND digest = ");
    sql_value(&sql, change->digest);
    sql_raw(&sql, " AND at > now() - interval '" KEY_MINUTES " minutes' ORDER BY at DESC LIMIT 1)");
    return sql_ask(&sql, talk);
}

static struct str instant(struct arena *arena, struct str text)
{
    int64_t micros;
    int digits;
    struct buf buf;
    if (http_instant(text, false, &micros, &digits) != ERR_NONE)
        return STR_NONE;
    buf_init(&buf, arena, 64);
    http_instant_write(&buf, micros);
    return buf_slice(&buf);
}

/* The version as version_text() wrote it. */
static struct version version_kept(struct arena *arena, const struct table *table, struct str text)
{
    struct str xmin, column = str_cut(text, '~', &xmin);
    return version_of(arena, table, str_is(column, "null") ? STR_NONE : column, xmin);
}

static struct receipt receipt_at(struct arena *arena, const struct table *table,
                                 const struct answer *answer, size_t row)
{
    return (struct receipt){
        .found = true,
        .version = version_kept(arena, table, answer_cell(answer, row, 0)),
        .op = answer_cell(answer, row, 1),
        .user = answer_cell(answer, row, 2),
        .token = answer_cell(answer, row, 3),
        .at = instant(arena, answer_cell(answer, row, 4)),
        .digest = answer_cell(answer, row, 5),
    };
}

struct receipt receipt_of(struct arena *arena, const struct table *table,
                          const struct answer *answer, const struct version *version)
{
    for (size_t row = 0; row < answer->rows; row++) {
        struct receipt receipt = receipt_at(arena, table, answer, row);
        bool wanted =
            version ? version_same(receipt.version, *version) : str_is(receipt.op, "delete");
        if (wanted)
            return receipt;
    }
    return (struct receipt){0};
}

struct receipt receipt_of_change(struct arena *arena, const struct answer *answer,
                                 const struct change *change)
{
    for (size_t row = 0; row < answer->rows; row++) {
        struct receipt receipt = receipt_at(arena, change->table, answer, row);
        if (change->digest.ptr && str_eq(receipt.digest, change->digest) &&
            str_eq(receipt.user, change->user))
            return receipt;
    }
    return (struct receipt){0};
}

size_t receipt_ask_created(struct talk *talk, const struct change *change)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql,
            "SELECT row_key, digest, version FROM pg409.receipt WHERE op = 'create' AND token = ");
    sql_value(&sql, change->token);
    sql_raw(&sql, " AND username IS NOT DISTINCT FROM ");
    sql_value(&sql, change->user);
    talk->repeatable = true;
    return sql_ask(&sql, talk);
}

struct created receipt_created(struct arena *arena, const struct table *table,
                               const struct answer *answer)
{
    struct json_value key, *items;
    struct str *values = ARENA_ARRAY(arena, MAX_KEY, struct str);
    struct buf buf;
    size_t at, count;
    if (answer->rows == 0 ||
        json_parse(arena, answer_cell(answer, 0, 0), 2, &key, &at) != ERR_NONE ||
        json_items(arena, &key, MAX_KEY, &items, &count) != ERR_NONE)
        return (struct created){0};
    for (size_t i = 0; i < count; i++)
        values[i] = items[i].text;
    buf_init(&buf, arena, SIZE_MAX / 4);
    url_key(&buf, values, count);
    struct str version = answer_cell(answer, 0, 2);
    return (struct created){
        .key = buf_slice(&buf),
        .digest = answer_cell(answer, 0, 1),
        .row = {values},
        .value_count = count,
        .version = version_kept(arena, table, version),
        .has_version = version.ptr != NULL,
    };
}

void receipt_expire(struct talk *talk, uint64_t days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "DELETE FROM pg409.receipt WHERE ctid = ANY (ARRAY(SELECT ctid FROM pg409.receipt"
                  " WHERE at < now() - interval '1 day' * ");
    sql_number(&sql, days);
    sql_raw(&sql, " LIMIT 1000))");
    sql_ask(&sql, talk);
}
