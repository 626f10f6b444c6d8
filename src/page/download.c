#include "page/download.h"

#include "base/banned.h"

#define PIECE_ROWS 500

static void after_piece(void *ctx);

/* Asks for the next piece with memory of its own; what the piece before used is free again. */
static void ask_piece(struct download *download)
{
    struct talk *talk = &download->work->talk;
    bool last = download->limited && download->left < PIECE_ROWS;
    download->turn = !download->turn;
    arena_reset(&download->pieces[download->turn]);
    talk->arena = &download->pieces[download->turn];
    download->list.limit = last ? download->left : PIECE_ROWS;
    talk_then(talk, after_piece, download);
    list_ask(talk, &download->list);
}

static void move_cursor(struct download *download, const struct answer *answer, size_t row)
{
    struct list *list = &download->list;
    struct arena *arena = &download->pieces[download->turn];
    struct str *key = ARENA_ARRAY(arena, MAX_KEY, struct str);
    for (size_t i = 0; i < list->table->key_count; i++)
        key[i] = answer_cell(answer, row, i);
    list->sort_value = answer_cell(answer, row, list->table->key_count);
    list->key = key;
    list->has_cursor = true;
}

/* Too late for another status: the end says that it is not the end. */
static void broken(struct download *download)
{
    struct work *work = download->work;
    if (!work->reply.begun) {
        work_failed(work);
        return;
    }
    work->trouble = str_copy(&work->arena, work->talk.error.message);
    buf_text(OUT(work), "\nincomplete: the database failed on the way\n");
}

static void after_piece(void *ctx)
{
    struct download *download = ctx;
    struct work *work = download->work;
    const struct answer *answer = &work->talk.answers[0];
    if (work->talk.failed) {
        broken(download);
        return;
    }
    bool more = answer->rows > download->list.limit;
    size_t rows = more ? download->list.limit : answer->rows;
    if (!download->written++)
        download->format->head(download);
    for (size_t row = 0; row < rows; row++)
        download->format->row(download, answer, row);
    download->left -= rows;
    if (!more || (download->limited && download->left == 0)) {
        download->format->tail(download);
        return;
    }
    reply_piece(&work->reply, work->request.gateway);
    move_cursor(download, answer, rows - 1);
    if (!work->reply.lost)
        ask_piece(download);
}

static void release_pieces(void *arg)
{
    struct download *download = arg;
    arena_release(&download->pieces[0]);
    arena_release(&download->pieces[1]);
}

/* Rows at most: what the address asks for, what the settings allow. */
static bool read_limit(struct work *work, struct download *download)
{
    struct str text = form_get(&work->request.query, STR("limit"));
    uint64_t most = work_settings(work)->max_rows, limit = 0;
    if (text.ptr && str_to_u64(text, INT64_MAX, &limit))
        return false;
    download->limited = text.ptr || most;
    download->left = text.ptr && (!most || limit < most) ? limit : most;
    return true;
}

/* A parameter that is passed over would mean more rows than were asked for. */
static bool knows_parameters(struct work *work)
{
    static const char *const known[] = {"q",      "sort", "desc",  "after",
                                        "before", "null", "limit", "_format"};
    const struct form *query = &work->request.query;
    for (size_t i = 0; i < query->count; i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            found |= str_is(query->fields[i].name, known[j]);
        if (found)
            continue;
        work_problem(work, "unknown-name",
                     str_printf(&work->arena, "Lists have no parameter “%.*s”.",
                                STR_ARG(query->fields[i].name)));
        return false;
    }
    return true;
}

void download_rows(struct work *work, const struct download_format *format)
{
    struct download *download = ARENA_NEW(&work->arena, struct download);
    download->work = work;
    download->format = format;
    if (!knows_parameters(work) || !browse_read(work, &download->list))
        return;
    if (!read_limit(work, download)) {
        work_problem(work, "malformed", STR("limit is a whole number."));
        return;
    }
    download->list.json = format->json;
    arena_defer(&work->arena, release_pieces, download);
    ask_piece(download);
}
