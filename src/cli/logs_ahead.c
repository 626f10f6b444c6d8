#include "cli/logs_ahead.h"

#include <string.h>

#include "base/banned.h"

#define STACK ((size_t)256 * 1024)

void logs_ahead_begin(struct logs_ahead *ahead, struct arena *arena, struct logs_raw *raw)
{
    *ahead = (struct logs_ahead){.raw = raw};
    for (size_t i = 0; i < 2; i++)
        ahead->blocks[i].mem = arena_bytes(arena, LOGS_ROOM + LOGS_BLOCK);
}

/* As much as there is: a pipe gives it in pieces. */
static void read_block(struct logs_ahead *ahead, struct logs_block *block)
{
    char *ptr = block->mem + LOGS_ROOM;
    size_t got = 1;
    block->len = 0;
    while (got && block->len < LOGS_BLOCK) {
        got = logs_raw_read(ahead->raw, ptr + block->len, LOGS_BLOCK - block->len);
        block->len += got;
    }
    block->done = ahead->raw->done;
}

/* Block after block, each as soon as it was given back, up to the end of the file. */
static void *run(void *arg)
{
    struct logs_ahead *ahead = arg;
    size_t len = 1;
    for (size_t i = ahead->next; len; i ^= 1) {
        struct logs_block *block = &ahead->blocks[i];
        (void)pthread_mutex_lock(&ahead->mutex);
        while (block->full && !ahead->stop)
            (void)pthread_cond_wait(&ahead->turn, &ahead->mutex);
        bool stop = ahead->stop;
        (void)pthread_mutex_unlock(&ahead->mutex);
        if (stop)
            break;
        read_block(ahead, block);
        len = block->len;
        (void)pthread_mutex_lock(&ahead->mutex);
        block->full = true;
        (void)pthread_cond_signal(&ahead->turn);
        (void)pthread_mutex_unlock(&ahead->mutex);
    }
    return NULL;
}

static void start(struct logs_ahead *ahead)
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return;
    ahead->blocks[ahead->next ^ 1].full = true; /* it is at hand */
    (void)pthread_mutex_init(&ahead->mutex, NULL);
    (void)pthread_cond_init(&ahead->turn, NULL);
    (void)pthread_attr_setstacksize(&attr, STACK);
    ahead->threaded = pthread_create(&ahead->thread, &attr, run, ahead) == 0;
    (void)pthread_attr_destroy(&attr);
}

static void wait_for(struct logs_ahead *ahead, struct logs_block *block)
{
    if (!ahead->threaded) {
        read_block(ahead, block);
        return;
    }
    (void)pthread_mutex_lock(&ahead->mutex);
    while (!block->full)
        (void)pthread_cond_wait(&ahead->turn, &ahead->mutex);
    (void)pthread_mutex_unlock(&ahead->mutex);
}

static void give_back(struct logs_ahead *ahead, struct logs_block *block)
{
    if (!ahead->threaded)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    block->full = false;
    (void)pthread_cond_signal(&ahead->turn);
    (void)pthread_mutex_unlock(&ahead->mutex);
}

struct str logs_ahead_next(struct logs_ahead *ahead, struct str left, uint64_t *done)
{
    struct logs_block *block = &ahead->blocks[ahead->next];
    if (ahead->taken++ == 1)
        start(ahead); /* who looks at the first lines only needs none */
    wait_for(ahead, block);
    if (done)
        *done = block->done;
    if (!block->len)
        return STR_NONE;
    char *ptr = block->mem + LOGS_ROOM - left.len;
    if (left.len)
        memcpy(ptr, left.ptr, left.len);
    ahead->next ^= 1;
    give_back(ahead, &ahead->blocks[ahead->next]);
    return (struct str){ptr, left.len + block->len};
}

void logs_ahead_end(struct logs_ahead *ahead)
{
    if (!ahead->threaded)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    ahead->stop = true;
    (void)pthread_cond_signal(&ahead->turn);
    (void)pthread_mutex_unlock(&ahead->mutex);
    (void)pthread_join(ahead->thread, NULL);
    ahead->threaded = false;
}
