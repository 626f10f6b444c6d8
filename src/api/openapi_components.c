#include "api/openapi.h"

#include "page/shell.h"
#include "web/problem.h"
#include "wire/json.h"

#include "base/banned.h"

struct parameter {
    const char *key, *name, *in, *text, *schema;
};

static const struct parameter parameters[] = {
    {"select", "select", "query",
     "Columns, with aliases (name:title), casts (stock::text), json paths (data->>colour) and rows "
     "of related tables (authors(name))",
     "{\"type\":\"string\"}"},
    {"order", "order", "query", "Columns, each with .desc, .nullsfirst or .nullslast where wanted",
     "{\"type\":\"string\"}"},
    {"limit", "limit", "query", "At most so many rows", "{\"type\":\"integer\",\"minimum\":0}"},
    {"offset", "offset", "query", "Without the first so many rows",
     "{\"type\":\"integer\",\"minimum\":0}"},
    {"and", "and", "query", "Conditions that all hold: (id.gt.1,or(a.eq.1,b.is.null))",
     "{\"type\":\"string\"}"},
    {"or", "or", "query", "Conditions of which one holds", "{\"type\":\"string\"}"},
    {"columns", "columns", "query", "Only these columns are taken from the body",
     "{\"type\":\"string\"}"},
    {"on_conflict", "on_conflict", "query",
     "With resolution=ignore-duplicates: the columns whose values may be taken",
     "{\"type\":\"string\"}"},
    {"version", "_version", "query", "The version of the row that the change is based on",
     "{\"type\":\"string\"}"},
    {"Range", "Range", "header", "Rows from-to, counted from 0: 0-9", "{\"type\":\"string\"}"},
    {"Prefer", "Prefer", "header",
     "return=minimal, headers-only or representation; count=exact, planned or estimated; "
     "missing=default; resolution=ignore-duplicates; handling=strict",
     "{\"type\":\"string\"}"},
    {"IfMatch", "If-Match", "header",
     "The ETag that came with the row; when the row has changed since, the answer is 412",
     "{\"type\":\"string\"}"},
    {"IfNoneMatch", "If-None-Match", "header",
     "Reading: an ETag that is known already (304). PUT: * creates only", "{\"type\":\"string\"}"},
    {"IdempotencyKey", "Idempotency-Key", "header",
     "The same request again under the same key gets the first answer",
     "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}"},
};

static const char *const fields[][2] = {
    {"ETag", "The version of the row, in quotes"},
    {"PG409-Version", "The version of the row"},
    {"PG409-Outcome",
     "saved, already-applied, rebased, merged, unchanged, conflict or refused: what became of a "
     "write"},
    {"PG409-Merged", "Of merged: the columns in which what others had saved was kept"},
    {"Location", "The address of the new row"},
    {"Content-Range", "Which rows these are, and of how many: 0-9/42"},
    {"Preference-Applied", "The preferences that were honoured"},
    {"Retry-After", "After so many seconds the same request may be sent again"},
};

static void put_parameters(struct buf *out)
{
    buf_text(out, "\"parameters\":{");
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        const struct parameter *one = &parameters[i];
        json_comma(out);
        json_string(out, str_from(one->key));
        buf_text(out, ":{\"name\":");
        json_string(out, str_from(one->name));
        buf_text(out, ",\"in\":");
        json_string(out, str_from(one->in));
        buf_text(out, ",\"description\":");
        json_string(out, str_from(one->text));
        buf_printf(out, ",\"schema\":%s}", one->schema);
    }
    buf_text(out, "},\"headers\":{");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        json_comma(out);
        json_string(out, str_from(fields[i][0]));
        buf_text(out, ":{\"description\":");
        json_string(out, str_from(fields[i][1]));
        buf_text(out, ",\"schema\":{\"type\":\"string\"}}");
    }
    buf_text(out, "}");
}

/* Every status that a problem of tables has, each once, with what is answered so. */
static bool seen_before(const struct problem *problem)
{
    for (const struct problem *other = problems; other < problem; other++)
        if (other->status == problem->status && !problem_of_files(other))
            return true;
    return false;
}

/* A failed If-Match is a 412 for what is a 409 otherwise (RFC 9110, section 13.1.1). */
static bool answers(const struct problem *problem, int status)
{
    bool strict = problem->reason == REASON_STALE || problem->reason == REASON_DELETED;
    return problem->status == status || (status == 412 && strict);
}

static void put_response(struct work *work, int status)
{
    struct buf *out = OUT(work), text;
    buf_init(&text, &work->arena, SIZE_MAX / 4);
    for (const struct problem *problem = problems; problem->name; problem++)
        if (answers(problem, status) && !problem_of_files(problem))
            buf_printf(&text, "%s%s (%s)", text.len ? ". " : "", problem->title, problem->name);
    json_comma(out);
    buf_printf(out, "\"%d\":{\"description\":", status);
    json_string(out, buf_slice(&text));
    if (status == 503 || status == 409)
        buf_text(out, ",\"headers\":{\"Retry-After\":{\"$ref\":"
                      "\"#/components/headers/Retry-After\"}}");
    buf_text(out, ",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
                  "\"#/components/schemas/Problem\"}}}}");
}

