#include "cli/client_keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define FILE_MAX ((size_t)64 << 20)
#define PART_MAX 60 /* bytes of a table's name or a key in the file's name */
#define DEPTH 200

static const char *const kinds[] = {"text", "json", "add", "file"};

struct str client_segment(const char *url, size_t index)
{
    struct str path = str_cut(str_from(url), '?', &(struct str){0});
    size_t scheme = str_find(path, STR("://")), end = path.len, begin;
    size_t host = scheme == SIZE_MAX ? 0 : scheme + 3;
    while (end > host && path.ptr[end - 1] == '/')
        end--;
    for (;;) {
        begin = end;
        while (begin > host && path.ptr[begin - 1] != '/')
            begin--;
        if (begin <= host)
            return STR("");
        if (index-- == 0)
            return (struct str){path.ptr + begin, end - begin};
        end = begin - 1;
    }
}

struct str client_file_part(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, PART_MAX + 1);
    for (size_t i = 0; i < text.len && i < PART_MAX; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-' || (c == '.' && i);
        buf_char(&out, plain ? (char)c : '_');
    }
    return buf_slice(&out);
}

static void put_wishes(struct buf *out, const struct wishes *wishes)
{
    buf_text(out, "\"wishes\":[");
    for (size_t i = 0; i < wishes->count; i++) {
        const struct wish *wish = &wishes->items[i];
        buf_text(out, i ? ",\n {" : "\n {");
        json_name(out, "column");
        json_string(out, wish->column);
        json_name(out, "kind");
        json_string(out, str_from(kinds[wish->kind]));
        json_name(out, "value");
        json_string(out, wish->value);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static struct str contents(struct saving *saving, bool unknown)
{
    const struct client_row *base = unknown ? &saving->base : &saving->asked_base;
    struct buf out;
    buf_init(&out, &saving->client->arena, SIZE_MAX / 4);
    buf_text(&out, "{\"pg409\":\"unsaved\",\"url\":");
    json_string(&out, str_from(saving->client->url));
    buf_text(&out, ",\n\"version\":");
    json_string(&out, base->version);
    buf_text(&out, ",\n\"base\":");
    buf_str(&out, base->raw.ptr ? base->raw : STR("{}"));
    buf_text(&out, ",\n");
    put_wishes(&out, unknown ? &saving->wishes : &saving->asked);
    if (saving->method) {
        buf_text(&out, ",\n\"method\":");
        json_string(&out, str_from(saving->method));
    }
    if (unknown && saving->key) {
        buf_text(&out, ",\n\"key\":");
        json_string(&out, str_from(saving->key));
        buf_text(&out, ",\n\"body\":");
        json_string(&out, saving->body);
    }
    buf_text(&out, "}\n");
    return buf_slice(&out);
}

/* A new file in that folder; its descriptor, or -1. */
static int create(struct saving *saving, const char *folder, char **path)
{
    struct arena *arena = &saving->client->arena;
    const char *url = saving->client->url;
    struct str key = client_file_part(arena, client_segment(url, 0));
    struct str table = client_file_part(arena, client_segment(url, 1));
    struct str name = str_printf(arena, "%s%spg409-unsaved-%.*s-%.*s-XXXXXX.json", folder,
                                 *folder ? "/" : "", STR_ARG(table), STR_ARG(key));
    *path = arena_copy(arena, name.ptr, name.len);
    return mkstemps(*path, 5);
}

const char *client_keep(struct saving *saving, bool unknown)
{
    const char *temporary = getenv("TMPDIR");
    char *path;
    int file = create(saving, "", &path);
    if (file < 0)
        file = create(saving, temporary && *temporary ? temporary : "/tmp", &path);
    struct str text = contents(saving, unknown);
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    bool fine = stream && fwrite(text.ptr, 1, text.len, stream) == text.len;
    fine = fine && fflush(stream) == 0 && fsync(file) == 0;
    if (stream)
        fine &= fclose(stream) == 0;
    if (fine)
        return path;
    (void)fprintf(
        stderr, "pg409: what was not saved cannot be kept in a file either (%s); this is it:\n%.*s",
        strerror(errno), STR_ARG(text));
    return NULL;
}

void client_keep_text(struct client *client, struct str text)
{
    struct arena *arena = &client->arena;
    const char *temporary = getenv("TMPDIR");
    const char *folders[] = {".", temporary && *temporary ? temporary : "/tmp"};
    struct str key = client_file_part(arena, client_segment(client->url, 0));
    char *path = NULL;
    int file = -1;
    if (!text.len || client->options.no_keep)
        return;
    for (size_t i = 0; i < 2 && file < 0; i++) {
        struct str name =
            str_printf(arena, "%s/pg409-unsaved-%.*s-XXXXXX.txt", folders[i], STR_ARG(key));
        path = arena_copy(arena, name.ptr, name.len);
        file = mkstemps(path, 4);
    }
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    bool fine = stream && fwrite(text.ptr, 1, text.len, stream) == text.len;
    if (stream)
        fine &= fclose(stream) == 0;
    if (fine)
        (void)fprintf(stderr, "pg409 %s: what you typed is in %s\n", client->options.command, path);
    else
        (void)fprintf(stderr, "pg409 %s: %s: %s; this is what you typed:\n%.*s",
                      client->options.command, path, strerror(errno), STR_ARG(text));
}

static bool take_kind(struct str text, enum wish_kind *kind)
{
    for (size_t i = 0; i < WISH_FILE; i++)
        if (str_is(text, kinds[i])) {
            *kind = (enum wish_kind)i;
            return true;
        }
    return false;
}

static struct str member(const struct json_object *object, struct str name)
{
    const struct json_value *value = json_get(object, name);
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

static enum err read_wish(struct arena *arena, const struct json_value *value, struct wish *wish)
{
    struct json_object members;
    struct json_value json;
    struct str sum;
    size_t at;
    enum err err = json_members(arena, value, WISHES_MAX, &members);
    if (err)
        return err;
    wish->column = member(&members, STR("column"));
    wish->value = member(&members, STR("value"));
    if (!wish->column.len || !wish->value.ptr ||
        !take_kind(member(&members, STR("kind")), &wish->kind))
        return ERR_SYNTAX;
    if (wish->kind == WISH_JSON)
        return json_parse(arena, wish->value, DEPTH, &json, &at);
    struct wish zero = *wish;
    static const struct json_value none = {JSON_NUMBER, {"0", 1}, {"0", 1}};
    return wish->kind == WISH_ADD ? wish_value(arena, &zero, &none, &sum) : ERR_NONE;
}

static enum err read_wishes(struct arena *arena, const struct json_object *members,
                            struct wishes *wishes)
{
    const struct json_value *value = json_get(members, STR("wishes"));
    struct json_value *items;
    size_t count;
    enum err err = value ? json_items(arena, value, WISHES_MAX, &items, &count) : ERR_SYNTAX;
    if (err)
        return err;
    wishes->items = ARENA_ARRAY(arena, count, struct wish);
    for (size_t i = 0; i < count && !err; i++)
        err = read_wish(arena, &items[i], &wishes->items[i]);
    wishes->count = count;
    return err || count == 0 ? ERR_SYNTAX : ERR_NONE;
}

enum err client_keep_read(struct arena *arena, struct str text, struct kept *kept)
{
    struct json_value value;
    struct json_object members;
    size_t at;
    *kept = (struct kept){0};
    enum err err = json_parse(arena, text, DEPTH, &value, &at);
    if (!err)
        err = json_members(arena, &value, 100, &members);
    if (err)
        return err;
    const struct json_value *base = json_get(&members, STR("base"));
    kept->url = str_cstr(arena, member(&members, STR("url")));
    kept->key = str_cstr(arena, member(&members, STR("key")));
    kept->body = member(&members, STR("body"));
    if (str_is(member(&members, STR("method")), "POST"))
        kept->method = "POST";
    if (str_is(member(&members, STR("method")), "PUT"))
        kept->method = "PUT";
    if (!str_is(member(&members, STR("pg409")), "unsaved") || !kept->url || !base ||
        client_row_read(arena, base->raw, &kept->base))
        return ERR_SYNTAX;
    kept->base.version = member(&members, STR("version"));
    if (!kept->body.ptr || !kept->key || !*kept->key || strpbrk(kept->key, "\r\n"))
        kept->key = NULL;
    return read_wishes(arena, &members, &kept->wishes);
}

bool client_read_file(struct arena *arena, const char *name, struct str *text)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "rb");
    struct buf buf;
    char part[65536];
    size_t len;
    if (!file)
        return false;
    buf_init(&buf, arena, FILE_MAX);
    while (buf_ok(&buf) && (len = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&buf, part, len);
    bool fine = !ferror(file) && buf_ok(&buf);
    int problem = buf_ok(&buf) ? errno : EFBIG;
    if (!standard)
        (void)fclose(file);
    *text = buf.len ? buf_slice(&buf) : STR("");
    errno = problem;
    return fine;
}
