#include "page/opened.h"

#include "edit/opened.h"

#include "base/banned.h"

bool opened_counts(struct work *work)
{
    return work_catalog(work)->opened && work_catalog(work)->receipts &&
           work_settings(work)->opened_minutes > 0 && work->request.user.ptr &&
           work->table->can_update;
}

bool opened_notice(struct work *work, const struct answer *answer)
{
    struct buf *out = OUT(work);
    bool noted = answer->rows > 0 && opened_take(answer, 0).self;
    size_t others = answer->rows - noted;
    if (others > 3)
        others = 3;
    if (others == 0)
        return noted;
    html_raw(out, "<p class=\"notice\" role=\"note\">");
    for (size_t i = 0; i < others; i++) {
        struct opener opener = opened_take(answer, noted + i);
        if (i)
            html_text(out, i + 1 == others ? STR(" and ") : STR(", "));
        html_raw(out, "<strong>");
        html_text(out, opener.name);
        html_raw(out, "</strong> opened this ");
        page_when(work, opener.at);
    }
    html_raw(out, ", perhaps to change it. You can go on: nothing is locked, and nobody's changes "
                  "get lost.</p>\n");
    return noted;
}
