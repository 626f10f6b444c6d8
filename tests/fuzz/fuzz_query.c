/*
 * A query string as PostgREST's clients write it, up to the SQL that it becomes for two tables that
 * refer to each other. What was typed may only stand in parameters and in quoted names.
 */
#include "edit/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void require(bool ok)
{
    if (!ok)
        abort();
}

static struct column columns_of_posts[] = {
    {.name = {"id", 2},
     .base_type = {{"integer", 7}},
     .kind = KIND_INTEGER,
     .not_null = true,
     .can_select = true,
     .key_position = 1},
    {.name = {"title", 5}, .base_type = {{"text", 4}}, .kind = KIND_TEXT, .can_select = true},
    {.name = {"author", 6},
     .base_type = {{"integer", 7}},
     .kind = KIND_INTEGER,
     .can_select = true},
    {.name = {"data", 4}, .base_type = {{"json", 4}}, .kind = KIND_JSON, .can_select = true},
    {.name = {"tags", 4}, .base_type = {{"text[]", 6}}, .kind = KIND_ARRAY, .can_select = true},
    {.name = {"secret", 6}, .base_type = {{"text", 4}}, .kind = KIND_TEXT},
    {.name = {"a \"b\".c", 7}, .base_type = {{"text", 4}}, .kind = KIND_TEXT, .can_select = true},
    {.name = {"updated_at", 10},
     .base_type = {{"timestamp with time zone", 24}},
     .kind = KIND_TIMESTAMPTZ,
     .can_select = true},
};
static struct column columns_of_authors[] = {
    {.name = {"id", 2},
     .base_type = {{"integer", 7}},
     .kind = KIND_INTEGER,
     .not_null = true,
     .can_select = true,
     .key_position = 1},
    {.name = {"name", 4}, .base_type = {{"text", 4}}, .kind = KIND_TEXT, .can_select = true},
};
static struct str author_column = {"author", 6}, id_column = {"id", 2};
static struct foreign_key to_author = {.name = {"posts_author_fkey", 17},
                                       .target = {"authors", 7},
                                       .columns = &author_column,
                                       .target_columns = &id_column,
                                       .count = 1};
static struct table tables[] = {
    {.schema = {"public", 6},
     .name = {"authors", 7},
     .columns = columns_of_authors,
     .column_count = 2,
     .key = {&columns_of_authors[0]},
     .key_count = 1},
    {.schema = {"public", 6},
     .name = {"posts", 5},
     .columns = columns_of_posts,
     .column_count = 8,
     .key = {&columns_of_posts[0]},
     .key_count = 1,
     .version = &columns_of_posts[7],
     .version_kind = VERSION_TIMESTAMPTZ,
     .foreign_keys = &to_author,
     .foreign_key_count = 1},
};
static const struct catalog catalog = {.tables = tables, .table_count = 2};

/* Outside of quotes there is nothing that could end a statement, begin a comment or go unquoted. */
static void check_sql(struct str sql)
{
    size_t depth = 0;
    char quote = 0;
    for (size_t i = 0; i < sql.len; i++) {
        char c = sql.ptr[i];
        require(c != '\0');
        if (quote) {
            if (c == quote)
                quote = 0;
            continue;
        }
        if (c == '"' || c == '\'')
            quote = c;
        depth += c == '(';
        require(c != ')' || depth > 0);
        depth -= c == ')';
        require((unsigned char)c < 0x80 && c != ';' && c != '\\');
        require(c != '-' || i + 1 == sql.len || sql.ptr[i + 1] != '-');
        require(c != '/' || i + 1 == sql.len || sql.ptr[i + 1] != '*');
    }
    require(!quote && depth == 0);
}

static void try_query(struct arena *arena, const struct form *form, bool texts)
{
    struct query query;
    struct str fault = STR_NONE;
    struct select select;
    enum err err = query_parse(arena, form, STR("_format,_q"), &query, &fault);
    if (err) {
        require(fault.len > 0 && str_check_utf8(fault) == ERR_NONE);
        return;
    }
    select_init(&select, arena, &catalog, &tables[1], &query);
    select.texts = texts;
    select.search = form_get(form, STR("_q"));
    sql_raw(&select.sql, "SELECT ");
    select_items(&select);
    select_from(&select);
    select_order(&select);
    if (select.fault.ptr) {
        require(select.fault.len > 0 && str_check_utf8(select.fault) == ERR_NONE);
        return;
    }
    require(buf_ok(&select.sql.text));
    check_sql(buf_slice(&select.sql.text));
    require(select.name_count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct form form;
    struct str bad, *names, fault;
    size_t count;
    if (size == 0)
        return 0;
    arena_init(&arena);
    struct str in = {(const char *)data + 1, size - 1};
    if (data[0] % 4 == 3) {
        if (str_check_utf8(in) == ERR_NONE &&
            query_names(&arena, in, &names, &count, &fault) == ERR_NONE)
            require(count <= QUERY_MAX_ITEMS);
    } else if (form_parse(&arena, in, 200, &form, &bad) == ERR_NONE) {
        try_query(&arena, &form, data[0] % 2);
    }
    arena_release(&arena);
    return 0;
}
