#include "cli/probe_race.h"

#include <string.h>

#include "base/banned.h"

static void verdict(struct probe *probe, enum probe_verdict verdict, struct str words)
{
    probe->verdict = verdict;
    probe->words = words;
}

/* The form of B's answer that has what B typed in a field; NULL: none. */
static const struct html_form *kept_form(struct probe *probe, const struct race *race)
{
    struct html_forms *forms = ARENA_NEW(probe->arena, struct html_forms);
    if (html_forms_read(probe->arena, race->wrote_b.page, forms))
        return NULL;
    for (size_t i = 0; i < forms->count; i++)
        for (size_t k = 0; k < forms->forms[i].count; k++)
            if (race_has(forms->forms[i].fields[k].value, race->mark_b) &&
                str_ieq(forms->forms[i].method, STR("post")))
                return &forms->forms[i];
    return NULL;
}

/* Whether one who sends no version at all gets through. */
static void race_without(struct probe *probe)
{
    struct race race = {.field_a = probe->field, .field_b = probe->field, .without_version = true};
    if (probe->version_count == 0 || probe_interrupted())
        return;
    struct str words = probe->words;
    enum race_result result = race_run(probe, &race);
    probe->words = words;
    if (result == RACE_LOST)
        probe_found(probe, "optional",
                    STR("The protection is voluntary: a write that leaves the version out "
                        "overwrites, and nobody is told."));
    else if (result == RACE_REFUSED)
        probe_step(probe,
                   str_printf(probe->arena, "A write without a version is refused too (%.*s).",
                              STR_ARG(race_told(probe, &race.wrote_b))));
}

enum third { THIRD_UNKNOWN, THIRD_KEPT, THIRD_LOST };

/*
 * B looks at the conflict page; a third person saves; B saves from the conflict page. Whose text is
 * there?
 */
static enum third run_third(struct probe *probe, const struct race *race)
{
    const struct html_form *form = kept_form(probe, race);
    struct race next = {.slow = race->slow};
    struct probe_change nothing = {.field = STR("")};
    if (!form || probe_interrupted() || (probe->ascii && !probe_form_is_ascii(form)) ||
        !probe_read(probe, EDITOR_A, &next.a))
        return THIRD_UNKNOWN;
    next.mark_a = race_mark(probe, 'C');
    race_wait(&next);
    race_write(probe, EDITOR_A, &next.a, probe->field, next.mark_a, false, &next.wrote_a);
    if (!probe_read(probe, EDITOR_A, &next.between) ||
        !race_has(probe_text(probe, &next.between, probe->field), next.mark_a))
        return THIRD_UNKNOWN;
    probe_form_write(probe, EDITOR_B, form, race->wrote_b.page_url, &nothing, &next.wrote_b);
    if (next.wrote_b.fault || !probe_read(probe, EDITOR_A, &next.end))
        return THIRD_UNKNOWN;
    struct str text = probe_text(probe, &next.end, probe->field);
    if (race_has(text, next.mark_a))
        return THIRD_KEPT;
    return race_has(text, race->mark_b) ? THIRD_LOST : THIRD_UNKNOWN;
}

/* Whether a form has anything that could tell the version. */
static bool asks_version(const struct probe *probe, const struct html_form *form)
{
    for (size_t i = 0; form && i < form->count; i++)
        if (probe_has_version(probe, form->fields[i].name))
            return true;
    return false;
}

static void coarse(struct probe *probe)
{
    verdict(
        probe, PROBE_LOSES,
        STR("loses within a second: the version only counts seconds, and two saves in one are one "
            "to it. A stale save that comes later is refused"));
    probe_found(probe, "coarse", STR("The version does not change with each save."));
}

/* When the third one is lost, all of it once more, and slower: versions may count seconds. */
static void race_third(struct probe *probe, const struct race *race)
{
    struct race slow = {.field_a = probe->field, .field_b = probe->field, .slow = true};
    struct str words = probe->words;
    enum third third = run_third(probe, race);
    bool again = third == THIRD_LOST && asks_version(probe, kept_form(probe, race));
    bool later =
        again && race_run(probe, &slow) == RACE_REFUSED && run_third(probe, &slow) == THIRD_KEPT;
    probe->words = words;
    if (later) {
        coarse(probe);
    } else if (third == THIRD_LOST) {
        verdict(probe, PROBE_LOSES,
                STR("loses in the second round: B was warned and shown the conflict, but what is "
                    "saved from that page overwrites a third person who saved meanwhile, without a "
                    "word"));
        probe_found(probe, "second-round",
                    STR("A conflict page that saves over whatever is there by then."));
    } else if (third == THIRD_KEPT) {
        probe_step(probe, STR("Saved from the conflict page, after a third person saved: that "
                              "person's text is still there."));
    }
}

