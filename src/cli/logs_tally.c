#include "cli/logs_tally.h"

#include <string.h>

#include "cli/logs_hash.h"
#include "wire/http.h"

#include "base/banned.h"

#define OPEN_FORMS ((size_t)1 << 16)
#define OPEN_PAGES ((size_t)1 << 20)
#define THINGS ((size_t)4096)
#define TOPS ((size_t)2048)
#define RESENDS ((size_t)1 << 14)
#define LASTS ((size_t)4096)
#define LATE 60         /* seconds: a request is logged when it ends, with the time it began */
#define RESEND_AGE 3600 /* seconds: what comes again later is a new attempt */
#define AGENT_SHOWN 60
#define PLAIN_MAX 512 /* bytes of a name that is compared without its escapes */
#define DAY 86400
#define HOUR 3600

/* The last refusal of a person at a path; a newer one of somebody else may take its place. */
struct resend {
    uint64_t key, request;
    int64_t time;
};

struct last {
    uint64_t key, thing; /* key: of the kind of thing and the person */
    struct logs_text shown;
};

static void found(void *arg, const struct overlap_pair *pair);

void logs_tally_init(struct logs_tally *tally, struct arena *arena,
                     const struct logs_options *options)
{
    struct overlap_limits limits = {{OPEN_FORMS, OPEN_PAGES}, THINGS, options->max_age};
    *tally = (struct logs_tally){.options = *options, .first = INT64_MAX, .last = INT64_MIN};
    tally->overlap = overlap_new(arena, &limits, found, tally);
    tally->addresses = top_new(arena, TOPS);
    tally->people = top_new(arena, TOPS);
    tally->clock = top_new(arena, TOPS);
    tally->resent = top_new(arena, TOPS);
    tally->lost = top_new(arena, TOPS);
    tally->resends = ARENA_ARRAY(arena, RESENDS, struct resend);
    tally->resends_used = ARENA_ARRAY(arena, RESENDS / 64, uint64_t);
    tally->lasts = ARENA_ARRAY(arena, LASTS, struct last);
    struct logs_pairs *const all[] = {&tally->likely, &tally->possible};
    for (size_t i = 0; i < 2; i++) {
        all[i]->room = options->most ? options->most : 1;
        all[i]->list = ARENA_ARRAY(arena, all[i]->room, struct logs_pair);
    }
}

/* --- people ---------------------------------------------------------------------------------- */

/* Of what was meant: one server writes a quote as \", another as \x22. */
static uint64_t hash_plain(uint64_t seed, struct str field)
{
    char plain[PLAIN_MAX];
    if (!field.len || field.len > sizeof plain || !memchr(field.ptr, '\\', field.len))
        return logs_hash(seed, field);
    size_t len = accesslog_unescape(field, plain);
    return logs_hash(seed, (struct str){plain, len});
}

/* The user, or else the address and browser that a request came from. */
static uint64_t person_of(const struct accesslog *entry)
{
    if (entry->user.ptr)
        return hash_plain(2, entry->user);
    return hash_plain(logs_hash(3, entry->client), entry->agent);
}

static void name_person(struct logs_text *name, const struct accesslog *entry)
{
    if (entry->user.ptr) {
        logs_text(name, entry->user);
        return;
    }
    struct str agent = entry->agent;
    if (agent.len > AGENT_SHOWN)
        agent.len = AGENT_SHOWN;
    logs_text(name, entry->client.ptr ? entry->client : STR("somebody"));
    logs_text_add(name, agent.len ? STR(", ") : STR(""));
    logs_text_add(name, agent);
}

static void read_request(struct logs_request *request, const struct accesslog *entry,
                         unsigned method)
{
    *request =
        (struct logs_request){.method = method, .status = entry->status, .vhost = entry->vhost};
    logs_target_read(entry->target, &request->target);
    if (entry->referer.ptr)
        logs_target_read(entry->referer, &request->referer);
}

/* --- refusals -------------------------------------------------------------------------------- */

static size_t resend_place(uint64_t key)
{
    return (key >> 8) & (RESENDS - 1);
}

/* The person looked at it again, or got through: what comes next is no repetition. */
static void forget_refusal(const struct logs_tally *tally, uint64_t person, struct str path)
{
    uint64_t key = logs_hash(person, path);
    size_t place = resend_place(key);
    uint64_t bit = UINT64_C(1) << place % 64;
    if (!(tally->resends_used[place / 64] & bit) || tally->resends[place].key != key)
        return;
    tally->resends[place].key = 0;
    tally->resends_used[place / 64] &= ~bit;
}

static void name_resent(struct top_entry *place, const struct accesslog *entry)
{
    name_person(&place->name, entry);
    logs_text_add(&place->name, STR(": "));
    logs_text_add(&place->name, entry->method);
    logs_text_add(&place->name, STR(" "));
    logs_text_add(&place->name, entry->target);
}

