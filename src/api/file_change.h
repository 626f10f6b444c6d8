/*
 * Changes of a file that bring no bytes: delete, rename, an earlier version.
 */
#ifndef PG409_API_FILE_CHANGE_H
#define PG409_API_FILE_CHANGE_H

#include "web/work.h"

/* A form that was posted to the file: its field _action is delete, rename (name), restore or
 * bring-back (revision). */
void file_change_form(struct work *work);

#endif