static void refused_form(struct probe *probe, const struct race *race)
{
    const struct html_form *form = kept_form(probe, race);
    const char *server = probe_is_server_page(race->wrote_b.page);
    struct str was = race_told(probe, &race->wrote_b);
    if (form || race_page_has(probe, race->wrote_b.page, race->mark_b)) {
        verdict(probe, PROBE_SAFE,
                str_printf(probe->arena,
                           "safe: B's stale save is refused (%.*s), and what B typed is %s",
                           STR_ARG(was),
                           form ? "in a form of the answer" : "on the page that says so"));
    } else {
        verdict(
            probe, PROBE_LOSES_TEXT,
            str_printf(probe->arena,
                       "refuses but loses the text: B's stale save is refused (%.*s), and what B "
                       "typed is nowhere in the answer",
                       STR_ARG(was)));
        probe_found(probe, "text", STR("Who is refused has to type it all again."));
    }
    if (server)
        probe_found(
            probe, "errors",
            str_printf(probe->arena,
                       "The page that refuses B is %s's own: what the application wanted to "
                       "say does not arrive.",
                       server));
    race_without(probe);
    if (form)
        race_third(probe, race);
}

static void refused_json(struct probe *probe, const struct race *race)
{
    struct str was = race_told(probe, &race->wrote_b);
    struct str type = race->wrote_b.type.ptr ? race->wrote_b.type : STR("");
    bool problem = str_find(type, STR("json")) != SIZE_MAX;
    const char *server = probe_is_server_page(race->wrote_b.body);
    verdict(probe, PROBE_SAFE,
            str_printf(probe->arena, "safe: B's stale write is refused (%.*s)", STR_ARG(was)));
    if (server)
        probe_found(probe, "errors",
                    str_printf(probe->arena,
                               "The refusal is %s's own page instead of the application's words.",
                               server));
    else if (!problem)
        probe_step(probe, str_printf(probe->arena,
                                     "The refusal says nothing that a program can read (%.*s).",
                                     STR_ARG(type.len ? type : STR("no body"))));
    race_without(probe);
}

/* Whether A's save made another version, as far as B could see. */
static bool version_moved(struct probe *probe, const struct race *race)
{
    for (size_t i = 0; i < probe->version_count; i++) {
        struct str name = probe->versions[i];
        bool tag = str_is(name, "ETag");
        struct str old = tag ? race->b.etag : probe_text(probe, &race->b, name);
        struct str new = tag ? race->between.etag : probe_text(probe, &race->between, name);
        if (!str_eq(old, new))
            return true;
    }
    return false;
}

/* A version that did not move may only count seconds. True: slower, B is refused. */
static bool only_within_a_second(struct probe *probe, const struct race *race)
{
    struct race again = {.field_a = race->field_a, .field_b = race->field_b, .slow = true};
    struct str words = probe->words;
    if (!probe->version_count || version_moved(probe, race) || probe_interrupted())
        return false;
    enum race_result result = race_run(probe, &again);
    probe->words = words;
    if (result != RACE_REFUSED)
        return false;
    coarse(probe);
    return true;
}

