#include "edit/save.h"

#include "base/banned.h"

/* PostgreSQL names no column for a value it cannot read, but quotes it at the end of its message.
 */
static const struct column *column_of_value(const struct change *change, struct str message)
{
    const struct column *found = NULL;
    bool json = str_find(message, STR("type json")) != SIZE_MAX;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct field *field = &change->fields[i];
        const struct column *column = field->column;
        if (field->kept || !field->value.ptr)
            continue;
        if (column->max_chars && str_chars(field->value) > column->max_chars)
            return column;
        bool quoted = field->value.len && column->kind != KIND_TEXT &&
                      str_find(message, field->value) != SIZE_MAX;
        if (quoted || (json && column->kind == KIND_JSON))
            found = column;
    }
    return found;
}

const struct column *save_wrong_column(const struct save *save)
{
    const struct db_error *error = &save->outcome.error;
    const struct table *table = save->change.table;
    const struct unique *unique = table_unique(table, error->constraint);
    if (error->column.len && str_eq(error->table, table->name))
        return table_column(table, error->column);
    if (unique)
        return unique->columns[0];
    if (error->reason == REASON_VALUE)
        return column_of_value(&save->change, error->message);
    /* a constraint that PostgreSQL named bears the column's name: table_column_check, _fkey */
    for (size_t i = 0; i < table->column_count && error->constraint.len; i++) {
        struct str name = table->columns[i].name;
        size_t at = str_find(error->constraint, name);
        if (at == table->name.len + 1 && str_starts(error->constraint, table->name) &&
            error->constraint.ptr[at + name.len] == '_')
            return &table->columns[i];
    }
    return NULL;
}
