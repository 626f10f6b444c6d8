#include "page/file_parts.h"

#include "page/static.h"
#include "wire/url.h"

#include "base/banned.h"

void file_address(const struct work *work, struct buf *out, struct str name)
{
    buf_str(out, work->request.prefix);
    buf_text(out, "/_files/");
    url_encode(out, name);
}

void upload_address(const struct work *work, struct buf *out, struct str code)
{
    buf_str(out, work->request.prefix);
    buf_text(out, "/_files/_uploads/");
    buf_str(out, code);
}

struct str file_size_text(struct arena *arena, uint64_t size)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    size_t unit = 0;
    uint64_t tenths = (size + 50) / 100; /* of kB */
    if (size < 1000)
        return str_printf(arena, "%llu byte%s", (unsigned long long)size, size == 1 ? "" : "s");
    while (tenths >= 10000 && unit < 3) {
        tenths = (tenths + 500) / 1000;
        unit++;
    }
    if (tenths < 100)
        return str_printf(arena, "%llu.%llu %s", (unsigned long long)tenths / 10,
                          (unsigned long long)tenths % 10, units[unit]);
    return str_printf(arena, "%llu %s", (unsigned long long)(tenths + 5) / 10, units[unit]);
}

void file_size(struct work *work, uint64_t size)
{
    struct buf *out = OUT(work);
    html_raw(out, "<span");
    html_attr(out, "title", str_printf(&work->arena, "%llu bytes", (unsigned long long)size));
    html_raw(out, ">");
    html_text(out, file_size_text(&work->arena, size));
    html_raw(out, "</span>");
}

void file_facts(struct work *work, const struct file *file)
{
    struct buf *out = OUT(work);
    html_raw(out, "<dl class=\"shown\">\n<div><dt>Size</dt><dd>");
    file_size(work, file->size);
    html_raw(out, "</dd></div>\n<div><dt>Uploaded</dt><dd>");
    page_when(work, file->updated_at);
    if (file->updated_by.ptr) {
        html_raw(out, " by ");
        html_text(out, file->updated_by);
    }
    html_raw(out, "</dd></div>\n<div><dt>Kind</dt><dd>");
    html_text(out, file->media_type);
    html_raw(out, "</dd></div>\n<div><dt>SHA-256</dt><dd><code>");
    html_text(out, file->version);
    html_raw(out, "</code></dd></div>\n</dl>\n");
}

bool file_may_write(const struct work *work)
{
    return work->request.user.ptr || work_settings(work)->anonymous == ANONYMOUS_WRITE;
}

struct str file_by(struct str user)
{
    return user.ptr ? user : STR("somebody");
}

void file_hidden(struct work *work, const char *name, struct str value)
{
    struct buf *out = OUT(work);
    html_raw(out, "<input type=\"hidden\" name=\"");
    html_text(out, str_from(name));
    html_raw(out, "\"");
    html_attr(out, "value", value);
    html_raw(out, ">");
}

void file_script(struct work *work)
{
    struct buf *out = OUT(work);
    html_raw(out, "<script defer src=\"");
    buf_str(out, work->request.prefix);
    html_raw(out, "/_static/files.");
    buf_text(out, files_hash);
    html_raw(out, ".js\"></script>\n");
}

bool file_is_picture(struct str media_type)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp",
                                        "image/avif"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_is(media_type, types[i]))
            return true;
    return false;
}

const char *file_problem(enum upload_outcome outcome)
{
    return outcome == UPLOAD_STALE     ? "file-stale"
           : outcome == UPLOAD_DELETED ? "file-deleted"
                                       : "file-exists";
}

struct str file_conflict_text(struct work *work, const struct delivery *delivery)
{
    const struct file *current = &delivery->current;
    const struct upload *upload = &delivery->upload;
    struct buf buf;
    buf_init(&buf, &work->arena, 4000);
    if (current->found)
        buf_printf(&buf, "%.*s %s “%.*s” %.*s (%.*s). ", STR_ARG(file_by(current->updated_by)),
                   upload->outcome == UPLOAD_STALE ? "replaced" : "uploaded",
                   STR_ARG(current->name),
                   STR_ARG(page_when_text(&work->arena, current->updated_at)),
                   STR_ARG(file_size_text(&work->arena, current->size)));
    else
        buf_printf(&buf, "“%.*s” is not there any more. ", STR_ARG(upload->name));
    if (upload->code.ptr)
        buf_printf(&buf, "Yours (%.*s) is kept for you, for %llu days.",
                   STR_ARG(file_size_text(&work->arena, upload->size)),
                   (unsigned long long)work_settings(work)->park_days);
    else
        buf_text(&buf, "Nothing of yours was sent yet.");
    return buf_slice(&buf);
}
