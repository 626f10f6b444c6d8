#include "edit/upload.h"

#include "base/banned.h"

#define INSTANT(of) "to_char(" of " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
/* What upload_take reads, in its order; the content is c, and may be gone. */
#define COLUMNS                                                                                    \
    "u.code, u.name, u.media_type, u.replaces, u.content, c.size, c.received, c.state, c.sha256,"  \
    " " INSTANT("u.at") ", " INSTANT("u.expires") ", u.outcome, to_char(u.expires AT TIME ZONE "   \
                                                  "'UTC', 'Dy, DD Mon YYYY HH24:MI:SS \"GMT\"')"
#define OF_UPLOAD                                                                                  \
    "SELECT " COLUMNS " FROM pg409.file_upload u LEFT JOIN pg409.file_content c"                   \
    " ON c.id = u.content"

static const char *const names[] = {"", "saved", "already-applied", "exists", "stale", "deleted"};

bool upload_is_code(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return text.len == UPLOAD_CODE_CHARS;
}

const char *upload_outcome_name(enum upload_outcome outcome)
{
    return names[outcome];
}

bool upload_is_kept(enum upload_outcome outcome)
{
    return outcome == UPLOAD_EXISTS || outcome == UPLOAD_STALE || outcome == UPLOAD_DELETED;
}

static enum upload_outcome outcome_of(struct str text)
{
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        if (str_is(text, names[i]))
            return (enum upload_outcome)i;
    return UPLOAD_OPEN;
}

static uint64_t number(struct str text)
{
    uint64_t value;
    return str_to_u64(text, INT64_MAX, &value) ? 0 : value;
}

struct upload upload_take(const struct answer *answer, size_t row)
{
    struct upload upload = {0};
    if (row >= answer->rows)
        return upload;
    const struct str *cell = &answer->cells[row * answer->columns];
    return (struct upload){
        .found = true,
        .code = cell[0],
        .name = cell[1],
        .media_type = cell[2],
        .replaces = cell[3],
        .content = cell[4],
        .size = number(cell[5]),
        .received = number(cell[6]),
        .state = cell[7],
        .sha256 = cell[8],
        .at = cell[9],
        .expires = cell[10],
        .outcome = outcome_of(cell[11]),
        .expires_date = cell[12],
    };
}

static void number_param(struct sql *sql, uint64_t value)
{
    sql_param(sql, str_printf(sql->arena, "%llu", (unsigned long long)value));
}

/*
 * Whoever begins an upload counts what others began: one after the other, so that two do not both
 * find the last room. Held until the pipeline is committed, which has nothing else to wait for.
 */
static void ask_turn(struct talk *talk)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT pg_advisory_xact_lock('pg409.file_content'::regclass::oid::integer, 0)");
    sql_ask(&sql, talk);
}

/* Room is what contents were announced to take, those that are still coming too. */
size_t upload_ask_start(struct talk *talk, const struct upload_wish *wish)
{
    struct sql sql;
    if (wish->total)
        ask_turn(talk);
    sql_init(&sql, talk->arena);
    sql_param(&sql, wish->code);
    sql_param(&sql, wish->user);
    sql_param(&sql, wish->name.name);
    sql_param(&sql, wish->name.folded ? STR("t") : STR("f"));
    sql_param(&sql, wish->media_type);
    sql_param(&sql, wish->replaces);
    number_param(&sql, wish->size);
    number_param(&sql, wish->total);
    number_param(&sql, wish->days);
    sql_raw(
        &sql,
        "WITH c AS (INSERT INTO pg409.file_content (size) SELECT $7::bigint"
        " WHERE CASE WHEN $8::bigint = 0 THEN true ELSE (SELECT coalesce(sum(size), 0)"
        " FROM pg409.file_content) + $7 <= $8 END RETURNING *),"
        " u AS (INSERT INTO pg409.file_upload (code, username, name, fold, media_type, replaces,"
        " content, expires) SELECT $1, $2, normalize($3, NFC), pg409.file_fold($3, $4::boolean),"
        " $5, $6, c.id, now() + interval '1 day' * $9::integer FROM c RETURNING *)"
        " SELECT " COLUMNS " FROM u JOIN c ON c.id = u.content");
    return sql_ask(&sql, talk);
}

static void owner_params(struct sql *sql, struct talk *talk, struct str code, struct str user)
{
    sql_init(sql, talk->arena);
    sql_param(sql, code);
    sql_param(sql, user);
}

#define OF_OWNER " WHERE u.code = $1 AND u.username IS NOT DISTINCT FROM $2 AND u.expires > now()"

size_t upload_ask(struct talk *talk, struct str code, struct str user)
{
    struct sql sql;
    owner_params(&sql, talk, code, user);
    sql_raw(&sql, OF_UPLOAD OF_OWNER);
    return sql_ask(&sql, talk);
}

size_t upload_ask_kept(struct talk *talk, struct str user, size_t max)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, user);
    sql_raw(&sql, OF_UPLOAD " WHERE u.username = $1 AND u.outcome IN ('exists', 'stale', 'deleted')"
                            " AND u.expires > now() ORDER BY u.at DESC LIMIT ");
    sql_number(&sql, max);
    return sql_ask(&sql, talk);
}

void upload_ask_lazily(struct talk *talk)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT set_config('synchronous_commit', 'off', true)");
    sql_ask(&sql, talk);
}

