#include <string.h>

#include "cli/probe_race.h"

#include "base/banned.h"

/* Same text but for line ends and blanks at its end, which many applications tidy up. */
static bool same_text(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.len && a.ptr[i] == '\r')
            i++;
        while (k < b.len && b.ptr[k] == '\r')
            k++;
        if (i == a.len || k == b.len || a.ptr[i] != b.ptr[k])
            break;
        i++;
        k++;
    }
    for (; i < a.len; i++)
        if (!strchr(" \t\r\n", a.ptr[i]))
            return false;
    for (; k < b.len; k++)
        if (!strchr(" \t\r\n", b.ptr[k]))
            return false;
    return a.ptr && b.ptr;
}

static bool put_back(struct probe *probe, struct str field, struct str text)
{
    struct probe_state state;
    struct probe_answer answer;
    struct probe_change change = {.field = field, .value = text};
    if (!field.ptr)
        return true;
    if (!probe_read(probe, EDITOR_A, &state))
        return false;
    if (same_text(probe_text(probe, &state, field), text))
        return true;
    probe_write(probe, EDITOR_A, &state, &change, &answer);
    return probe_read(probe, EDITOR_A, &state) && same_text(probe_text(probe, &state, field), text);
}

/* What pg409 kept of B's is thrown away. */
static void unpark(struct probe *probe)
{
    for (size_t i = 0; i < probe->parked_count; i++) {
        struct exchange exchange = {.method = "POST", .url = probe->parked[i], .body = STR("")};
        probe_request(probe, EDITOR_B, &exchange, NULL);
    }
}

/* To look once more has locked it once more. */
static void release(struct probe *probe)
{
    struct probe_state state;
    struct probe_answer answer;
    struct probe_change change = {.field = STR(""), .cancel = true};
    if (probe->locked && probe_read(probe, EDITOR_A, &state) && state.kind == PROBE_FORM)
        probe_write(probe, EDITOR_A, &state, &change, &answer);
}

void probe_restore(struct probe *probe)
{
    if (!probe->written)
        return;
    unpark(probe);
    bool fine = put_back(probe, probe->field, probe->original);
    fine &= put_back(probe, probe->other, probe->other_original);
    release(probe);
    probe->not_restored = !fine;
    probe->restored = fine ? STR("What was there before is there again.")
                           : STR("What was there before could NOT be put back.");
}
