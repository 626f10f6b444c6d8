#include <string.h>

#include "cli/probe_core.h"

#include "base/banned.h"

#define WIDTH 92

void probe_found(struct probe *probe, const char *name, struct str text)
{
    if (probe->finding_count < PROBE_FINDINGS_MAX)
        probe->findings[probe->finding_count++] = (struct probe_finding){name, text};
}

void probe_step(struct probe *probe, struct str text)
{
    if (probe->step_count < sizeof probe->steps / sizeof *probe->steps)
        probe->steps[probe->step_count++] = text;
}

/* --- text
 * ----------------------------------------------------------------------------------------- */

void probe_put_clean(struct buf *out, struct str text, bool lines)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool c1 = c == 0xC2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xA0;
        bool line = lines && (c == '\n' || c == '\t');
        if (c1)
            i++;
        buf_char(out, (c < 0x20 && !line) || c == 0x7F || c1 ? '?' : text.ptr[i]);
    }
}

/* A sentence in lines of WIDTH bytes, each behind so many blanks; the first behind mark. */
static void put_wrapped(struct buf *out, struct str text, const char *mark, int blanks)
{
    size_t used = 0, width = (size_t)(WIDTH - blanks);
    buf_printf(out, "%-*s", blanks, mark);
    while (text.ptr) {
        struct str word = str_cut(text, ' ', &text);
        if (used && used + 1 + word.len > width) {
            buf_printf(out, "\n%*s", blanks, "");
            used = 0;
        } else if (used) {
            buf_char(out, ' ');
            used++;
        }
        probe_put_clean(out, word, false);
        used += word.len;
    }
    buf_char(out, '\n');
}

static void put_cure(struct buf *out, const char *where, const char *lines)
{
    struct str rest = str_from(lines);
    if (!lines)
        return;
    buf_printf(out, "    %-9s", where);
    for (bool first = true; rest.ptr; first = false) {
        struct str line = str_cut(rest, '\n', &rest);
        buf_printf(out, "%s%.*s\n", first ? "" : "             ", STR_ARG(line));
    }
}

static void put_finding(struct buf *out, const struct probe_finding *finding)
{
    const struct probe_cure *cure = probe_cure(finding->name);
    put_wrapped(out, finding->text, "  -", 4);
    if (!cure)
        return;
    if (cure->program)
        put_wrapped(out, str_from(cure->program), "", 4);
    put_cure(out, "Apache", cure->apache);
    put_cure(out, "lighttpd", cure->lighttpd);
    put_cure(out, "nginx", cure->nginx);
}

static void put_names(struct buf *out, const struct probe *probe)
{
    for (size_t i = 0; i < probe->version_count; i++) {
        buf_text(out, i ? ", " : "");
        probe_put_clean(out, probe->versions[i], false);
    }
    if (!probe->version_count)
        buf_text(out, "nothing was found");
}

void probe_put_plan(struct buf *out, const struct probe *probe)
{
    const struct probe_options *options = probe->options;
    buf_printf(out, "pg409 probe writes to a real thing: %s\n\n  field    ", options->url);
    probe_put_clean(out, probe->field, false);
    buf_printf(out,
               " (%s)\n  how      two editors add words such as \"pg409probeA%08x1\" to its text, "
               "a few times\n  after    the text that is there now is put back, and that is "
               "checked\n\nHistories, notifications and search indexes of the application will "
               "remember it.\n",
               probe->kind == PROBE_FORM ? "of a form" : "of JSON", probe->number);
}

void probe_put_text(struct buf *out, const struct probe *probe)
{
    if (probe->words.ptr)
        put_wrapped(out, probe->words, "", 0);
    if (probe->field.ptr) {
        buf_text(out, "\n  field    ");
        probe_put_clean(out, probe->field, false);
        buf_text(out, probe->kind == PROBE_FORM ? " (of a form)\n  version  "
                                                : " (of JSON)\n  version  ");
        put_names(out, probe);
        if (probe->kind == PROBE_JSON && probe->method)
            buf_printf(out, "\n  written  by %s%s", probe->override ? "POST for " : "",
                       probe->method);
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < probe->step_count; i++)
        put_wrapped(out, probe->steps[i], "  -", 4);
    if (probe->finding_count)
        buf_text(out, "\nWhat was found, and its cure:\n");
    for (size_t i = 0; i < probe->finding_count; i++)
        put_finding(out, &probe->findings[i]);
    if (probe->restored.ptr) {
        buf_char(out, '\n');
        put_wrapped(out, probe->restored, "", 0);
    }
}

/* --- JSON
 * ----------------------------------------------------------------------------------------- */

#define TEXT(out, name, value) (json_name(out, name), put_string(out, (value)))

/* Bytes that are no UTF-8 would break the JSON. */
static void put_string(struct buf *out, struct str text)
{
    struct buf ascii;
    if (!text.ptr || !str_check_utf8(text)) {
        json_string(out, text);
        return;
    }
    buf_init(&ascii, out->arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        buf_char(&ascii, (unsigned char)text.ptr[i] < 0x80 && text.ptr[i] ? text.ptr[i] : '?');
    json_string(out, buf_slice(&ascii));
}

static void put_cures(struct buf *out, const struct probe_cure *cure)
{
    json_name(out, "cure");
    buf_char(out, '{');
    TEXT(out, "program", str_from(cure->program));
    TEXT(out, "apache", str_from(cure->apache));
    TEXT(out, "lighttpd", str_from(cure->lighttpd));
    TEXT(out, "nginx", str_from(cure->nginx));
    buf_char(out, '}');
}

static void put_findings(struct buf *out, const struct probe *probe)
{
    json_name(out, "findings");
    buf_char(out, '[');
    for (size_t i = 0; i < probe->finding_count; i++) {
        const struct probe_cure *cure = probe_cure(probe->findings[i].name);
        json_comma(out);
        buf_char(out, '{');
        TEXT(out, "name", str_from(probe->findings[i].name));
        TEXT(out, "text", probe->findings[i].text);
        if (cure)
            put_cures(out, cure);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void put_list(struct buf *out, const struct str *list, size_t count)
{
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        put_string(out, list[i]);
    }
    buf_char(out, ']');
}

void probe_put_json(struct buf *out, const struct probe *probe)
{
    static const char *const verdicts[] = {[PROBE_UNKNOWN] = "unknown",
                                           [PROBE_SAFE] = "safe",
                                           [PROBE_LOSES] = "loses",
                                           [PROBE_LOSES_TEXT] = "loses-text"};
    buf_char(out, '{');
    TEXT(out, "url", str_from(probe->options->url));
    TEXT(out, "verdict", str_from(verdicts[probe->verdict]));
    TEXT(out, "words", probe->words);
    TEXT(out, "kind",
         probe->kind == PROBE_FORM   ? STR("form")
         : probe->kind == PROBE_JSON ? STR("json")
                                     : STR_NONE);
    TEXT(out, "field", probe->field);
    TEXT(out, "method", probe->kind == PROBE_FORM ? STR("POST") : str_from(probe->method));
    json_name(out, "versions");
    put_list(out, probe->versions, probe->version_count);
    json_name(out, "steps");
    put_list(out, probe->steps, probe->step_count);
    put_findings(out, probe);
    json_name(out, "restored");
    buf_text(out, !probe->restored.ptr ? "null" : probe->not_restored ? "false" : "true");
    buf_text(out, "}\n");
}
