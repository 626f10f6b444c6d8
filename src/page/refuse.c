#include "page/refuse.h"

#include "page/edit.h"
#include "page/history.h"
#include "page/static.h"
#include "web/problem.h"
#include "wire/json.h"

#include "base/banned.h"

static void as_json(struct work *work, const struct problem *problem, struct refusal refusal)
{
    struct buf *out = OUT(work);
    struct str type =
        str_printf(&work->arena, "%.*s/_problems/%s", STR_ARG(work->request.prefix), problem->name);
    reply_header(&work->reply, "Content-Type", STR("application/problem+json"));
    buf_char(out, '{');
    json_name(out, "type");
    json_string(out, type);
    json_name(out, "title");
    json_string(out, str_from(problem->title));
    json_name(out, "status");
    buf_u64(out, (uint64_t)refusal.status);
    if (refusal.detail.ptr) {
        json_name(out, "detail");
        json_string(out, refusal.detail);
    }
    json_name(out, "reason");
    json_string(out, str_from(problem->name));
    problem_members(out, problem, refusal.detail, STR_NONE);
    json_name(out, "retry");
    buf_text(out, problem->again ? "{\"same_request\":\"after\",\"after\":5,\"how\":"
                                 : "{\"same_request\":\"never\",\"after\":0,\"how\":");
    json_string(out, str_from(problem->how));
    buf_text(out, "}}\n");
}

static bool is_ours(struct str name)
{
    return str_starts(name, STR("_")) && !str_starts(name, STR("__"));
}

/* What was typed, when it was refused before any form could take it up again; false: nothing. */
static bool show_typed(struct work *work)
{
    struct buf *out = OUT(work);
    const struct form *form = &work->request.form;
    bool any = false;
    for (size_t i = 0; i < form->count; i++) {
        struct form_field field = form->fields[i];
        bool ours = is_ours(field.name);
        if (field.value.len == 0 || (ours && !str_starts(field.name, STR("_yours."))))
            continue;
        if (!any)
            html_raw(out, "<h2>What you typed</h2>\n<dl class=\"shown card\">\n");
        any = true;
        html_raw(out, "<div><dt>");
        html_text(out, ours ? str_skip(field.name, 7) : field.name);
        html_raw(out, "</dt><dd>");
        html_text(out, field.value);
        html_raw(out, "</dd></div>\n");
    }
    if (any)
        html_raw(out, "</dl>\n");
    return any;
}

/*
 * The same form once more, to the address that it was sent to. What came from
 * another site may be somebody else's making: it is only shown, never saved.
 */
static void send_again(struct work *work, bool foreign)
{
    struct buf *out = OUT(work);
    const struct form *form = &work->request.form;
    html_raw(out, "<form method=\"post\" autocomplete=\"off\">\n");
    for (size_t i = 0; i < form->count; i++)
        if (!str_is(form->fields[i].name, "_method") && !str_is(form->fields[i].name, "_review"))
            edit_hidden_field(work, form->fields[i].name, form->fields[i].value);
    if (foreign)
        edit_hidden_field(work, STR("_review"), STR("1"));
    html_raw(out, "<p class=\"actions\"><button type=\"submit\" class=\"main\">");
    html_text(out, foreign ? STR("Look it over and save") : STR("Try again"));
    html_raw(out, "</button></p></form>\n");
}

static void keep_typed(struct work *work, const struct problem *problem)
{
    bool foreign = str_is(str_from(problem->name), "foreign-origin");
    bool passing = problem->again || str_is(str_from(problem->name), "login-required");
    if (show_typed(work) && (foreign || passing) && work->request.method != HTTP_DELETE)
        send_again(work, foreign);
}

static void as_page(struct work *work, const struct problem *problem, struct refusal refusal)
{
    struct buf *out = OUT(work);
    page_begin(work, str_from(problem->title));
    html_raw(out, "<h1>");
    html_text(out, str_from(problem->title));
    html_raw(out, "</h1>\n<p class=\"lead\">");
    html_text(out, refusal.detail.ptr ? refusal.detail : str_from(problem->meaning));
    html_raw(out, "</p>\n<p>");
    html_text(out, str_from(problem->cure));
    html_raw(out, "</p>\n<p class=\"actions\">");
    if (work->table && work->match.key.ptr && problem->status != 404) {
        html_raw(out, "<a class=\"button\"");
        page_link(work, "href", work_table_segment(work, work->table), work->match.key);
        html_raw(out, ">Open the row</a> ");
    } else if (work->table) {
        html_raw(out, "<a class=\"button\"");
        page_link(work, "href", work_table_segment(work, work->table), STR_NONE);
        html_raw(out, ">To the table ");
        html_text(out, work->table->name);
        html_raw(out, "</a> ");
    }
    if (str_is(str_from(problem->name), "no-row"))
        history_button(work);
    html_raw(out, "<a");
    page_link(work, "href", STR(""), STR_NONE);
    html_raw(out, ">To the list of tables</a></p>\n");
    keep_typed(work, problem);
    page_end(work);
}

