#include "wire/html_forms.h"

#include "wire/html_scan.h"

#include "base/banned.h"

#define NOWHERE SIZE_MAX

/* A field and the form it belongs to: by place, or by the id that its form attribute names. */
struct found {
    struct html_field field;
    size_t form;
    struct str form_id;
    bool dropped; /* disabled */
};

struct reader {
    struct html_scan scan;
    struct html_forms *forms;
    struct found *found;
    size_t count;
    size_t form;     /* the one that is open, or NOWHERE */
    size_t template; /* how many templates are open: their content is no part of the page */
    size_t disabled; /* how many disabled fieldsets are open, with all fieldsets inside them */
    size_t area;     /* the textarea or button that is open, or NOWHERE */
    /* The list that is open. */
    bool select, multiple, select_off;
    bool box;       /* it shows several lines: nothing is chosen by itself */
    bool group_off; /* the group of options that is open is disabled */
    struct str select_name, select_form;
    size_t select_first; /* its first option in found */
    size_t option;       /* the one whose text is its value, or NOWHERE */
    enum err err;
};

static bool is_tag(const struct reader *reader, const char *name)
{
    return str_ieq(reader->scan.name, str_from(name));
}

static struct str attribute(const struct reader *reader, const char *name)
{
    return html_scan_attribute(&reader->scan, name);
}

static void open_form(struct reader *reader)
{
    struct html_forms *forms = reader->forms;
    if (reader->form != NOWHERE)
        return; /* forms do not nest */
    if (forms->count == HTML_FORMS_MAX) {
        reader->err = ERR_TOO_MANY;
        return;
    }
    reader->form = forms->count++;
    forms->forms[reader->form] = (struct html_form){.id = attribute(reader, "id"),
                                                    .name = attribute(reader, "name"),
                                                    .action = attribute(reader, "action"),
                                                    .method = attribute(reader, "method"),
                                                    .enctype = attribute(reader, "enctype"),
                                                    .charset = attribute(reader, "accept-charset")};
}

static size_t add(struct reader *reader, struct html_field field, struct str form_id, bool off)
{
    if (reader->count == HTML_FIELDS_MAX) {
        reader->err = ERR_TOO_MANY;
        return NOWHERE;
    }
    reader->found[reader->count] =
        (struct found){field, reader->form, form_id, off || reader->disabled > 0};
    return reader->count++;
}

static enum html_control control_of(struct str type)
{
    static const struct {
        const char *type;
        enum html_control control;
    } known[] = {{"hidden", HTML_HIDDEN},  {"password", HTML_PASSWORD},
                 {"checkbox", HTML_CHECK}, {"radio", HTML_RADIO},
                 {"submit", HTML_BUTTON},  {"image", HTML_BUTTON},
                 {"file", HTML_FILE},      {"number", HTML_VALUE},
                 {"date", HTML_VALUE},     {"time", HTML_VALUE},
                 {"datetime", HTML_VALUE}, {"datetime-local", HTML_VALUE},
                 {"month", HTML_VALUE},    {"week", HTML_VALUE},
                 {"range", HTML_VALUE},    {"color", HTML_VALUE},
                 {"email", HTML_VALUE},    {"url", HTML_VALUE},
                 {"tel", HTML_VALUE}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_ieq(type, str_from(known[i].type)))
            return known[i].control;
    return HTML_LINE; /* text, search, and whatever no browser knows */
}

/* A field as the attributes of the tag describe it. */
static struct html_field field_of(const struct reader *reader, enum html_control control)
{
    struct str value = attribute(reader, "value");
    struct html_field field = {.name = attribute(reader, "name"),
                               .value = value.ptr ? value : STR(""),
                               .control = control,
                               .fixed = attribute(reader, "readonly").ptr != NULL,
                               .action = STR_NONE,
                               .words = STR("")};
    if (str_to_u64(attribute(reader, "maxlength"), INT64_MAX, &field.room))
        field.room = UINT64_MAX;
    field.sent = field.name.len > 0;
    return field;
}

