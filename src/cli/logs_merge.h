/*
 * Several log files as one, in the order of their times.
 */
#ifndef PG409_CLI_LOGS_MERGE_H
#define PG409_CLI_LOGS_MERGE_H

#include "cli/logs_file.h"

typedef void logs_take(void *arg, struct logs_file *file);

/*
 * Gives every line to take: of each file in its own order, and of files that are about the same
 * time that line first which is earlier, of one second that of the file that was named first: as if
 * all of them had been sorted by time, stably. So rotated files may come in any order, and the logs
 * of several servers belong together. Only files whose time has come are open.
 */
void logs_merge(struct arena *arena, struct logs_file *files, size_t count, logs_take *take,
                void *arg);

#endif
