#include "edit/file.h"

#include "base/banned.h"

#define INSTANT(of) "to_char(" of " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
/* What file_take reads, in its order. */
#define COLUMNS(of)                                                                                \
    of ".id, " of ".name, " of ".sha256, " of                                                      \
       ".media_type, " INSTANT(of ".updated_at") ", " of ".updated_by, " of ".content, " of        \
                                                 ".size"
#define ENDED(of) ", " of ".ended, " INSTANT(of ".ended_at") ", " of ".ended_by"
#define FOLDED "pg409.file_fold($1, $2::boolean)"
#define MOST_EXPIRED "100"

struct file file_take(const struct answer *answer, size_t row)
{
    struct file file = {0};
    if (row >= answer->rows)
        return file;
    const struct str *cell = &answer->cells[row * answer->columns];
    file.found = true;
    file.id = cell[0];
    file.name = cell[1];
    file.version = cell[2];
    file.media_type = cell[3];
    file.updated_at = cell[4];
    file.updated_by = cell[5];
    file.content = cell[6];
    if (str_to_u64(cell[7], INT64_MAX, &file.size))
        file.size = 0; /* a bigint that is not negative: it always reads */
    if (answer->columns > 8) {
        file.ended = cell[8];
        file.ended_at = cell[9];
        file.ended_by = cell[10];
    }
    return file;
}

static void name_params(struct sql *sql, struct talk *talk, struct file_name name)
{
    sql_init(sql, talk->arena);
    sql_param(sql, name.name);
    sql_param(sql, name.folded ? STR("t") : STR("f"));
}

size_t file_ask(struct talk *talk, struct file_name name)
{
    struct sql sql;
    name_params(&sql, talk, name);
    sql_raw(&sql, "SELECT " COLUMNS("f") " FROM pg409.file f WHERE f.fold = " FOLDED);
    return sql_ask(&sql, talk);
}

size_t file_ask_upload(struct talk *talk, struct str code)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, code);
    sql_raw(&sql, "SELECT " COLUMNS("f") " FROM pg409.file f JOIN pg409.file_upload u"
                                         " ON u.fold = f.fold WHERE u.code = $1");
    return sql_ask(&sql, talk);
}

/* The revisions of the file that has the name, and of one that had it when it was deleted. */
#define OF_NAME                                                                                    \
    " FROM pg409.file_revision r WHERE (r.file = (SELECT f.id FROM pg409.file f"                   \
    " WHERE f.fold = " FOLDED ") OR (r.fold = " FOLDED " AND r.ended = 'deleted'))"

size_t file_ask_revision(struct talk *talk, struct file_name name, struct str revision)
{
    struct sql sql;
    name_params(&sql, talk, name);
    sql_param(&sql, revision);
    sql_raw(&sql, "SELECT " COLUMNS("r") ENDED("r") OF_NAME " AND r.id = $3::bigint");
    return sql_ask(&sql, talk);
}

size_t file_ask_revisions(struct talk *talk, struct file_name name, size_t max)
{
    struct sql sql;
    name_params(&sql, talk, name);
    sql_raw(&sql, "SELECT " COLUMNS("r") ENDED("r") OF_NAME " ORDER BY r.id DESC LIMIT ");
    sql_number(&sql, max);
    return sql_ask(&sql, talk);
}

size_t file_ask_deleted(struct talk *talk, size_t max)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql,
            "SELECT * FROM (SELECT DISTINCT ON (r.fold) " COLUMNS("r") ENDED(
                "r") " FROM (SELECT * FROM pg409.file_revision WHERE ended = 'deleted'"
                     " ORDER BY id DESC LIMIT 200) r WHERE NOT EXISTS (SELECT FROM pg409.file f"
                     " WHERE f.fold = r.fold) ORDER BY r.fold, r.id DESC) d"
                     " ORDER BY id DESC LIMIT ");
    sql_number(&sql, max);
    return sql_ask(&sql, talk);
}

struct str file_sort_value(struct arena *arena, const struct file *file, enum file_order order)
{
    switch (order) {
    case FILE_BY_SIZE:
        return str_printf(arena, "%llu", (unsigned long long)file->size);
    case FILE_BY_TIME:
        return file->updated_at;
    default:
        return file->name;
    }
}

static void sort_column(struct sql *sql, enum file_order order)
{
    if (order == FILE_BY_SIZE)
        sql_raw(sql, "f.size");
    else if (order == FILE_BY_TIME)
        sql_raw(sql, "f.updated_at");
    else
        sql_raw(sql, "f.name");
}

