/*
 * Content-Disposition of a download (RFC 6266), its name in any script (RFC 8187).
 */
#ifndef PG409_WIRE_DISPOSITION_H
#define PG409_WIRE_DISPOSITION_H

#include "base/str.h"

/*
 * attachment; filename="report.pdf", and behind it filename*=UTF-8''… where the name has
 * characters that old clients could not read; they get '_' for these.
 */
void disposition_attachment(struct buf *out, struct str filename);

#endif
