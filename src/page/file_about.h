/*
 * The page of one file: what it is, what it was, and what can be done with it.
 */
#ifndef PG409_PAGE_FILE_ABOUT_H
#define PG409_PAGE_FILE_ABOUT_H

#include "web/work.h"

#define FILE_REVISIONS 50 /* earlier versions that are shown */

/* GET /_files/NAME/_about as a page. */
void file_about(struct work *work);

#endif
