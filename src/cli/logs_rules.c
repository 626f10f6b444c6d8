#include "cli/logs_rules.h"

#include <string.h>

#include "cli/logs_hash.h"
#include "wire/http.h"

#include "base/banned.h"

#define FOUND_ONLY 1u /* 200 is the form again: a fault, a preview */
#define OK_SURE 2u    /* 200 is a save, also of a POST */
#define NEVER_SURE 4u /* no answer shows that it was saved */
#define ANY_PREFIX 8u /* the same thing under different prefixes */
#define WHOLE 16u     /* the thing is the whole address */
#define NUMBER 32u    /* without a digit it may be a page that each person has */

#define WRITES (HTTP_POST | HTTP_PUT | HTTP_PATCH)

struct known {
    const char *word, *app; /* as an option, and as people know it */
    const char *edit, *save;
    unsigned methods, flags;
};

static const char own_app[] = "own pattern";

/* Where several save what one opens, that which does not name the thing comes first. */
static const struct known known[] = {
    {"wordpress", "WordPress", "*/wp-admin/post.php?action=edit&post={id}", "*/wp-admin/post.php",
     HTTP_POST, FOUND_ONLY},
    {"wordpress", "WordPress", "*/wp-admin/post.php?action=edit&post={id}",
     "*/wp-json/wp/v2/{type}/{id}", WRITES, OK_SURE},
    {"django", "Django admin", "*/{app}/{model}/{id}/change/", "*/{app}/{model}/{id}/change/",
     HTTP_POST, FOUND_ONLY},
    {"rails", "Rails", "*/{things}/{id}/edit", "*/{things}/{id}", WRITES, NUMBER},
    {"drupal", "Drupal", "*/node/{id}/edit", "*/node/{id}/edit", HTTP_POST, FOUND_ONLY},
    {"mediawiki", "MediaWiki", "*?title={title}&action=edit", "*?title={title}&action=submit",
     HTTP_POST, FOUND_ONLY | ANY_PREFIX},
    {"mediawiki", "MediaWiki", "*/wiki/{title*}?action=edit", "*?title={title}&action=submit",
     HTTP_POST, FOUND_ONLY | ANY_PREFIX},
    {"dokuwiki", "DokuWiki", "*/doku.php?id={id}&do=edit", "*/doku.php", HTTP_POST, FOUND_ONLY},
    {"dokuwiki", "DokuWiki", "*/doku.php?id={id}&do=edit", "*/doku.php?id={id}", HTTP_POST,
     FOUND_ONLY},
    {"xwiki", "XWiki", "*/bin/edit/{page*}", "*/bin/save/{page*}", HTTP_POST, FOUND_ONLY},
    {"xwiki", "XWiki", "*/bin/edit/{page*}", "*/bin/saveandcontinue/{page*}", HTTP_POST, 0},
    {"phpmyadmin", "phpMyAdmin", "*?route=/table/change&db={db}&table={table}&where_clause={where}",
     "*?route=/table/replace", HTTP_POST, NEVER_SURE},
    {"phpmyadmin", "phpMyAdmin", "*/tbl_change.php?db={db}&table={table}&where_clause={where}",
     "*/tbl_replace.php", HTTP_POST, NEVER_SURE},
    {"adminer", "Adminer", "*?username={user}&edit={table}", "*?username={user}&edit={table}",
     HTTP_POST, FOUND_ONLY | WHOLE},
};
#define KNOWN (sizeof known / sizeof *known)
_Static_assert(KNOWN + LOGS_OWN <= 32 - 3, "a rule is a bit of 32, and a hit");

const char *logs_apps(void)
{
    return "wordpress django rails drupal mediawiki dokuwiki xwiki phpmyadmin adminer forms pg409 "
           "any";
}

/* --- making ---------------------------------------------------------------------------------- */

/* Whether name is asked for; without a list, all are. */
static bool wanted(const char *apps, const char *name)
{
    return !apps || str_in_list(str_from(apps), str_from(name));
}

static enum err check_apps(const char *apps, struct str *fault)
{
    struct str rest = str_from(apps);
    while (rest.ptr) {
        struct str name = str_trim(str_cut(rest, ',', &rest)), all = str_from(logs_apps());
        bool found = false;
        while (all.ptr && !found)
            found = str_eq(str_cut(all, ' ', &all), name);
        *fault = name;
        if (!found)
            return ERR_UNKNOWN;
    }
    return ERR_NONE;
}

static void sift(struct logs_sieve *sieve, const struct logs_pattern *pattern, size_t rule)
{
    uint32_t bit = UINT32_C(1) << rule;
    sieve->all |= bit;
    if (pattern->tail.len)
        sieve->last[(unsigned char)pattern->tail.ptr[pattern->tail.len - 1]] |= bit;
    else
        sieve->any |= bit;
    if (!pattern->param_count)
        sieve->bare |= bit;
}

