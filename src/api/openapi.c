#include "api/openapi.h"

#include <string.h>

#include "page/shell.h"
#include "wire/json.h"

#include "base/banned.h"

#define PIECE ((size_t)64 * 1024)

void openapi_name(struct buf *out, struct str name)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] && strchr(kept, name.ptr[i]))
            buf_char(out, name.ptr[i]);
        else
            buf_printf(out, ".%02X", (unsigned char)name.ptr[i]);
    }
}

void openapi_flush(struct work *work)
{
    if (work->reply.body.len >= PIECE)
        reply_piece(&work->reply, work->request.gateway);
}

static void head(struct work *work)
{
    struct buf *out = OUT(work);
    struct str prefix = work->request.prefix;
    buf_text(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
    json_string(out, work_settings(work)->title);
    buf_text(out,
             ",\"version\":\"" PG409_VERSION
             "\",\"summary\":\"Tables that several people edit\",\"description\":\"Every write "
             "names the version of the row that it is based on, in If-Match, in _version or in the "
             "version column itself. When the row has changed since, nothing is written, and the "
             "answer explains the conflict. Reading follows the grammar of PostgREST.\","
             "\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"}},"
             "\"servers\":[{\"url\":");
    json_string(out, prefix.len ? prefix : STR("/"));
    buf_text(out, "}],\"security\":[{},{\"basicAuth\":[]}],\"tags\":[{\"name\":\"pg409\","
                  "\"description\":\"What belongs to no table\"}");
}

static bool is_shown(const struct table *table)
{
    return table->key_count > 0 && table->can_select;
}

static void tag(struct work *work, const struct table *table)
{
    struct buf *out = OUT(work);
    buf_text(out, ",{\"name\":");
    json_string(out, table->name);
    buf_text(out, ",\"description\":");
    json_string(out, table->comment.len ? table->comment : STR("Rows of this table"));
    buf_text(out, ",\"x-pg409-version\":");
    json_string(out, table->version ? table->version->name : STR("xmin"));
    buf_text(out,
             table->protected ? ",\"x-pg409-protected\":true}" : ",\"x-pg409-protected\":false}");
}

static void common_paths(struct buf *out)
{
    buf_text(
        out,
        "\"/\":{\"get\":{\"operationId\":\"describe\",\"summary\":\"This document\",\"tags\":"
        "[\"pg409\"],\"responses\":{\"200\":{\"description\":\"An OpenAPI document\",\"content\":"
        "{\"application/json\":{\"schema\":{\"type\":\"object\"}}}},\"503\":{\"$ref\":"
        "\"#/components/responses/503\"},\"4XX\":{\"$ref\":\"#/components/responses/406\"}}}},"
        "\"/_health\":{\"get\":{\"operationId\":\"health\",\"summary\":\"Whether the database "
        "answers\",\"tags\":[\"pg409\"],\"responses\":{\"200\":{\"description\":\"It does\","
        "\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}},\"503\":{\"$ref\":"
        "\"#/components/responses/503\"},\"4XX\":{\"$ref\":\"#/components/responses/406\"}}}},"
        "\"/_metrics\":{\"get\":{\"operationId\":\"metrics\",\"summary\":\"Counts, as Prometheus "
        "reads them\",\"tags\":[\"pg409\"],\"responses\":{\"200\":{\"description\":\"The counts of "
        "all "
        "workers\",\"content\":{\"text/"
        "plain\":{\"schema\":{\"type\":\"string\"}}}},\"403\":{\"$ref\":"
        "\"#/components/responses/403\"},\"404\":{\"$ref\":\"#/components/responses/404\"}}}},"
        "\"/_batch\":{\"post\":{\"operationId\":\"batch\",\"summary\":\"Several changes, all or "
        "none\",\"tags\":[\"pg409\"],\"parameters\":[{\"$ref\":\"#/components/parameters/"
        "IdempotencyKey\"},{\"$ref\":\"#/components/parameters/Prefer\"}],\"requestBody\":{"
        "\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
        "\"#/components/schemas/Batch\"}}}},\"responses\":{\"200\":{\"description\":\"All of them "
        "are made\",\"headers\":{\"PG409-Outcome\":{\"$ref\":\"#/components/headers/PG409-Outcome\""
        "}},\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
        "\"#/components/schemas/BatchDone\"}}}},");
    buf_text(out, "\"400\":{\"$ref\":\"#/components/responses/400\"},"
                  "\"403\":{\"$ref\":\"#/components/responses/403\"},"
                  "\"404\":{\"$ref\":\"#/components/responses/404\"},"
                  "\"409\":{\"$ref\":\"#/components/responses/409\"},"
                  "\"413\":{\"$ref\":\"#/components/responses/413\"},"
                  "\"415\":{\"$ref\":\"#/components/responses/415\"},"
                  "\"422\":{\"$ref\":\"#/components/responses/422\"},"
                  "\"428\":{\"$ref\":\"#/components/responses/428\"},"
                  "\"503\":{\"$ref\":\"#/components/responses/503\"},"
                  "\"504\":{\"$ref\":\"#/components/responses/504\"}}}}");
}

