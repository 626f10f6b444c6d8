/*
 * A JSON body up to the SQL of the write that it becomes. The first byte says whether it creates,
 * changes, replaces or deletes; what the web floor does otherwise is stood in for here.
 */
#include "api/body.h"

#include <stdlib.h>

#include "edit/save_sql.h"

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

static struct column columns[] = {
    {.name = {"id", 2},
     .type = {{"integer", 7}},
     .base_type = {{"integer", 7}},
     .value_type = {{"integer", 7}},
     .kind = KIND_INTEGER,
     .not_null = true,
     .can_select = true,
     .can_insert = true,
     .can_update = true,
     .key_position = 1},
    {.name = {"title", 5},
     .type = {{"text", 4}},
     .base_type = {{"text", 4}},
     .value_type = {{"text", 4}},
     .kind = KIND_TEXT,
     .can_select = true,
     .can_insert = true,
     .can_update = true},
    {.name = {"price", 5},
     .type = {{"numeric", 7}},
     .base_type = {{"numeric", 7}},
     .value_type = {{"numeric", 7}},
     .kind = KIND_NUMERIC,
     .can_select = true,
     .can_insert = true,
     .can_update = true},
    {.name = {"data", 4},
     .type = {{"json", 4}},
     .base_type = {{"json", 4}},
     .value_type = {{"json", 4}},
     .kind = KIND_JSON,
     .can_select = true,
     .can_insert = true,
     .can_update = true},
    {.name = {"tags", 4},
     .type = {{"text[]", 6}},
     .base_type = {{"text[]", 6}},
     .value_type = {{"text[]", 6}},
     .kind = KIND_ARRAY,
     .can_select = true,
     .can_insert = true,
     .can_update = true},
    {.name = {"made", 4},
     .type = {{"integer", 7}},
     .base_type = {{"integer", 7}},
     .value_type = {{"integer", 7}},
     .kind = KIND_INTEGER,
     .can_select = true,
     .generated = true},
    {.name = {"updated_at", 10},
     .type = {{"timestamp with time zone", 24}},
     .base_type = {{"timestamp with time zone", 24}},
     .value_type = {{"timestamp with time zone", 24}},
     .kind = KIND_TIMESTAMPTZ,
     .can_select = true,
     .can_insert = true,
     .can_update = true},
};
static struct table table = {.schema = {"public", 6},
                             .name = {"posts", 5},
                             .columns = columns,
                             .column_count = 7,
                             .key = {&columns[0]},
                             .key_count = 1,
                             .version = &columns[6],
                             .version_kind = VERSION_TIMESTAMPTZ,
                             .can_select = true,
                             .can_insert = true,
                             .can_update = true,
                             .can_delete = true};
static const struct catalog catalog = {.tables = &table, .table_count = 1, .receipts = true};
static struct settings settings;
static bool refused;

const struct settings *work_settings(const struct work *work)
{
    (void)work;
    return &settings;
}

const struct catalog *work_catalog(const struct work *work)
{
    (void)work;
    return &catalog;
}

bool work_reread(struct work *work)
{
    (void)work;
    return false;
}

struct str work_random(struct work *work, size_t count)
{
    (void)work;
    (void)count;
    return STR("0123456789abcdef");
}

void work_problem(struct work *work, const char *name, struct str detail)
{
    (void)work;
    require(name[0] && str_check_utf8(detail) != ERR_NUL);
    refused = true;
}

static const char *no_param(struct gateway *gateway, const char *name)
{
    (void)gateway;
    (void)name;
    return NULL;
}

static void write_sql(struct work *work, struct change *change)
{
    struct save save = {.change = *change, .talk = &work->talk};
    for (size_t i = 0; i < change->field_count; i++)
        require(change->fields[i].column && !change->fields[i].column->generated);
    if (change->op == CHANGE_CREATE)
        save_ask_insert(&save);
    else if (change->op == CHANGE_DELETE)
        save_ask_delete(&save);
    else if (change->field_count && !change->fields[0].kept)
        save_ask_update(&save);
    save.change.digest = save_digest(&save);
    require(save.change.digest.len == 32);
    if (change->op != CHANGE_CREATE)
        save_ask_look(&save);
    for (size_t i = 0; i < work->talk.asked_count; i++)
        require(work->talk.asked[i].sql_len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str key[] = {{"7", 1}};
    static const enum change_op ops[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_UPDATE,
                                         CHANGE_DELETE};
    static struct route route = {.method = HTTP_PATCH};
    struct gateway gateway = {.param = no_param};
    struct work work = {.table = &table, .key = {key}, .route = &route};
    struct change change;
    if (size == 0)
        return 0;
    settings_defaults(&settings);
    arena_init(&work.arena);
    reply_init(&work.reply, &work.arena);
    talk_init(&work.talk, &work.arena);
    work.request.gateway = &gateway;
    work.request.body = (struct str){(const char *)data + 1, size - 1};
    work.request.has_body = size > 1;
    refused = false;
    if (body_read(&work, ops[data[0] % 4], data[0] % 4 == 2, &change))
        write_sql(&work, &change);
    else
        require(refused);
    arena_release(&work.arena);
    return 0;
}
