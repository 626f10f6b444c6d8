#include "wire/http.h"

#include "base/banned.h"

#define TAGS_MAX 16

/*
 * What Apache, lighttpd and proxies add to a tag when they compress, and do not
 * take away again on the way in. More than one of them may have done so.
 */
static struct str without_suffixes(struct str tag)
{
    static const char *const suffixes[] = {"-gzip", "-br", "-deflate", "-zstd", "-bzip2", ";gzip"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0];) {
        struct str suffix = str_from(suffixes[i]);
        if (str_ends(tag, suffix)) {
            tag.len -= suffix.len;
            i = 0;
        } else {
            i++;
        }
    }
    return tag;
}

/* Tags are logged and echoed, so what could break a line or a page stays out. */
static enum err check_tag(struct str tag)
{
    for (size_t i = 0; i < tag.len; i++)
        if ((unsigned char)tag.ptr[i] < ' ' || tag.ptr[i] == 0x7f)
            return ERR_SYNTAX;
    return str_check_utf8(tag);
}

/* The tag behind an opening quote; a comma inside it is part of it. */
static enum err take_quoted(struct str *rest, struct str *tag)
{
    struct str after;
    *tag = str_cut(*rest, '"', &after);
    if (!after.ptr)
        return ERR_SYNTAX;
    /* Between the closing quote and the comma only blanks may stand. */
    struct str gap = str_cut(after, ',', rest);
    return str_trim(gap).len ? ERR_SYNTAX : ERR_NONE;
}

static enum err take_bare(struct str *rest, struct str *tag)
{
    *tag = str_trim(str_cut(*rest, ',', rest));
    bool odd = tag->len == 0 || str_is(*tag, "*") || str_find(*tag, STR("\"")) != SIZE_MAX;
    return odd ? ERR_SYNTAX : ERR_NONE;
}

static enum err take_tag(struct str *rest, struct str *tag)
{
    if (str_starts(*rest, STR("W/")))
        *rest = str_skip(*rest, 2);
    bool quoted = str_starts(*rest, STR("\""));
    if (quoted)
        *rest = str_skip(*rest, 1);
    enum err err = quoted ? take_quoted(rest, tag) : take_bare(rest, tag);
    return err ? err : check_tag(*tag);
}

enum err http_tags(struct arena *arena, struct str value, struct http_tags *tags)
{
    *tags = (struct http_tags){0};
    value = str_trim(value);
    if (str_is(value, "*")) {
        tags->any = true;
        return ERR_NONE;
    }
    tags->tags = ARENA_ARRAY(arena, TAGS_MAX, struct str);
    while (value.len) {
        /* Empty list items are to be ignored (RFC 9110, section 5.6.1). */
        if (value.ptr[0] == ',' || str_trim(value).ptr != value.ptr) {
            value = str_skip(value, 1);
            continue;
        }
        struct str tag;
        enum err err = take_tag(&value, &tag);
        if (!err && tags->count == TAGS_MAX)
            err = ERR_TOO_MANY;
        if (err)
            return err;
        tags->tags[tags->count++] = str_copy(arena, without_suffixes(tag));
    }
    return ERR_NONE;
}
