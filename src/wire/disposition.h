/*
 * Content-Disposition (RFC 6266): a download is saved, under its name.
 */
#ifndef PG409_WIRE_DISPOSITION_H
#define PG409_WIRE_DISPOSITION_H

#include "base/str.h"

/*
 * The field value that lets a browser save what it gets as filename, which is
 * valid UTF-8: attachment; filename="report.pdf". When the name has characters that
 * programs read differently inside the quotes (all but ASCII, quotes, backslashes,
 * slashes, '%', control characters), they are replaced there by '_' (" by '), and the
 * name itself follows as filename* (RFC 8187). Without a name: attachment. No byte of
 * filename, valid or not, can end the value or the line.
 */
void disposition_attachment(struct buf *out, struct str filename);

#endif
