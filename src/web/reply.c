#include "web/reply.h"

#include "base/scan.h"
#include "wire/http.h"

#include "base/banned.h"

#define MAX_HEADERS ((size_t)64 * 1024)
#define MAX_BODY ((size_t)256 * 1024 * 1024)

void reply_init(struct reply *reply, struct arena *arena)
{
    *reply = (struct reply){.status = 200};
    buf_init(&reply->headers, arena, MAX_HEADERS);
    buf_init(&reply->body, arena, MAX_BODY);
}

void reply_clear(struct reply *reply)
{
    reply->status = 200;
    buf_clear(&reply->headers);
    buf_clear(&reply->body);
}

/* The length of what stands before the next control character, from at on. */
static size_t next_control(struct str text, size_t at)
{
    for (; text.len - at >= SCAN_BLOCK; at += SCAN_BLOCK) {
        scan_block block = scan_load(text.ptr + at);
        size_t first = scan_first(scan_below(block, ' ') | scan_is(block, 0x7f));
        if (first < SCAN_BLOCK)
            return at + first;
    }
    while (at < text.len && (unsigned char)text.ptr[at] >= ' ' && text.ptr[at] != 0x7f)
        at++;
    return at;
}

void reply_field(struct reply *reply, struct str name, struct str value)
{
    struct buf *out = &reply->headers;
    buf_str(out, name);
    buf_text(out, ": ");
    size_t done = 0, at; /* in runs: control characters, which are left out, are rare */
    while ((at = next_control(value, done)) < value.len) {
        buf_add(out, value.ptr + done, at - done);
        done = at + 1;
    }
    if (done < value.len)
        buf_add(out, value.ptr + done, value.len - done);
    buf_text(out, "\r\n");
}

/* A function of the database may raise any status, also one that nobody registered. */
static void status_line(struct buf *out, int status)
{
    const char *text = http_status(status);
    bool known = status / 100 == text[0] - '0' && status % 100 / 10 == text[1] - '0' &&
                 status % 10 == text[2] - '0';
    if (known || status / 100 != 4) {
        buf_text(out, "Status: ");
        buf_text(out, text);
        buf_text(out, "\r\n");
    } else
        buf_printf(out, "Status: %d Refused\r\n", status);
}

/* Status and headers in front of the first bytes of the body, in one write. */
static void send_first(struct reply *reply, struct gateway *gateway, struct str body)
{
    struct buf out;
    buf_init(&out, reply->headers.arena, MAX_HEADERS + MAX_BODY);
    status_line(&out, reply->status);
    buf_str(&out, buf_slice(&reply->headers));
    buf_text(&out, "\r\n");
    if (reply->head)
        body = STR("");
    bool together = body.len < (size_t)64 * 1024;
    if (together)
        buf_str(&out, body);
    reply->lost = gateway->write(gateway, buf_slice(&out)) != ERR_NONE;
    if (!together && !reply->lost)
        reply->lost = gateway->write(gateway, body) != ERR_NONE;
    reply->begun = true;
    reply->lost |= reply->head; /* nobody waits for more */
}

void reply_send(struct reply *reply, struct gateway *gateway)
{
    if (reply->begun) {
        reply_piece(reply, gateway);
        return;
    }
    struct str body = buf_slice(&reply->body);
    if (reply->status != 204 && reply->status != 304)
        reply_header(reply, "Content-Length", str_number(reply->headers.arena, body.len));
    send_first(reply, gateway, body);
}

void reply_piece(struct reply *reply, struct gateway *gateway)
{
    struct str body = buf_slice(&reply->body);
    if (!reply->begun)
        send_first(reply, gateway, body);
    else if (!reply->lost && body.len)
        reply->lost = gateway->write(gateway, body) != ERR_NONE;
    buf_clear(&reply->body);
}
