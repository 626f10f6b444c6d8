/*
 * pg409 logs: what access logs tell about conflicts and lost updates.
 */
#ifndef PG409_CLI_LOGS_H
#define PG409_CLI_LOGS_H

/*
 * Runs it; argv[0] is "logs". Returns the process's exit status: 0 when all was read, 1 when there
 * is a report but not all could be read, 255 when there is none.
 */
int cli_logs(int argc, char **argv);

#endif