static void count_resent(struct logs_tally *tally, const struct accesslog *entry, uint64_t person,
                         size_t which, struct str path)
{
    uint64_t key = logs_hash(person, path);
    uint64_t request = logs_hash(logs_hash(person, entry->method), entry->target);
    struct resend *resend = &tally->resends[resend_place(key)];
    int64_t pause = entry->time - resend->time;
    if (resend->key == key && resend->request == request && pause >= 0 && pause <= RESEND_AGE) {
        bool fresh;
        tally->resent_count++;
        struct top_entry *place = top_add(tally->resent, request, which, &fresh);
        if (fresh)
            name_resent(place, entry);
        if (fresh || pause < place->least)
            place->least = pause;
    }
    *resend = (struct resend){key, request, entry->time};
    tally->resends_used[resend_place(key) / 64] |= UINT64_C(1) << resend_place(key) % 64;
}

static void count_hour(struct logs_tally *tally, const struct accesslog *entry, size_t which)
{
    int64_t local = entry->time + (int64_t)entry->zone * 60;
    int64_t number = local >= 0 ? local / HOUR : 0;
    bool fresh;
    tally->hours[number % LOGS_HOURS][which]++;
    struct top_entry *place =
        top_add(tally->clock, logs_mix((uint64_t)number + 1, UINT64_MAX / 3) | 1, which, &fresh);
    if (!fresh)
        return;
    struct arena arena;
    struct buf text;
    arena_init(&arena);
    buf_init(&text, &arena, 64);
    logs_show_hour(&text, entry->time, entry->zone);
    logs_text(&place->name, buf_slice(&text));
    arena_release(&arena);
}

static void count_place(struct logs_tally *tally, const struct accesslog *entry, size_t which,
                        struct str path)
{
    bool fresh;
    struct top_entry *place =
        top_add(tally->addresses, logs_hash(logs_hash(4, entry->vhost), path), which, &fresh);
    if (fresh) {
        logs_text(&place->name, entry->vhost);
        logs_text_add(&place->name, path);
    }
    struct str who = entry->user.ptr ? entry->user : entry->client;
    place = top_add(tally->people, hash_plain(entry->user.ptr ? 5 : 6, who), which, &fresh);
    if (fresh)
        logs_text(&place->name, who);
}

static void take_refusal(struct logs_tally *tally, const struct accesslog *entry,
                         const struct logs_request *request, size_t which)
{
    struct logs_hit hits[LOGS_HITS];
    uint64_t person = person_of(entry);
    tally->refused[which]++;
    count_hour(tally, entry, which);
    count_place(tally, entry, which, request->target.path);
    count_resent(tally, entry, person, which, request->target.path);
    /* The refusal shows that there are others: what is sent next was decided knowing that. */
    struct logs_request saved = *request;
    saved.status = 303;
    size_t count = logs_rules_saves(tally->options.rules, &saved, hits);
    for (size_t i = 0; i < count; i++)
        if (hits[i].thing)
            overlap_refused(tally->overlap, hits[i].kind, hits[i].thing, person, entry->time);
}

/* --- opening and saving ---------------------------------------------------------------------- */

static struct last *last_of(const struct logs_tally *tally, uint64_t last, uint64_t person,
                            uint64_t *key)
{
    *key = logs_mix(last, person) | 1;
    return &tally->lasts[(*key >> 8) & (LASTS - 1)];
}

static void take_get(struct logs_tally *tally, struct accesslog *entry,
                     enum accesslog_format format)
{
    struct logs_request request;
    struct logs_hit hits[LOGS_HITS];
    logs_target_read(entry->target, &request.target);
    accesslog_who(entry, format);
    request.vhost = entry->vhost;
    uint64_t person = person_of(entry);
    if (tally->refused[REFUSED_409] + tally->refused[REFUSED_412] + tally->refused[REFUSED_428])
        forget_refusal(tally, person, request.target.path);
    if (tally->options.rules->any)
        overlap_open(tally->overlap, OVERLAP_PAGE, logs_page(&request.target, entry->vhost), person,
                     entry->time);
    size_t count = logs_rules_edits(tally->options.rules, &request, hits);
    tally->edits += count > 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t key;
        overlap_open(tally->overlap, OVERLAP_EDIT, hits[i].thing, person, entry->time);
        if (!hits[i].last)
            continue;
        struct last *last = last_of(tally, hits[i].last, person, &key);
        last->key = key;
        last->thing = hits[i].thing;
        logs_text(&last->shown, hits[i].shown);
    }
}

/* Fills in what the address does not say; drops what cannot be known, and what stands there twice.
 */
static size_t settle_hits(const struct logs_tally *tally, struct logs_hit *hits, size_t count,
                          uint64_t person)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct logs_hit hit = hits[i];
        uint64_t key;
        bool twice = false;
        if (!hit.thing) {
            const struct last *last = last_of(tally, hit.last, person, &key);
            if (last->key != key)
                continue;
            hit.thing = last->thing;
            hit.shown = logs_str(&last->shown);
        }
        for (size_t j = 0; j < kept; j++)
            twice |= hits[j].kind == hit.kind && hits[j].thing == hit.thing;
        if (!twice)
            hits[kept++] = hit;
    }
    return kept;
}

