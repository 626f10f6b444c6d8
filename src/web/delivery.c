#include "web/delivery.h"

#include "web/problem.h"
#include "wire/filename.h"

#include "base/banned.h"

#define BEGINNING 1500 /* bytes that are shown of a text */
/* Names that are tried: "report (2).pdf" to "report (21).pdf", then further and further away. */
#define NEXT 20
#define PROPOSALS 30

bool delivery_files_here(struct work *work)
{
    bool here = work_settings(work)->files && work_catalog(work)->files;
    if (!here)
        work_problem(work, "no-files", STR_NONE);
    return here;
}

struct file_name delivery_name(const struct work *work, struct str name)
{
    return (struct file_name){name, work_settings(work)->file_names == FILE_NAMES_FOLDED};
}

static void end(struct delivery *delivery, enum delivery_end how)
{
    delivery->end = how;
    delivery->done(delivery);
}

static void refuse(struct delivery *delivery, const char *problem, struct str detail)
{
    delivery->problem = problem;
    delivery->detail = detail;
    end(delivery, DELIVERY_REFUSED);
}

void delivery_fail(struct delivery *delivery)
{
    const struct db_error *error = &delivery->work->talk.error;
    if (str_is(str_from(error->sqlstate), "53100"))
        refuse(delivery, "files-full", STR_NONE);
    else if (str_is(error->constraint, "file_name"))
        refuse(delivery, "file-name", str_from(filename_words(FILENAME_TOO_LONG)));
    else
        end(delivery, DELIVERY_FAILED);
}

/* Whether it can be the name of a file; else the delivery has ended. */
static bool name_fits(struct delivery *delivery, struct str name)
{
    enum filename_fault fault = filename_check(name);
    if (fault != FILENAME_FINE)
        refuse(delivery, "file-name", str_from(filename_words(fault)));
    return fault == FILENAME_FINE;
}

/* --- which name is free --- */

/* Text without control characters but tabs and line ends; a character that is cut off goes. */
static struct str as_text(const struct answer *answer)
{
    struct str text = answer->rows ? answer->cells[0] : STR_NONE;
    for (unsigned cut = 0; cut < 3 && text.len && str_check_utf8(text); cut++)
        text.len--;
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] < ' ' && !(text.ptr[i] >= '\t' && text.ptr[i] <= '\r')) ||
            text.ptr[i] == 0x7f)
            return STR_NONE;
    return text.len && str_check_utf8(text) == ERR_NONE ? text : STR_NONE;
}

static void after_free(void *ctx)
{
    struct delivery *delivery = ctx;
    const struct talk *talk = &delivery->work->talk;
    if (!talk->failed && talk->answers[0].rows)
        delivery->proposed = answer_cell(&talk->answers[0], 0, 0);
    if (!talk->failed && talk->answer_count == 3) {
        delivery->text_yours = as_text(&talk->answers[1]);
        delivery->text_current = as_text(&talk->answers[2]);
    }
    end(delivery, DELIVERY_DONE);
}

/* The beginning of a content, which shows what kind of thing it is. */
static void ask_beginning(struct talk *talk, struct str content)
{
    uint64_t first = 0, last = BEGINNING - 1;
    file_ask_bytes(talk, content, &first, &last, 1);
}

static void find_free(struct delivery *delivery)
{
    struct work *work = delivery->work;
    struct str names[PROPOSALS + 1];
    unsigned number = filename_number(delivery->upload.name);
    names[0] = delivery->upload.name; /* free again, where the file was deleted */
    for (unsigned i = 1; i <= PROPOSALS; i++)
        names[i] = filename_proposed(&work->arena, delivery->upload.name,
                                     number + (i <= NEXT ? i : (unsigned)NEXT << (i - NEXT)));
    talk_then(&work->talk, after_free, delivery);
    work->talk.repeatable = true;
    file_ask_free(&work->talk, names, PROPOSALS + 1, delivery_name(work, STR("")).folded);
    if (work->request.format == FORMAT_HTML && delivery->upload.content.ptr &&
        delivery->current.found) {
        ask_beginning(&work->talk, delivery->upload.content);
        ask_beginning(&work->talk, delivery->current.content);
    }
}

/* --- before it begins --- */

static void after_check(void *ctx)
{
    struct delivery *delivery = ctx;
    struct work *work = delivery->work;
    struct upload *upload = &delivery->upload;
    if (work->talk.failed) {
        delivery_fail(delivery);
        return;
    }
    delivery->current = file_take(&work->talk.answers[0], 0);
    if (delivery->current.found && delivery->current.size == upload->size) {
        end(delivery, DELIVERY_PART);
        return;
    }
    if (!upload->replaces.ptr)
        upload->outcome = delivery->current.found ? UPLOAD_EXISTS : UPLOAD_OPEN;
    else if (!delivery->current.found)
        upload->outcome = UPLOAD_DELETED;
    else if (!str_eq(delivery->current.version, upload->replaces) && !str_is(upload->replaces, "*"))
        upload->outcome = UPLOAD_STALE;
    if (upload->outcome == UPLOAD_OPEN)
        end(delivery, DELIVERY_PART);
    else
        find_free(delivery);
}

void delivery_check(struct delivery *delivery, struct str name, struct str replaces, uint64_t size)
{
    struct talk *talk = &delivery->work->talk;
    delivery->upload.name = name;
    delivery->upload.replaces = replaces;
    delivery->upload.size = size;
    if (!name_fits(delivery, name))
        return;
    talk_then(talk, after_check, delivery);
    talk->repeatable = true;
    file_ask(talk, delivery_name(delivery->work, name));
}

