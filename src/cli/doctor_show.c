#include <inttypes.h>
#include <stdio.h>

#include "cli/client_show.h"
#include "cli/doctor_core.h"
#include "wire/json.h"

#include "base/banned.h"

#define MOST_SHOWN 20 /* items of one finding, and statements that mend it */
#define JSON_MAX ((size_t)64 << 20)

const char *doctor_severity(enum severity severity)
{
    static const char *const names[] = {"hint", "warning", "problem"};
    return names[severity];
}

static void line(const char *before, struct str text, const char *after)
{
    (void)fputs(before, stdout);
    show_plain(stdout, text);
    (void)fputs(after, stdout);
}

void doctor_show_fix(struct str fix)
{
    line("    ", fix, str_starts(fix, STR("chmod ")) ? "\n" : ";\n");
}

void doctor_show_failed(struct str fix, struct str fault)
{
    line("  ✗ ", fix, ": ");
    line("", fault, "\n");
}

/* A name may hold a line end, and is one line all the same. */
static void show_item(struct str text)
{
    const char *before = "    ";
    while (text.ptr) {
        line(before, str_cut(text, '\n', &text), "");
        before = "?";
    }
    (void)fputc('\n', stdout);
}

static void more(size_t count)
{
    if (count > MOST_SHOWN)
        (void)printf("    and %zu more\n", count - MOST_SHOWN);
}

static void show_found(struct doctor *doctor, const struct finding *finding)
{
    static const char *const marks[] = {"–", "!", "✗"};
    const struct check *check = finding->check;
    struct str *fixes;
    size_t count = finding_fixes(&doctor->arena, finding, &fixes);
    (void)printf("\n%s %s: [%s]\n", marks[check->severity], check->title, check->name);
    for (size_t i = 0; i < finding->count && i < MOST_SHOWN; i++)
        show_item(finding->items[i].text);
    more(finding->count);
    (void)printf("  What to do: %s\n", check->cure);
    if (doctor->options.fix)
        return; /* they come when it asks */
    for (size_t i = 0; i < count && i < MOST_SHOWN; i++)
        doctor_show_fix(fixes[i]);
    more(count);
}

static void show_heading(const struct doctor *doctor)
{
    if (doctor->database.ptr) {
        line("Database ", doctor->database, "");
        line(", schema ", doctor->schema, "");
        line(", looked at as ", doctor->user, "");
        line("; the program is ", doctor->role, "\n");
    }
    if (doctor->config.path.ptr)
        line("Settings: ", doctor->config.path, "\n");
    if (doctor->sweep_note.ptr)
        line("", doctor->sweep_note, "\n");
}

void doctor_show(struct doctor *doctor)
{
    show_heading(doctor);
    for (int severity = SEVERITY_PROBLEM; severity >= SEVERITY_HINT; severity--)
        for (size_t i = 0; i < doctor->count; i++)
            if (doctor->findings[i].count && (int)doctor->findings[i].check->severity == severity)
                show_found(doctor, &doctor->findings[i]);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        if (finding->unseen.ptr) {
            (void)printf("\n? Could not be looked at: %s [%s]\n", finding->check->title,
                         finding->check->name);
            line("    ", str_trim(finding->unseen), "\n");
        }
    }
}

static size_t count_of(const struct doctor *doctor, enum severity severity)
{
    size_t above = severity == SEVERITY_PROBLEM ? 0 : doctor_left(doctor, severity + 1);
    return doctor_left(doctor, severity) - above;
}

static void show_count(size_t count, const char *word, const char *before)
{
    if (count)
        (void)printf("%s%zu %s%s", before, count, word, count == 1 ? "" : "s");
}

void doctor_show_sum(const struct doctor *doctor)
{
    size_t problems = count_of(doctor, SEVERITY_PROBLEM);
    size_t warnings = count_of(doctor, SEVERITY_WARNING);
    size_t hints = count_of(doctor, SEVERITY_HINT), fixable = 0;
    if (problems + warnings + hints == 0) {
        (void)puts("\n✓ Nothing was found that would make trouble.");
        return;
    }
    for (size_t i = 0; i < doctor->count; i++)
        fixable += doctor->findings[i].count && doctor->findings[i].items[0].fix.ptr;
    (void)fputc('\n', stdout);
    show_count(problems, "problem", "");
    show_count(warnings, "warning", problems ? ", " : "");
    show_count(hints, "hint", problems + warnings ? ", " : "");
    (void)puts(".");
    if (fixable && !doctor->options.fix)
        (void)printf("Of these, %zu can be mended here: --fix shows how, and asks.\n", fixable);
}

/* --- JSON
 * ------------------------------------------------------------------------------------- */

static void put_items(struct doctor *doctor, struct buf *out, const struct finding *finding)
{
    struct str *fixes;
    size_t count = finding_fixes(&doctor->arena, finding, &fixes);
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < finding->count; i++) {
        json_comma(out);
        json_string(out, finding->items[i].text);
    }
    buf_char(out, ']');
    json_name(out, "fix");
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        json_string(out, fixes[i]);
    }
    buf_char(out, ']');
}

static void put_finding(struct doctor *doctor, struct buf *out, const struct finding *finding)
{
    const struct check *check = finding->check;
    json_comma(out);
    buf_char(out, '{');
    json_name(out, "check");
    json_string(out, str_from(check->name));
    json_name(out, "severity");
    json_string(out, str_from(doctor_severity(check->severity)));
    json_name(out, "title");
    json_string(out, str_from(check->title));
    json_name(out, "cure");
    json_string(out, str_from(check->cure));
    put_items(doctor, out, finding);
    json_name(out, "mended");
    buf_u64(out, finding->mended);
    json_name(out, "failed");
    json_string(out, finding->failed);
    json_name(out, "unseen");
    json_string(out, finding->unseen.ptr ? str_trim(finding->unseen) : STR_NONE);
    buf_char(out, '}');
}

void doctor_show_json(struct doctor *doctor)
{
    struct buf out;
    buf_init(&out, &doctor->arena, JSON_MAX);
    buf_char(&out, '{');
    json_name(&out, "database");
    json_string(&out, doctor->database);
    json_name(&out, "schema");
    json_string(&out, doctor->schema);
    json_name(&out, "user");
    json_string(&out, doctor->user);
    json_name(&out, "role");
    json_string(&out, doctor->role);
    json_name(&out, "settings");
    json_string(&out, doctor->config.path);
    json_name(&out, "sweep");
    json_string(&out, doctor->sweep_note);
    json_name(&out, "problems");
    buf_u64(&out, count_of(doctor, SEVERITY_PROBLEM));
    json_name(&out, "warnings");
    buf_u64(&out, count_of(doctor, SEVERITY_WARNING));
    json_name(&out, "hints");
    buf_u64(&out, count_of(doctor, SEVERITY_HINT));
    json_name(&out, "findings");
    buf_char(&out, '[');
    for (size_t i = 0; i < doctor->count; i++)
        put_finding(doctor, &out, &doctor->findings[i]);
    buf_text(&out, "]}\n");
    (void)fwrite(buf_slice(&out).ptr, 1, out.len, stdout);
}

void doctor_show_list(void)
{
    for (const struct check *check = doctor_checks; check->name; check++)
        (void)printf("%-17s %-8s %s%s\n", check->name, doctor_severity(check->severity),
                     check->title,
                     check->when == CHECK_ROWS || check->when == CHECK_BYTES ? " (with --deep)"
                     : check->when == CHECK_SWEEP                            ? " (with --sweep)"
                                                                             : "");
}
