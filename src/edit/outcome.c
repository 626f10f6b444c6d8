#include "edit/save.h"

#include "base/banned.h"

const char *outcome_name(enum outcome_kind kind)
{
    switch (kind) {
    case OUTCOME_SAVED:
        return "saved";
    case OUTCOME_ALREADY_APPLIED:
        return "already-applied";
    case OUTCOME_REBASED:
        return "rebased";
    case OUTCOME_MERGED:
        return "merged";
    case OUTCOME_UNCHANGED:
        return "unchanged";
    case OUTCOME_CONFLICT:
        return "conflict";
    case OUTCOME_REFUSED:
        return "refused";
    }
    return "refused";
}