size_t upload_ask_piece(struct talk *talk, struct str content, uint64_t at, struct str bytes,
                        struct str state)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, content);
    number_param(&sql, at);
    number_param(&sql, at + bytes.len);
    sql_param(&sql, state);
    sql_bytes(&sql, bytes);
    sql_raw(&sql, "WITH c AS (UPDATE pg409.file_content SET received = $3::bigint, state = $4"
                  " WHERE id = $1::bigint AND received = $2::bigint AND size >= $3"
                  " AND sha256 IS NULL RETURNING id)"
                  " INSERT INTO pg409.file_chunk (content, at, data) SELECT id, $2, $5::bytea"
                  " FROM c");
    return sql_ask(&sql, talk);
}

size_t upload_ask_received(struct talk *talk, struct str content)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, content);
    sql_raw(&sql, "SELECT received FROM pg409.file_content WHERE id = $1::bigint");
    return sql_ask(&sql, talk);
}

/* An upload that has no name yet, with all its bytes. */
#define READY                                                                                      \
    " pg409.file_upload u JOIN pg409.file_content c ON c.id = u.content WHERE u.code = $1"         \
    " AND c.sha256 IS NOT NULL AND coalesce(u.outcome, '') NOT IN ('saved', 'already-applied')"

static void create(struct talk *talk, struct str code)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, code);
    sql_raw(&sql, "INSERT INTO pg409.file (name, fold, content, size, sha256, media_type,"
                  " updated_by) SELECT u.name, u.fold, u.content, c.size, c.sha256, u.media_type,"
                  " u.username FROM" READY " ON CONFLICT (fold) DO NOTHING");
    sql_ask(&sql, talk);
}

/* The conditional write: it touches no row when the file is not at that version any more. */
static void replace(struct talk *talk, struct str code)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, code);
    sql_raw(&sql, "UPDATE pg409.file f SET content = n.content, size = n.size, sha256 = n.sha256,"
                  " media_type = n.media_type, updated_by = n.username,"
                  " updated_at = greatest(now(), f.updated_at + interval '1 microsecond')"
                  " FROM (SELECT u.fold, u.replaces, u.content, u.media_type, u.username, c.size,"
                  " c.sha256 FROM" READY ") n WHERE f.fold = n.fold AND f.sha256 <> n.sha256"
                  " AND (f.sha256 = n.replaces OR n.replaces = '*')");
    sql_ask(&sql, talk);
}

/*
 * What came of it, by what is there now. Who asks again gets the same. Nothing came of one whose
 * bytes are not all there after all: a crash of the database takes the last of them along.
 */
static size_t settle(struct talk *talk, struct str code, uint64_t keep_days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, code);
    number_param(&sql, keep_days);
    sql_raw(&sql,
            "WITH s AS (SELECT u.code, CASE WHEN u.outcome IN ('saved', 'already-applied')"
            " THEN u.outcome WHEN f.content = u.content THEN 'saved'"
            " WHEN f.sha256 = c.sha256 THEN 'already-applied' WHEN u.replaces IS NULL THEN 'exists'"
            " WHEN f.sha256 IS NULL THEN 'deleted' ELSE 'stale' END AS outcome"
            " FROM pg409.file_upload u JOIN pg409.file_content c ON c.id = u.content"
            " LEFT JOIN pg409.file f ON f.fold = u.fold WHERE u.code = $1"
            " AND c.sha256 IS NOT NULL),"
            " u AS (UPDATE pg409.file_upload t SET outcome = s.outcome,"
            " expires = CASE WHEN s.outcome IN ('saved', 'already-applied') THEN t.expires"
            " ELSE now() + interval '1 day' * $2::integer END FROM s WHERE t.code = s.code"
            " RETURNING t.*)"
            " SELECT " COLUMNS " FROM u LEFT JOIN pg409.file_content c ON c.id = u.content");
    return sql_ask(&sql, talk);
}

static size_t publish(struct talk *talk, const struct upload *upload, struct str replaces,
                      uint64_t keep_days)
{
    if (replaces.ptr)
        replace(talk, upload->code);
    else
        create(talk, upload->code);
    size_t index = settle(talk, upload->code, keep_days);
    file_ask_upload(talk, upload->code);
    return index;
}

size_t upload_ask_finish(struct talk *talk, const struct upload *upload, struct str sha256,
                         uint64_t keep_days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, upload->content);
    sql_param(&sql, sha256);
    number_param(&sql, upload->received);
    sql_raw(&sql, "UPDATE pg409.file_content SET sha256 = $2, size = received, state = NULL"
                  " WHERE id = $1::bigint AND received = $3::bigint AND sha256 IS NULL");
    sql_ask(&sql, talk);
    return publish(talk, upload, upload->replaces, keep_days);
}

size_t upload_ask_again(struct talk *talk, const struct upload *upload, struct file_name name,
                        struct str replaces, uint64_t keep_days)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, upload->code);
    sql_param(&sql, name.name);
    sql_param(&sql, name.folded ? STR("t") : STR("f"));
    sql_param(&sql, replaces);
    sql_raw(&sql, "UPDATE pg409.file_upload SET name = normalize($2, NFC),"
                  " fold = pg409.file_fold($2, $3::boolean), replaces = $4 WHERE code = $1"
                  " AND outcome IN ('exists', 'stale', 'deleted')");
    sql_ask(&sql, talk);
    return publish(talk, upload, replaces, keep_days);
}

size_t upload_ask_drop(struct talk *talk, struct str code, struct str user)
{
    struct sql sql;
    owner_params(&sql, talk, code, user);
    sql_raw(&sql, "WITH u AS (DELETE FROM pg409.file_upload u" OF_OWNER
                  " AND coalesce(u.outcome, '') NOT IN ('saved', 'already-applied')"
                  " RETURNING u.content), c AS (DELETE FROM pg409.file_content c USING u"
                  " WHERE c.id = u.content RETURNING c.id) SELECT count(*) FROM u");
    return sql_ask(&sql, talk);
}