static void open_input(struct reader *reader)
{
    struct str type = attribute(reader, "type");
    bool off = attribute(reader, "disabled").ptr != NULL;
    if (str_ieq(type, STR("button")) || str_ieq(type, STR("reset")))
        return;
    struct html_field field = field_of(reader, control_of(type));
    if (field.control == HTML_CHECK || field.control == HTML_RADIO) {
        field.sent &= attribute(reader, "checked").ptr != NULL;
        if (!attribute(reader, "value").ptr)
            field.value = STR("on");
    }
    if (field.control == HTML_BUTTON) {
        field.sent = false;
        field.action = attribute(reader, "formaction");
        field.words = field.value;
    }
    field.sent &= field.control != HTML_FILE;
    (void)add(reader, field, attribute(reader, "form"), off);
}

static void open_button(struct reader *reader)
{
    struct str type = attribute(reader, "type");
    struct html_field field = field_of(reader, HTML_BUTTON);
    if (str_ieq(type, STR("button")) || str_ieq(type, STR("reset")))
        return;
    field.sent = false;
    field.action = attribute(reader, "formaction");
    reader->area =
        add(reader, field, attribute(reader, "form"), attribute(reader, "disabled").ptr != NULL);
}

static void open_area(struct reader *reader)
{
    struct html_field field = field_of(reader, HTML_AREA);
    field.value = STR("");
    reader->area =
        add(reader, field, attribute(reader, "form"), attribute(reader, "disabled").ptr != NULL);
}

/* Whether a list shows more than one line (rules for parsing non-negative integers). */
static bool is_box(struct str size)
{
    size_t digits = 0;
    uint64_t lines;
    size = str_trim(size);
    while (digits < size.len && size.ptr[digits] >= '0' && size.ptr[digits] <= '9')
        digits++;
    return digits && (str_to_u64((struct str){size.ptr, digits}, INT64_MAX, &lines) || lines > 1);
}

static void open_select(struct reader *reader)
{
    reader->box = is_box(attribute(reader, "size"));
    reader->group_off = false;
    reader->select = true;
    reader->multiple = attribute(reader, "multiple").ptr != NULL;
    reader->select_off = attribute(reader, "disabled").ptr != NULL;
    reader->select_name = attribute(reader, "name");
    reader->select_form = attribute(reader, "form");
    reader->select_first = reader->count;
    reader->option = NOWHERE;
}

static void open_option(struct reader *reader)
{
    struct html_field field = field_of(reader, HTML_SELECT);
    field.name = reader->select_name;
    field.sent = field.name.len > 0 && attribute(reader, "selected").ptr != NULL;
    bool off = reader->select_off || reader->group_off || attribute(reader, "disabled").ptr != NULL;
    size_t at = add(reader, field, reader->select_form, off);
    reader->option = attribute(reader, "value").ptr ? NOWHERE : at;
}

/* Of a list for one value, the last option that says so is chosen; else the first, when the list
 * opens from one line. */
static void close_select(struct reader *reader)
{
    size_t chosen = NOWHERE;
    if (!reader->select)
        return;
    reader->select = false;
    reader->option = NOWHERE;
    if (reader->multiple || !reader->select_name.len)
        return;
    for (size_t i = reader->select_first; i < reader->count; i++) {
        struct found *found = &reader->found[i];
        bool first = chosen == NOWHERE && !found->dropped && !reader->box;
        if (found->field.sent || first) {
            if (chosen != NOWHERE)
                reader->found[chosen].field.sent = false;
            found->field.sent = true;
            chosen = i;
        }
    }
}

/* Whether what stands here is in a template, or is the tag of one. */
static bool in_template(struct reader *reader, bool opens)
{
    bool tag = is_tag(reader, "template");
    /* That of a shadow tree is part of the page. */
    bool counts = reader->template || !attribute(reader, "shadowrootmode").ptr;
    if (tag && opens && counts)
        reader->template ++;
    else if (tag && !opens && reader->template)
        reader->template --;
    return tag || reader->template;
}

static void open_tag(struct reader *reader)
{
    if (in_template(reader, true))
        return;
    if (is_tag(reader, "input") || is_tag(reader, "textarea") || is_tag(reader, "button") ||
        is_tag(reader, "select"))
        close_select(reader); /* nothing of the kind is inside a list */
    if (is_tag(reader, "form"))
        open_form(reader);
    else if (is_tag(reader, "input"))
        open_input(reader);
    else if (is_tag(reader, "textarea"))
        open_area(reader);
    else if (is_tag(reader, "button"))
        open_button(reader);
    else if (is_tag(reader, "select"))
        open_select(reader);
    else if (is_tag(reader, "option") && reader->select)
        open_option(reader);
    else if (is_tag(reader, "optgroup"))
        reader->group_off = attribute(reader, "disabled").ptr != NULL;
    else if (is_tag(reader, "fieldset"))
        reader->disabled += reader->disabled || attribute(reader, "disabled").ptr;
}