static void list_where(struct sql *sql, const struct file_list *list)
{
    sql_raw(sql, " WHERE strpos(lower(f.name), lower(");
    sql_typed(sql, list->search.ptr ? list->search : STR(""), (struct sql_type){STR("text")});
    sql_raw(sql, ")) > 0");
    if (!list->at_value.ptr)
        return;
    sql_raw(sql, " AND (");
    sort_column(sql, list->order);
    if (list->descending != list->backwards)
        sql_raw(sql, ", f.name) < (");
    else
        sql_raw(sql, ", f.name) > (");
    sql_typed(sql, list->at_value,
              (struct sql_type){list->order == FILE_BY_SIZE   ? STR("bigint")
                                : list->order == FILE_BY_TIME ? STR("timestamptz")
                                                              : STR("text")});
    sql_raw(sql, ", ");
    sql_typed(sql, list->at_name, (struct sql_type){STR("text")});
    sql_raw(sql, ")");
}

size_t file_ask_list(struct talk *talk, const struct file_list *list)
{
    struct sql sql;
    bool down = list->descending != list->backwards;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT " COLUMNS("f") " FROM pg409.file f");
    list_where(&sql, list);
    sql_raw(&sql, " ORDER BY ");
    sort_column(&sql, list->order);
    if (down)
        sql_raw(&sql, " DESC, f.name DESC");
    else
        sql_raw(&sql, ", f.name");
    if (list->limit) {
        sql_raw(&sql, " LIMIT ");
        sql_number(&sql, list->limit);
    }
    if (list->offset) {
        sql_raw(&sql, " OFFSET ");
        sql_number(&sql, list->offset);
    }
    return sql_ask(&sql, talk);
}

/* $1 and $2 are the name, $3 the version or NULL for whatever is there. */
static void change_params(struct sql *sql, struct talk *talk, const struct file_change *change)
{
    name_params(sql, talk, change->name);
    sql_param(sql, change->any ? STR_NONE : change->version);
}

#define AT_VERSION " f.fold = " FOLDED " AND ($3::text IS NULL OR f.sha256 = $3)"
#define MOVED "greatest(now(), f.updated_at + interval '1 microsecond')"

size_t file_ask_delete(struct talk *talk, const struct file_change *change)
{
    struct sql sql;
    change_params(&sql, talk, change);
    sql_raw(&sql, "DELETE FROM pg409.file f WHERE" AT_VERSION " RETURNING " COLUMNS("f"));
    size_t index = sql_ask(&sql, talk);
    file_ask(talk, change->name);
    return index;
}

size_t file_ask_rename(struct talk *talk, const struct file_change *change, struct str to)
{
    struct sql sql;
    change_params(&sql, talk, change);
    sql_param(&sql, to);
    sql_param(&sql, change->user);
    sql_raw(&sql, "UPDATE pg409.file f SET name = normalize($4, NFC),"
                  " fold = pg409.file_fold($4, $2::boolean), updated_by = $5,"
                  " updated_at = " MOVED " WHERE" AT_VERSION " RETURNING " COLUMNS("f"));
    size_t index = sql_ask(&sql, talk);
    file_ask(talk, change->name);
    return index;
}

size_t file_ask_restore(struct talk *talk, const struct file_change *change, struct str revision)
{
    struct sql sql;
    change_params(&sql, talk, change);
    sql_param(&sql, revision);
    sql_param(&sql, change->user);
    sql_raw(&sql,
            "UPDATE pg409.file f SET content = r.content, size = r.size, sha256 = r.sha256,"
            " media_type = r.media_type, updated_by = $5, updated_at = " MOVED
            " FROM pg409.file_revision r WHERE r.id = $4::bigint"
            " AND (r.file = f.id OR r.fold = f.fold) AND" AT_VERSION " RETURNING " COLUMNS("f"));
    size_t index = sql_ask(&sql, talk);
    file_ask(talk, change->name);
    return index;
}

size_t file_ask_bring_back(struct talk *talk, const struct file_change *change, struct str revision)
{
    struct sql sql;
    name_params(&sql, talk, change->name);
    sql_param(&sql, revision);
    sql_param(&sql, change->user);
    sql_raw(&sql,
            "INSERT INTO pg409.file AS f (name, fold, content, size, sha256, media_type,"
            " updated_by) SELECT r.name, r.fold, r.content, r.size, r.sha256, r.media_type, $4"
            " FROM pg409.file_revision r WHERE r.id = $3::bigint AND r.fold = " FOLDED
            " ON CONFLICT (fold) DO NOTHING RETURNING " COLUMNS("f"));
    size_t index = sql_ask(&sql, talk);
    file_ask(talk, change->name);
    return index;
}

