#include "page/download.h"

#include "base/banned.h"

/* RFC 4180: quoted where it has to be; NULL is empty, an empty text is "". */
static void csv_value(struct buf *out, struct str value, bool first)
{
    bool quote = value.len == 0;
    if (!first)
        buf_char(out, ',');
    if (!value.ptr)
        return;
    for (size_t i = 0; i < value.len; i++)
        quote |= value.ptr[i] == '"' || value.ptr[i] == ',' || value.ptr[i] == '\n' ||
                 value.ptr[i] == '\r';
    if (quote)
        buf_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"')
            buf_char(out, '"');
        buf_char(out, value.ptr[i]);
    }
    if (quote)
        buf_char(out, '"');
}

static void csv_head(struct download *download)
{
    struct work *work = download->work;
    struct str segment = work_table_segment(work, work->table);
    bool first = true;
    reply_header(&work->reply, "Content-Type", STR("text/csv; charset=utf-8; header=present"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    reply_header(&work->reply, "Content-Disposition",
                 str_printf(&work->arena, "attachment; filename=\"%.*s.csv\"", STR_ARG(segment)));
    for (size_t i = 0; i < work->table->column_count; i++) {
        if (!work->table->columns[i].can_select)
            continue;
        csv_value(OUT(work), work->table->columns[i].name, first);
        first = false;
    }
    buf_text(OUT(work), "\r\n");
}

static void csv_row(struct download *download, const struct answer *answer, size_t row)
{
    size_t first = list_first_text(&download->list);
    for (size_t at = first; at < answer->columns; at++)
        csv_value(OUT(download->work), answer_cell(answer, row, at), at == first);
    buf_text(OUT(download->work), "\r\n");
}

static void csv_tail(struct download *download)
{
    (void)download;
}

void browse_csv(struct work *work)
{
    static const struct download_format csv = {false, csv_head, csv_row, csv_tail};
    download_rows(work, &csv);
}