void refuse(struct work *work, struct refusal refusal)
{
    const struct problem *problem = problem_named(str_from(refusal.name));
    bool page = work->request.format == FORMAT_HTML || work->request.form_body;
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    if (problem->again)
        reply_header(&work->reply, "Retry-After", STR("5"));
    if (page)
        as_page(work, problem, refusal);
    else
        as_json(work, problem, refusal);
}

/* Whether a program gets over it by the loop that the manual has. */
static bool is_for_the_loop(const struct problem *problem)
{
    return problem->again || problem->reason == REASON_STALE ||
           problem->reason == REASON_VERSION_REQUIRED;
}

void refuse_explain(struct work *work)
{
    struct buf *out = OUT(work);
    const struct problem *problem = problem_named(work->match.name);
    if (!problem) {
        work_problem(work, "not-found", STR_NONE);
        return;
    }
    reply_header(&work->reply, "Cache-Control", STR("public, max-age=3600"));
    page_begin(work, str_from(problem->title));
    html_raw(out, "<h1>");
    html_text(out, str_from(problem->title));
    html_raw(out, "</h1>\n<h2>What it means</h2>\n<p>");
    html_text(out, str_from(problem->meaning));
    html_raw(out, "</p>\n<h2>What to do</h2>\n<p>");
    html_text(out, str_from(problem->cure));
    html_raw(out, "</p>\n<h2>For programs</h2>\n<p>Status <code>");
    html_number(out, (uint64_t)problem->status);
    html_raw(out, "</code>, reason <code>");
    html_text(out, str_from(problem->name));
    html_raw(out, "</code>: ");
    html_text(out, str_from(problem->how));
    html_raw(out, ". ");
    html_text(out, problem->again ? STR("The same request may be sent again later.")
                                  : STR("Sending the same request again is never worth it."));
    html_raw(out, "</p>\n");
    if (is_for_the_loop(problem))
        html_raw(out, "<p>How to read, change, send and retry, ready to copy in shell, JavaScript, "
                      "Python, PHP and C, is in pg409's manual: <code>docs/retry.md</code>.</p>\n");
    page_end(work);
}

static void after_health(void *ctx)
{
    struct work *work = ctx;
    if (work->talk.failed) {
        work_failed(work);
        return;
    }
    reply_header(&work->reply, "Content-Type", STR("text/plain; charset=utf-8"));
    reply_header(&work->reply, "Cache-Control", STR("no-store"));
    buf_text(OUT(work), "ok\n");
}

void health(struct work *work)
{
    struct sql sql;
    sql_init(&sql, &work->arena);
    sql_raw(&sql, "SELECT 1");
    talk_then(&work->talk, after_health, work);
    work->talk.repeatable = true;
    sql_ask(&sql, &work->talk);
}

/* A file under the name that has its hash; false when it is not the one asked for. */
static bool serve(struct work *work, struct str name, const char *type, const unsigned char *data,
                  size_t size)
{
    if (!str_eq(work->match.name, name))
        return false;
    reply_header(&work->reply, "Content-Type", str_from(type));
    reply_header(&work->reply, "Cache-Control", STR("public, max-age=31536000, immutable"));
    buf_add(OUT(work), (const char *)data, size);
    return true;
}

void static_file(struct work *work)
{
    struct str style = str_printf(&work->arena, "style.%s.css", style_hash);
    struct str script = str_printf(&work->arena, "script.%s.js", script_hash);
    struct str files = str_printf(&work->arena, "files.%s.js", files_hash);
    if (!serve(work, files, "text/javascript; charset=utf-8", files_data, files_size) &&
        !serve(work, style, "text/css; charset=utf-8", style_data, style_size) &&
        !serve(work, script, "text/javascript; charset=utf-8", script_data, script_size))
        work_problem(work, "not-found", STR_NONE);
}
