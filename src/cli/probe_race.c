#include "cli/probe_race.h"

#include <string.h>
#include <time.h>

#include "wire/html_scan.h"

#include "base/banned.h"

#define PAGE_TEXT_MAX ((size_t)8 << 20)
#define CACHED                                                                                     \
    "After A saved, an ordinary read still got the state before: something on the way keeps "      \
    "answers."
#define TEXT_MAX ((size_t)16 << 20)

bool race_has(struct str text, struct str word)
{
    return text.ptr && str_find(text, word) != SIZE_MAX;
}

/* On a page also when every letter is in a tag of its own. */
bool race_page_has(struct probe *probe, struct str page, struct str word)
{
    struct buf text;
    if (race_has(page, word))
        return true;
    buf_init(&text, probe->arena, PAGE_TEXT_MAX);
    html_page_text(&text, page);
    return text.len && race_has(buf_slice(&text), word);
}

struct str race_mark(struct probe *probe, char who)
{
    probe->marks++;
    return str_printf(probe->arena, "pg409probe%c%08x%u", who, probe->number, probe->marks);
}

/* A text with the mark behind it. */
static struct str marked(struct probe *probe, struct str text, struct str mark)
{
    struct buf out;
    buf_init(&out, probe->arena, TEXT_MAX);
    buf_str(&out, text);
    if (text.len && !strchr(" \n", text.ptr[text.len - 1]))
        buf_char(&out, ' ');
    buf_str(&out, mark);
    return buf_slice(&out);
}

static bool failed(struct probe *probe, struct str words)
{
    if (!probe->words.ptr)
        probe->words = words;
    return false;
}

/* What an answer was, for a sentence. */
struct str race_told(struct probe *probe, const struct probe_answer *answer)
{
    if (answer->fault)
        return str_printf(probe->arena, "no answer came (%s)", answer->trouble);
    if (answer->location.ptr && answer->page_status >= 400)
        return str_printf(probe->arena, "%d to %.*s, and %d there", answer->status,
                          STR_ARG(answer->location), answer->page_status);
    if (answer->location.ptr)
        return str_printf(probe->arena, "%d to %.*s", answer->status, STR_ARG(answer->location));
    return str_printf(probe->arena, "%d", answer->status);
}

void race_write(struct probe *probe, int who, const struct probe_state *state, struct str field,
                struct str mark, bool without_version, struct probe_answer *answer)
{
    struct str text = probe_text(probe, state, field);
    struct probe_change change = {.field = field,
                                  .value = marked(probe, text.ptr ? text : STR(""), mark),
                                  .without_version = without_version};
    probe_write(probe, who, state, &change, answer);
}

/* Whether a request went elsewhere and came back as a GET: a redirect to the same path. */
static bool moved(const struct race *race)
{
    const struct probe_answer *answer = &race->wrote_a;
    struct str to = answer->location, from = str_from(race->a.url);
    if ((answer->status != 301 && answer->status != 302) || !to.ptr)
        return false;
    return str_starts(from, STR("http://")) && str_starts(to, STR("https://"));
}

static bool explain_no_write(struct probe *probe, const struct race *race)
{
    const char *server = probe_is_server_page(race->wrote_a.body);
    struct str was = race_told(probe, &race->wrote_a);
    if (moved(race))
        probe_found(probe, "redirect",
                    str_printf(probe->arena,
                               "The write was answered with %.*s: it arrived there as a read, "
                               "without what was typed.",
                               STR_ARG(was)));
    if (server && race->wrote_a.status >= 400 && race->wrote_a.method &&
        strcmp(race->wrote_a.method, "POST") != 0)
        probe_found(probe, "methods",
                    str_printf(probe->arena, "%s is answered by %s itself: %.*s.",
                               race->wrote_a.method, server, STR_ARG(was)));
    return failed(probe, str_printf(probe->arena,
                                    "A's own change, which nobody was in the way of, was not "
                                    "saved: the answer was %.*s. Is a login missing (-u, --login), "
                                    "or is another field needed (--field)?",
                                    STR_ARG(was)));
}

/* Versions that count seconds need one to pass. */
void race_wait(const struct race *race)
{
    const struct timespec time = {.tv_sec = 1, .tv_nsec = 200000000};
    if (race->slow)
        (void)nanosleep(&time, NULL);
}

/* Who looks whether A's text was saved. A's own look might lock it once more. */
static int looker(const struct probe *probe)
{
    return probe->once ? EDITOR_A : EDITOR_B;
}

/* Whether A's text is there; where it is not, something on the way may have kept the answer before.
 */
static bool saved(struct probe *probe, struct race *race)
{
    if (race_has(probe_text(probe, &race->between, race->field_a), race->mark_a))
        return true;
    if (probe->fresh)
        return false;
    probe->fresh = 1;
    if (!probe_read(probe, looker(probe), &race->between) ||
        !race_has(probe_text(probe, &race->between, race->field_a), race->mark_a)) {
        probe->fresh = 0;
        return false;
    }
    probe_found(probe, "cache", STR(CACHED));
    return true;
}

