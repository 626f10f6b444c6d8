#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* The value of a field, up to the end of its line; NULL when there is none. */
static const char *find_field(const struct answer *answer, const char *name)
{
    size_t len = strlen(name);
    const char *line = memchr(answer->bytes, '\n', answer->head);
    while (line && (size_t)(line + 1 - answer->bytes) < answer->head) {
        line++;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            return line + strspn(line, " \t");
        }
        line = memchr(line, '\n', answer->head - (size_t)(line - answer->bytes));
    }
    return NULL;
}

bool answer_field(const struct answer *answer, const char *name, char *into, size_t size)
{
    const char *value = find_field(answer, name);
    if (!value)
        return false;
    (void)snprintf(into, size, "%.*s", (int)strcspn(value, "\r\n"), value);
    return true;
}

/* Walks along the chunks; true when the last one, of no bytes, is there. */
static bool chunks_whole(struct answer *answer)
{
    size_t at = answer->head;
    answer->body_len = 0;
    for (;;) {
        char *end = memchr(answer->bytes + at, '\n', answer->len - at);
        if (!end)
            return false;
        size_t size = strtoul(answer->bytes + at, NULL, 16);
        at = (size_t)(end + 1 - answer->bytes) + size + 2;
        if (at > answer->len)
            return false;
        answer->body_len += size;
        if (size == 0)
            return true;
    }
}

static bool find_head(struct answer *answer)
{
    char *end = memmem(answer->bytes, answer->len, "\r\n\r\n", 4);
    if (!end || answer->len < 12)
        return false;
    answer->head = (size_t)(end + 4 - answer->bytes);
    answer->status = (int)strtol(answer->bytes + 9, NULL, 10);
    const char *connection = find_field(answer, "Connection");
    answer->closes = connection && strncasecmp(connection, "close", 5) == 0;
    return true;
}

bool answer_whole(struct answer *answer)
{
    answer->bytes[answer->len] = '\0';
    if (!answer->head && !find_head(answer))
        return false;
    if (find_field(answer, "Transfer-Encoding"))
        return chunks_whole(answer);
    const char *length = find_field(answer, "Content-Length");
    size_t wanted = length ? strtoul(length, NULL, 10) : 0;
    answer->body_len = answer->len - answer->head;
    return answer->body_len >= wanted;
}
