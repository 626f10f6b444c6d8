#include <string.h>
#include <strings.h>

#include "cli/probe_core.h"
#include "wire/url.h"

#include "base/banned.h"

#define BODY_MAX ((size_t)256 << 20)
#define MARK_ROOM 64 /* bytes that a mark takes, generously */

static bool takes_text(const struct html_field *field)
{
    return (field->control == HTML_AREA || field->control == HTML_LINE) && field->sent &&
           !field->fixed && !probe_is_version(field->name);
}

static size_t worth(const struct html_form *form)
{
    size_t sum = 0;
    if (!str_ieq(form->method, STR("post")))
        return 0;
    for (size_t i = 0; i < form->count; i++) {
        if (form->fields[i].control == HTML_PASSWORD)
            return 0;
        if (takes_text(&form->fields[i]))
            sum += form->fields[i].control == HTML_AREA ? 10 : 1;
    }
    return sum;
}

static bool is_asked_for(const char *wanted, size_t number, const struct html_form *form)
{
    uint64_t value;
    if (!str_to_u64(str_from(wanted), HTML_FORMS_MAX, &value))
        return value == number + 1;
    return str_is(form->id, wanted) || str_is(form->name, wanted);
}

const struct html_form *probe_form_find(struct probe *probe, struct str page, struct str field,
                                        const char **why)
{
    struct html_forms forms;
    const struct html_form *best = NULL;
    const char *wanted = probe->options->form;
    *why = "the page has too many forms or fields";
    if (html_forms_read(probe->arena, page, &forms))
        return NULL;
    for (size_t i = 0; i < forms.count; i++) {
        const struct html_form *form = &forms.forms[i];
        if (field.ptr ? !html_form_field(form, field) : wanted && !is_asked_for(wanted, i, form))
            continue;
        if (!best || worth(form) > worth(best))
            best = form;
    }
    *why = "the page has no form to write in";
    if (wanted && !best)
        *why = "the page has no such form (--form)";
    return best && (worth(best) || (field.ptr && str_ieq(best->method, STR("post")))) ? best : NULL;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

bool probe_form_is_ascii(const struct html_form *form)
{
    for (size_t i = 0; i < form->count; i++)
        if (!is_ascii(form->fields[i].name) || !is_ascii(form->fields[i].value))
            return false;
    return true;
}

static bool is_better(const struct html_field *field, const struct html_field *than)
{
    if (!than || field->control != than->control)
        return !than || field->control == HTML_AREA;
    return field->value.len > than->value.len;
}

static const struct html_field *best_field(const struct html_form *form, struct str except)
{
    const struct html_field *best = NULL;
    for (size_t i = 0; i < form->count; i++) {
        const struct html_field *field = &form->fields[i];
        bool room = field->room >= field->value.len + MARK_ROOM;
        if (takes_text(field) && room && !str_eq(field->name, except) && is_better(field, best))
            best = field;
    }
    return best;
}

static bool contains(struct str text, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= text.len; at++) /* text goes on behind its end: in the page */
        if (strncasecmp(text.ptr + at, word, len) == 0)
            return true;
    return false;
}

static int button_worth(struct arena *arena, const struct html_field *button)
{
    static const char *const good[] = {"save", "update", "submit", "publish", "speichern"};
    static const char *const bad[] = {"preview", "cancel", "delete",   "remove", "diff", "another",
                                      "draft",   "copy",   "continue", "search", "undo", "discard"};
    struct str all =
        str_printf(arena, "%.*s %.*s %.*s %.*s", STR_ARG(button->name), STR_ARG(button->value),
                   STR_ARG(button->words), STR_ARG(button->action));
    int sum = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        sum += contains(all, good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        sum -= contains(all, bad[i]) ? 10 : 0;
    return sum;
}

static const struct html_field *find_cancel(struct probe *probe, const struct html_form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct html_field *button = &form->fields[i];
        struct str all = str_printf(probe->arena, "%.*s %.*s %.*s", STR_ARG(button->name),
                                    STR_ARG(button->value), STR_ARG(button->words));
        if (button->control == HTML_BUTTON && contains(all, "cancel"))
            return button;
    }
    return NULL;
}

static bool is_wanted(const struct probe *probe, const struct html_field *button)
{
    const char *wanted = probe->options->button;
    return wanted && (str_is(button->name, wanted) || str_is(button->value, wanted));
}

static const struct html_field *find_button(struct probe *probe, const struct html_form *form)
{
    const struct html_field *best = NULL;
    int most = 0;
    for (size_t i = 0; i < form->count; i++) {
        const struct html_field *button = &form->fields[i];
        if (button->control != HTML_BUTTON)
            continue;
        if (is_wanted(probe, button))
            return button;
        int value = button_worth(probe->arena, button);
        if (!best || value > most) {
            best = button;
            most = value;
        }
    }
    return best;
}

/* Whether an address says that what is sent there deletes. */
static bool leads_to_delete(struct str action)
{
    static const char *const names[] = {"delete", "remove", "destroy"};
    struct str query, path = str_cut(action, '?', &query);
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    while (slash && slash + 1 == path.ptr + path.len) {
        path.len--;
        slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    }
    struct str last = slash ? str_range(slash + 1, path.ptr + path.len) : path;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_ieq(last, str_from(names[i])))
            return true;
    return contains(query, "=delete");
}

