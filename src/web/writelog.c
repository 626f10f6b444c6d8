#include "web/writelog.h"

#include <time.h>

#include "web/app.h"
#include "wire/http.h"

#include "base/banned.h"

#define MAX_LINE 8000
#define MAX_VALUE 500

/* A metric of Server-Timing (W3C): milliseconds, with three digits behind the point. */
static void duration(struct buf *buf, const char *name, uint64_t micros)
{
    unsigned rest = (unsigned)(micros % 1000);
    buf_text(buf, name);
    buf_text(buf, ";dur=");
    buf_u64(buf, micros / 1000);
    buf_add(buf,
            (char[]){'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
                     (char)('0' + rest % 10)},
            4);
}

void writelog_headers(struct work *work)
{
    struct reply *reply = &work->reply;
    if (reply->begun)
        return;
    reply_header(reply, "X-Request-Id", work->request.id);
    struct buf timing;
    buf_init(&timing, &work->arena, 200);
    duration(&timing, "db", work->talk.told.db_micros);
    duration(&timing, ", merge", work->talk.told.merge_micros);
    duration(&timing, ", total", app_now() - work->started);
    reply_header(reply, "Server-Timing", buf_slice(&timing));
    reply_header(
        reply, "Content-Security-Policy",
        work->sandboxed
            ? STR("sandbox; default-src 'none'; frame-ancestors 'none'")
            : STR("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                  "img-src 'self' data: blob:; form-action 'self'; frame-ancestors 'none'; "
                  "base-uri 'none'"));
    reply_header(reply, "X-Content-Type-Options", STR("nosniff"));
    reply_header(reply, "Referrer-Policy", STR("same-origin"));
    if (work->is_write && work->outcome)
        reply_header(reply, "PG409-Outcome", str_from(work->outcome));
}

/* A value of the line: quoted when it has to be, control characters as a dot. */
static void value(struct buf *line, struct str text)
{
    bool quote = text.len == 0;
    for (size_t i = 0; i < text.len; i++)
        quote |= (unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == '"' || text.ptr[i] == '=';
    if (quote)
        buf_char(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool control = (unsigned char)c < ' ' || c == 0x7f;
        buf_char(line, control ? '.' : c == '"' ? '\'' : c);
    }
    if (quote)
        buf_char(line, '"');
}

static void pair(struct buf *line, const char *name, struct str text)
{
    bool cut = text.len > MAX_VALUE; /* so that a long key leaves room for what follows */
    if (!text.ptr)
        return;
    buf_char(line, ' ');
    buf_text(line, name);
    buf_char(line, '=');
    value(line, cut ? (struct str){text.ptr, MAX_VALUE} : text);
    if (cut)
        buf_text(line, "...");
}

/* When: what a web server puts before a line of plain CGI is nothing at all. */
static struct str wall_clock(struct arena *arena)
{
    struct timespec now;
    struct buf buf;
    clock_gettime(CLOCK_REALTIME, &now);
    buf_init(&buf, arena, 64);
    http_instant_write(&buf, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    return buf_slice(&buf);
}

void writelog_line(struct work *work)
{
    struct buf line;
    const struct request *request = &work->request;
    struct arena *arena = &work->arena;
    bool failed = work->reply.status >= 500;
    if (!work->is_write && !failed)
        return;
    buf_init(&line, arena, MAX_LINE);
    buf_text(&line, failed ? "pg409 error" : "pg409 write");
    pair(&line, "id", request->id);
    pair(&line, "user", request->user);
    pair(&line, "method", str_from(http_method_name(request->method)));
    pair(&line, "table", work->table ? work->table->name : work->match.table);
    pair(&line, "key", work->match.key);
    pair(&line, "file", work->logged_file);
    if (work->logged_rows)
        pair(&line, "rows", str_printf(arena, "%zu", work->logged_rows));
    pair(&line, "outcome", str_from(work->outcome));
    pair(&line, "reason", str_from(work->reason));
    pair(&line, "columns", work->logged_columns);
    pair(&line, "base", work->logged_base);
    pair(&line, "current", work->logged_current);
    pair(&line, "status", str_printf(arena, "%d", work->reply.status));
    pair(&line, "ms", str_printf(arena, "%.1f", (double)(app_now() - work->started) / 1000));
    pair(&line, "at", wall_clock(arena));
    struct str sqlstate = work->logged_sqlstate;
    if (!sqlstate.len)
        sqlstate = str_from(work->talk.error.sqlstate);
    pair(&line, "sqlstate", sqlstate.len ? sqlstate : STR_NONE);
    pair(&line, "error", work->trouble);
    request->gateway->log(request->gateway, buf_slice(&line));
}
