#include "page/form_read.h"

#include "edit/park.h"
#include "page/control.h"
#include "page/places.h"
#include "wire/digest.h"
#include "wire/json.h"
#include "wire/url.h"

#include "base/banned.h"

#define MAX_COLUMNS 1700 /* PostgreSQL's own limit is 1,600 */

struct str form_digest(struct work *work, struct str version, struct str base)
{
    struct str parts[] = {work->table->name, work->match.key, version, base};
    return digest_of(&work->arena, parts, sizeof parts / sizeof *parts);
}

struct str form_columns(struct work *work, const struct field *fields, size_t count)
{
    struct buf buf;
    struct str *names = ARENA_ARRAY(&work->arena, count, struct str);
    buf_init(&buf, &work->arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++)
        names[i] = fields[i].column->name;
    url_key(&buf, names, count);
    return buf_slice(&buf);
}

struct str form_base(struct work *work, const struct field *fields, size_t count)
{
    struct buf buf;
    buf_init(&buf, &work->arena, SIZE_MAX / 4);
    buf_char(&buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_char(&buf, ',');
        json_string(&buf, fields[i].column->name);
        buf_char(&buf, ':');
        json_string(&buf, fields[i].base);
    }
    buf_char(&buf, '}');
    return buf_slice(&buf);
}

/* A column by its name in a form, where a leading underscore is doubled; NULL for our own names. */
static const struct column *column_of(const struct table *table, struct str name)
{
    if (str_starts(name, STR("_"))) {
        if (!str_starts(name, STR("__")))
            return NULL;
        name = str_skip(name, 1);
    }
    return table_column(table, name);
}

/* The value of a field whose name is prefix and the column's: "_pick." and "title". */
static struct str side_field(struct work *work, const char *prefix, const struct column *column)
{
    struct buf name;
    buf_init(&name, &work->arena, SIZE_MAX / 4);
    buf_text(&name, prefix);
    buf_str(&name, column->name);
    return request_field(&work->request, buf_slice(&name));
}

static struct str own_field(struct work *work, const struct column *column)
{
    bool doubled = str_starts(column->name, STR("_"));
    struct str name =
        doubled ? str_printf(&work->arena, "_%.*s", STR_ARG(column->name)) : column->name;
    return request_field(&work->request, name);
}

/* Browsers send CRLF: the row keeps its own style, which base shows; LF without one. */
static struct str newlines(struct arena *arena, struct str text, struct str base)
{
    struct buf buf;
    bool crlf = str_find(base, STR("\r\n")) != SIZE_MAX;
    if (str_find(text, STR("\r\n")) == SIZE_MAX && !crlf)
        return text;
    buf_init(&buf, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < text.len; i++) {
        bool pair = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (pair)
            continue;
        if (crlf && text.ptr[i] == '\n')
            buf_char(&buf, '\r');
        buf_char(&buf, text.ptr[i]);
    }
    return buf_slice(&buf);
}

/* The length of the line end at that place: CRLF, CR or LF; 0 for anything else. */
static size_t line_end(struct str text, size_t at)
{
    if (at >= text.len || (text.ptr[at] != '\r' && text.ptr[at] != '\n'))
        return 0;
    return text.ptr[at] == '\r' && at + 1 < text.len && text.ptr[at + 1] == '\n' ? 2 : 1;
}

/* Whether they differ in line ends at most: a browser makes them all CRLF. */
static bool same_but_newlines(struct str a, struct str b)
{
    size_t i = 0, j = 0;
    if (str_eq(a, b))
        return true;
    while (i < a.len && j < b.len) {
        if (a.ptr[i] == b.ptr[j] && a.ptr[i] != '\r') {
            i++;
            j++;
            continue;
        }
        size_t end_a = line_end(a, i), end_b = line_end(b, j);
        if (!end_a != !end_b || (!end_a && a.ptr[i] != b.ptr[j]))
            return false;
        i += end_a ? end_a : 1;
        j += end_b ? end_b : 1;
    }
    return i == a.len && j == b.len;
}

/* An empty control: NULL where that is possible, unless the row held an empty text. */
static struct str emptied(const struct field *field)
{
    bool text = field->column->kind == KIND_TEXT;
    if (!text)
        return STR_NONE;
    if (field->has_base && field->base.ptr)
        return field->base.len == 0 || field->column->not_null ? STR("") : STR_NONE;
    return field->column->not_null ? STR("") : STR_NONE;
}

