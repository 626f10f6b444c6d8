#include "edit/save.h"

#include "edit/park.h"
#include "edit/receipt.h"
#include "edit/save_sql.h"
#include "edit/save_steps.h"

#include "base/banned.h"

#define MAX_REBASES 5

static void look(struct save *save);

/*
 * A create was sent twice, the first answer was lost, and the second is none. Where the next try
 * cannot be told from a new row either, nobody must be told that nothing happened.
 */
static bool lost_track(const struct save *save, enum reason reason)
{
    const struct change *change = &save->change;
    bool recognised = change->receipts && !(save->own && change->json);
    if (change->op != CHANGE_CREATE || !save->talk->unsure || recognised)
        return false;
    return reason == REASON_LOCKED || reason == REASON_CONTENTION || reason == REASON_AWAY ||
           reason == REASON_FULL || reason == REASON_READ_ONLY || reason == REASON_TIMEOUT;
}

void save_finish(struct save *save, enum outcome_kind kind, enum reason reason)
{
    if (lost_track(save, reason)) {
        kind = OUTCOME_REFUSED;
        reason = REASON_UNSURE;
    }
    if (save->rebases && !save->overwrites && (kind == OUTCOME_CONFLICT || kind == OUTCOME_REFUSED))
        save->change.version = save->claimed; /* what the form's base belongs to */
    save->outcome.kind = kind;
    save->outcome.reason = reason;
    save->done(save);
}

/* What PostgreSQL refused because of the state of the data is a conflict; the rest is refused. */
static enum outcome_kind kind_of(enum reason reason)
{
    switch (reason) {
    case REASON_DUPLICATE:
    case REASON_REFERENCED:
    case REASON_DANGLING:
    case REASON_LOCKED:
    case REASON_CONTENTION:
        return OUTCOME_CONFLICT;
    default:
        return OUTCOME_REFUSED;
    }
}

void save_finish_failed(struct save *save)
{
    save->outcome.error = save->talk->error;
    save_finish(save, kind_of(save->talk->error.reason), save->talk->error.reason);
}

/* Either no row can have that key, or it was a value of the editor's that could not be read. */
static void after_key(void *ctx)
{
    struct save *save = ctx;
    const struct change *change = &save->change;
    bool unreadable = save->talk->failed && save->talk->error.reason == REASON_VALUE;
    if (save->talk->failed && !unreadable)
        save_finish_failed(save);
    else if (unreadable)
        save_finish(save, OUTCOME_REFUSED, REASON_NO_ROW);
    else if (!change->versioned && !change->any)
        save_finish(save, OUTCOME_REFUSED, REASON_VERSION_REQUIRED);
    else
        save_finish(save, OUTCOME_REFUSED, REASON_VALUE);
}

/* A value could not be read. When it is the one in the address, there is no such row. */
static void look_at_key(struct save *save)
{
    talk_then(save->talk, after_key, save);
    row_ask(save->talk, save->change.table, save->change.key, false, false);
    save->talk->repeatable = true;
}

/* "Whatever is there" was sent once, and nobody knows whether it was done; receipts do. */
static bool may_overwrite_again(const struct save *save)
{
    return save->change.any && save->change.receipts && save->talk->unsure;
}

/* From here on only on the version that is found, so that it is never done twice. */
static void overwrite_again(struct save *save)
{
    save->change.any = false;
    save->overwrites = true;
    look(save);
}

static void failed(struct save *save)
{
    struct db_error *error = &save->outcome.error;
    *error = save->talk->error;
    bool elsewhere = !str_eq(error->table, save->change.table->name);
    if (error->reason == REASON_DANGLING && (elsewhere || save->change.op == CHANGE_DELETE))
        error->reason = REASON_REFERENCED;
    if (error->reason == REASON_REFERENCED && error->table.len)
        save->outcome.hint_table = error->table;
    if (error->reason == REASON_DUPLICATE)
        save_taken(save);
    else if (error->reason == REASON_AWAY && may_overwrite_again(save))
        overwrite_again(save);
    else if (error->reason == REASON_VALUE && save->change.op != CHANGE_CREATE)
        look_at_key(save);
    else
        save_finish(save, kind_of(error->reason), error->reason);
}

