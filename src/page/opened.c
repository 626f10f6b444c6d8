#include "page/opened.h"

#include "base/banned.h"

bool opened_counts(struct work *work)
{
    return work_catalog(work)->opened && work_catalog(work)->receipts &&
           work_settings(work)->opened_minutes > 0 && work->request.user.ptr &&
           work->table->can_update;
}

void opened_notice(struct work *work, const struct answer *answer)
{
    struct buf *out = OUT(work);
    if (answer->rows == 0)
        return;
    html_raw(out, "<p class=\"notice\" role=\"note\">");
    for (size_t i = 0; i < answer->rows; i++) {
        if (i)
            html_text(out, i + 1 == answer->rows ? STR(" and ") : STR(", "));
        html_raw(out, "<strong>");
        html_text(out, answer_cell(answer, i, 0));
        html_raw(out, "</strong> opened this ");
        page_when(work, answer_cell(answer, i, 1));
    }
    html_raw(out, ", perhaps to change it. You can go on: nothing is locked, and nobody's changes "
                  "get lost.</p>\n");
}
