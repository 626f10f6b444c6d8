#include "wire/csv.h"

#include "base/banned.h"

static bool needs_quotes(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '"' || value.ptr[i] == ',' || value.ptr[i] == '\n' ||
            value.ptr[i] == '\r')
            return true;
    return value.len == 0 || str_is(value, "NULL");
}

void csv_value(struct buf *out, struct str value, bool first)
{
    if (!first)
        buf_char(out, ',');
    if (!value.ptr)
        return;
    if (!needs_quotes(value)) {
        buf_str(out, value);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"')
            buf_char(out, '"');
        buf_char(out, value.ptr[i]);
    }
    buf_char(out, '"');
}