static void take_save(struct logs_tally *tally, const struct accesslog *entry,
                      const struct logs_request *request)
{
    struct logs_hit hits[LOGS_HITS];
    struct logs_text name;
    uint64_t person = person_of(entry);
    bool opened = false;
    size_t count = logs_rules_saves(tally->options.rules, request, hits);
    count = settle_hits(tally, hits, count, person);
    if (!count)
        return;
    tally->saves++;
    for (size_t i = 0; i < count; i++)
        overlap_expect(tally->overlap, hits[i].kind, hits[i].thing, person);
    name_person(&name, entry);
    for (size_t i = 0; i < count; i++) {
        struct overlap_save save = {.kind = hits[i].kind,
                                    .thing = hits[i].thing,
                                    .person = person,
                                    .time = entry->time,
                                    .doubts = hits[i].doubts | (entry->user.ptr ? 0 : DOUBT_PERSON),
                                    .name = &name};
        /* The surest rule by which this person opened it counts; the others only note the save. */
        if (!opened)
            opened = save.pairs = overlap_opened(tally->overlap, save.kind, save.thing, person,
                                                 save.time, &save.opened, &save.opened_doubts);
        tally->hit = hits[i];
        overlap_save(tally->overlap, &save);
    }
}

static void found(void *arg, const struct overlap_pair *pair)
{
    struct logs_tally *tally = arg;
    struct logs_pairs *pairs = pair->doubts ? &tally->possible : &tally->likely;
    struct logs_pair *place = &pairs->list[pairs->count++ % pairs->room];
    bool fresh;
    for (size_t i = 0; i < OVERLAP_DOUBTS; i++)
        tally->doubts[i] += pair->doubts >> i & 1;
    *place = (struct logs_pair){.pair = *pair, .app = tally->hit.app, .zone = tally->zone};
    logs_text(&place->thing, tally->hit.shown);
    struct top_entry *entry = top_add(tally->lost, tally->hit.thing, pair->doubts != 0, &fresh);
    if (fresh)
        entry->name = place->thing;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void count_time(struct logs_tally *tally, const struct accesslog *entry)
{
    int64_t back = tally->entries++ ? tally->last - entry->time : 0;
    tally->zone = entry->zone;
    if (entry->time < tally->first)
        tally->first = entry->time;
    if (entry->time > tally->last) {
        tally->last = entry->time;
    } else if (back > LATE) {
        tally->late++;
        if (back > tally->most_late)
            tally->most_late = back;
    }
}

static int refusal_of(int status)
{
    return status == 409   ? REFUSED_409
           : status == 412 ? REFUSED_412
           : status == 428 ? REFUSED_428
                           : -1;
}

/* As quick as it can be for what nearly all lines are. */
static unsigned method_of(struct str name)
{
    bool get = name.len == 3 && memcmp(name.ptr, "GET", 3) == 0;
    return get ? HTTP_GET : http_method(name);
}

static bool is_write(unsigned method)
{
    return (method & (HTTP_POST | HTTP_PUT | HTTP_PATCH)) != 0;
}

static bool is_answered(const struct accesslog *entry)
{
    return entry->status == 200 || entry->status == 304;
}

bool logs_is_dull(const struct accesslog *entry)
{
    if (!entry->target.ptr || refusal_of(entry->status) >= 0)
        return false;
    unsigned method = method_of(entry->method);
    if (method != HTTP_GET)
        return !is_write(method) || entry->status >= 400;
    if (!is_answered(entry))
        return true;
    struct str path = entry->target;
    const char *query = memchr(path.ptr, '?', path.len);
    if (query)
        path.len = (size_t)(query - path.ptr);
    return logs_is_static(path);
}

void logs_tally_dull(struct logs_tally *tally, uint64_t count, int64_t first, int64_t last)
{
    tally->entries += count;
    if (count && first < tally->first)
        tally->first = first;
    if (count && last > tally->last)
        tally->last = last;
}

void logs_tally_add(struct logs_tally *tally, struct accesslog *entry, enum accesslog_format format)
{
    struct logs_request request;
    int refusal = refusal_of(entry->status);
    count_time(tally, entry);
    if (!entry->target.ptr) {
        tally->no_request++;
        return;
    }
    unsigned method = method_of(entry->method);
    if (method == HTTP_GET && refusal < 0) {
        if (is_answered(entry))
            take_get(tally, entry, format);
        return;
    }
    if (refusal < 0 && (!is_write(method) || entry->status >= 400))
        return;
    accesslog_who(entry, format);
    read_request(&request, entry, method);
    if (refusal >= 0) {
        take_refusal(tally, entry, &request, (size_t)refusal);
        return;
    }
    forget_refusal(tally, person_of(entry), request.target.path);
    if (logs_rules_guarded(tally->options.rules, &request))
        tally->guarded++;
    else
        take_save(tally, entry, &request);
}

size_t logs_pairs_kept(const struct logs_pairs *pairs)
{
    return pairs->count < pairs->room ? (size_t)pairs->count : pairs->room;
}

const struct logs_pair *logs_pairs_get(const struct logs_pairs *pairs, size_t at)
{
    size_t start = pairs->count < pairs->room ? 0 : (size_t)(pairs->count % pairs->room);
    return &pairs->list[(start + at) % pairs->room];
}
