#include "wire/range.h"

#include "base/banned.h"

/* A number; one that is too large for any file is as good as the largest. False: it is none. */
static bool read_number(struct str text, uint64_t *number)
{
    uint64_t value = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        if (value > (UINT64_MAX - 9) / 10)
            value = (UINT64_MAX - 9) / 10;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *number = value;
    return true;
}

enum found { FOUND_BAD, FOUND_OUTSIDE, FOUND_RANGE };

/* "0-99", "100-" or "-100". */
static enum found read_range(struct str spec, uint64_t size, struct byte_range *range)
{
    struct str end, begin = str_cut(spec, '-', &end);
    uint64_t first, last = UINT64_MAX;
    if (!end.ptr)
        return FOUND_BAD;
    if (begin.len == 0) {
        if (!read_number(end, &last))
            return FOUND_BAD;
        if (last == 0 || size == 0)
            return FOUND_OUTSIDE;
        *range = (struct byte_range){last < size ? size - last : 0, size - 1};
        return FOUND_RANGE;
    }
    if (!read_number(begin, &first) || (end.len && !read_number(end, &last)) || last < first)
        return FOUND_BAD;
    if (first >= size)
        return FOUND_OUTSIDE;
    *range = (struct byte_range){first, last < size ? last : size - 1};
    return FOUND_RANGE;
}

static bool overlaps(const struct byte_range *ranges, size_t count, struct byte_range range)
{
    for (size_t i = 0; i < count; i++)
        if (range.first <= ranges[i].last && ranges[i].first <= range.last)
            return true;
    return false;
}

enum range_answer range_parse(struct str field, uint64_t size, struct byte_range *ranges,
                              size_t max, size_t *count)
{
    struct str rest = str_trim(field), unit = str_cut(rest, '=', &rest);
    bool any = false;
    *count = 0;
    if (!rest.ptr || !str_ieq(str_trim(unit), STR("bytes")))
        return RANGE_WHOLE;
    while (rest.ptr) {
        struct str spec = str_trim(str_cut(rest, ',', &rest));
        struct byte_range range;
        if (spec.len == 0)
            continue;
        any = true;
        enum found found = read_range(spec, size, &range);
        if (found == FOUND_OUTSIDE)
            continue;
        if (found == FOUND_BAD || *count == max || overlaps(ranges, *count, range)) {
            *count = 0;
            return RANGE_WHOLE;
        }
        ranges[(*count)++] = range;
    }
    return *count ? RANGE_PARTS : any ? RANGE_NONE : RANGE_WHOLE;
}