/* A list of numbers as PostgreSQL's array. */
static struct str numbers(struct arena *arena, const uint64_t *values, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, 24 * count + 8);
    buf_char(&buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_char(&buf, ',');
        buf_u64(&buf, values[i]);
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

size_t file_ask_bytes(struct talk *talk, struct str content, const uint64_t *first,
                      const uint64_t *last, size_t count)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_param(&sql, content);
    sql_param(&sql, numbers(talk->arena, first, count));
    sql_param(&sql, numbers(talk->arena, last, count));
    /* a piece is never longer than UPLOAD_PIECE: the index finds the one that a range begins in */
    sql_raw(&sql, "SELECT CASE WHEN c.at >= r.first AND c.at + octet_length(c.data) <= r.last + 1"
                  " THEN c.data ELSE substring(c.data, (greatest(r.first - c.at, 0) + 1)::integer,"
                  " (least(r.last + 1 - c.at, octet_length(c.data))"
                  " - greatest(r.first - c.at, 0))::integer) END"
                  " FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS r(first, last, nr)"
                  " JOIN pg409.file_chunk c ON c.content = $1::bigint AND c.at > r.first - 262144"
                  " AND c.at <= r.last AND c.at + octet_length(c.data) > r.first"
                  " ORDER BY r.nr, c.at");
    sql.as_bytes = true;
    return sql_ask(&sql, talk);
}

size_t file_ask_free(struct talk *talk, const struct str *names, size_t count, bool folded)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "SELECT n.name FROM (VALUES ");
    for (size_t i = 0; i < count; i++) {
        if (i)
            sql_raw(&sql, ", ");
        sql_raw(&sql, "(");
        sql_number(&sql, i);
        sql_raw(&sql, ", ");
        sql_typed(&sql, names[i], (struct sql_type){STR("text")});
        sql_raw(&sql, ")");
    }
    sql_raw(&sql, ") AS n(nr, name) WHERE NOT EXISTS (SELECT FROM pg409.file f"
                  " WHERE f.fold = pg409.file_fold(n.name, ");
    sql_typed(&sql, folded ? STR("t") : STR("f"), (struct sql_type){STR("boolean")});
    sql_raw(&sql, ")) ORDER BY n.nr LIMIT 1");
    return sql_ask(&sql, talk);
}

/*
 * Contents are looked through a thousand at a time, from anywhere on: in the end each has its turn,
 * however many there are. One is looked at an hour after it began: nobody who still finds it by a
 * name that is just going is surprised.
 */
static void expire_contents(struct talk *talk, uint64_t anywhere)
{
    struct sql sql;
    sql_init(&sql, talk->arena);
    sql_raw(&sql, "DELETE FROM pg409.file_content WHERE id = ANY (ARRAY(SELECT c.id"
                  " FROM (SELECT id FROM pg409.file_content WHERE at < now() - interval '1 hour'"
                  " AND id >= (SELECT ");
    sql_number(&sql, anywhere);
    sql_raw(&sql, " % (coalesce(max(id), 0) + 1) FROM pg409.file_content) ORDER BY id LIMIT 1000) c"
                  " WHERE NOT EXISTS (SELECT FROM pg409.file_upload u WHERE u.content = c.id)"
                  " AND NOT EXISTS (SELECT FROM pg409.file f WHERE f.content = c.id)"
                  " AND NOT EXISTS (SELECT FROM pg409.file_revision r WHERE r.content = c.id)"
                  " LIMIT 20))");
    sql_ask(&sql, talk);
}

void file_expire(struct talk *talk, uint64_t days, uint64_t anywhere)
{
    struct sql uploads, revisions;
    sql_init(&uploads, talk->arena);
    sql_raw(&uploads, "DELETE FROM pg409.file_upload WHERE code = ANY (ARRAY(SELECT code"
                      " FROM pg409.file_upload WHERE expires < now() LIMIT " MOST_EXPIRED "))");
    sql_ask(&uploads, talk);
    sql_init(&revisions, talk->arena);
    sql_raw(&revisions, "DELETE FROM pg409.file_revision WHERE id = ANY (ARRAY(SELECT id"
                        " FROM pg409.file_revision WHERE ended_at < now() - interval '1 day' * ");
    sql_number(&revisions, days);
    sql_raw(&revisions, " LIMIT " MOST_EXPIRED "))");
    sql_ask(&revisions, talk);
    expire_contents(talk, anywhere);
}
