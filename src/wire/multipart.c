#include "wire/multipart.h"

#include "wire/multipart_head.h"

#include <string.h>

#include "base/banned.h"

#define CRLF_LEN 2
#define CLOSING_LEN 2 /* the "--" behind the last boundary */

/* --- the boundary --- */

/* Puts the boundary into its place in delimiter; false for one that cannot be. */
static bool set_boundary(struct multipart *multipart, const struct multipart_parameter *parameter)
{
    static const char start[] = {'\r', '\n', '-', '-'};
    char *boundary = multipart->delimiter + sizeof start;
    size_t len = 0;
    for (size_t i = 0; i < parameter->value.len; i++) {
        i += parameter->quoted && multipart_escapes(parameter->value, i);
        char c = parameter->value.ptr[i];
        if (len == MULTIPART_MAX_BOUNDARY || c < ' ' || c > '~')
            return false;
        boundary[len++] = c;
    }
    if (len == 0 || boundary[len - 1] == ' ')
        return false;
    memcpy(multipart->delimiter, start, sizeof start);
    memset(boundary + len, '-', CLOSING_LEN);
    multipart->delimiter_len = sizeof start + len;
    return true;
}

/* Before the first delimiter and before a content, the CRLF that it needs is there already. */
static void expect_delimiter(struct multipart *multipart, enum multipart_state state)
{
    multipart->state = state;
    multipart->matched = multipart->implied = CRLF_LEN;
}

/* The parameters of a Content-Type. False unless exactly one is a boundary that can be used. */
static bool find_boundary(struct multipart *multipart, struct str parameters)
{
    struct multipart_parameter parameter;
    while (!multipart_parameter(&parameters, &parameter)) {
        if (!parameter.name.ptr)
            return multipart->delimiter_len > 0;
        if (!str_ieq(parameter.name, STR("boundary")))
            continue;
        if (multipart->delimiter_len || !set_boundary(multipart, &parameter))
            return false;
    }
    return false;
}

enum err multipart_init(struct multipart *multipart, struct str content_type)
{
    struct str rest;
    struct str type = str_trim(str_cut(content_type, ';', &rest));
    /* Not all of it: the head needs no zeros. */
    multipart->part = (struct multipart_part){STR_NONE, STR_NONE, STR_NONE};
    multipart->data = STR_NONE;
    multipart->parts = multipart->head_len = multipart->delimiter_len = 0;
    if (!str_ieq(type, STR("multipart/form-data")) ||
        !find_boundary(multipart, multipart_parameters(content_type))) {
        multipart_fault(multipart, ERR_SYNTAX,
                        "The Content-Type must be multipart/form-data with a boundary of 1 to 70 "
                        "printable ASCII characters.");
        return ERR_SYNTAX;
    }
    multipart->err = ERR_NONE;
    multipart->fault = "";
    expect_delimiter(multipart, MULTIPART_IN_PREAMBLE);
    return ERR_NONE;
}

/* --- steps: each returns whether *event is to be told --- */

/* Passes over len bytes and returns them. */
static struct str take(struct str *input, size_t len)
{
    struct str taken = {input->ptr, len};
    *input = str_skip(*input, len);
    return taken;
}

/*
 * How many bytes at the end of input may be the beginning of a delimiter. It has
 * no CR but its first byte, so only the last one in sight can begin it.
 */
static size_t begun_at_end(const struct multipart *multipart, struct str input)
{
    size_t most = multipart->delimiter_len - 1;
    struct str tail = str_skip(input, input.len > most ? input.len - most : 0);
    const char *at = memrchr(tail.ptr, '\r', tail.len);
    if (!at)
        return 0;
    struct str begun = str_range(at, tail.ptr + tail.len);
    return memcmp(begun.ptr, multipart->delimiter, begun.len) == 0 ? begun.len : 0;
}

/* Takes what is certainly no delimiter; when that is nothing, its first byte is matched. */
static struct str take_plain(struct multipart *multipart, struct str *input)
{
    size_t len = str_find(*input, (struct str){multipart->delimiter, multipart->delimiter_len});
    if (len == SIZE_MAX)
        len = input->len - begun_at_end(multipart, *input);
    if (len == 0) {
        multipart->matched = 1;
        *input = str_skip(*input, 1);
    }
    return take(input, len);
}

static void match(struct multipart *multipart, struct str *input)
{
    size_t len = 0;
    size_t left = multipart->delimiter_len + CLOSING_LEN - multipart->matched;
    const char *next = multipart->delimiter + multipart->matched;
    while (len < left && len < input->len && input->ptr[len] == next[len])
        len++;
    multipart->matched += len;
    *input = str_skip(*input, len);
}

/* A delimiter was seen: the part before it, if there is one, ends. */
static bool delimited(struct multipart *multipart, enum multipart_state next,
                      enum multipart_event *event)
{
    bool in_part = multipart->state == MULTIPART_IN_CONTENT;
    multipart->state = next;
    *event = MULTIPART_PART_END;
    return in_part;
}