/* A text whose places were chosen one by one; with theirs left out where a choice is missing. */
static struct str read_places(struct work *work, struct submitted *submitted,
                              const struct column *column, const struct places *places)
{
    struct str chosen = places_chosen(work, places);
    for (size_t i = 0; i < places->clashes; i++) {
        submitted->mine |= str_is(places->choices[i], "mine");
        submitted->theirs |= str_is(places->choices[i], "theirs");
        submitted->own |= str_is(places->choices[i], "own");
        submitted->both |= str_find(places->choices[i], STR("-")) != SIZE_MAX;
    }
    submitted->own |= places->whole_chosen;
    if (chosen.ptr)
        return chosen;
    submitted->unresolved = true;
    submitted->asked[column - work->table->columns] = true;
    return places_yours(work, places);
}

/* What was typed into a column's control, or chosen on a conflict page. */
static void read_value(struct work *work, struct submitted *submitted, struct field *field)
{
    const struct column *column = field->column;
    struct str typed = own_field(work, column), pick = side_field(work, "_pick.", column);
    struct str yours = side_field(work, "_yours.", column);
    struct places places;
    bool asked = yours.ptr || side_field(work, "_asked.", column).ptr;
    submitted->mine |= str_is(pick, "yours");
    submitted->theirs |= str_is(pick, "theirs");
    submitted->own |= str_is(pick, "edit");
    if (places_sent(work, column, &places))
        typed = read_places(work, submitted, column, &places);
    else if (str_is(pick, "yours"))
        typed = yours.ptr ? yours : typed; /* a long text is sent once, in its control */
    else if (str_is(pick, "theirs"))
        typed = field->base.ptr ? field->base : STR("");
    else if (str_is(pick, "") || (!pick.ptr && asked)) {
        submitted->unresolved = true;
        submitted->asked[column - work->table->columns] = true;
    }
    if (!typed.ptr && control_is_checkbox(column))
        typed = STR("false");
    if (!typed.ptr) { /* a disabled control is not sent: then nothing was changed in it */
        field->value = field->base;
        field->kept = field->has_base;
        return;
    }
    if (field->has_base && field->base.ptr && same_but_newlines(typed, field->base)) {
        field->value = field->base;
        field->kept = true;
        return;
    }
    field->value = typed.len ? newlines(&work->arena, typed, field->base) : emptied(field);
    field->kept = field->has_base && str_eq(field->value, field->base);
    field->row_newlines = !field->has_base && submitted->change.op == CHANGE_UPDATE &&
                          column->kind == KIND_TEXT &&
                          str_find(field->value, STR("\n")) != SIZE_MAX;
}

/* A create leaves what was not filled in to the column's default. */
static bool left_to_default(const struct field *field)
{
    return !field->value.ptr && field->column->has_default;
}

static bool read_base(struct work *work, struct submitted *submitted, struct json_object *base)
{
    struct json_value value;
    size_t at;
    submitted->base = request_field(&work->request, STR("_base"));
    *base = (struct json_object){0};
    if (!submitted->base.ptr)
        return true;
    struct str digest = form_digest(work, submitted->version, submitted->base);
    if (!str_eq(digest, request_field(&work->request, STR("_form")))) {
        work_problem(work, "mixed-form", STR_NONE);
        return false;
    }
    if (json_parse(&work->arena, submitted->base, 2, &value, &at) ||
        json_members(&work->arena, &value, MAX_COLUMNS, base)) {
        work_problem(work, "malformed", STR("The field _base is not a JSON object."));
        return false;
    }
    return true;
}

static void add_field(struct work *work, struct submitted *submitted,
                      const struct json_object *base, const struct column *column)
{
    struct change *change = &submitted->change;
    struct field *field = &change->fields[change->field_count];
    const struct json_value *seen = json_get(base, column->name);
    if (change_field(change, column))
        return;
    *field = (struct field){.column = column, .has_base = seen != NULL};
    field->base = seen ? seen->text : STR_NONE;
    read_value(work, submitted, field);
    field->standard = change->op == CHANGE_CREATE && left_to_default(field);
    if (field->standard && column == change->table->user)
        return;
    change->field_count++;
}

