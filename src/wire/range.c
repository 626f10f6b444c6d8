#include "wire/range.h"

#include "base/banned.h"

/* What one member of the list asks for. */
enum wish { WISH_BAD, WISH_BEYOND, WISH_NOTHING, WISH_RANGE };

static bool read_number(struct str text, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        sum = sum > (UINT64_MAX - digit) / 10 ? UINT64_MAX : sum * 10 + digit;
    }
    *value = sum;
    return text.len > 0;
}

/* The last length bytes; of a shorter file, all. */
static enum wish suffix(uint64_t length, uint64_t size, struct byte_range *range)
{
    if (length == 0)
        return WISH_BEYOND;
    /* There, but no Content-Range can say so. */
    if (size == 0)
        return WISH_NOTHING;
    *range = (struct byte_range){length < size ? size - length : 0, size - 1};
    return WISH_RANGE;
}

static enum wish read_member(struct str member, uint64_t size, struct byte_range *range)
{
    struct str after;
    struct str before = str_cut(member, '-', &after);
    uint64_t first, last = UINT64_MAX;
    if (!after.ptr || (after.len && !read_number(after, &last)))
        return WISH_BAD;
    if (before.len == 0)
        return after.len ? suffix(last, size, range) : WISH_BAD;
    if (!read_number(before, &first) || last < first)
        return WISH_BAD;
    if (first >= size)
        return WISH_BEYOND;
    *range = (struct byte_range){first, last < size ? last : size - 1};
    return WISH_RANGE;
}

static bool overlaps(struct byte_range range, const struct byte_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (range.first <= ranges[i].last && ranges[i].first <= range.last)
            return true;
    return false;
}

static enum range_answer read_set(struct str set, uint64_t size, struct byte_range *ranges,
                                  size_t max, size_t *count)
{
    bool any = false;
    while (set.ptr) {
        struct byte_range range;
        struct str member = str_trim(str_cut(set, ',', &set));
        if (member.len == 0)
            continue;
        any = true;
        enum wish wish = read_member(member, size, &range);
        if (wish == WISH_BEYOND)
            continue;
        if (wish != WISH_RANGE || *count == max || overlaps(range, ranges, *count))
            return RANGE_WHOLE;
        ranges[(*count)++] = range;
    }
    if (!any)
        return RANGE_WHOLE;
    return *count ? RANGE_PARTS : RANGE_NONE;
}

enum range_answer range_parse(struct str field, uint64_t size, struct byte_range *ranges,
                              size_t max, size_t *count)
{
    struct str set;
    struct str unit = str_cut(str_trim(field), '=', &set);
    *count = 0;
    if (!str_ieq(unit, STR("bytes")))
        return RANGE_WHOLE;
    enum range_answer answer = read_set(set, size, ranges, max, count);
    if (answer != RANGE_PARTS)
        *count = 0;
    return answer;
}
