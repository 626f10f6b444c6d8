/*
 * The addresses of files, by any client: the list, one file up and down, its change.
 */
#ifndef PG409_API_FILES_H
#define PG409_API_FILES_H

#include "edit/upload.h"
#include "web/work.h"

/* GET /_files as JSON: search by q, order=name|size|updated_at[.desc], limit, offset. */
void files_list(struct work *work);
/* POST /_files and POST /_files/NAME: a form with files, or the beginning of an upload by tus. */
void files_post(struct work *work);

/* /_files/NAME */
void file_get(struct work *work);
void file_put(struct work *work);
/* POST: a form that changes it (_action), or one with the file that is to replace it. */
void file_post(struct work *work);
/* PATCH with {"name": …}: another name. */
void file_patch(struct work *work);
void file_delete(struct work *work);

/* /_files/NAME/_about as JSON: the file and its earlier versions. */
void file_about_json(struct work *work);

/* /_files/_uploads/CODE: how it stands, and what its owner says is to become of it. */
void upload_show(struct work *work);
void upload_resolve(struct work *work);
void upload_drop(struct work *work);

/* tus 1.0.0: OPTIONS' fields, creation, and the next bytes of an upload. */
void tus_options(struct work *work);
void tus_create(struct work *work);
void tus_patch(struct work *work);
/* Tus-Resumable and the fields that tell how an upload stands. */
void tus_headers(struct work *work, const struct upload *upload);
/* Whether the request speaks tus. */
bool tus_spoken(const struct work *work);

#endif