static void after_begin(void *ctx)
{
    struct delivery *delivery = ctx;
    struct work *work = delivery->work;
    if (work->talk.failed) {
        delivery_fail(delivery);
        return;
    }
    delivery->upload = upload_take(&work->talk.answers[work->talk.answer_count - 1], 0);
    if (delivery->upload.found)
        end(delivery, DELIVERY_PART);
    else
        refuse(delivery, "files-full", STR_NONE);
}

static struct str too_large(struct work *work)
{
    return str_printf(&work->arena, "A file may have at most %llu bytes here. Nothing was stored.",
                      (unsigned long long)work_settings(work)->file_max_bytes);
}

void delivery_begin(struct delivery *delivery, struct str name, struct str media_type,
                    struct str replaces, uint64_t size)
{
    struct work *work = delivery->work;
    const struct settings *settings = work_settings(work);
    delivery->upload.name = name;
    if (!name_fits(delivery, name))
        return;
    if (size > settings->file_max_bytes) {
        refuse(delivery, "file-too-large", too_large(work));
        return;
    }
    talk_then(&work->talk, after_begin, delivery);
    work->talk.repeatable = false;
    work->files_changed = true;
    upload_ask_start(&work->talk, &(struct upload_wish){
                                      .code = work_random(work, UPLOAD_CODE_CHARS / 2),
                                      .user = work->request.user,
                                      .name = delivery_name(work, name),
                                      .media_type = media_type,
                                      .replaces = replaces,
                                      .size = size,
                                      .total = settings->file_total_bytes,
                                      .days = settings->upload_days,
                                  });
}

/* --- the end --- */

static void has_its_name(struct delivery *delivery)
{
    delivery->work->uploads += delivery->upload.outcome == UPLOAD_SAVED;
    end(delivery, DELIVERY_DONE);
}

/* The answers of upload_ask_finish and upload_ask_again: the last two are the upload and the file.
 */
static void after_finish(void *ctx)
{
    struct delivery *delivery = ctx;
    struct talk *talk = &delivery->work->talk;
    if (talk->failed) {
        delivery_fail(delivery);
        return;
    }
    delivery->upload = upload_take(&talk->answers[talk->answer_count - 2], 0);
    delivery->current = file_take(&talk->answers[talk->answer_count - 1], 0);
    if (!delivery->upload.found)
        end(delivery, DELIVERY_ELSEWHERE);
    else if (upload_is_kept(delivery->upload.outcome))
        find_free(delivery);
    else
        has_its_name(delivery);
}

static void about_to_finish(struct delivery *delivery)
{
    struct talk *talk = &delivery->work->talk;
    talk_then(talk, after_finish, delivery);
    talk->repeatable = true; /* it does nothing more when it was done */
    talk->writing = true;
    talk->personal = true;
    delivery->work->files_changed = true;
}

void delivery_finish(struct delivery *delivery, struct str sha256)
{
    about_to_finish(delivery);
    upload_ask_finish(&delivery->work->talk, &delivery->upload, sha256,
                      work_settings(delivery->work)->park_days);
}

void delivery_again(struct delivery *delivery, struct str name, struct str replaces)
{
    if (!name_fits(delivery, name))
        return;
    about_to_finish(delivery);
    upload_ask_again(&delivery->work->talk, &delivery->upload, delivery_name(delivery->work, name),
                     replaces, work_settings(delivery->work)->park_days);
}

static void after_look(void *ctx)
{
    struct delivery *delivery = ctx;
    struct talk *talk = &delivery->work->talk;
    if (talk->failed) {
        end(delivery, DELIVERY_FAILED);
        return;
    }
    delivery->current = file_take(&talk->answers[0], 0);
    find_free(delivery);
}

void delivery_look(struct delivery *delivery)
{
    struct talk *talk = &delivery->work->talk;
    talk_then(talk, after_look, delivery);
    talk->repeatable = true;
    file_ask_upload(talk, delivery->upload.code);
}

/* --- the bytes --- */

static void after_drop(void *ctx)
{
    struct delivery *delivery = ctx;
    end(delivery, DELIVERY_REFUSED);
}

/* Nothing of it stays; where that fails, it expires. */
static void drop(struct delivery *delivery, const char *problem, struct str detail)
{
    struct work *work = delivery->work;
    delivery->problem = problem;
    delivery->detail = detail;
    talk_then(&work->talk, after_drop, delivery);
    upload_ask_drop(&work->talk, delivery->upload.code, work->request.user);
}

static void after_bytes(void *ctx, enum receive_end how)
{
    struct delivery *delivery = ctx;
    struct work *work = delivery->work;
    switch (how) {
    case RECEIVE_ALL:
        delivery_finish(delivery, receive_digest(&delivery->receive));
        break;
    case RECEIVE_SHORT:
        drop(delivery, "cut-short", STR("The file did not arrive whole. Nothing was stored."));
        break;
    case RECEIVE_TOO_LARGE:
        drop(delivery, "file-too-large", too_large(work));
        break;
    case RECEIVE_FAILED:
        if (str_is(str_from(work->talk.error.sqlstate), "53100"))
            drop(delivery, "files-full", STR_NONE);
        else
            end(delivery, DELIVERY_FAILED);
        break;
    default:
        end(delivery, DELIVERY_ELSEWHERE);
        break;
    }
}

void delivery_take(struct delivery *delivery)
{
    struct receive *receive = &delivery->receive;
    receive->work = delivery->work;
    receive->upload = &delivery->upload;
    receive->then = after_bytes;
    receive->ctx = delivery;
    receive_start(receive);
}