/* The rules that are worth a closer look. */
static uint32_t candidates(const struct logs_sieve *sieve, const struct logs_target *target)
{
    struct str path = target->path;
    if (!path.len || target->encoded)
        return sieve->all;
    uint32_t rules = sieve->any | sieve->last[(unsigned char)path.ptr[path.len - 1]];
    return target->query.ptr ? rules : rules & sieve->bare;
}

static enum err add(struct logs_rules *rules, const struct known *what)
{
    struct logs_rule *rule = &rules->rules[rules->count];
    *rule = (struct logs_rule){.app = what->app,
                               .text = str_from(what->edit),
                               .methods = what->methods,
                               .flags = what->flags,
                               .seed = logs_hash(1, str_from(what->app))};
    enum err err = logs_pattern_read(str_from(what->edit), &rule->edit);
    if (!err)
        err = logs_pattern_read(str_from(what->save), &rule->save);
    if (err)
        return err;
    bool again = rules->count && what->app != own_app && str_is(rule[-1].text, what->edit);
    if (!again)
        sift(&rules->edits, &rule->edit, rules->count);
    sift(&rules->saves, &rule->save, rules->count);
    rules->count++;
    return ERR_NONE;
}

enum err logs_rules_new(struct arena *arena, const char *apps, bool own, struct logs_rules *rules,
                        struct str *fault)
{
    enum err err = check_apps(apps, fault);
    if (!apps && own)
        apps = "";
    *rules = (struct logs_rules){.rules = ARENA_ARRAY(arena, KNOWN + LOGS_OWN, struct logs_rule),
                                 .forms = wanted(apps, "forms"),
                                 .any = wanted(apps, "any"),
                                 .pg409 = wanted(apps, "pg409")};
    for (size_t i = 0; i < KNOWN && !err; i++)
        if (wanted(apps, known[i].word))
            err = add(rules, &known[i]);
    return err;
}

enum err logs_rules_add(struct logs_rules *rules, const char *edit, const char *save)
{
    size_t own = 0;
    for (size_t i = 0; i < rules->count; i++)
        own += rules->rules[i].app == own_app;
    if (own == LOGS_OWN)
        return ERR_TOO_MANY;
    return add(rules, &(struct known){"own", own_app, edit, save, WRITES, 0});
}

/* --- what an address says -------------------------------------------------------------------- */

#define WORD(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Whether a file with that ending, at most four letters, is nothing that a form edits. */
static bool is_static_word(uint32_t word)
{
    switch (word) {
    case WORD(0, 0, 'j', 's'):
    case WORD(0, 'm', 'j', 's'):
    case WORD(0, 'c', 's', 's'):
    case WORD(0, 'm', 'a', 'p'):
    case WORD(0, 'p', 'n', 'g'):
    case WORD(0, 'j', 'p', 'g'):
    case WORD('j', 'p', 'e', 'g'):
    case WORD(0, 'g', 'i', 'f'):
    case WORD(0, 'i', 'c', 'o'):
    case WORD(0, 's', 'v', 'g'):
    case WORD('w', 'e', 'b', 'p'):
    case WORD('a', 'v', 'i', 'f'):
    case WORD('w', 'o', 'f', 'f'):
    case WORD(0, 't', 't', 'f'):
    case WORD(0, 'e', 'o', 't'):
    case WORD(0, 'm', 'p', '4'):
    case WORD(0, 'm', 'p', '3'):
    case WORD(0, 'o', 'g', 'g'):
    case WORD('w', 'e', 'b', 'm'):
    case WORD(0, 'p', 'd', 'f'):
    case WORD(0, 'z', 'i', 'p'):
    case WORD(0, 0, 'g', 'z'):
    case WORD(0, 0, 'x', 'z'):
    case WORD(0, 'd', 'e', 'b'):
    case WORD(0, 't', 'x', 't'):
    case WORD(0, 'x', 'm', 'l'):
        return true;
    default:
        return false;
    }
}

bool logs_is_static(struct str path)
{
    uint32_t word = 0;
    if (path.len && path.ptr[path.len - 1] == '2')
        path.len--; /* woff2 */
    for (size_t len = 1; len <= 5 && len < path.len; len++) {
        unsigned char c = (unsigned char)path.ptr[path.len - len];
        if (c == '.')
            return is_static_word(word);
        if (c == '/' || len == 5)
            return false;
        word |= (uint32_t)c << 8 * (len - 1);
    }
    return false;
}

/* Asked for each letter of nearly every address. */
static const bool parts_words[256] = {['/'] = true, ['?'] = true, ['&'] = true, ['='] = true,
                                      ['_'] = true, ['-'] = true, ['.'] = true, [';'] = true};