static void close_tag(struct reader *reader)
{
    if (in_template(reader, false))
        return;
    if (is_tag(reader, "form"))
        reader->form = NOWHERE;
    else if (is_tag(reader, "select"))
        close_select(reader);
    else if (is_tag(reader, "option"))
        reader->option = NOWHERE;
    else if (is_tag(reader, "optgroup"))
        reader->group_off = false;
    else if (is_tag(reader, "textarea") || is_tag(reader, "button"))
        reader->area = NOWHERE;
    else if (is_tag(reader, "fieldset") && reader->disabled)
        reader->disabled--;
}

/* Text counts in a textarea (whose first line end is none), a button and an option. */
static void take_text(struct reader *reader)
{
    if (reader->template)
        return;
    struct str text = reader->scan.text;
    if (reader->area != NOWHERE) {
        struct html_field *field = &reader->found[reader->area].field;
        if (field->control == HTML_BUTTON) {
            field->words = field->words.len ? field->words : str_trim(text);
            return;
        }
        if (str_starts(text, STR("\r\n")))
            text = str_skip(text, 2);
        else if (str_starts(text, STR("\n")))
            text = str_skip(text, 1);
        field->value = text;
    } else if (reader->option != NOWHERE) {
        struct html_field *field = &reader->found[reader->option].field;
        struct buf words;
        buf_init(&words, reader->scan.arena, text.len + 1);
        for (size_t i = 0; i < text.len; i++)
            buf_char(&words, text.ptr[i] == '\n' || text.ptr[i] == '\r' ? ' ' : text.ptr[i]);
        field->value = words.len ? str_trim(buf_slice(&words)) : STR("");
        reader->option = NOWHERE;
    }
}

/* Which form a field belongs to, or NOWHERE. */
static size_t owner(const struct reader *reader, const struct found *found)
{
    if (!found->form_id.ptr)
        return found->form;
    for (size_t i = 0; i < reader->forms->count; i++)
        if (found->form_id.len && str_eq(reader->forms->forms[i].id, found->form_id))
            return i;
    return NOWHERE;
}

static void hand_out(struct reader *reader)
{
    struct html_forms *forms = reader->forms;
    for (size_t i = 0; i < reader->count; i++) {
        size_t form = reader->found[i].dropped ? NOWHERE : owner(reader, &reader->found[i]);
        reader->found[i].form = form;
        if (form != NOWHERE)
            forms->forms[form].count++;
    }
    for (size_t i = 0; i < forms->count; i++) {
        struct html_form *form = &forms->forms[i];
        form->fields = ARENA_ARRAY(reader->scan.arena, form->count + 1, struct html_field);
        form->count = 0;
    }
    for (size_t i = 0; i < reader->count; i++)
        if (reader->found[i].form != NOWHERE) {
            struct html_form *form = &forms->forms[reader->found[i].form];
            form->fields[form->count++] = reader->found[i].field;
        }
}

enum err html_forms_read(struct arena *arena, struct str page, struct html_forms *forms)
{
    struct reader *reader = ARENA_NEW(arena, struct reader);
    enum html_token token;
    *forms = (struct html_forms){ARENA_ARRAY(arena, HTML_FORMS_MAX, struct html_form), 0};
    reader->forms = forms;
    reader->found = ARENA_ARRAY(arena, HTML_FIELDS_MAX, struct found);
    reader->form = reader->area = reader->option = NOWHERE;
    html_scan_init(&reader->scan, arena, page);
    while (!reader->err && (token = html_scan_next(&reader->scan)) != HTML_END) {
        if (token == HTML_OPEN)
            open_tag(reader);
        else if (token == HTML_CLOSE)
            close_tag(reader);
        else
            take_text(reader);
    }
    close_select(reader);
    hand_out(reader);
    return reader->err;
}

struct html_field *html_form_field(const struct html_form *form, struct str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (str_eq(form->fields[i].name, name))
            return &form->fields[i];
    return NULL;
}