static void put_responses(struct work *work)
{
    buf_text(OUT(work), ",\"responses\":{");
    for (const struct problem *problem = problems; problem->name; problem++)
        if (!problem_of_files(problem) && !seen_before(problem))
            put_response(work, problem->status);
    buf_text(OUT(work), "}");
}

static void put_problem(struct buf *out)
{
    buf_text(
        out,
        "\"Problem\":{\"type\":\"object\",\"description\":\"RFC 9457, and what is known of the "
        "conflict\",\"required\":[\"type\",\"title\",\"status\",\"reason\"],\"properties\":{"
        "\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
        "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
        "\"detail\":{\"type\":[\"string\",\"null\"]},\"instance\":{\"type\":\"string\",\"format\":"
        "\"uri-reference\",\"description\":\"Where the refused edit is "
        "kept\"},\"reason\":{\"type\":\"string\","
        "\"enum\":[");
    for (const struct problem *problem = problems; problem->name; problem++) {
        json_comma(out);
        json_string(out, str_from(problem->name));
    }
    buf_text(
        out,
        "]},\"code\":{\"type\":\"string\",\"description\":\"The SQLSTATE where there is one\"},"
        "\"message\":{\"type\":\"string\"},\"details\":{\"type\":[\"string\",\"null\"]},"
        "\"hint\":{\"type\":\"string\"},\"table\":{\"type\":\"string\"},\"key\":{\"type\":"
        "\"string\"},\"other\":{\"type\":\"string\",\"description\":\"The row that has the "
        "value\"},"
        "\"version\":{\"type\":\"object\",\"properties\":{\"yours\":{\"type\":[\"string\",\"null\"]"
        "},\"current\":{\"type\":[\"string\",\"null\"]}}},\"changed_at\":{\"type\":\"string\"},"
        "\"changed_by\":{\"type\":\"string\"},\"base\":{\"type\":\"object\"},\"yours\":{\"type\":"
        "\"object\"},\"current\":{\"type\":\"object\"},\"columns\":{\"type\":\"array\",\"items\":{"
        "\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\"}"
        ",\"merge\":{\"type\":\"string\",\"enum\":[\"same\",\"yours\",\"current\",\"merged\","
        "\"clash\"]},\"detail\":{\"type\":\"string\"}}}},\"merged\":{\"type\":\"object\"},"
        "\"changes\":{\"type\":\"array\",\"description\":\"Of a batch: each change that is in the "
        "way\",\"items\":{\"$ref\":\"#/components/schemas/Problem\"}},\"retry\":{\"type\":"
        "\"object\",\"properties\":{\"same_request\":{\"type\":\"string\",\"enum\":[\"never\","
        "\"after\"]},\"how\":{\"type\":\"string\"},\"after\":{\"type\":\"integer\"}}}}}");
}

static void put_batch(struct buf *out)
{
    buf_text(
        out,
        ",\"Batch\":{\"type\":\"object\",\"required\":[\"changes\"],\"additionalProperties\":false,"
        "\"properties\":{\"changes\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
        "\"required\":[\"method\",\"path\"],\"additionalProperties\":false,\"properties\":{"
        "\"method\":{\"type\":\"string\",\"enum\":[\"POST\",\"PATCH\",\"PUT\",\"DELETE\"]},"
        "\"path\":{\"type\":\"string\",\"description\":\"/table/key, or /table to create\"},"
        "\"version\":{\"type\":\"string\"},\"body\":{\"type\":\"object\"},\"if_none_match\":{"
        "\"type\":\"string\",\"const\":\"*\"}}}}}},\"BatchDone\":{\"type\":\"object\",\"required\":"
        "[\"changes\"],\"properties\":{\"changes\":{\"type\":\"array\",\"items\":{\"type\":"
        "\"object\",\"required\":[\"method\",\"path\",\"outcome\"],\"properties\":{\"method\":{"
        "\"type\":\"string\"},\"path\":{\"type\":\"string\"},\"outcome\":{\"type\":\"string\"},"
        "\"version\":{\"type\":\"string\"},\"row\":{\"type\":\"object\"}}}}}}");
}

static void put_unfinished(struct buf *out)
{
    static const char *const texts[] = {"code",         "table",           "key", "reason",
                                        "base_version", "current_version", "at",  "expires_at",
                                        "resolved_at",  "resolution"};
    buf_text(out,
             ",\"Unfinished\":{\"type\":\"object\",\"required\":[\"code\",\"table\",\"yours\"],"
             "\"properties\":{\"base\":{\"type\":[\"object\",\"null\"]},\"yours\":{\"type\":"
             "\"object\"}");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_printf(out, ",\"%s\":{\"type\":[\"string\",\"null\"]}", texts[i]);
    buf_text(out, "}}");
}

void openapi_components(struct work *work)
{
    struct buf *out = OUT(work);
    put_parameters(out);
    put_responses(work);
    buf_text(out, ",\"securitySchemes\":{\"basicAuth\":{\"type\":\"http\",\"scheme\":\"basic\","
                  "\"description\":\"The web server asks for it where it is set up to\"}},"
                  "\"schemas\":{");
    put_problem(out);
    put_batch(out);
    if (work_catalog(work)->conflicts)
        put_unfinished(out);
}
