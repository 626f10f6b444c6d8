/*
 * What the pages about files share.
 */
#ifndef PG409_PAGE_FILE_PARTS_H
#define PG409_PAGE_FILE_PARTS_H

#include "page/shell.h"
#include "web/delivery.h"

/* Adds the address of a file, "/desk/_files/report%20%282%29.pdf", and behind it tail, a literal.
 */
void file_address(const struct work *work, struct buf *out, struct str name);
#define page_file_link(work, attribute, name, tail)                                                \
    (html_raw(OUT(work), " " attribute "=\""), file_address((work), OUT(work), (name)),            \
     html_raw(OUT(work), tail "\""))

/* The same for an upload. */
void upload_address(const struct work *work, struct buf *out, struct str code);
#define page_upload_link(work, attribute, code, tail)                                              \
    (html_raw(OUT(work), " " attribute "=\""), upload_address((work), OUT(work), (code)),          \
     html_raw(OUT(work), tail "\""))

/* "2.1 MB", "812 bytes": in arena. */
struct str file_size_text(struct arena *arena, uint64_t size);

/* The size with the exact number of bytes as its title. */
void file_size(struct work *work, uint64_t size);

/* "anna" or "somebody". */
struct str file_by(struct str user);

/* Whether who asks may upload and change files; forms are shown to nobody else. */
bool file_may_write(const struct work *work);

/* Size, when and by whom, kind, digest: a list. Its name and where it is are not asked. */
void file_facts(struct work *work, const struct file *file);

/* A hidden field. */
void file_hidden(struct work *work, const char *name, struct str value);

/* The script that uploads in parts, for a page with a form to upload. */
void file_script(struct work *work);

/* Whether a browser may show it in an <img> without harm: a picture that cannot hold scripts. */
bool file_is_picture(struct str media_type);

/* The name of the problem that a kept upload has; its page under /_problems/. */
const char *file_problem(enum upload_outcome outcome);

/* What happened, for people: "anna uploaded report.pdf 3 minutes ago (2.1 MB). Yours is kept …" */
struct str file_conflict_text(struct work *work, const struct delivery *delivery);

#endif