static bool is_behind_boundary(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Preamble and contents: all up to the next delimiter. */
static bool step_content(struct multipart *multipart, struct str *input,
                         enum multipart_event *event)
{
    if (multipart->matched) {
        match(multipart, input);
        if (multipart->matched == multipart->delimiter_len + CLOSING_LEN)
            return delimited(multipart, MULTIPART_CLOSED, event);
    }
    if (input->len == 0)
        return false;
    if (multipart->matched == 0) {
        multipart->data = take_plain(multipart, input);
    } else if (multipart->matched == multipart->delimiter_len &&
               is_behind_boundary(input->ptr[0])) {
        return delimited(multipart, MULTIPART_IN_PADDING, event);
    } else {
        /* What was held back is the same as the delimiter's beginning. */
        multipart->data = str_range(multipart->delimiter + multipart->implied,
                                    multipart->delimiter + multipart->matched);
        multipart->matched = multipart->implied = 0;
    }
    *event = MULTIPART_DATA;
    return multipart->state == MULTIPART_IN_CONTENT && multipart->data.len > 0;
}

static const char no_crlf[] =
    "A line of the multipart body does not end in CR LF; send both at the end of each line.";

static void pass_padding(struct multipart *multipart, struct str *input)
{
    char c = take(input, 1).ptr[0];
    if (c == '\r')
        multipart->state = MULTIPART_IN_LINE_END;
    else if (c == '\n')
        multipart_fault(multipart, ERR_SYNTAX, no_crlf);
    else if (c != ' ' && c != '\t')
        multipart_fault(multipart, ERR_SYNTAX,
                        "Behind a boundary of the multipart body stands something else than a "
                        "line end; choose a boundary that no content holds.");
}

static void pass_line_end(struct multipart *multipart, struct str *input)
{
    if (take(input, 1).ptr[0] != '\n') {
        multipart_fault(multipart, ERR_SYNTAX, no_crlf);
    } else if (multipart->parts == MULTIPART_MAX_PARTS) {
        multipart_fault(multipart, ERR_TOO_MANY,
                        "The multipart body has more than 1000 parts; send fewer at once.");
    } else {
        multipart->parts++;
        memcpy(multipart->head, "\r\n", CRLF_LEN);
        multipart->head_len = CRLF_LEN;
        multipart->state = MULTIPART_IN_HEAD;
    }
}

/* Whether text, from byte from on, has an LF without its CR. */
static bool has_bare_lf(struct str text, size_t from)
{
    struct str rest = str_skip(text, from);
    while (rest.ptr) {
        struct str line = str_cut(rest, '\n', &rest);
        const char *end = line.ptr + line.len;
        if (rest.ptr && (end == text.ptr || end[-1] != '\r'))
            return true;
    }
    return false;
}

/* Collects the head; *event when it is complete. */
static bool step_head(struct multipart *multipart, struct str *input, enum multipart_event *event)
{
    size_t before = multipart->head_len;
    size_t room = sizeof multipart->head - before;
    size_t len = input->len < room ? input->len : room;
    memcpy(multipart->head + before, input->ptr, len);
    struct str head = {multipart->head, before + len};
    /* The empty line may have begun in an earlier piece. */
    size_t from = before < 3 ? 0 : before - 3;
    size_t end = str_find(str_skip(head, from), STR("\r\n\r\n"));
    if (end != SIZE_MAX)
        head.len = from + end + 4;
    *input = str_skip(*input, head.len - before);
    multipart->head_len = head.len;
    if (has_bare_lf(head, before))
        return multipart_fault(multipart, ERR_SYNTAX, no_crlf);
    if (end == SIZE_MAX && len == room)
        return multipart_fault(
            multipart, ERR_TOO_LONG,
            "The header of a part is longer than 8192 bytes; send a shorter name.");
    if (end == SIZE_MAX)
        return false;
    expect_delimiter(multipart, MULTIPART_IN_CONTENT);
    *event = MULTIPART_PART;
    return multipart_head(multipart);
}

static bool step(struct multipart *multipart, struct str *input, enum multipart_event *event)
{
    switch (multipart->state) {
    case MULTIPART_IN_PREAMBLE:
    case MULTIPART_IN_CONTENT:
        return step_content(multipart, input, event);
    case MULTIPART_IN_PADDING:
        pass_padding(multipart, input);
        return false;
    case MULTIPART_IN_LINE_END:
        pass_line_end(multipart, input);
        return false;
    case MULTIPART_IN_HEAD:
        return step_head(multipart, input, event);
    case MULTIPART_CLOSED:
        *event = MULTIPART_END;
        multipart->state = MULTIPART_IN_EPILOGUE;
        return true;
    case MULTIPART_IN_EPILOGUE:
        *input = str_skip(*input, input->len);
        return false;
    case MULTIPART_FAILED:
        break;
    }
    *event = MULTIPART_FAULT;
    return true;
}

enum multipart_event multipart_next(struct multipart *multipart, struct str *input)
{
    enum multipart_event event = MULTIPART_MORE;
    bool told = false;
    /* These two states have something to tell without input. */
    while (!told && (input->len > 0 || multipart->state == MULTIPART_CLOSED ||
                     multipart->state == MULTIPART_FAILED))
        told = step(multipart, input, &event);
    return told ? event : MULTIPART_MORE;
}