/* A's text is gone. Is it also when they changed different things? */
static void lost(struct probe *probe, const struct race *race)
{
    if (only_within_a_second(probe, race))
        return;
    bool warned = race_page_has(probe, race->wrote_b.page, race->mark_a);
    struct race other = {.field_a = probe->other, .field_b = probe->field};
    struct str which = probe->version_count ? STR("although there is something like a version")
                                            : STR("and nothing tells the versions apart");
    verdict(probe, PROBE_LOSES,
            warned ? str_printf(probe->arena, "loses: B's save replaced A's text. B was shown A's "
                                              "text afterwards, when it was gone")
                   : str_printf(probe->arena,
                                "silently loses: B's stale save was accepted (%.*s) and replaced "
                                "A's text, %.*s",
                                STR_ARG(race_told(probe, &race->wrote_b)), STR_ARG(which)));
    probe_found(probe, "loses",
                STR("Two people who have it open at the same time: the second "
                    "save wins, and the first is gone."));
    if (!probe->other.ptr || probe_interrupted())
        return;
    struct str words = probe->words;
    enum race_result result = race_run(probe, &other);
    probe->words = words;
    if (result == RACE_LOST)
        probe_step(probe, str_printf(probe->arena,
                                     "It is so even when they change different fields (%.*s and "
                                     "%.*s).",
                                     STR_ARG(probe->other), STR_ARG(probe->field)));
    else if (result == RACE_MERGED)
        probe_step(probe, str_printf(probe->arena,
                                     "Changes to different fields (%.*s and %.*s) are both kept.",
                                     STR_ARG(probe->other), STR_ARG(probe->field)));
}

/* With the tag of a compressed answer, as browsers and most clients get it: does a write work? */
static void look_at_tag(struct probe *probe, const struct race *race)
{
    struct probe_answer answer;
    struct probe_state now;
    struct str etag;
    static const char *const more[] = {"Accept-Encoding: gzip", NULL};
    struct exchange exchange = {.url = probe->options->url, .follow = true};
    if (probe->kind != PROBE_JSON || probe->tag == PROBE_TAG_NONE || probe_interrupted() ||
        !probe_read(probe, EDITOR_A, &now))
        return;
    probe_request(probe, EDITOR_A, &exchange, more);
    etag = exchange_header(&exchange, "ETag");
    if (!etag.ptr || str_eq(etag, now.etag))
        return;
    struct probe_change change = {.field = race->field_a,
                                  .value = probe_text(probe, &now, race->field_a),
                                  .if_match = str_cstr(probe->arena, etag)};
    probe_write(probe, EDITOR_A, &now, &change, &answer);
    if (answer.status == 412 || answer.status == 400)
        probe_found(probe, "etag-refused",
                    str_printf(probe->arena,
                               "The ETag %.*s of a compressed answer is not accepted in If-Match "
                               "(%d): a client that takes compression can never save.",
                               STR_ARG(etag), answer.status));
    else
        probe_step(probe, STR("The ETag of a compressed answer is accepted all the same."));
}

/* Long texts, in stale saves that are sure to be refused: is the refusal still the same? */
static void look_at_length(struct probe *probe, const struct race *race)
{
    /* When a short one is answered in another way too, it is not the length. */
    static const size_t sizes[] = {16, (size_t)140 << 10, (size_t)1100 << 10};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct probe_answer answer;
        if (sizes[i] > probe->options->body || probe_interrupted())
            return;
        char *text = arena_bytes(probe->arena, sizes[i]);
        memset(text, 'x', sizes[i]);
        struct probe_change change = {.field = race->field_b, .value = {text, sizes[i]}};
        probe_write(probe, EDITOR_B, &race->b, &change, &answer);
        if (!answer.fault && answer.status == race->wrote_b.status)
            continue;
        if (i == 0)
            return;
        probe_found(probe, "body",
                    str_printf(probe->arena,
                               "A text of %zu KiB does not get through: the answer is %.*s instead "
                               "of %d.",
                               sizes[i] >> 10, STR_ARG(race_told(probe, &answer)),
                               race->wrote_b.status));
        return;
    }
}

static void refused(struct probe *probe, const struct race *race)
{
    if (!probe->options->no_path)
        look_at_length(probe, race);
    if (probe->kind == PROBE_FORM)
        refused_form(probe, race);
    else
        refused_json(probe, race);
}

void race_judge(struct probe *probe, struct race *race, enum race_result result)
{
    switch (result) {
    case RACE_MERGED:
        verdict(probe, PROBE_SAFE, STR("safe: both texts are there, B's save was merged"));
        break;
    case RACE_DROPPED:
        verdict(probe, PROBE_LOSES,
                STR("silently loses: B's stale save was answered like A's, but B's text is not "
                    "there"));
        probe_found(probe, "loses", STR("Who saves second is told that all is well."));
        break;
    case RACE_LOST:
        lost(probe, race);
        break;
    case RACE_REFUSED:
        refused(probe, race);
        break;
    case RACE_FAILED: /* the words are there */
        return;
    }
    look_at_tag(probe, race);
}