static void parked_paths(struct buf *out)
{
    buf_text(out,
             ",\"/_conflicts/{code}\":{\"parameters\":[{\"name\":\"code\",\"in\":\"path\","
             "\"required\":true,\"schema\":{\"type\":\"string\"}}],\"get\":{\"operationId\":"
             "\"unfinished\",\"summary\":\"A refused edit, as it is kept for you\",\"tags\":"
             "[\"pg409\"],\"responses\":{\"200\":{\"description\":\"What was sent, and why it "
             "was refused\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
             "\"#/components/schemas/Unfinished\"}}}},\"403\":{\"$ref\":"
             "\"#/components/responses/403\"},\"404\":{\"$ref\":\"#/components/responses/404\"},"
             "\"503\":{\"$ref\":\"#/components/responses/503\"}}},\"post\":{\"operationId\":"
             "\"dropUnfinished\",\"summary\":\"Drops it\",\"tags\":[\"pg409\"],\"responses\":"
             "{\"204\":{\"description\":\"It is dropped\"},\"403\":{\"$ref\":"
             "\"#/components/responses/403\"},\"404\":{\"$ref\":\"#/components/responses/404\"},"
             "\"503\":{\"$ref\":\"#/components/responses/503\"}}}}");
}

void openapi(struct work *work)
{
    const struct catalog *catalog = work_catalog(work);
    struct buf *out = OUT(work);
    bool described =
        str_find(request_header(&work->request, "HTTP_ACCEPT"), STR("openapi+json")) != SIZE_MAX;
    reply_header(&work->reply, "Content-Type",
                 described ? STR("application/openapi+json;version=3.1") : STR("application/json"));
    reply_header(&work->reply, "Vary", STR("Accept"));
    reply_header(&work->reply, "Cache-Control", STR("private, no-cache"));
    head(work);
    for (size_t i = 0; i < catalog->table_count; i++)
        if (is_shown(&catalog->tables[i]))
            tag(work, &catalog->tables[i]);
    buf_text(out, "],\"paths\":{");
    common_paths(out);
    if (catalog->conflicts)
        parked_paths(out);
    for (size_t i = 0; i < catalog->table_count && !work->reply.lost; i++)
        if (is_shown(&catalog->tables[i]))
            openapi_paths(work, &catalog->tables[i]);
    buf_text(out, "},\"components\":{");
    openapi_components(work);
    for (size_t i = 0; i < catalog->table_count && !work->reply.lost; i++)
        if (is_shown(&catalog->tables[i]))
            openapi_schemas(work, &catalog->tables[i]);
    buf_text(out, "}}}\n");
}
