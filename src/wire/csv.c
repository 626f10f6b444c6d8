#include "wire/csv.h"

#include "base/banned.h"

struct scan {
    struct arena *arena;
    const char *at, *end;
    size_t line; /* from 1 */
};

/* What a value in quotes holds; at stands behind the opening quote. */
static enum err quoted(struct scan *scan, struct str *value)
{
    struct buf buf;
    buf_init(&buf, scan->arena, SIZE_MAX / 4);
    for (;;) {
        if (scan->at == scan->end)
            return ERR_SYNTAX;
        char c = *scan->at++;
        if (c == '\n')
            scan->line++;
        if (c == '"' && (scan->at == scan->end || *scan->at != '"'))
            break;
        scan->at += c == '"';
        buf_char(&buf, c);
    }
    *value = buf_slice(&buf);
    return ERR_NONE;
}

static bool at_line_end(const struct scan *scan)
{
    return scan->at == scan->end || *scan->at == '\n' ||
           (*scan->at == '\r' && scan->at + 1 < scan->end && scan->at[1] == '\n');
}

static enum err plain(struct scan *scan, struct str *value)
{
    const char *first = scan->at;
    while (!at_line_end(scan) && *scan->at != ',') {
        if (*scan->at == '"' || *scan->at == '\r')
            return ERR_SYNTAX;
        scan->at++;
    }
    *value = str_range(first, scan->at);
    if (value->len == 0 || str_is(*value, "NULL"))
        *value = STR_NONE;
    return ERR_NONE;
}

/* One value and the comma behind it; *last says that the line ends here. */
static enum err one_value(struct scan *scan, struct str *value, bool *last)
{
    enum err err;
    if (scan->at < scan->end && *scan->at == '"') {
        scan->at++;
        err = quoted(scan, value);
    } else {
        err = plain(scan, value);
    }
    if (err)
        return err;
    *last = at_line_end(scan);
    if (!*last && *scan->at != ',')
        return ERR_SYNTAX;
    if (!*last)
        scan->at++;
    return ERR_NONE;
}

static void next_line(struct scan *scan)
{
    if (scan->at < scan->end && *scan->at == '\r')
        scan->at++;
    if (scan->at < scan->end)
        scan->at++;
    scan->line++;
}

static size_t commas(const struct scan *scan)
{
    size_t count = 1;
    for (const char *at = scan->at; at < scan->end && count < CSV_MAX_COLUMNS; at++)
        count += *at == ',';
    return count;
}

static enum err names(struct scan *scan, struct csv *csv)
{
    bool last = false;
    csv->names = ARENA_ARRAY(scan->arena, commas(scan), struct str);
    while (!last) {
        if (csv->columns == CSV_MAX_COLUMNS)
            return ERR_TOO_MANY;
        struct str *name = &csv->names[csv->columns];
        enum err err = one_value(scan, name, &last);
        if (err)
            return err;
        for (size_t i = 0; i < csv->columns; i++)
            if (str_eq(csv->names[i], *name))
                return ERR_DUPLICATE;
        if (name->len == 0)
            return ERR_SYNTAX;
        csv->columns++;
    }
    next_line(scan);
    return ERR_NONE;
}

static enum err one_row(struct scan *scan, const struct csv *csv, struct str *cells)
{
    bool last = false;
    for (size_t i = 0; i < csv->columns; i++) {
        if (last)
            return ERR_SYNTAX;
        enum err err = one_value(scan, &cells[i], &last);
        if (err)
            return err;
    }
    if (!last)
        return ERR_SYNTAX;
    next_line(scan);
    return ERR_NONE;
}

/* How many lines there can be at most: values in quotes only make them fewer. */
static size_t lines(const struct scan *scan, size_t most)
{
    size_t count = 1;
    for (const char *at = scan->at; at < scan->end && count < most; at++)
        count += *at == '\n';
    return count;
}

static enum err rows(struct scan *scan, size_t max_rows, struct csv *csv)
{
    csv->rows = ARENA_ARRAY(scan->arena, lines(scan, max_rows), struct str *);
    while (scan->at < scan->end) {
        if (csv->row_count == max_rows)
            return ERR_TOO_MANY;
        struct str *cells = ARENA_ARRAY(scan->arena, csv->columns, struct str);
        enum err err = one_row(scan, csv, cells);
        if (err)
            return err;
        csv->rows[csv->row_count++] = cells;
    }
    return ERR_NONE;
}

enum err csv_parse(struct arena *arena, struct str text, size_t max_rows, struct csv *csv,
                   size_t *line)
{
    enum err err = str_check_utf8(text);
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_skip(text, 3);
    struct scan scan = {.arena = arena, .at = text.ptr, .end = text.ptr + text.len, .line = 1};
    *csv = (struct csv){0};
    if (!err)
        err = text.len ? names(&scan, csv) : ERR_SYNTAX;
    if (!err)
        err = rows(&scan, max_rows, csv);
    *line = scan.line;
    return err;
}