static const bool begins_word[256] = {['e'] = true, ['c'] = true, ['m'] = true, ['u'] = true};

/* Whether one of its words is edit, change, modify or update. */
static bool says_edit(struct str text)
{
    static const struct str words[] = {{"edit", 4}, {"change", 6}, {"modify", 6}, {"update", 6}};
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    for (size_t i = 1; i + 4 <= text.len; i++) {
        if (!begins_word[bytes[i]] || !parts_words[bytes[i - 1]])
            continue;
        for (size_t j = 0; j < 4; j++) {
            struct str rest = str_skip(text, i);
            if (str_starts(rest, words[j]) &&
                (rest.len == words[j].len || parts_words[(unsigned char)rest.ptr[words[j].len]]))
                return true;
        }
    }
    return false;
}

static bool has_digit(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            return true;
    return false;
}

/* Addresses that many people post to without editing one thing. */
static bool is_service(struct str path)
{
    static const char names[] =
        " login logout signin signup register search session sessions token "
        "graphql rpc xmlrpc.php wp-login.php wp-cron.php admin-ajax.php "
        "api.php upload password ";
    char word[24] = " ";
    while (str_ends(path, STR("/")))
        path.len--;
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    struct str name = slash ? str_range(slash + 1, path.ptr + path.len) : path;
    if (!name.len || name.len > sizeof word - 2)
        return !name.len;
    memcpy(word + 1, name.ptr, name.len);
    word[name.len + 1] = ' ';
    return memmem(names, sizeof names - 1, word, name.len + 2) != NULL;
}

/* --- which rules fit ------------------------------------------------------------------------- */

#define SEED_PAGE 2
#define SEED_FORM 3

static uint64_t hash_whole(uint64_t seed, const struct logs_target *target)
{
    return target->coded ? logs_hash_decoded(seed, target->whole) : logs_hash(seed, target->whole);
}

uint64_t logs_page(const struct logs_target *target, struct str vhost)
{
    return hash_whole(logs_hash(SEED_PAGE, vhost), target);
}

static uint64_t form_of(const struct logs_target *target, struct str vhost)
{
    return hash_whole(logs_hash(SEED_FORM, vhost), target);
}

/* Whether the save's address names all that the edit's does. */
static bool says_which(const struct logs_rule *rule)
{
    for (size_t i = 0; i < rule->edit.name_count; i++) {
        bool found = false;
        for (size_t j = 0; j < rule->save.name_count; j++)
            found |= str_eq(rule->edit.names[i], rule->save.names[j]);
        if (!found)
            return false;
    }
    return true;
}

static uint64_t thing_of(const struct logs_rule *rule, const struct logs_pattern *pattern,
                         const struct logs_match *match, const struct logs_target *target,
                         struct str vhost)
{
    uint64_t seed = logs_hash(rule->seed, vhost);
    if (rule->flags & WHOLE)
        return hash_whole(seed, target);
    return logs_pattern_thing(seed, pattern, match, &rule->edit, (rule->flags & ANY_PREFIX) != 0);
}

/* Under what the last opened thing of this kind is kept. */
static uint64_t last_of(const struct logs_rule *rule, struct str vhost)
{
    return logs_hash(logs_hash(rule->seed, vhost), STR("last"));
}

static unsigned number_doubts(const struct logs_rule *rule, const struct logs_match *match)
{
    bool digit = false;
    if (!(rule->flags & NUMBER))
        return 0;
    for (size_t i = 0; i < rule->edit.name_count; i++)
        digit |= has_digit(match->values[i]);
    return digit ? 0 : DOUBT_ADDRESS;
}

size_t logs_rules_edits(const struct logs_rules *rules, const struct logs_request *request,
                        struct logs_hit hits[LOGS_HITS])
{
    const struct logs_target *target = &request->target;
    struct logs_match match;
    size_t count = 0;
    uint32_t left = candidates(&rules->edits, target);
    for (; left; left &= left - 1) {
        const struct logs_rule *rule = &rules->rules[__builtin_ctz(left)];
        if ((rule->edit.param_bits & ~target->param_bits) ||
            !logs_pattern_match(&rule->edit, target, &match))
            continue;
        hits[count++] =
            (struct logs_hit){.app = rule->app,
                              .kind = OVERLAP_EDIT,
                              .thing = thing_of(rule, &rule->edit, &match, target, request->vhost),
                              .last = says_which(rule) ? 0 : last_of(rule, request->vhost),
                              .shown = target->whole};
    }
    if (rules->forms && says_edit(target->whole))
        hits[count++] = (struct logs_hit){.app = "an edit page",
                                          .kind = OVERLAP_EDIT,
                                          .thing = form_of(target, request->vhost),
                                          .shown = target->whole};
    return count;
}

