#include "api/file_change.h"

#include "api/answer.h"
#include "api/file_answer.h"
#include "api/files.h"
#include "page/file_about.h"
#include "page/file_parts.h"
#include "web/problem.h"
#include "wire/filename.h"
#include "wire/json.h"

#include "base/banned.h"

enum action { ACTION_DELETE, ACTION_RENAME, ACTION_RESTORE, ACTION_BRING_BACK };

/* One change under way. */
struct changing {
    struct work *work;
    enum action action;
    struct file_change change;
    struct str to; /* the new name, or the revision */
    bool strict;
    struct file done, current;
};

static void go_to(struct changing *it, const char *done)
{
    struct work *work = it->work;
    struct buf to;
    buf_init(&to, &work->arena, 4000);
    if (it->action == ACTION_DELETE) {
        work_link(work, &to, STR("_files/"), STR_NONE);
    } else {
        file_address(work, &to, it->done.name);
        buf_text(&to, "/_about");
    }
    buf_printf(&to, "?_done=%s", done);
    work_redirect(work, buf_slice(&to));
}

static void succeeded(struct changing *it, const char *outcome)
{
    static const char *const words[] = {"deleted", "renamed", "restored", "brought-back"};
    struct work *work = it->work;
    work->outcome = outcome;
    work->files_changed = true;
    if (work->request.format == FORMAT_HTML) {
        go_to(it, words[it->action]);
    } else if (it->action == ACTION_DELETE) {
        work->reply.status = 204;
    } else {
        struct buf address;
        buf_init(&address, &work->arena, 4000);
        file_address(work, &address, it->done.name);
        reply_header(&work->reply, "Content-Location", buf_slice(&address));
        file_version(work, it->done.version);
        answer_json(work);
        buf_char(OUT(work), '{');
        file_members(work, OUT(work), &it->done);
        buf_text(OUT(work), "}\n");
    }
}

/* Answered like an upload that met the same. */
static void conflict(struct changing *it, enum upload_outcome outcome, struct str detail)
{
    struct work *work = it->work;
    struct delivery *delivery = ARENA_NEW(&work->arena, struct delivery);
    delivery->work = work;
    delivery->upload.name =
        it->action == ACTION_RENAME && outcome == UPLOAD_EXISTS ? it->to : work->match.name;
    delivery->upload.replaces = it->change.version;
    delivery->upload.outcome = outcome;
    delivery->current = it->current;
    delivery->strict = it->strict;
    delivery->detail = detail;
    delivery->end = DELIVERY_DONE;
    file_delivered(delivery);
    work->logged_file = work->match.name;
    if (it->current.found)
        file_version(work, it->current.version);
}

static struct str who_has_it(struct work *work, const struct file *file)
{
    return str_printf(&work->arena, "%.*s uploaded “%.*s” %.*s (%.*s). Nothing was changed.",
                      STR_ARG(file_by(file->updated_by)), STR_ARG(file->name),
                      STR_ARG(page_when_text(&work->arena, file->updated_at)),
                      STR_ARG(file_size_text(&work->arena, file->size)));
}

static void after_taken(void *ctx)
{
    struct changing *it = ctx;
    struct work *work = it->work;
    if (!work->talk.failed)
        it->current = file_take(&work->talk.answers[0], 0);
    conflict(it, UPLOAD_EXISTS,
             it->current.found ? who_has_it(work, &it->current)
                               : STR("Another file has this name."));
}

/* The new name is taken: by whom? */
static void name_taken(struct changing *it)
{
    struct work *work = it->work;
    talk_then(&work->talk, after_taken, it);
    work->talk.repeatable = true;
    file_ask(&work->talk, delivery_name(work, it->to));
}

/* It was deleted by this very request, whose answer got lost, or by somebody else. */
static void gone(struct changing *it)
{
    if (!it->change.version.ptr)
        work_problem(it->work, "no-file", STR_NONE);
    else
        conflict(it, UPLOAD_DELETED,
                 STR("Somebody deleted it or gave it another name. Nothing was changed."));
}

