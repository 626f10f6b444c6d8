#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "feed.h"
#include "scene.h"

#include "base/banned.h"

static const struct feed_column columns[] = {
    {.name = "id",
     .type = "int4",
     .key = "1",
     .not_null = "t",
     .guarded = "updated_at",
     .uniques = "articles_pkey\x1fid\x1e"
                "title_once\x1ftitle\x1e"
                "id_title\x1fid\x1ftitle"},
    {.name = "title", .type = "text"},
    {.name = "body", .type = "text"},
    {.name = "updated_at", .type = "timestamptz", .not_null = "t"},
    {.name = "updated_by", .type = "text"},
};

#define COLUMNS 5

static void done(struct save *save)
{
    ++*(unsigned *)save->ctx;
}

static void free_catalog(void *catalog)
{
    catalog_free(catalog);
}

static struct table *table_for(struct arena *arena, const struct scene *scene)
{
    struct settings settings;
    settings_defaults(&settings);
    struct catalog *catalog = feed_catalog(arena, columns, COLUMNS, &settings);
    arena_defer(arena, free_catalog, catalog);
    catalog->tables[0].row_security = scene->row_security;
    return &catalog->tables[0];
}

struct save *scene_start(struct arena *arena, const struct scene *scene, unsigned *ends)
{
    static const struct str key[] = {{"7", 1}};
    struct table *table = table_for(arena, scene);
    struct save *save = ARENA_NEW(arena, struct save);
    struct field *fields = ARENA_ARRAY(arena, 2, struct field);
    fields[0] = (struct field){.column = &table->columns[1],
                               .value = STR("my title"),
                               .kept = scene->keep_title,
                               .has_base = true,
                               .base = STR("title")};
    fields[1] = (struct field){.column = &table->columns[2],
                               .value = STR("my body"),
                               .kept = scene->keep_body,
                               .has_base = true,
                               .base = STR("body")};
    save->talk = ARENA_NEW(arena, struct talk);
    talk_init(save->talk, arena);
    save->change = (struct change){
        .op = scene->op,
        .table = table,
        .key = {key},
        .fields = fields,
        .field_count = 2,
        .versioned = scene->op != CHANGE_CREATE && !scene->blind && !scene->any,
        .any = scene->any,
        .strict = scene->strict,
        .json = scene->json,
        .user = STR("anna"),
        .token = str_from(scene->token),
        .mark = str_from(scene->mark),
        .receipts = scene->receipts,
        .without_row = scene->without_row,
        .row_exists = scene->row_exists,
    };
    if (scene->op == CHANGE_DELETE)
        save->change.field_count = 0;
    if (save->change.versioned) {
        struct str token = scene->cut ? STR(CUT) : STR(OLD);
        assert_int_equal(version_parse(arena, table, token, &save->change.version), ERR_NONE);
    }
    save->done = done;
    save->ctx = ends;
    return save;
}

/* Which statement comes before each answer. */
static bool asked_for(const struct save *save, enum what what)
{
    const struct str sql = feed_sql(save->talk, 0);
    static const struct str verbs[] = {{"INSERT INTO ", 12}, {"UPDATE ", 7}, {"DELETE ", 7}};
    switch (what) {
    case LOOK:
    case GONE:
    case KEY:
    case NO_KEY:
        return str_starts(sql, STR("SELECT ")) && str_find(sql, STR("AS _v")) != SIZE_MAX;
    case LOCK:
    case NO_LOCK:
        return str_ends(sql, STR("FOR NO KEY UPDATE"));
    case FOUND:
    case NONE:
        return str_starts(sql, STR("SELECT \"id\"::text FROM "));
    case MADE:
    case NOT_MADE:
        return str_starts(sql, STR("SELECT row_key"));
    default:
        return str_find(sql, verbs[save->change.op]) != SIZE_MAX;
    }
}

/* The flags of each field: yours is current, current is base, yours is base. */
static struct answer looked(struct arena *arena, const struct save *save, const struct step *step)
{
    const struct change *change = &save->change;
    const char *cells[64] = {step->version, NULL,  "bert", change->json ? "{}" : NULL,
                             "7",           "7",   "t",    "b",
                             step->version, "bert"};
    size_t at = 10;
    for (size_t i = 0; i < change->field_count; i++) {
        const char *same = step->same + 3 * i;
        const struct field *field = &change->fields[i];
        if (field->kept) /* compared without PostgreSQL */
            cells[6 + i] = same[1] == 't' ? field->base.ptr : "something else";
        for (size_t j = 0; !field->kept && j < 3; j++)
            cells[at++] = same[j] == 't' ? "t" : "f";
        if (change->json)
            cells[at++] = "null";
    }
    return feed_answer(arena, 1, at, cells);
}

