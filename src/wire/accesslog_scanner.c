#include <string.h>

#include "wire/accesslog_layout_steps.h"

#include "base/banned.h"

#define TRIES 200 /* places at which values of one line may end */

struct choice {
    size_t step;
    const char *from; /* where its value begins */
    const char *stop; /* where it ended */
};

struct match {
    const struct accesslog_layout *layout;
    struct accesslog_minute *minute;
    struct accesslog *entry;
    const char *end;
    struct str parts[ACCESSLOG_PARTS];
    struct layout_clock clock;
    struct choice choices[LAYOUT_STEPS];
    size_t count;
    int tries;
};

/* Where the text stands that ends the value of this step, from at on, or NULL. */
static const char *find_text(const struct match *match, size_t step, const char *at)
{
    struct str text = match->layout->steps[step + 1].text;
    if (!match->layout->steps[step].quoted || text.ptr[0] != '"')
        return memmem(at, (size_t)(match->end - at), text.ptr, text.len);
    while (at < match->end) {
        at = accesslog_quote(at, match->end);
        if (!at || (size_t)(match->end - at) < text.len)
            return NULL;
        if (memcmp(at, text.ptr, text.len) == 0)
            return at;
        at++;
    }
    return NULL;
}

static const char *take_status(const struct match *match, const char *at)
{
    if (at < match->end && *at == '-')
        return at + 1;
    for (int i = 0; i < 3; i++)
        if (match->end - at <= i || at[i] < '0' || at[i] > '9')
            return NULL;
    bool more = match->end - at > 3 && at[3] >= '0' && at[3] <= '9';
    return more ? NULL : at + 3;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static const char *take_epoch(const struct match *match, const char *at)
{
    const char *stop = skip_digits(at, match->end);
    if (stop > at && stop < match->end && *stop == '.')
        stop = skip_digits(stop + 1, match->end);
    return stop > at && !accesslog_any_time(str_range(at, stop), &match->entry->time,
                                            &match->entry->zone)
               ? stop
               : NULL;
}

static const char *take_classic(const struct match *match, const char *at)
{
    enum { SIZE = 26 };
    if (match->end - at < SIZE || !accesslog_classic(at, match->minute, match->entry))
        return NULL;
    return at + SIZE;
}

/* A value ends at the next place, of which others may be tried later; the last one at the end. */
static const char *take_value(struct match *match, size_t step, const char *from, const char *at)
{
    const char *stop = match->end;
    if (step + 1 < match->layout->count) {
        stop = match->tries-- > 0 ? find_text(match, step, at) : NULL;
        if (!stop)
            return NULL;
        match->choices[match->count++] = (struct choice){step, from, stop};
    }
    if (match->layout->steps[step].part != PART_OTHER)
        match->parts[match->layout->steps[step].part] = str_range(from, stop);
    return stop;
}

/* Where the step ends that begins at at, or NULL: it does not fit. */
static const char *take(struct match *match, size_t number, const char *at)
{
    const struct layout_step *step = &match->layout->steps[number];
    const char *stop = at;
    switch (step->kind) {
    case LAYOUT_TEXT:
        return (size_t)(match->end - at) >= step->text.len &&
                       memcmp(at, step->text.ptr, step->text.len) == 0
                   ? at + step->text.len
                   : NULL;
    case LAYOUT_VALUE:
        return take_value(match, number, at, at);
    case LAYOUT_STATUS:
        stop = take_status(match, at);
        if (stop && step->part == PART_STATUS)
            match->parts[PART_STATUS] = str_range(at, stop);
        return stop;
    case LAYOUT_CLASSIC:
        return take_classic(match, at);
    case LAYOUT_ISO:
        return accesslog_take_iso(at, match->end, &match->entry->time, &match->entry->zone);
    case LAYOUT_EPOCH:
        return take_epoch(match, at);
    case LAYOUT_DIGITS:
        return skip_digits(at, match->end);
    case LAYOUT_CLOCK:
        return layout_clock_take(&match->clock, step->text, at, match->end);
    }
    return NULL;
}

/* The last value that may end further on does so; *step is then the one behind it. */
static const char *try_again(struct match *match, size_t *step)
{
    while (match->count) {
        struct choice *choice = &match->choices[--match->count];
        const char *stop = take_value(match, choice->step, choice->from, choice->stop + 1);
        *step = choice->step + 1;
        if (stop)
            return stop;
    }
    return NULL;
}

/* Whether all steps fit; there may be more in the line, behind a blank. */
static bool scan(struct match *match, const char *at)
{
    size_t step = 0;
    for (;;) {
        while (at && step < match->layout->count)
            at = take(match, step++, at);
        if (at && (at == match->end || *at == ' '))
            return true;
        at = try_again(match, &step);
        if (!at)
            return false;
    }
}

enum err accesslog_layout_parse(const struct accesslog_layout *layout, struct str line,
                                struct accesslog_minute *minute, char *room,
                                struct accesslog *entry)
{
    struct match match = {.layout = layout,
                          .minute = minute,
                          .entry = entry,
                          .end = line.ptr + line.len,
                          .tries = TRIES};
    if (!line.len || !scan(&match, line.ptr))
        return ERR_SYNTAX;
    if (layout->clocked) {
        entry->zone = match.clock.zone;
        if (layout_clock_time(&match.clock, &entry->time))
            return ERR_SYNTAX;
    }
    return accesslog_join(match.parts, room, entry);
}
