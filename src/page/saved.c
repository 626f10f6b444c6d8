#include "page/saved.h"

#include <string.h>

#include "base/banned.h"

struct notice {
    const char *done;
    const char *words;
};

static const struct notice notices[] = {
    {"saved", "Saved."},
    {"created", "Created."},
    {"deleted", "Deleted."},
    {"uploaded", "Uploaded."},
    {"same",
     "A file of this name with the same content was there already. Nothing was done twice."},
    {"renamed", "Renamed."},
    {"restored", "The earlier version is back. What was there is among the earlier versions."},
    {"brought-back", "The file is back."},
    {"dropped-upload", "Your upload was thrown away. The file that was there is as it was."},
    {"dropped", "What you typed was thrown away. The row is as it was."},
    {"undone", "Undone: the row is as it was before you saved. What you typed is among your "
               "unfinished edits."},
    {"gone", "It was deleted already. There is nothing left to do."},
    {"unchanged", "Nothing was different, so nothing was saved."},
    {"already-applied", "This was saved already. Nothing was done twice."},
    {"rebased", "Saved. The row had been saved in between; nothing of that was lost."},
};

/* A path of this site: one slash, no scheme, no host, nothing that could end the line. */
static bool is_local(struct str path)
{
    if (path.len == 0 || path.len > 2000 || path.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] <= ' ' || path.ptr[i] == '\\' || path.ptr[i] == 0x7f)
            return false;
    return path.len == 1 || path.ptr[1] != '/';
}

static const char *done_word(const struct save *save)
{
    enum change_op op = save->change.op;
    if (op == CHANGE_DELETE && save->outcome.kind == OUTCOME_ALREADY_APPLIED)
        return "gone";
    if (save->outcome.kind != OUTCOME_SAVED && save->outcome.kind != OUTCOME_REBASED)
        return outcome_name(save->outcome.kind);
    return op == CHANGE_CREATE   ? "created"
           : op == CHANGE_DELETE ? "deleted"
                                 : outcome_name(save->outcome.kind);
}

void saved_redirect(struct work *work, const struct save *save)
{
    struct buf to;
    struct str next = request_field(&work->request, STR("_next"));
    struct str key = save->outcome.key.ptr ? save->outcome.key : work->match.key;
    bool gone = save->change.op == CHANGE_DELETE;
    if (is_local(next) && save->outcome.kind != OUTCOME_MERGED) {
        work_redirect(work, next);
        return;
    }
    buf_init(&to, &work->arena, 10000);
    work_link(work, &to, work_table_segment(work, work->table), gone ? STR_NONE : key);
    buf_text(&to, "?_done=");
    buf_text(&to, done_word(save));
    if (save->outcome.kind == OUTCOME_MERGED) {
        buf_text(&to, "&_edit=");
        buf_str(&to, save->change.park);
    }
    work_redirect(work, buf_slice(&to));
}

void saved_notice(struct work *work)
{
    struct str done = form_get(&work->request.query, STR("_done"));
    for (size_t i = 0; i < sizeof notices / sizeof *notices; i++) {
        if (!str_is(done, notices[i].done))
            continue;
        html_raw(OUT(work), "<p class=\"notice good\" role=\"status\">");
        html_text(OUT(work), str_from(notices[i].words));
        html_raw(OUT(work), "</p>\n");
    }
}