static bool all_fields(const struct save *save, bool (*test)(const struct field *field))
{
    for (size_t i = 0; i < save->change.field_count; i++)
        if (!test(&save->change.fields[i]))
            return false;
    return true;
}

static bool is_kept(const struct field *field)
{
    return field->kept;
}

/* What the editor wants is there already. */
static bool is_stored(const struct field *field)
{
    return field->kept || field->is_current;
}

/* What the editor saw is still so. */
static bool is_as_seen(const struct field *field)
{
    return field->is_as_seen;
}

/*
 * Whether this very write was done before. The receipt of the current version says so (a repeat,
 * whatever a trigger made of its values); under another token it is somebody else's who said the
 * same, which comes to the same unless the table counts. If the row may have been saved again
 * since, the receipt has to be this request's own: that of a try of ours whose answer got lost, or
 * of the client's key. Then the version is the one that was made, without a row that would not be
 * of it. The token of a form is no such key: Back and Save again is a wish about what is there.
 */
static bool done_before(struct save *save)
{
    const struct change *change = &save->change;
    struct outcome *outcome = &save->outcome;
    struct receipt receipt = {0};
    if (change->receipts)
        receipt = receipt_of_change(save->talk->arena, &save->talk->answers[save->receipt_answer],
                                    change);
    outcome->looked_back = change_keyed(change) && change->receipts;
    if (!receipt.found)
        return false;
    bool now = outcome->has_version && version_same(receipt.version, outcome->version);
    bool own = str_eq(receipt.token, change->token);
    bool again = save->talk->unsure || change_keyed(change);
    outcome->repeat = outcome->looked_back && own;
    if (!(now && (own || !save_counts(change))) && !(own && again))
        return false;
    if (!now) {
        outcome->version = receipt.version;
        outcome->has_version = change->op != CHANGE_DELETE;
        outcome->json = STR_NONE;
    }
    return true;
}

/* The row is at the version that was claimed, and yet it was not written. */
static void after_lock(void *ctx)
{
    struct save *save = ctx;
    if (save->talk->failed)
        failed(save);
    else if (save->talk->answers[save->row_answer].rows > 0)
        save_finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
    else
        save_finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
}

static void not_written(struct save *save)
{
    if (!save->change.table->row_security) {
        save_finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
        return;
    }
    if (save->change.op == CHANGE_DELETE) { /* no statement asks the policies for DELETE alone */
        save_finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
        return;
    }
    talk_then(save->talk, after_lock, save);
    save_ask_lock(save);
}

/*
 * The row may have gone to the key that this very change gave it (double click, a lost answer,
 * Back and Save again): then it is looked for there. False when the change gives it no other key.
 */
static bool look_where_it_went(struct save *save)
{
    struct change *change = &save->change;
    struct str *values = ARENA_ARRAY(save->talk->arena, MAX_KEY, struct str);
    bool other = false;
    if (change->op != CHANGE_UPDATE || !change->receipts || save->moved.values)
        return false;
    for (size_t i = 0; i < change->table->key_count; i++) {
        const struct field *field = change_field(change, change->table->key[i]);
        bool given = field && !field->kept && field->value.ptr;
        values[i] = given ? field->value : change->key.values[i];
        other |= given;
    }
    if (!other)
        return false;
    save->missing = save->outcome;
    save->moved = change->key;
    change->key.values = values;
    look(save);
    return true;
}

/* Deleted since, or never there: who names a version has seen the row. */
static void never_there(struct save *save)
{
    if (save->change.versioned)
        save_finish(save, OUTCOME_CONFLICT, REASON_DELETED);
    else
        save_finish(save, OUTCOME_REFUSED, REASON_NO_ROW);
}