/* A plain look, as a browser does it: is what a cache gives older than what is stored? */
static void look_for_cache(struct probe *probe, const struct race *race)
{
    struct exchange exchange = {.url = probe->options->url, .follow = true};
    if (probe->fresh)
        return;
    probe_request(probe, EDITOR_A, &exchange, NULL);
    if (!exchange.fault && exchange.status == 200 &&
        !race_page_has(probe, exchange.answer, race->mark_a))
        probe_found(probe, "cache", STR(CACHED));
}

/* A proxy, or libcurl on a connection that was kept, may send a write twice: then the second is
 * refused because the first was stored. */
static bool is_stored(struct probe *probe, const struct race *race)
{
    struct probe_state now;
    return probe_read(probe, EDITOR_A, &now) &&
           race_has(probe_text(probe, &now, race->field_a), race->mark_a);
}

/*
 * A's save. When the version is refused although nothing happened, what servers did to the ETag is
 * undone; when that does not help, it is left out, as clients do who want to get on.
 */
static void write_first(struct probe *probe, struct race *race)
{
    struct str words = race->a.etag;
    enum probe_tag before = probe->tag;
    race_write(probe, EDITOR_A, &race->a, race->field_a, race->mark_a, false, &race->wrote_a);
    while (race->wrote_a.status == 412 && probe->kind == PROBE_JSON && words.ptr &&
           probe->tag < PROBE_TAG_NONE && !is_stored(probe, race)) {
        probe->tag++;
        race_write(probe, EDITOR_A, &race->a, race->field_a, race->mark_a, false, &race->wrote_a);
        if (race->wrote_a.status == 412)
            continue;
        probe_found(
            probe, "etag-refused",
            str_printf(probe->arena,
                       "The ETag %.*s is not accepted in If-Match (412), though nothing was "
                       "changed%s.",
                       STR_ARG(words),
                       probe->tag == PROBE_TAG_NONE
                           ? ": who sends it can never save, so the race was run without it"
                           : "; without what servers added to it, it is"));
    }
    if (race->wrote_a.status == 412)
        probe->tag = before; /* that was not it */
}

static bool first_half(struct probe *probe, struct race *race)
{
    race->mark_a = race_mark(probe, 'A');
    race->mark_b = race_mark(probe, 'B');
    if (!probe_read(probe, EDITOR_A, &race->a))
        return failed(probe,
                      str_printf(probe->arena, "A could not open it again: %s", race->a.why));
    if (!probe_read(probe, EDITOR_B, &race->b))
        return failed(probe, str_printf(probe->arena, "B could not open it while A has it open: %s",
                                        race->b.why));
    if (!probe_text(probe, &race->a, race->field_a).ptr ||
        !probe_text(probe, &race->b, race->field_b).ptr)
        return failed(probe, STR("the field is not there for both editors"));
    race_wait(race);
    write_first(probe, race);
    race_wait(race);
    if (!probe_read(probe, looker(probe), &race->between))
        return failed(probe, str_printf(probe->arena, "it cannot be read after A's save: %s",
                                        race->between.why));
    if (!saved(probe, race))
        return explain_no_write(probe, race);
    probe_compare(probe, probe->once ? &race->a : &race->b, &race->between, true);
    if (probe->marks == 2) /* once is enough */
        look_for_cache(probe, race);
    return !probe_interrupted() || failed(probe, STR("it was interrupted"));
}

/* The words of a page, without what differs from person to person. */
static struct str plain(struct probe *probe, const struct probe_answer *answer, struct str mark)
{
    struct buf text, out;
    buf_init(&text, probe->arena, PAGE_TEXT_MAX);
    buf_init(&out, probe->arena, PAGE_TEXT_MAX);
    html_page_text(&text, answer->page);
    struct str rest = text.len ? buf_slice(&text) : STR("");
    for (size_t at; (at = str_find(rest, mark)) != SIZE_MAX; rest = str_skip(rest, at + mark.len))
        buf_str(&out, str_range(rest.ptr, rest.ptr + at));
    buf_str(&out, rest.len ? rest : STR(""));
    return out.len ? buf_slice(&out) : STR("");
}

/* Whether B was told just what A was told: saved. */
static bool same_answer(struct probe *probe, const struct race *race)
{
    const struct probe_answer *a = &race->wrote_a, *b = &race->wrote_b;
    if (a->status != b->status || !str_eq(a->location, b->location) ||
        a->page_status != b->page_status)
        return false;
    if (probe->kind == PROBE_JSON)
        return b->status < 300;
    /* B's page shows A's text in the same places. */
    return str_eq(plain(probe, a, race->mark_a), plain(probe, b, race->mark_a));
}

/* Statuses that may speak of the version. All others have reasons of their own: rights, load, a
 * fault. */
