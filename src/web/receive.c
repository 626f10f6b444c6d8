#include "web/receive.h"

#include "base/banned.h"

#define PIECES ((size_t)8) /* a round */
#define ROUND (PIECES * UPLOAD_PIECE)

static void next_round(struct receive *receive);

static void end(struct receive *receive, enum receive_end how)
{
    receive->work->talk.arena = &receive->work->arena;
    receive->then(receive->ctx, how);
}

/* After a connection that was lost it may be stored although the answer did not say so. */
static void after_look(void *ctx)
{
    struct receive *receive = ctx;
    const struct answer *answer = &receive->work->talk.answers[0];
    uint64_t received;
    if (receive->work->talk.failed) {
        end(receive, RECEIVE_FAILED);
    } else if (answer->rows == 0 || str_to_u64(answer_cell(answer, 0, 0), INT64_MAX, &received) ||
               received != receive->upload->received + receive->count) {
        end(receive, RECEIVE_ELSEWHERE);
    } else {
        receive->upload->received = received;
        receive->work->upload_bytes += receive->count;
        next_round(receive);
    }
}

static void look(struct receive *receive)
{
    struct talk *talk = &receive->work->talk;
    talk_then(talk, after_look, receive);
    talk->repeatable = true;
    upload_ask_received(talk, receive->upload->content);
}

static void after_round(void *ctx)
{
    struct receive *receive = ctx;
    struct talk *talk = &receive->work->talk;
    if (talk->failed) {
        end(receive, RECEIVE_FAILED);
        return;
    }
    for (size_t i = 1; i < talk->answer_count; i++)
        if (talk->answers[i].affected != 1) {
            look(receive);
            return;
        }
    receive->upload->received += receive->count;
    receive->work->upload_bytes += receive->count;
    next_round(receive);
}

static void ask_round(struct receive *receive)
{
    struct talk *talk = &receive->work->talk;
    struct upload *upload = receive->upload;
    arena_reset(&receive->arena);
    talk->arena = &receive->arena;
    talk_then(talk, after_round, receive);
    talk->repeatable = true; /* a piece goes only where the one before it ends */
    talk->writing = true;
    talk->transaction = receive->whole ? TALK_OPEN : TALK_ALONE;
    upload_ask_lazily(talk);
    for (size_t at = 0; at < receive->count; at += UPLOAD_PIECE) {
        size_t left = receive->count - at;
        struct str piece = {receive->bytes + at, left < UPLOAD_PIECE ? left : UPLOAD_PIECE};
        digest_add(&receive->digest, piece);
        upload_ask_piece(talk, upload->content, upload->received + at, piece,
                         digest_save(&receive->arena, &receive->digest));
    }
}

static void next_round(struct receive *receive)
{
    struct upload *upload = receive->upload;
    receive->count =
        receive->last ? 0 : receive->read(receive->source, receive->bytes, ROUND, &receive->broken);
    receive->last = receive->count < ROUND;
    if (receive->count > upload->size - upload->received)
        end(receive, RECEIVE_TOO_LARGE);
    else if (receive->count == 0)
        end(receive, receive->broken ? RECEIVE_SHORT : RECEIVE_ALL);
    else
        ask_round(receive);
}

size_t receive_body(void *request, char *into, size_t size, bool *broken)
{
    struct request *body = request;
    size_t got = request_read(body, into, size);
    *broken = body->cut_short;
    return got;
}

static void release(void *arena)
{
    arena_release(arena);
}

void receive_start(struct receive *receive)
{
    struct arena *arena = &receive->work->arena;
    digest_start(&receive->digest);
    arena_init(&receive->arena);
    arena_defer(arena, release, &receive->arena);
    if (receive->upload->state.ptr && digest_restore(receive->upload->state, &receive->digest)) {
        receive->then(receive->ctx, RECEIVE_ELSEWHERE); /* nobody else writes it: a broken row */
        return;
    }
    if (!receive->bytes)
        receive->bytes = arena_bytes(arena, ROUND);
    next_round(receive);
}

struct str receive_digest(struct receive *receive)
{
    return digest_end(&receive->work->arena, &receive->digest);
}