static void answer_look(struct arena *arena, struct save *save, const struct step *step)
{
    static const char *const truths[] = {"f", "t"};
    struct answer *answers = save->talk->answers;
    size_t at = 1;
    answers[0] = step->what == LOOK ? looked(arena, save, step) : feed_answer(arena, 0, 1, NULL);
    assert_true(save->talk->repeatable);
    const char *receipt[6];
    memcpy(receipt, step->receipt, sizeof receipt);
    if (receipt[5] && receipt[5][0] == '=')
        receipt[5] = str_cstr(arena, save->change.digest);
    if (save->change.receipts)
        answers[at++] = feed_answer(arena, receipt[0] ? 1 : 0, 6, receipt);
    if (save->change.table->row_security && save->change.row_exists)
        answers[at++] = feed_answer(arena, 1, 1, &truths[step->exists]);
    assert_int_equal(save->talk->asked_count, at);
}

void scene_answer(struct arena *arena, struct save *save, const struct step *step)
{
    static const char *const key[] = {"9"};
    const char *written[] = {step->version ? step->version : NEW, NULL, "7", "{}", "[\"7\"]", NEW};
    struct answer *answers = save->talk->answers;
    const char *digest = str_cstr(arena, save->change.digest);
    const char *made[] = {"[\"9\"]", step->version ? step->version : digest, OLD};
    save->talk->failed = false;
    save->talk->unsure |= step->resent;
    save->talk->error = (struct db_error){0};
    switch (step->what) {
    case LOOK:
    case GONE:
        answer_look(arena, save, step);
        break;
    case LOST:
        save->talk->unsure = true;
        feed_failure(save->talk, "", NULL, NULL);
        break;
    case FAIL:
        feed_failure(save->talk, step->failure[0], step->failure[1], step->failure[2]);
        break;
    case WRITTEN:
    case LOCK:
    case KEY:
        answers[0] = feed_answer(arena, 1, 6, written);
        break;
    case MADE:
        answers[0] = feed_answer(arena, 1, 3, made);
        break;
    case FOUND:
        answers[0] = feed_answer(arena, 1, 1, key);
        break;
    default:
        answers[0] = feed_answer(arena, 0, 6, NULL);
    }
}

void scene_assert_text(const char *what, struct str text, const char *expected)
{
    if (expected ? !str_is(text, expected) : text.ptr != NULL)
        fail_msg("%s is “%.*s”, not “%s”", what, STR_ARG(text), expected ? expected : "");
}

static void check(const struct scene *scene, const struct save *save, unsigned ends)
{
    const struct outcome *outcome = &save->outcome;
    if (ends != 1 || save->talk->then || outcome->kind != scene->kind ||
        outcome->reason != scene->reason || save->talk->told.round_trips != scene->trips)
        fail_msg("%s: ended %u times, %s, reason %d after %u round trips", scene->name, ends,
                 outcome_name(outcome->kind), (int)outcome->reason, save->talk->told.round_trips);
    scene_assert_text("other_key", outcome->other_key, scene->other_key);
    scene_assert_text("hint_table", outcome->hint_table, scene->hint_table);
    if (scene->key)
        scene_assert_text("key", outcome->key, scene->key);
    if (scene->changed_by)
        scene_assert_text("changed_by", outcome->changed_by, scene->changed_by);
    if (scene->version)
        scene_assert_text("version", outcome->version.column, scene->version);
    if (scene->gone)
        assert_false(outcome->has_version || outcome->json.ptr);
    assert_int_equal(outcome->cut_short, scene->cut_short);
}

void scene_play(struct arena *arena, const struct scene *scene)
{
    unsigned ends = 0;
    struct save *save = scene_start(arena, scene, &ends);
    save_row(save);
    for (const struct step *step = scene->steps; step->what != END; step++) {
        if (!save->talk->then)
            fail_msg("%s: nobody waits for answer %d", scene->name, (int)(step - scene->steps));
        if (step->what != FAIL && step->what != LOST && !asked_for(save, step->what))
            fail_msg("%s: step %d asks %.*s", scene->name, (int)(step - scene->steps),
                     STR_ARG(feed_sql(save->talk, 0)));
        scene_answer(arena, save, step);
        feed_then(save->talk);
    }
    check(scene, save, ends);
}
