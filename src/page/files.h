/*
 * The page of all files: to find, to upload, to download.
 */
#ifndef PG409_PAGE_FILES_H
#define PG409_PAGE_FILES_H

#include "edit/file.h"
#include "web/work.h"

/* GET /_files as a page. */
void files_page(struct work *work);

/*
 * What of the files the address asks for: q, sort (name, size, time), desc, after or before with
 * the cursor. False when the request was answered.
 */
bool files_read(struct work *work, struct file_list *list);

#endif
