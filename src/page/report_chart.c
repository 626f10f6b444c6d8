#include "page/report_chart.h"

#include "edit/report.h"
#include "wire/html.h"

#include "base/banned.h"

#define STEP 10 /* a bar and its gap */
#define BAR 8   /* the bar */
#define HEIGHT 100

static uint64_t highest(const struct answer *answer)
{
    uint64_t most = 0;
    for (size_t row = 0; row < answer->rows; row++)
        if (report_number(answer, row, 1) > most)
            most = report_number(answer, row, 1);
    return most;
}

/* At least one unit high, so that a single conflict beside many is seen. */
static uint64_t height_of(uint64_t value, uint64_t most)
{
    uint64_t height = value * HEIGHT / most;
    return value && !height ? 1 : height;
}

static void rect(struct buf *out, bool part, uint64_t x, uint64_t bottom, uint64_t height)
{
    if (part)
        html_raw(out, "<rect class=\"part\" x=\"");
    else
        html_raw(out, "<rect x=\"");
    html_number(out, x);
    html_raw(out, "\" y=\"");
    html_number(out, HEIGHT - bottom - height);
    html_raw(out, "\" width=\"");
    html_number(out, BAR);
    html_raw(out, "\" height=\"");
    html_number(out, height);
    html_raw(out, "\"/>");
}

static void bar(struct buf *out, const struct answer *answer, size_t row, struct str label,
                uint64_t most, bool parts)
{
    uint64_t value = report_number(answer, row, 1);
    uint64_t part = parts ? report_number(answer, row, 2) : 0;
    uint64_t height = height_of(value, most), below = part ? height_of(part, most) : 0;
    html_raw(out, "<g><title>");
    html_text(out, label);
    html_raw(out, ": ");
    html_number(out, value);
    html_raw(out, "</title>");
    if (height > below)
        rect(out, false, STEP * row + 1, below, height - below);
    if (below)
        rect(out, true, STEP * row + 1, 0, below);
    html_raw(out, "</g>");
}

void report_bars(struct buf *out, const struct answer *answer, const struct str *labels, bool parts,
                 struct str what)
{
    uint64_t most = highest(answer);
    if (!most)
        return;
    html_raw(out, "<svg class=\"bars\" role=\"img\" preserveAspectRatio=\"none\" viewBox=\"0 0 ");
    html_number(out, STEP * answer->rows);
    html_raw(out, " 100\"");
    html_attr(out, "aria-label", what);
    html_raw(out, ">");
    for (size_t row = 0; row < answer->rows; row++)
        if (report_number(answer, row, 1))
            bar(out, answer, row, labels[row], most, parts);
    html_raw(out, "</svg>\n<p class=\"axis\" aria-hidden=\"true\"><span>");
    html_text(out, labels[0]);
    html_raw(out, "</span><span>");
    html_number(out, most);
    html_raw(out, " at most</span><span>");
    html_text(out, labels[answer->rows - 1]);
    html_raw(out, "</span></p>\n");
}

void report_share(struct buf *out, uint64_t part, uint64_t whole)
{
    html_raw(out, "<svg class=\"share\" aria-hidden=\"true\" preserveAspectRatio=\"none\" "
                  "viewBox=\"0 0 100 10\"><rect width=\"");
    html_number(out, whole ? part * 100 / whole : 0);
    html_raw(out, "\" height=\"10\"/></svg>");
}