/* Whether the answer says that it was saved: *doubts is DOUBT_ANSWER when that is not sure. */
static bool was_saved(const struct logs_request *request, unsigned flags, unsigned *doubts)
{
    bool found = request->status >= 301 && request->status <= 303;
    bool okay = request->status >= 200 && request->status <= 205;
    bool sure = found || (flags & OK_SURE) || request->method != HTTP_POST;
    *doubts = sure && !(flags & NEVER_SURE) ? 0 : DOUBT_ANSWER;
    return found || (okay && !(flags & FOUND_ONLY));
}

/* A save whose address does not say of what: the page that it came from may. */
static struct logs_hit from_referer(const struct logs_rule *rule,
                                    const struct logs_request *request)
{
    struct logs_hit hit = {.app = rule->app, .kind = OVERLAP_EDIT, .shown = request->target.whole};
    struct logs_match match;
    hit.last = last_of(rule, request->vhost);
    hit.doubts = DOUBT_THING;
    if (!request->referer.whole.ptr || !logs_pattern_match(&rule->edit, &request->referer, &match))
        return hit;
    hit.thing = thing_of(rule, &rule->edit, &match, &request->referer, request->vhost);
    hit.shown = request->referer.whole;
    hit.doubts = number_doubts(rule, &match);
    return hit;
}

enum fit { FITS_NOT, FITS, FITS_UNSAVED };

/* FITS_UNSAVED: that is where the application saves, but its answer says that it did not. */
static enum fit save_hit(const struct logs_rule *rule, const struct logs_request *request,
                         struct logs_hit *hit)
{
    struct logs_match match;
    unsigned doubts;
    if (!(rule->methods & request->method) ||
        !logs_pattern_match(&rule->save, &request->target, &match))
        return FITS_NOT;
    if (!was_saved(request, rule->flags, &doubts))
        return FITS_UNSAVED;
    if (says_which(rule))
        *hit = (struct logs_hit){.app = rule->app,
                                 .kind = OVERLAP_EDIT,
                                 .thing = thing_of(rule, &rule->save, &match, &request->target,
                                                   request->vhost),
                                 .doubts = number_doubts(rule, &match),
                                 .shown = request->target.whole};
    else
        *hit = from_referer(rule, request);
    hit->doubts |= doubts;
    return FITS;
}

static struct logs_hit form_hit(const struct logs_target *target, struct str vhost, unsigned doubts)
{
    return (struct logs_hit){.app = "an edit page",
                             .kind = OVERLAP_EDIT,
                             .thing = form_of(target, vhost),
                             .doubts = doubts | (has_digit(target->whole) ? 0 : DOUBT_ADDRESS),
                             .shown = target->whole};
}

/* Where one rule of an application knows what was saved, the others need not guess. */
static size_t drop_guesses(struct logs_hit *hits, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool sure = false;
        for (size_t j = 0; j < count && (hits[i].doubts & DOUBT_THING); j++)
            sure |= hits[j].app == hits[i].app && !(hits[j].doubts & DOUBT_THING);
        if (!sure)
            hits[kept++] = hits[i];
    }
    return kept;
}

size_t logs_rules_saves(const struct logs_rules *rules, const struct logs_request *request,
                        struct logs_hit hits[LOGS_HITS])
{
    size_t count = 0;
    bool unsaved = false;
    unsigned doubts;
    if (!(request->method & WRITES))
        return 0;
    uint32_t left = candidates(&rules->saves, &request->target);
    for (; left; left &= left - 1) {
        enum fit fit = save_hit(&rules->rules[__builtin_ctz(left)], request, &hits[count]);
        count += fit == FITS;
        unsaved |= fit == FITS_UNSAVED;
    }
    count = drop_guesses(hits, count);
    if (unsaved || !was_saved(request, 0, &doubts))
        return count;
    if (rules->forms && says_edit(request->target.whole))
        hits[count++] = form_hit(&request->target, request->vhost, doubts);
    if (rules->forms && request->referer.whole.ptr && says_edit(request->referer.whole) &&
        !str_eq(request->referer.whole, request->target.whole))
        hits[count++] = form_hit(&request->referer, request->vhost, doubts);
    if (rules->any && !is_service(request->target.path))
        hits[count++] = (struct logs_hit){.app = "any address",
                                          .kind = OVERLAP_PAGE,
                                          .thing = logs_page(&request->target, request->vhost),
                                          .doubts = doubts | DOUBT_ADDRESS,
                                          .shown = request->target.whole};
    return count;
}

bool logs_rules_guarded(const struct logs_rules *rules, const struct logs_request *request)
{
    struct str rest = request->target.query;
    if (!rules->pg409 || request->method != HTTP_POST)
        return false;
    while (rest.ptr)
        if (str_is(str_cut(rest, '&', &rest), "_save=1"))
            return true;
    return false;
}
