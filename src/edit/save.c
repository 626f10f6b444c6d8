#include "edit/save.h"

#include "edit/receipt.h"
#include "edit/save_sql.h"
#include "wire/digest.h"

#include "base/banned.h"

#define MAX_REBASES 5

static void ask_write(struct save *save);
static void look(struct save *save);

const char *outcome_name(enum outcome_kind kind)
{
    switch (kind) {
    case OUTCOME_SAVED:
        return "saved";
    case OUTCOME_ALREADY_APPLIED:
        return "already-applied";
    case OUTCOME_REBASED:
        return "rebased";
    case OUTCOME_UNCHANGED:
        return "unchanged";
    case OUTCOME_CONFLICT:
        return "conflict";
    case OUTCOME_REFUSED:
        return "refused";
    }
    return "refused";
}

static void finish(struct save *save, enum outcome_kind kind, enum reason reason)
{
    if (save->rebases && (kind == OUTCOME_CONFLICT || kind == OUTCOME_REFUSED))
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

static void after_duplicate(void *ctx)
{
    struct save *save = ctx;
    const struct table *table = save->change.table;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    if (!save->talk->failed && answer->rows > 0)
        save->outcome.other_key = row_key_segment(save->talk->arena, table, answer, 0, 0);
    finish(save, OUTCOME_CONFLICT, REASON_DUPLICATE);
}

/* A unique value is taken by a row that can perhaps be shown. */
static void taken(struct save *save)
{
    const struct db_error *error = &save->outcome.error;
    const struct unique *unique = table_unique(save->change.table, error->constraint);
    if (unique) {
        talk_then(save->talk, after_duplicate, save);
        if (save_ask_duplicate(save, unique))
            return;
        save->talk->then = NULL;
    }
    finish(save, OUTCOME_CONFLICT, REASON_DUPLICATE);
}

static void cannot_look(struct save *save)
{
    save->outcome.error = save->talk->error;
    finish(save, kind_of(save->talk->error.reason), save->talk->error.reason);
}

/* Content and version come from one read of the row; without a row only its address is left. */
static void after_made(void *ctx)
{
    struct save *save = ctx;
    struct row row;
    if (save->talk->failed) {
        cannot_look(save);
        return;
    }
    row_take(save->talk->arena, save->change.table, &save->talk->answers[save->row_answer], false,
             true, &row);
    save->outcome.version = row.version;
    save->outcome.has_version = row.found;
    *(save->change.show ? &save->outcome.shown : &save->outcome.json) = row.json;
    finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
}

static void after_made_several(void *ctx)
{
    struct save *save = ctx;
    if (save->talk->failed)
        cannot_look(save);
    else
        finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
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
    finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
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
        cannot_look(save);
        return;
    }
    created =
        receipt_created(save->talk->arena, change->table, &save->talk->answers[save->row_answer]);
    save->outcome.key = created.key;
    if (created.key.ptr && str_eq(created.digest, change->digest)) {
        repeated(save, &created);
    } else if (created.key.ptr && change->json) {
        finish(save, OUTCOME_REFUSED, REASON_KEY_REUSED);
    } else if (!str_is(save->outcome.error.constraint, "receipt_create_token")) {
        taken(save);
    } else if (!created.key.ptr) {
        finish(save, OUTCOME_CONFLICT, REASON_CONTENTION);
    } else {
        struct str parts[] = {change->token, change->digest};
        change->token = digest_of(save->talk->arena, parts, 2);
        ask_write(save);
    }
}

/*
 * A unique value is taken. A create that comes back a second time may run into
 * its own row before it runs into its receipt, so the receipt is asked first.
 */
static void duplicate(struct save *save)
{
    const struct change *change = &save->change;
    if (change->op == CHANGE_CREATE && change->receipts && change->token.ptr) {
        talk_then(save->talk, after_created, save);
        save->row_answer = receipt_ask_created(save->talk, change);
    } else {
        taken(save);
    }
}