/* The columns that the form says it rendered. */
static bool read_listed(struct work *work, struct submitted *submitted,
                        const struct json_object *base, struct str listed)
{
    size_t room = 1;
    for (size_t i = 0; i < listed.len; i++)
        room += listed.ptr[i] == ',';
    if (room > MAX_COLUMNS)
        room = MAX_COLUMNS;
    struct str *names = ARENA_ARRAY(&work->arena, room, struct str);
    bool creating = submitted->change.op == CHANGE_CREATE;
    size_t count;
    if (url_key_parse(&work->arena, listed, names, room, &count)) {
        work_problem(work, "malformed", STR("The field _columns is not a list of columns."));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct column *column = table_column(work->table, names[i]);
        if (column && column_writable(work->table, column, creating))
            add_field(work, submitted, base, column);
        else if (!column && !work_reread(work)) {
            work_problem(work, "unknown-name", names[i]);
            return false;
        } else if (!column)
            return false;
    }
    return true;
}

/* A hand-written form: every field that is a column. */
static bool read_fields(struct work *work, struct submitted *submitted,
                        const struct json_object *base)
{
    const struct form *form = &work->request.form;
    bool creating = submitted->change.op == CHANGE_CREATE;
    for (size_t i = 0; i < form->count; i++) {
        struct str name = form->fields[i].name;
        const struct column *column = column_of(work->table, name);
        bool ours = str_starts(name, STR("_")) && !str_starts(name, STR("__"));
        bool made = column && creating && column->identity_always;
        if (column && (made || column_forbidden(work->table, column, creating))) {
            work_problem(work, made ? "value" : "privilege",
                         str_printf(&work->arena, "The column “%.*s” may not be written here.",
                                    STR_ARG(name)));
            return false;
        }
        if (column && column_writable(work->table, column, creating)) {
            add_field(work, submitted, base, column);
        } else if (!column && !ours) {
            if (!work_reread(work))
                work_problem(work, "unknown-name",
                             str_printf(&work->arena,
                                        "The form has a field “%.*s”, the table has "
                                        "no such column.",
                                        STR_ARG(name)));
            return false;
        }
    }
    return true;
}

/* How it was resolved, in a word for the report. */
static struct str resolution(const struct submitted *submitted)
{
    int ways = submitted->mine + submitted->theirs + submitted->own;
    if (ways > 1 || submitted->both)
        return STR("mixed");
    return submitted->mine     ? STR("yours")
           : submitted->theirs ? STR("theirs")
           : submitted->own    ? STR("edited")
                               : STR("saved");
}

/* Whether it is kept when it is refused, and what it does to one that was. */
static void read_parked(struct work *work, struct submitted *submitted)
{
    struct change *change = &submitted->change;
    struct str code = request_field(&work->request, STR("_parked"));
    change->parks = work_catalog(work)->conflicts && change->op != CHANGE_DELETE;
    if (!change->parks || !park_is_code(code))
        return;
    change->park = code;
    change->resolution = resolution(submitted);
}

static bool read_columns(struct work *work, struct submitted *submitted,
                         const struct json_object *base)
{
    struct str listed = request_field(&work->request, STR("_columns"));
    return listed.ptr ? read_listed(work, submitted, base, listed)
                      : read_fields(work, submitted, base);
}

bool form_read(struct work *work, enum change_op op, struct submitted *submitted)
{
    struct json_object base;
    const struct table *table = work->table;
    struct claim claim = {.version = request_field(&work->request, STR("_version"))};
    *submitted = (struct submitted){0};
    change_start(work, op, &submitted->change);
    submitted->asked = ARENA_ARRAY(&work->arena, table->column_count, bool);
    submitted->change.fields = ARENA_ARRAY(&work->arena, table->column_count + 1, struct field);
    submitted->version = claim.version;
    if (op == CHANGE_CREATE)
        submitted->change.restoring = request_field(&work->request, STR("_restore")).ptr != NULL;
    else if (table->version)
        claim.column = own_field(work, table->version);
    if (!submitted->version.ptr)
        submitted->version = claim.column;
    struct str token = request_field(&work->request, STR("_token"));
    if (!claim_token(work, token.len ? token : STR_NONE, &submitted->change))
        return false;
    if (op != CHANGE_CREATE && !claim_version(work, &claim, &submitted->change))
        return false;
    if (!read_base(work, submitted, &base))
        return false;
    if (op == CHANGE_DELETE)
        return true;
    if (!read_columns(work, submitted, &base))
        return false;
    read_parked(work, submitted);
    return true;
}
