/*
 * The format of an access log as its administrator wrote it down: Apache's LogFormat and lighttpd's
 * accesslog.format ("%h %l %u %t \"%r\" %>s %b"), nginx's log_format
 * ('$remote_addr [$time_local] "$request" $status'). Read once into steps, then each line is
 * scanned along them.
 */
#ifndef PG409_WIRE_ACCESSLOG_LAYOUT_H
#define PG409_WIRE_ACCESSLOG_LAYOUT_H

#include "wire/accesslog.h"

struct accesslog_layout;

/*
 * Reads a format into *layout, which lives in arena. Quotes around it, and \" as it stands in
 * Apache's configuration, are undone. ERR_SYNTAX, ERR_TOO_MANY: it cannot be used, and *fault is a
 * sentence that says why, in arena.
 */
enum err accesslog_layout_read(struct arena *arena, struct str text,
                               struct accesslog_layout **layout, struct str *fault) MUST_CHECK;

/*
 * Reads a line as accesslog_parse does; accesslog_who has nothing to do then. A value goes up to
 * what follows it in the format, in quotes up to a quote that is not escaped; where what comes then
 * does not fit, up to a later place. Behind a blank, there may be more in a line than in the
 * format. A target that stands in two places is put together in room, which is as long as the line
 * and one byte.
 */
enum err accesslog_layout_parse(const struct accesslog_layout *layout, struct str line,
                                struct accesslog_minute *minute, char *room,
                                struct accesslog *entry) MUST_CHECK;

#endif
