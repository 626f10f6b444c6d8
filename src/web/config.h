/*
 * Where the settings are: found anew when the web server names another file,
 * read again when the file changed.
 */
#ifndef PG409_WEB_CONFIG_H
#define PG409_WEB_CONFIG_H

#include <sys/stat.h>

#include "gateway/gateway.h"
#include "wire/settings.h"

struct config {
    struct arena arena;
    struct settings settings;
    struct str path;  /* STR_NONE: no file, all defaults */
    struct stat stat; /* of the file when it was read */
    struct str fault; /* STR_NONE, or the sentence about what is wrong, for the log */
    uint64_t checked; /* monotonic microseconds of the last look at the file */
    bool loaded;
};

/*
 * Makes config hold the settings for this request: the file that PG409_CONFIG
 * names (request parameter, then environment), else pg409.conf beside the
 * program, one folder above it, ~/.config/pg409/pg409.conf, /etc/pg409/pg409.conf. gateway
 * may be NULL. now is monotonic microseconds: the file is looked at once a
 * second. Returns whether the settings changed since the last call.
 */
bool config_update(struct config *config, struct gateway *gateway, uint64_t now);

void config_init(struct config *config);
void config_release(struct config *config);

#endif