static bool may_refuse(const struct probe *probe, int status)
{
    if (status == 409 || status == 412 || status == 428 || status == 400 || status == 422 ||
        status == 423)
        return true;
    return probe->kind == PROBE_FORM && status >= 200 && status < 400 && status != 202;
}

/* Only A's text is there: what does B's answer say of it? */
static enum race_result kept_first(struct probe *probe, const struct race *race)
{
    const struct probe_answer *answer = &race->wrote_b;
    bool fine = probe->kind == PROBE_JSON && answer->status / 100 == 2 && answer->status != 202;
    if (!answer->fault && (fine || same_answer(probe, race)))
        return RACE_DROPPED;
    if (!answer->fault && may_refuse(probe, answer->status) &&
        may_refuse(probe, answer->page_status))
        return RACE_REFUSED;
    failed(probe,
           str_printf(probe->arena,
                      "B's save did not get through, and the answer (%.*s) does not say that "
                      "A's was in its way",
                      STR_ARG(race_told(probe, answer))));
    return RACE_FAILED;
}

enum race_result race_run(struct probe *probe, struct race *race)
{
    if (!first_half(probe, race))
        return RACE_FAILED;
    race_write(probe, EDITOR_B, &race->b, race->field_b, race->mark_b, race->without_version,
               &race->wrote_b);
    if (!probe_read(probe, EDITOR_A, &race->end)) {
        failed(probe, str_printf(probe->arena, "it cannot be read at the end: %s", race->end.why));
        return RACE_FAILED;
    }
    bool has_a = race_has(probe_text(probe, &race->end, race->field_a), race->mark_a);
    bool has_b = race_has(probe_text(probe, &race->end, race->field_b), race->mark_b);
    if (has_a && has_b)
        return RACE_MERGED;
    if (has_b)
        return RACE_LOST;
    if (has_a)
        return kept_first(probe, race);
    failed(probe, STR("at the end neither text is there"));
    return RACE_FAILED;
}

/* Two people at once are not always let in: then two windows of one do, as when a lock runs out. */
static enum race_result first_race(struct probe *probe, struct race *race)
{
    struct probe_state a, b;
    if (probe->editors[0] != probe->editors[1] && probe_read(probe, EDITOR_A, &a) &&
        !probe_read(probe, EDITOR_B, &b)) {
        probe_step(probe,
                   str_printf(probe->arena,
                              "While A has it open B is not let in (%s): a lock. Raced in two "
                              "windows of A instead, as it is when a lock runs out.",
                              b.why));
        probe->locked = true;
        transport_free(probe->editors[1]);
        probe->editors[1] = probe->editors[0];
    }
    return race_run(probe, race);
}

/* Whether there may be another reason than the version that B's text is not there. */
static bool is_doubtful(const struct race *race, enum race_result result)
{
    int status = race->wrote_b.status;
    if (probe_interrupted() || race->wrote_b.fault || status == 409 || status == 412 ||
        status == 428)
        return false;
    return result == RACE_REFUSED || result == RACE_DROPPED ||
           (result == RACE_FAILED && status >= 400 && status < 500 && status != 408 &&
            status != 429);
}

/* B's part of the race alone: is it saved when nobody else saves? */
static bool saves_alone(struct probe *probe)
{
    struct probe_state b, again, end;
    struct probe_answer answer;
    struct str mark = race_mark(probe, 'B');
    if (!probe_read(probe, EDITOR_B, &b) || !probe_read(probe, looker(probe), &again) ||
        !probe_text(probe, &b, probe->field).ptr)
        return false;
    race_write(probe, EDITOR_B, &b, probe->field, mark, false, &answer);
    return probe_read(probe, EDITOR_A, &end) &&
           race_has(probe_text(probe, &end, probe->field), mark);
}

/*
 * A token for one use, say, is refused whoever saved: when B's part alone is refused as well, B
 * does not look again before the save. When that is refused alone too, nothing can be said.
 */
static enum race_result once_more(struct probe *probe, struct race *race)
{
    probe->once = true;
    probe->words = STR_NONE;
    *race = (struct race){.field_a = probe->field, .field_b = probe->field};
    enum race_result result = race_run(probe, race);
    if (is_doubtful(race, result) && !saves_alone(probe)) {
        probe->words = str_printf(probe->arena,
                                  "B's save is not stored (%.*s), and neither is it when "
                                  "nobody else saves. May B write there at all (--as-b)?",
                                  STR_ARG(race_told(probe, &race->wrote_b)));
        return RACE_FAILED;
    }
    if (result != RACE_FAILED)
        probe_step(probe, STR("A form that is open is refused once the same session opens it "
                              "again: B did not look again before the save."));
    return result;
}

void probe_race(struct probe *probe)
{
    struct race race = {.field_a = probe->field, .field_b = probe->field};
    enum race_result result = first_race(probe, &race);
    if (is_doubtful(&race, result) && !saves_alone(probe))
        result = once_more(probe, &race);
    if (result == RACE_FAILED)
        return;
    race_judge(probe, &race, result);
}
