#include "merge/row.h"

#include "base/banned.h"

enum row_merge row_merge(bool based, bool yours_is_base, bool current_is_base,
                         bool yours_is_current)
{
    if (yours_is_current)
        return ROW_SAME;
    if (!based)
        return ROW_CLASH;
    if (yours_is_base && current_is_base)
        return ROW_SAME;
    if (current_is_base)
        return ROW_YOURS;
    return yours_is_base ? ROW_CURRENT : ROW_CLASH;
}

const char *row_merge_name(enum row_merge merge)
{
    switch (merge) {
    case ROW_SAME:
        return "same";
    case ROW_YOURS:
        return "yours";
    case ROW_CURRENT:
        return "current";
    case ROW_MERGED:
        return "merged";
    case ROW_CLASH:
        return "clash";
    }
    return "clash"; /* a value that cannot be is shown to the person, never settled */
}
