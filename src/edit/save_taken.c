#include "edit/receipt.h"
#include "edit/save_sql.h"
#include "edit/save_steps.h"
#include "wire/digest.h"

#include "base/banned.h"

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

/* Of a create at an address of its own, that somebody was there first is all there is to say. */
static enum reason reason_of(const struct save *save)
{
    return save->change.at_address && key_is_taken(save) ? REASON_EXISTS : REASON_DUPLICATE;
}

static void after_duplicate(void *ctx)
{
    struct save *save = ctx;
    const struct table *table = save->change.table;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    if (!save->talk->failed && answer->rows > 0)
        save->outcome.other_key = row_key_segment(save->talk->arena, table, answer, 0, 0);
    save_finish(save, OUTCOME_CONFLICT, reason_of(save));
}

/* A unique value is taken by a row that can perhaps be shown. */
static void by_another(struct save *save)
{
    const struct db_error *error = &save->outcome.error;
    const struct unique *unique = table_unique(save->change.table, error->constraint);
    if (unique) {
        talk_then(save->talk, after_duplicate, save);
        if (save_ask_duplicate(save, unique))
            return;
        save->talk->then = NULL;
    }
    save_finish(save, OUTCOME_CONFLICT, reason_of(save));
}

/* Content and version come from one read of the row; without a row only its address is left. */
static void after_made(void *ctx)
{
    struct save *save = ctx;
    struct row row;
    if (save->talk->failed) {
        save_finish_failed(save);
        return;
    }
    row_take(save->talk->arena, save->change.table, &save->talk->answers[save->row_answer], false,
             true, &row);
    save->outcome.version = row.version;
    save->outcome.has_version = row.found;
    *(save->change.show ? &save->outcome.shown : &save->outcome.json) = row.json;
    save_finish(save, save->own ? OUTCOME_SAVED : OUTCOME_ALREADY_APPLIED, REASON_NONE);
}

static void after_made_several(void *ctx)
{
    struct save *save = ctx;
    if (save->talk->failed)
        save_finish_failed(save);
    else
        save_finish(save, save->own ? OUTCOME_SAVED : OUTCOME_ALREADY_APPLIED, REASON_NONE);
}

/*
 * The row was made before. An answer that shows it shows it as it is now; one that does not bears
 * the version that was made: to whoever still has what was sent, a later one would be a lie.
 */
static void repeated(struct save *save, const struct created *created)
{
    const struct change *change = &save->change;
    bool shown = change->json && !change->without_row;
    if (change->bulk) {
        talk_then(save->talk, after_made_several, save);
        save_ask_made(save);
        return;
    }
    if (shown && created->value_count == change->table->key_count) {
        talk_then(save->talk, after_made, save);
        if (change->show)
            save->row_answer = row_ask_shown(save->talk, change->catalog, change->table,
                                             created->row, change->show);
        else
            save->row_answer = row_ask(save->talk, change->table, created->row, false, true);
        save->talk->repeatable = true;
        return;
    }
    save->outcome.version = created->version;
    save->outcome.has_version = created->has_version;
    save_finish(save, save->own ? OUTCOME_SAVED : OUTCOME_ALREADY_APPLIED, REASON_NONE);
}

/*
 * The token made a row before. The same content again is a repeat; other content
 * is a new row typed into an old form (Create, Back, type, Create), or, by an
 * Idempotency-Key, a mistake of the client.
 */
static void after_created(void *ctx)
{
    struct save *save = ctx;
    struct change *change = &save->change;
    struct created created;
    if (save->talk->failed) {
        save_finish_failed(save);
        return;
    }
    created =
        receipt_created(save->talk->arena, change->table, &save->talk->answers[save->row_answer]);
    save->outcome.key = created.key;
    if (created.key.ptr && str_eq(created.digest, change->digest)) {
        repeated(save, &created);
    } else if (created.key.ptr && change->json) {
        save_finish(save, OUTCOME_REFUSED, REASON_KEY_REUSED);
    } else if (!str_is(save->outcome.error.constraint, "receipt_create_token")) {
        by_another(save);
    } else if (!created.key.ptr) {
        save_finish(save, OUTCOME_CONFLICT, REASON_CONTENTION);
    } else {
        struct str parts[] = {change->token, change->digest};
        change->token = digest_of(save->talk->arena, parts, 2);
        save_write(save);
    }
}

/*
 * A create that comes back a second time may run into its own row before it runs into its
 * receipt, so the receipt is asked first; under a token of our own only when we sent it twice.
 */
void save_taken(struct save *save)
{
    const struct change *change = &save->change;
    bool again = change->token.ptr && (!save->own || save->talk->unsure);
    if (change->op == CHANGE_CREATE && change->receipts && again) {
        talk_then(save->talk, after_created, save);
        save->row_answer = receipt_ask_created(save->talk, change);
    } else {
        by_another(save);
    }
}