/* Whether what would be pressed deletes; one that was asked for may. */
static bool deletes(struct probe *probe, const struct html_form *form,
                    const struct html_field *button)
{
    static const char *const words[] = {"delete",  "remove",  "destroy", "lösch",
                                        "supprim", "elimina", "borrar",  "verwijder"};
    struct str action = button && button->action.ptr ? button->action : form->action;
    if (button && is_wanted(probe, button))
        return false;
    if (leads_to_delete(action))
        return true;
    struct str all = button ? str_printf(probe->arena, "%.*s %.*s %.*s", STR_ARG(button->name),
                                         STR_ARG(button->value), STR_ARG(button->words))
                            : STR("");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains(all, words[i]))
            return true;
    return false;
}

static bool may_press(struct probe *probe, const struct html_form *form)
{
    const struct html_field *button = find_button(probe, form);
    if (probe->options->button && !(button && is_wanted(probe, button)))
        probe->words = STR("could not be found out: the form has no such button (--button)");
    else if (deletes(probe, form, button))
        probe->words = STR("could not be found out: the form looks like one that deletes, and "
                           "nothing was pressed. Which button saves (--button)?");
    return !probe->words.ptr;
}

bool probe_form_choose(struct probe *probe, const struct html_form *form)
{
    if (!may_press(probe, form))
        return false;
    const char *wanted = probe->options->field;
    const struct html_field *field =
        wanted ? html_form_field(form, str_from(wanted)) : best_field(form, STR_NONE);
    if (!field)
        return false;
    probe->field = field->name;
    probe->original = field->value;
    const struct html_field *other = best_field(form, field->name);
    if (other) {
        probe->other = other->name;
        probe->other_original = other->value;
    }
    return true;
}

/* --- sending
 * -------------------------------------------------------------------------------------- */

/* How a form's fields are written down. */
struct writer {
    struct buf body;
    const char *boundary; /* NULL: urlencoded */
};

/* Line ends as browsers send them. */
static struct str with_crlf(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, BODY_MAX);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
            continue;
        if (c == '\r' || c == '\n')
            buf_text(&out, "\r\n");
        else
            buf_char(&out, c);
    }
    return out.len ? buf_slice(&out) : STR("");
}

static void put_part_name(struct buf *body, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '"' || c == '\r' || c == '\n')
            buf_printf(body, "%%%02X", (unsigned)c);
        else
            buf_char(body, c);
    }
}

static void put_field(struct writer *writer, struct str name, struct str value)
{
    struct buf *body = &writer->body;
    value = with_crlf(body->arena, value);
    if (writer->boundary) {
        buf_printf(body, "--%s\r\nContent-Disposition: form-data; name=\"", writer->boundary);
        put_part_name(body, name);
        buf_text(body, "\"\r\n\r\n");
        buf_str(body, value);
        buf_text(body, "\r\n");
        return;
    }
    if (body->len)
        buf_char(body, '&');
    url_encode(body, name);
    buf_char(body, '=');
    url_encode(body, value);
}

/* Whether a radio of that name is chosen already. */
static bool is_chosen(const struct html_form *form, struct str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (form->fields[i].control == HTML_RADIO && form->fields[i].sent &&
            str_eq(form->fields[i].name, name))
            return true;
    return false;
}

/* Which radio somebody would choose who wants to keep what they typed. */
static bool would_choose(const struct html_form *form, const struct html_field *radio)
{
    if (radio->control != HTML_RADIO || !radio->name.len || is_chosen(form, radio->name))
        return false;
    return contains(radio->value, "yours") || contains(radio->value, "mine") ||
           contains(radio->value, "keep");
}

static void put_fields(struct probe *probe, struct writer *writer, const struct html_form *form,
                       const struct probe_change *change, const struct html_field *button)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct html_field *field = &form->fields[i];
        if (change->without_version && probe_has_version(probe, field->name))
            continue;
        if (str_eq(field->name, change->field) && field->control != HTML_RADIO)
            put_field(writer, field->name, change->value);
        else if (field->sent || would_choose(form, field) || (field == button && field->name.len))
            put_field(writer, field->name, field->value);
    }
    if (writer->boundary)
        buf_printf(&writer->body, "--%s--\r\n", writer->boundary);
}

void probe_form_write(struct probe *probe, int editor, const struct html_form *form,
                      const char *url, const struct probe_change *change,
                      struct probe_answer *answer)
{
    const struct html_field *button =
        change->cancel ? find_cancel(probe, form) : find_button(probe, form);
    if (change->cancel && !button)
        return;
    struct str action = button && button->action.ptr ? button->action : form->action;
    struct writer writer = {0};
    buf_init(&writer.body, probe->arena, BODY_MAX);
    if (str_ieq(form->enctype, STR("multipart/form-data")))
        writer.boundary = str_cstr(probe->arena, str_printf(probe->arena, "pg409probe%08xboundary",
                                                            probe->number));
    put_fields(probe, &writer, form, change, button);
    struct str type =
        writer.boundary ? str_printf(probe->arena, "Content-Type: multipart/form-data; boundary=%s",
                                     writer.boundary)
                        : STR("Content-Type: application/x-www-form-urlencoded");
    const char *more[] = {str_cstr(probe->arena, type), NULL};
    struct exchange exchange = {.method = "POST",
                                .url =
                                    action.len ? transport_resolve(probe->arena, url, action) : url,
                                .body = writer.body.len ? buf_slice(&writer.body) : STR("")};
    if (deletes(probe, form, button)) {
        *answer = (struct probe_answer){.fault = FAULT_URL, .trouble = "its button deletes"};
        return;
    }
    if (!exchange.url) {
        *answer = (struct probe_answer){.fault = FAULT_URL, .trouble = "the form leads nowhere"};
        return;
    }
    probe_send(probe, editor, &exchange, more, url, answer);
}