/* No row of that key can be seen. */
static void gone(struct save *save)
{
    const struct change *change = &save->change;
    const struct answer *exists = &save->talk->answers[save->exists_answer];
    bool asked = change->table->row_security && change->row_exists;
    if (asked && answer_true(exists, 0, 0)) {
        save_finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
        return;
    }
    if (!change->versioned && !save->overwrites) {
        never_there(save);
        return;
    }
    struct receipt receipt = save_who(save, NULL);
    bool same =
        change->versioned && receipt.found && version_same(change->version, receipt.version);
    if (change->op == CHANGE_DELETE && (same || done_before(save)))
        save_finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
    else if (!look_where_it_went(save))
        never_there(save);
}

/* Sends the same change once more, based on what is there now. */
static void rebase(struct save *save)
{
    if (save->rebases == 0)
        save->claimed = save->change.version;
    if (save->rebases++ == MAX_REBASES) {
        save_unmerge(save);
        save_finish(save, OUTCOME_CONFLICT, REASON_CONTENTION);
        return;
    }
    save->change.version = save->outcome.version;
    save->change.versioned = true;
    save_write(save);
}

/*
 * The current version was saved from this very form (Save, Back, edit again,
 * Save). Then all that differs from it is the editor's wish, what was put back
 * to its first value included.
 */
static bool from_this_form(struct save *save)
{
    struct change *change = &save->change;
    struct receipt receipt = save_who(save, &save->outcome.version);
    if (change->json || change->strict || !receipt.found || !change->token.ptr ||
        !receipt.token.ptr || !str_eq(change->token, receipt.token) ||
        !str_eq(change->user, receipt.user))
        return false;
    for (size_t i = 0; i < change->field_count; i++)
        change->fields[i].kept = change->fields[i].is_current;
    return true;
}

static void stale(struct save *save)
{
    struct change *change = &save->change;
    bool update = change->op == CHANGE_UPDATE;
    if (done_before(save)) {
        save_finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
        return;
    }
    if (save->overwrites) {
        rebase(save);
        return;
    }
    bool own = update && from_this_form(save);
    if (!update)
        (void)save_who(save, &save->outcome.version);
    bool harmless = change->field_count > 0 && !change->past && all_fields(save, is_as_seen);
    if (update && !own && all_fields(save, is_kept)) {
        save_finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    } else if (update && (own || !save_counts(change)) && all_fields(save, is_stored)) {
        save_finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
    } else if (update && !change->strict && (harmless || own || save_merge(save))) {
        rebase(save);
    } else {
        save->outcome.cut_short = version_cut_short(change->version, save->outcome.version);
        save_finish(save, OUTCOME_CONFLICT, REASON_STALE);
    }
}

static void same_version(struct save *save)
{
    if (save->change.op == CHANGE_UPDATE && all_fields(save, is_stored))
        save_finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    else
        not_written(save);
}

static void blind(struct save *save)
{
    (void)save_who(save, &save->outcome.version);
    if (save->change.op == CHANGE_UPDATE && all_fields(save, is_kept))
        save_finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    else
        save_finish(save, OUTCOME_REFUSED, REASON_VERSION_REQUIRED);
}

/* What was found out while nothing was to be written. */
static void reviewed(struct save *save, bool moved_on)
{
    struct change *change = &save->change;
    (void)save_who(save, &save->outcome.version);
    if (!change->versioned)
        save_finish(save, OUTCOME_REFUSED, REASON_VERSION_REQUIRED);
    else if (!save_counts(change) && all_fields(save, is_stored))
        save_finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
    else if (!moved_on || all_fields(save, is_as_seen))
        save_finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    else
        save_finish(save, OUTCOME_CONFLICT, REASON_STALE);
}

/* The look could not be kept for the editor: then at least it has to be made. */
static bool look_again(struct save *save)
{
    bool parking = save->parking && save->talk->answers[save->park_answer].failed;
    if (!save->talk->failed || !parking || save->talk->error.reason == REASON_AWAY)
        return false;
    save->change.parks = false;
    look(save);
    return true;
}

