#include "page/browse.h"

#include "wire/url.h"

#include "base/banned.h"

/* The cursor: the sort value, unless it is NULL (&null=1), then the key. */
static bool read_cursor(struct work *work, struct list *list, struct str cursor)
{
    struct str *values = ARENA_ARRAY(&work->arena, MAX_KEY + 1, struct str);
    bool null = form_get(&work->request.query, STR("null")).ptr != NULL;
    size_t expected = list->table->key_count + (list->sort && !null), count;
    if (url_key_parse(&work->arena, cursor, values, MAX_KEY + 1, &count) || count != expected)
        return false;
    list->has_cursor = true;
    list->sort_value = list->sort && !null ? values[0] : STR_NONE;
    list->key = values + (expected - list->table->key_count);
    return true;
}

bool browse_read(struct work *work, struct list *list)
{
    const struct form *query = &work->request.query;
    struct str sort = form_get(query, STR("sort"));
    struct str after = form_get(query, STR("after")), before = form_get(query, STR("before"));
    *list = (struct list){.table = work->table, .limit = work_settings(work)->page_rows};
    list->search = str_trim(form_get(query, STR("q")));
    list->descending = form_get(query, STR("desc")).ptr != NULL;
    if (sort.len) {
        list->sort = table_column(work->table, sort);
        if (!list->sort && work_reread(work))
            return false;
        if (!list->sort || !list_sortable(list->sort)) {
            work_problem(work, "unknown-name",
                         str_printf(&work->arena, "Rows cannot be sorted by “%.*s”.",
                                    STR_ARG(sort)));
            return false;
        }
    }
    list->backwards = before.ptr != NULL;
    struct str cursor = before.ptr ? before : after;
    if (cursor.ptr && !read_cursor(work, list, cursor)) {
        work_problem(work, "malformed", STR("This page of the list cannot be found."));
        return false;
    }
    return true;
}