/* Either no row can have that key, or it was a value of the editor's that could not be read. */
static void after_key(void *ctx)
{
    struct save *save = ctx;
    const struct change *change = &save->change;
    bool unreadable = save->talk->failed && save->talk->error.reason == REASON_VALUE;
    if (save->talk->failed && !unreadable) {
        save->outcome.error = save->talk->error;
        finish(save, kind_of(save->talk->error.reason), save->talk->error.reason);
    } else if (unreadable)
        finish(save, OUTCOME_REFUSED, REASON_NO_ROW);
    else if (!change->versioned && !change->any)
        finish(save, OUTCOME_REFUSED, REASON_VERSION_REQUIRED);
    else
        finish(save, OUTCOME_REFUSED, REASON_VALUE);
}

/* A value could not be read. When it is the one in the address, there is no such row. */
static void look_at_key(struct save *save)
{
    talk_then(save->talk, after_key, save);
    row_ask(save->talk, save->change.table, save->change.key, false, false);
    save->talk->repeatable = true;
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
        duplicate(save);
    else if (error->reason == REASON_VALUE && save->change.op != CHANGE_CREATE)
        look_at_key(save);
    else
        finish(save, kind_of(error->reason), error->reason);
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

/* Who and when: a column for it, else the receipt; when also by the version itself. */
static struct receipt read_receipt(struct save *save, const struct version *version)
{
    struct receipt receipt = {0};
    struct outcome *outcome = &save->outcome;
    bool moved = version && !str_eq(version->column, save->change.version.column);
    if (moved && save->change.table->version_kind == VERSION_TIMESTAMPTZ)
        outcome->changed_at = version->column;
    if (!save->change.receipts)
        return receipt;
    receipt = receipt_of(save->talk->arena, save->change.table,
                         &save->talk->answers[save->receipt_answer], version);
    if (!outcome->changed_by.ptr)
        outcome->changed_by = receipt.user;
    if (receipt.at.ptr)
        outcome->changed_at = receipt.at;
    return receipt;
}

/* The row is at the version that was claimed, and yet it was not written. */
static void after_lock(void *ctx)
{
    struct save *save = ctx;
    if (save->talk->failed)
        failed(save);
    else if (save->talk->answers[save->row_answer].rows > 0)
        finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
    else
        finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
}

static void not_written(struct save *save)
{
    if (!save->change.table->row_security) {
        finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
        return;
    }
    if (save->change.op == CHANGE_DELETE) { /* no statement asks the policies for DELETE alone */
        finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
        return;
    }
    talk_then(save->talk, after_lock, save);
    save_ask_lock(save);
}

/*
 * The row may have gone to the key that this very form gave it (double click, Back and Save
 * again): then it is looked for there. False when the change gives it no other key.
 */
static bool look_where_it_went(struct save *save)
{
    struct change *change = &save->change;
    bool form = !change->json && !change->strict && change->receipts && change->token.ptr;
    struct str *values = ARENA_ARRAY(save->talk->arena, MAX_KEY, struct str);
    bool other = false;
    if (change->op != CHANGE_UPDATE || !form || save->moved.values)
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

/* No row of that key can be seen. */
static void gone(struct save *save)
{
    const struct change *change = &save->change;
    const struct answer *exists = &save->talk->answers[save->exists_answer];
    bool asked = change->table->row_security && change->row_exists;
    if (asked && answer_true(exists, 0, 0)) {
        finish(save, OUTCOME_REFUSED, REASON_ROW_SECURITY);
        return;
    }
    if (!change->versioned) {
        finish(save, OUTCOME_REFUSED, REASON_NO_ROW);
        return;
    }
    struct receipt receipt = read_receipt(save, NULL);
    bool ours = receipt.found && version_same(change->version, receipt.version);
    if (look_where_it_went(save))
        return;
    if (change->op == CHANGE_DELETE && ours)
        finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
    else
        finish(save, OUTCOME_CONFLICT, REASON_DELETED);
}

/* Sends the same change once more, based on what is there now. */
static void rebase(struct save *save)
{
    if (save->rebases == 0)
        save->claimed = save->change.version;
    if (save->rebases++ == MAX_REBASES) {
        finish(save, OUTCOME_CONFLICT, REASON_CONTENTION);
        return;
    }
    save->change.version = save->outcome.version;
    ask_write(save);
}

/*
 * The current version was saved from this very form (Save, Back, edit again,
 * Save). Then all that differs from it is the editor's wish, what was put back
 * to its first value included.
 */
static bool from_this_form(struct save *save)
{
    struct change *change = &save->change;
    struct receipt receipt = read_receipt(save, &save->outcome.version);
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
    bool own = update && from_this_form(save);
    if (!update)
        (void)read_receipt(save, &save->outcome.version);
    bool harmless = change->field_count > 0 && all_fields(save, is_as_seen);
    if (update && !own && all_fields(save, is_kept)) {
        finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    } else if (update && all_fields(save, is_stored)) {
        finish(save, OUTCOME_ALREADY_APPLIED, REASON_NONE);
    } else if (update && !change->strict && (harmless || own)) {
        rebase(save);
    } else {
        save->outcome.cut_short = version_cut_short(change->version, save->outcome.version);
        finish(save, OUTCOME_CONFLICT, REASON_STALE);
    }
}

static void same_version(struct save *save)
{
    if (save->change.op == CHANGE_UPDATE && all_fields(save, is_stored))
        finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    else
        not_written(save);
}

static void blind(struct save *save)
{
    (void)read_receipt(save, &save->outcome.version);
    if (save->change.op == CHANGE_UPDATE && all_fields(save, is_kept))
        finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    else
        finish(save, OUTCOME_REFUSED, REASON_VERSION_REQUIRED);
}

static void after_look(void *ctx)
{
    struct save *save = ctx;
    const struct change *change = &save->change;
    bool found = !save->talk->failed && save_take_look(save);
    if (save->moved.values && !(found && from_this_form(save))) {
        save->change.key = save->moved;
        save->outcome = save->missing;
        finish(save, OUTCOME_CONFLICT, REASON_DELETED);
    } else if (save->talk->failed)
        failed(save);
    else if (!found)
        gone(save);
    else if (!change->versioned && !change->any)
        blind(save);
    else if (change->versioned && !version_same(change->version, save->outcome.version))
        stale(save);
    else
        same_version(save);
}

static void look(struct save *save)
{
    for (size_t i = 0; save->rebases && i < save->change.field_count; i++) {
        struct field *field = &save->change.fields[i]; /* kept is a claim about the base again */
        field->kept = field->kept && field->has_base && str_eq(field->value, field->base);
    }
    talk_then(save->talk, after_look, save);
    save_ask_look(save);
}

static void after_write(void *ctx)
{
    struct save *save = ctx;
    const struct answer *answer = &save->talk->answers[save->row_answer];
    if (save->talk->failed) {
        failed(save);
    } else if (answer->rows > 0) {
        save_take_written(save, answer);
        finish(save, save->rebases ? OUTCOME_REBASED : OUTCOME_SAVED, REASON_NONE);
    } else if (save->change.bulk && save->change.bulk->pass_taken) {
        finish(save, OUTCOME_UNCHANGED, REASON_NONE);
    } else if (save->change.op == CHANGE_CREATE) {
        finish(save, OUTCOME_REFUSED, REASON_TRIGGER);
    } else {
        look(save);
    }
}

static void ask_write(struct save *save)
{
    const struct change *change = &save->change;
    talk_then(save->talk, after_write, save);
    if (change->op == CHANGE_CREATE)
        save_ask_insert(save);
    else if (change->op == CHANGE_DELETE)
        save_ask_delete(save);
    else
        save_ask_update(save);
    save->talk->repeatable =
        change->op == CHANGE_CREATE ? change->receipts && change->token.ptr : !change->any;
}

void save_row(struct save *save)
{
    const struct change *change = &save->change;
    bool update = change->op == CHANGE_UPDATE;
    bool unversioned = change->op != CHANGE_CREATE && !change->versioned && !change->any;
    save->outcome = (struct outcome){0};
    if (change->op == CHANGE_CREATE && change->token.ptr)
        save->change.digest = save_digest(save);
    if (unversioned || (update && all_fields(save, is_kept)))
        look(save);
    else
        ask_write(save);
}