static void after_look(void *ctx)
{
    struct save *save = ctx;
    if (look_again(save))
        return;
    const struct change *change = &save->change;
    bool found = !save->talk->failed && save_take_look(save);
    if (save->parking && !save->talk->failed)
        save->outcome.parked = save->talk->answers[save->park_answer].rows > 0;
    bool elsewhere = save->moved.values != NULL;
    bool moved_on = change->versioned ? !version_same(change->version, save->outcome.version)
                                      : save->overwrites;
    if (elsewhere && !(found && (done_before(save) || from_this_form(save)))) {
        save->change.key = save->moved;
        save->outcome = save->missing;
        never_there(save);
    } else if (save->talk->failed)
        failed(save);
    else if (!found)
        gone(save);
    else if (save->reviewing)
        reviewed(save, moved_on);
    else if (!change->versioned && !change->any && !save->overwrites)
        blind(save);
    else if (moved_on)
        stale(save);
    else
        same_version(save);
}

static void look(struct save *save)
{
    save_unmerge(save);
    for (size_t i = 0; save->rebases && i < save->change.field_count; i++) {
        struct field *field = &save->change.fields[i]; /* kept is a claim about the base again */
        field->kept = field->kept && field->has_base && str_eq(field->value, field->base);
    }
    talk_then(save->talk, after_look, save);
    save_ask_look(save);
    save->parking = save->change.parks && !save->moved.values && save->change.op == CHANGE_UPDATE &&
                    !all_fields(save, is_kept);
    if (save->parking)
        save->park_answer =
            park_ask(save->talk, &save->change, save_likely(&save->change), STR_NONE);
}

static enum outcome_kind written(const struct save *save)
{
    if (save->unmerged)
        return OUTCOME_MERGED;
    return save->rebases && !save->overwrites ? OUTCOME_REBASED : OUTCOME_SAVED;
}

static void after_write(void *ctx)
{
    struct save *save = ctx;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    if (save->talk->failed && save->unmerged && save->talk->error.reason != REASON_AWAY) {
        save->change.auto_merge = AUTO_MERGE_OFF; /* the table does not take it: people decide */
        save->change.version = save->claimed;
        look(save);
    } else if (save->talk->failed) {
        failed(save);
    } else if (answer->rows > 0) {
        save_take_written(save, answer);
        save_finish(save, written(save), REASON_NONE);
    } else if (save->change.bulk && save->change.bulk->pass_taken) {
        save_finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    } else if (save->change.op == CHANGE_CREATE) {
        save_finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
    } else {
        look(save);
    }
}

void save_write(struct save *save)
{
    const struct change *change = &save->change;
    talk_then(save->talk, after_write, save);
    if (change->op == CHANGE_CREATE)
        save_ask_insert(save);
    else if (change->op == CHANGE_DELETE)
        save_ask_delete(save);
    else
        save_ask_update(save);
    save->talk->writing = true;
    save->talk->repeatable =
        change->op == CHANGE_CREATE ? change->receipts && change->token.ptr : !change->any;
}

void save_review(struct save *save)
{
    save->outcome = (struct outcome){0};
    save->reviewing = true;
    save->change.parks = false;
    look(save);
}

void save_row(struct save *save)
{
    const struct change *change = &save->change;
    bool update = change->op == CHANGE_UPDATE;
    bool unversioned = change->op != CHANGE_CREATE && !change->versioned && !change->any;
    save->outcome = (struct outcome){0};
    if (change->receipts)
        save->change.digest = save_digest(save);
    if (change->parks && !change->park.ptr)
        save->change.park = park_code(save->talk->arena, change);
    save->own = change->op == CHANGE_CREATE && change->receipts && !change->token.ptr;
    if (save->own)
        save->change.token = change->mark;
    if (unversioned || (update && all_fields(save, is_kept)))
        look(save);
    else
        save_write(save);
}