static void after_change(void *ctx)
{
    struct changing *it = ctx;
    struct work *work = it->work;
    const struct talk *talk = &work->talk;
    if (talk->failed && talk->error.reason == REASON_DUPLICATE) {
        name_taken(it);
        return;
    }
    if (talk->failed && str_is(talk->error.constraint, "file_name")) {
        work_problem(work, "file-name", str_from(filename_words(FILENAME_TOO_LONG)));
        return;
    }
    if (talk->failed) {
        work_failed(work);
        return;
    }
    it->done = file_take(&talk->answers[0], 0);
    it->current = file_take(&talk->answers[1], 0);
    if (it->done.found)
        succeeded(it, "saved");
    else if (it->action == ACTION_BRING_BACK && it->current.found)
        conflict(it, UPLOAD_EXISTS, who_has_it(work, &it->current));
    else if (it->action == ACTION_BRING_BACK ||
             (it->current.found && str_eq(it->current.version, it->change.version)))
        work_problem(work, "no-version", STR_NONE);
    else if (!it->current.found && talk->unsure && it->action == ACTION_DELETE)
        succeeded(it, "already-applied");
    else if (!it->current.found)
        gone(it);
    else
        conflict(it, UPLOAD_STALE, who_has_it(work, &it->current));
}

static void ask(struct changing *it)
{
    struct talk *talk = &it->work->talk;
    talk_then(talk, after_change, it);
    talk->personal = true;
    talk->writing = true;
    talk->repeatable = true;
    switch (it->action) {
    case ACTION_DELETE:
        file_ask_delete(talk, &it->change);
        break;
    case ACTION_RENAME:
        file_ask_rename(talk, &it->change, it->to);
        break;
    case ACTION_RESTORE:
        file_ask_restore(talk, &it->change, it->to);
        break;
    default:
        file_ask_bring_back(talk, &it->change, it->to);
        break;
    }
}

/* Every change but the bringing back of what is gone says which version it is based on. */
static void start(struct work *work, enum action action, struct str to, struct str version)
{
    struct changing *it = ARENA_NEW(&work->arena, struct changing);
    *it = (struct changing){.work = work, .action = action, .to = to};
    work->logged_file = work->match.name;
    it->change.name = delivery_name(work, work->match.name);
    it->change.user = work->request.user;
    if (!file_claim(work, version, &it->change.version, &it->strict))
        return;
    it->change.any = str_is(it->change.version, "*");
    if (!it->change.version.ptr && action != ACTION_BRING_BACK) {
        work_problem(work, "version-required",
                     STR("A change of a file says which version it is based on: its SHA-256."));
        return;
    }
    enum filename_fault fault = action == ACTION_RENAME ? filename_check(to) : FILENAME_FINE;
    if (fault != FILENAME_FINE) {
        work_problem(work, "file-name", str_from(filename_words(fault)));
        return;
    }
    ask(it);
}

void file_change_form(struct work *work)
{
    const struct request *request = &work->request;
    struct str action = request_field(request, STR("_action"));
    struct str version = request_field(request, STR("_version"));
    struct str revision = request_field(request, STR("revision"));
    uint64_t number;
    if (str_is(action, "delete"))
        start(work, ACTION_DELETE, STR_NONE, version);
    else if (str_is(action, "rename"))
        start(work, ACTION_RENAME, request_field(request, STR("name")), version);
    else if (str_to_u64(revision, INT64_MAX, &number))
        work_problem(work, "malformed", STR("The form does not say what is to be done."));
    else if (str_is(action, "restore"))
        start(work, ACTION_RESTORE, revision, version);
    else if (str_is(action, "bring-back"))
        start(work, ACTION_BRING_BACK, revision, STR_NONE);
    else
        work_problem(work, "malformed", STR("The form does not say what is to be done."));
}

void file_delete(struct work *work)
{
    if (delivery_files_here(work))
        start(work, ACTION_DELETE, STR_NONE, request_field(&work->request, STR("_version")));
}

void file_patch(struct work *work)
{
    struct json_value value;
    struct json_object object;
    size_t at;
    if (!delivery_files_here(work))
        return;
    if (json_parse(&work->arena, work->request.body, 1, &value, &at) ||
        json_members(&work->arena, &value, 2, &object)) {
        work_problem(work, "malformed", STR("{\"name\": \"another name\"} was expected."));
        return;
    }
    const struct json_value *name = json_get(&object, STR("name"));
    const struct json_value *version = json_get(&object, STR("_version"));
    if (!name || name->type != JSON_STRING || object.count != (version ? 2u : 1u)) {
        work_problem(work, "malformed", STR("{\"name\": \"another name\"} was expected."));
        return;
    }
    start(work, ACTION_RENAME, name->text, version ? version->text : STR_NONE);
}
