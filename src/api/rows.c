#include "api/rows.h"

#include "api/body.h"
#include "api/conflict.h"
#include "page/shell.h"
#include "wire/json.h"

#include "base/banned.h"

/* The row as PostgreSQL wrote it, with its version as one member more. */
static void put_row(struct buf *out, struct str json, struct str token)
{
    size_t end = json.len;
    while (end > 0 && json.ptr[end - 1] != '}')
        end--;
    if (end == 0)
        return;
    buf_add(out, json.ptr, end - 1);
    json_name(out, "_version");
    json_string(out, token);
    buf_char(out, '}');
}

static void json_type(struct work *work)
{
    reply_header(&work->reply, "Content-Type", STR("application/json"));
    reply_header(&work->reply, "Vary", STR("Accept"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache, no-transform"));
}

void rows_tables(struct work *work)
{
    struct buf *out = OUT(work);
    const struct catalog *catalog = work_catalog(work);
    json_type(work);
    buf_text(out, "{\"tables\":[");
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (table->key_count == 0 || !table->can_select)
            continue;
        json_comma(out);
        buf_text(out, "{\"name\":");
        json_string(out, table->name);
        buf_text(out, ",\"protected\":");
        buf_text(out, table->protected ? "true" : "false");
        json_name(out, "version");
        json_string(out, table->version ? table->version->name : STR("xmin"));
        buf_char(out, '}');
    }
    buf_text(out, "]}\n");
}

/* Whether If-None-Match names this version or anything at all (RFC 9110, section 13.1.2). */
static bool is_known(struct work *work, struct str token)
{
    struct http_tags tags;
    struct str value = request_header(&work->request, "HTTP_IF_NONE_MATCH");
    if (http_tags(&work->arena, value, &tags))
        return false;
    for (size_t i = 0; i < tags.count; i++)
        if (str_eq(tags.tags[i], token))
            return true;
    return tags.any;
}

static void after_show(void *ctx)
{
    struct work *work = ctx;
    struct row row = {0};
    if (work->talk.failed && work->talk.error.reason != REASON_VALUE) {
        work_failed(work);
        return;
    }
    if (!work->talk.failed)
        row_take(&work->arena, work->table, &work->talk.answers[0], false, true, &row);
    if (!row.found) {
        work_problem(work, "no-row", STR_NONE);
        return;
    }
    struct str token = version_token(&work->arena, row.version);
    json_type(work);
    reply_header(&work->reply, "ETag", str_printf(&work->arena, "\"%.*s\"", STR_ARG(token)));
    reply_header(&work->reply, "PG409-Version", token);
    if (is_known(work, token)) {
        work->reply.status = 304;
        return;
    }
    put_row(OUT(work), row.json, token);
    buf_char(OUT(work), '\n');
}

void rows_show(struct work *work)
{
    talk_then(&work->talk, after_show, work);
    row_ask(&work->talk, work->table, work->key, false, true);
    work->talk.repeatable = true;
}

static bool prefers(const struct work *work, struct str what)
{
    return str_in_list(request_header(&work->request, "HTTP_PREFER"), what);
}

static void location(struct work *work, struct str key)
{
    struct buf to;
    buf_init(&to, &work->arena, 10000);
    work_link(work, &to, work_table_segment(work, work->table), key);
    reply_header(&work->reply, "Location", buf_slice(&to));
}

/* A create answers as PostgREST does: nothing but where the row is, unless more is asked for. */
static void created(struct work *work, const struct save *save, struct str token)
{
    bool one_row = work->route->method != HTTP_POST;
    work->reply.status = 201;
    location(work, save->outcome.key);
    if (!save->outcome.json.ptr || !(one_row || prefers(work, STR("return=representation"))))
        return;
    json_type(work);
    if (!one_row)
        buf_char(OUT(work), '[');
    put_row(OUT(work), save->outcome.json, token);
    buf_text(OUT(work), one_row ? "\n" : "]\n");
}

/* Whether it is the key, and no other unique value, that is taken. */
static bool key_is_taken(const struct save *save)
{
    const struct table *table = save->change.table;
    const struct unique *unique = table_unique(table, save->outcome.error.constraint);
    bool whole = unique && unique->count == table->key_count;
    for (size_t i = 0; whole && i < unique->count; i++)
        whole = unique->columns[i]->key_position > 0;
    return whole;
}

static void after_save(struct save *save)
{
    struct work *work = save->ctx;
    const struct outcome *outcome = &save->outcome;
    bool minimal = prefers(work, STR("return=minimal"));
    bool exists = outcome->reason == REASON_DUPLICATE && save->change.op == CHANGE_CREATE &&
                  work->route->method == HTTP_PUT && key_is_taken(save);
    if (exists)
        save->outcome.reason = REASON_EXISTS;
    claim_answer(work, &save->change, outcome);
    struct str token =
        outcome->has_version ? version_token(&work->arena, outcome->version) : STR_NONE;
    if (outcome->kind == OUTCOME_CONFLICT || outcome->kind == OUTCOME_REFUSED) {
        conflict_json(work, save);
    } else if (save->change.op == CHANGE_CREATE) {
        created(work, save, token);
    } else if (save->change.op == CHANGE_DELETE || minimal || !outcome->json.ptr) {
        work->reply.status = 204;
    } else {
        json_type(work);
        put_row(OUT(work), outcome->json, token);
        buf_char(OUT(work), '\n');
    }
}

static struct save *new_save(struct work *work)
{
    struct save *save = ARENA_NEW(&work->arena, struct save);
    save->talk = &work->talk;
    save->done = after_save;
    save->ctx = work;
    return save;
}

static void write_row(struct work *work, enum change_op op, bool whole)
{
    struct save *save = new_save(work);
    if (body_read(work, op, whole, &save->change))
        save_row(save);
}

void rows_create(struct work *work)
{
    if (work->table->can_insert)
        write_row(work, CHANGE_CREATE, false);
    else
        work_problem(work, "privilege", STR_NONE);
}

void rows_patch(struct work *work)
{
    if (work->table->can_update)
        write_row(work, CHANGE_UPDATE, false);
    else
        work_problem(work, "privilege", STR_NONE);
}

void rows_delete(struct work *work)
{
    if (work->table->can_delete)
        write_row(work, CHANGE_DELETE, false);
    else
        work_problem(work, "privilege", STR_NONE);
}

/* PUT with If-None-Match: * creates the row under the key of its address. */
static void put_new(struct work *work)
{
    struct save *save = new_save(work);
    struct change *change = &save->change;
    if (!work->table->can_insert) {
        work_problem(work, "privilege", STR_NONE);
        return;
    }
    if (!body_read(work, CHANGE_CREATE, true, change))
        return;
    struct field *fields =
        ARENA_ARRAY(&work->arena, change->field_count + work->table->key_count, struct field);
    size_t count = 0;
    for (size_t i = 0; i < work->table->key_count; i++) {
        struct buf json;
        buf_init(&json, &work->arena, SIZE_MAX / 4);
        json_string(&json, work->key.values[i]);
        fields[count++] = (struct field){.column = work->table->key[i],
                                         .value = work->key.values[i],
                                         .json = buf_slice(&json)};
        change->restoring |= work->table->key[i]->identity_always;
    }
    for (size_t i = 0; i < change->field_count; i++)
        if (!change->fields[i].column->key_position)
            fields[count++] = change->fields[i];
    change->fields = fields;
    change->field_count = count;
    save_row(save);
}

void rows_put(struct work *work)
{
    bool creating = str_is(str_trim(request_header(&work->request, "HTTP_IF_NONE_MATCH")), "*");
    if (creating)
        put_new(work);
    else if (work->table->can_update)
        write_row(work, CHANGE_UPDATE, true);
    else
        work_problem(work, "privilege", STR_NONE);
}
