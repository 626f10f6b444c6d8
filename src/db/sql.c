#include "db/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define MAX_SQL ((size_t)4 * 1024 * 1024)

void sql_init(struct sql *sql, struct arena *arena)
{
    *sql = (struct sql){.arena = arena};
    buf_init(&sql->text, arena, MAX_SQL);
}

void sql_ident(struct sql *sql, struct str name)
{
    struct buf *text = &sql->text;
    buf_char(text, '"');
    while (name.ptr) {
        buf_str(text, str_cut(name, '"', &name));
        if (name.ptr)
            buf_text(text, "\"\"");
    }
    buf_char(text, '"');
}

void sql_name(struct sql *sql, struct str schema, struct str name)
{
    sql_ident(sql, schema);
    buf_char(&sql->text, '.');
    sql_ident(sql, name);
}

static size_t add(struct sql *sql, const char *value)
{
    if (sql->count == sql->cap) {
        size_t cap = sql->cap ? sql->cap * 2 : 16;
        const char **values = ARENA_ARRAY(sql->arena, cap, const char *);
        if (sql->count)
            memcpy(values, sql->values, sql->count * sizeof *values);
        sql->values = values;
        sql->cap = cap;
    }
    sql->values[sql->count++] = value;
    return sql->count;
}

size_t sql_param(struct sql *sql, struct str value)
{
    return add(sql, str_cstr(sql->arena, value));
}

size_t sql_bytes(struct sql *sql, struct str bytes)
{
    if (sql->bytes)
        abort();
    sql->bytes = add(sql, bytes.ptr);
    sql->bytes_len = bytes.len;
    return sql->bytes;
}

size_t sql_value(struct sql *sql, struct str value)
{
    size_t n = sql_param(sql, value);
    buf_char(&sql->text, '$');
    buf_u64(&sql->text, n);
    return n;
}

size_t sql_typed(struct sql *sql, struct str value, struct sql_type type)
{
    size_t n = sql_value(sql, value);
    buf_text(&sql->text, "::");
    sql_type(sql, type);
    return n;
}

void sql_again(struct sql *sql, size_t n, struct sql_type type)
{
    buf_char(&sql->text, '$');
    buf_u64(&sql->text, n);
    buf_text(&sql->text, "::");
    sql_type(sql, type);
}

void sql_type(struct sql *sql, struct sql_type type)
{
    buf_str(&sql->text, type.name);
}

void sql_expression(struct sql *sql, struct sql_expression expression)
{
    buf_char(&sql->text, '(');
    buf_str(&sql->text, expression.text.ptr ? expression.text : STR("NULL"));
    buf_char(&sql->text, ')');
}

void sql_statement(struct sql *sql, struct sql_statement statement)
{
    buf_str(&sql->text, statement.text);
}

void sql_number(struct sql *sql, uint64_t number)
{
    buf_u64(&sql->text, number);
}

size_t sql_ask(struct sql *sql, struct talk *talk)
{
    if (!buf_ok(&sql->text))
        abort();
    struct str text = buf_slice(&sql->text);
    return talk_ask(talk, (struct statement){
                              .sql = text.ptr,
                              .sql_len = text.len,
                              .values = sql->values,
                              .value_count = sql->count,
                              .bytes = sql->bytes,
                              .bytes_len = sql->bytes_len,
                              .as_bytes = sql->as_bytes,
                          });
}
