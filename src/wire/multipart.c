#include "wire/multipart.h"

#include <string.h>

#include "wire/multipart_head.h"

#include "base/banned.h"

/* What RFC 2046 allows in a boundary. */
static bool is_boundary(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (!c || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return text.len > 0 && text.ptr[text.len - 1] != ' ';
}

enum err multipart_init(struct multipart *multipart, struct str content_type)
{
    struct str boundary, type = str_trim(str_cut(content_type, ';', &(struct str){NULL, 0}));
    memset(multipart, 0, sizeof *multipart);
    memcpy(multipart->delimiter, "\r\n--", 4);
    if (!str_ieq(type, STR("multipart/form-data")) ||
        multipart_parameter(content_type, STR("boundary"), multipart->delimiter + 4,
                            MULTIPART_MAX_BOUNDARY, &boundary) ||
        !boundary.ptr || !is_boundary(boundary))
        return ERR_SYNTAX;
    multipart->delimiter_len = 4 + boundary.len;
    multipart->held = 2; /* as if a line had ended before the first byte */
    return ERR_NONE;
}

static enum multipart_event fault(struct multipart *multipart, enum err err, const char *words)
{
    multipart->state = MULTIPART_IN_FAULT;
    multipart->err = err;
    multipart->fault = words;
    return MULTIPART_FAULT;
}

/* How many bytes at the end of text may begin a delimiter. CR stands nowhere in it but in front. */
static size_t tail_that_may_begin(const struct multipart *multipart, struct str text)
{
    size_t most = multipart->delimiter_len - 1, from = text.len > most ? text.len - most : 0;
    const char *at = memrchr(text.ptr + from, '\r', text.len - from);
    if (!at)
        return 0;
    size_t len = (size_t)(text.ptr + text.len - at);
    return memcmp(at, multipart->delimiter, len) == 0 ? len : 0;
}

enum scan { SCAN_MORE, SCAN_DATA, SCAN_DELIMITER };

/* Goes on with a delimiter that may have begun; what turns out to be none is content. */
static enum scan go_on(struct multipart *multipart, struct str *input)
{
    while (multipart->held < multipart->delimiter_len && input->len &&
           input->ptr[0] == multipart->delimiter[multipart->held]) {
        *input = str_skip(*input, 1);
        multipart->held++;
    }
    if (multipart->held == multipart->delimiter_len) {
        multipart->held = 0;
        return SCAN_DELIMITER;
    }
    if (!input->len)
        return SCAN_MORE;
    multipart->data = (struct str){multipart->delimiter, multipart->held};
    multipart->held = 0;
    return SCAN_DATA;
}

/* The bytes up to the next delimiter, as many as there are. */
static enum scan scan(struct multipart *multipart, struct str *input)
{
    if (multipart->held)
        return go_on(multipart, input);
    if (!input->len)
        return SCAN_MORE;
    const char *at = memmem(input->ptr, input->len, multipart->delimiter, multipart->delimiter_len);
    size_t len = at ? (size_t)(at - input->ptr) : input->len;
    if (at == input->ptr) {
        *input = str_skip(*input, multipart->delimiter_len);
        return SCAN_DELIMITER;
    }
    if (!at)
        multipart->held = tail_that_may_begin(multipart, *input);
    multipart->data = (struct str){input->ptr, len - multipart->held};
    *input = str_skip(*input, len);
    return multipart->data.len ? SCAN_DATA : SCAN_MORE;
}

static void behind_delimiter(struct multipart *multipart)
{
    multipart->state = MULTIPART_IN_LINE;
    multipart->line = 0;
    multipart->line_last = '\0';
}

static enum multipart_event in_preamble(struct multipart *multipart, struct str *input)
{
    enum scan found = scan(multipart, input);
    while (found == SCAN_DATA)
        found = scan(multipart, input);
    if (found == SCAN_DELIMITER)
        behind_delimiter(multipart);
    return MULTIPART_MORE;
}

static enum multipart_event in_content(struct multipart *multipart, struct str *input)
{
    enum scan found = scan(multipart, input);
    if (found == SCAN_DATA)
        return MULTIPART_DATA;
    if (found == SCAN_MORE)
        return MULTIPART_MORE;
    behind_delimiter(multipart);
    return MULTIPART_PART_END;
}

/* "--" ends the form; blanks may stand before the end of the line. */
static enum multipart_event in_line(struct multipart *multipart, struct str *input)
{
    while (input->len) {
        char c = input->ptr[0], last = multipart->line_last;
        *input = str_skip(*input, 1);
        multipart->line_last = c;
        multipart->line++;
        if (last == '-' && c == '-' && multipart->line == 2) {
            multipart->state = MULTIPART_IN_EPILOGUE;
            return MULTIPART_END;
        }
        if (last == '\r' && c == '\n') {
            multipart->state = MULTIPART_IN_HEAD;
            multipart->head_len = 0;
            return MULTIPART_MORE;
        }
        bool blank = (c == ' ' || c == '\t') && last != '\r' && last != '-';
        bool begins =
            (c == '\r' && last != '\r' && last != '-') || (c == '-' && multipart->line == 1);
        if (!blank && !begins)
            return fault(multipart, ERR_SYNTAX,
                         "The form has a line between its parts that is not "
                         "well formed.");
        if (multipart->line > MULTIPART_MAX_HEAD)
            return fault(multipart, ERR_TOO_LONG, "The form has a line that is too long.");
    }
    return MULTIPART_MORE;
}

static enum multipart_event begin_part(struct multipart *multipart)
{
    if (++multipart->parts > MULTIPART_MAX_PARTS)
        return fault(multipart, ERR_TOO_MANY, "The form has more than 1000 parts.");
    enum err err = multipart_read_head(multipart);
    if (err)
        return fault(multipart, err, multipart->fault);
    multipart->state = MULTIPART_IN_CONTENT;
    return MULTIPART_PART;
}

/* The lines of a head, up to an empty one. */
static enum multipart_event in_head(struct multipart *multipart, struct str *input)
{
    while (input->len) {
        char c = input->ptr[0];
        char last = multipart->head_len ? multipart->head[multipart->head_len - 1] : '\0';
        *input = str_skip(*input, 1);
        if ((c == '\n') != (last == '\r') || c == '\0')
            return fault(multipart, ERR_SYNTAX,
                         "A line in the head of a part does not end in CRLF.");
        if (multipart->head_len == MULTIPART_MAX_HEAD)
            return fault(multipart, ERR_TOO_LONG, "The head of a part is longer than 8192 bytes.");
        multipart->head[multipart->head_len++] = c;
        struct str head = {multipart->head, multipart->head_len};
        if (c == '\n' && (head.len == 2 || str_ends(head, STR("\r\n\r\n")))) {
            multipart->head_len -= 2;
            return begin_part(multipart);
        }
    }
    return MULTIPART_MORE;
}

enum multipart_event multipart_next(struct multipart *multipart, struct str *input)
{
    enum multipart_event event = MULTIPART_MORE;
    do {
        switch (multipart->state) {
        case MULTIPART_IN_PREAMBLE:
            event = in_preamble(multipart, input);
            break;
        case MULTIPART_IN_LINE:
            event = in_line(multipart, input);
            break;
        case MULTIPART_IN_HEAD:
            event = in_head(multipart, input);
            break;
        case MULTIPART_IN_CONTENT:
            event = in_content(multipart, input);
            break;
        case MULTIPART_IN_EPILOGUE:
            *input = str_skip(*input, input->len);
            return MULTIPART_MORE;
        default:
            return MULTIPART_FAULT;
        }
    } while (event == MULTIPART_MORE && input->len);
    return event;
}
