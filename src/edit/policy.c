#include "edit/policy.h"

#include "base/banned.h"

static void read_word(struct str word, struct policy *policy)
{
    if (str_is(word, "merge=atomic"))
        policy->kind = POLICY_ATOMIC;
    else if (str_is(word, "merge=delta"))
        policy->kind = POLICY_DELTA;
    else if (str_is(word, "merge=set"))
        policy->kind = POLICY_SET;
    else if (str_is(word, "merge=ignore") || str_is(word, "ignore"))
        policy->kind = POLICY_IGNORE;
    else if (str_is(word, "merge=ask"))
        policy->kind = POLICY_ASK;
    else if (str_starts(word, STR("group=")) && word.len > 6)
        policy->group = str_skip(word, 6);
}

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == ';';
}

struct str policy_take(struct str comment, struct policy *policy)
{
    *policy = (struct policy){POLICY_ASK, STR_NONE};
    size_t at = str_find(comment, STR("pg409:"));
    if (!comment.ptr || at == SIZE_MAX)
        return comment;
    struct str rest;
    struct str line = str_cut(str_skip(comment, at + 6), '\n', &rest);
    for (size_t from = 0, to; from < line.len; from = to + 1) {
        for (to = from; to < line.len && !is_between(line.ptr[to]);)
            to++;
        read_word((struct str){line.ptr + from, to - from}, policy);
    }
    comment.len = at;
    while (comment.len &&
           (is_between(comment.ptr[comment.len - 1]) || comment.ptr[comment.len - 1] == '\n'))
        comment.len--;
    return comment.len ? comment : STR_NONE;
}
