/*
 * pg409 merge: the merge engine on files.
 */
#ifndef PG409_CLI_MERGE_H
#define PG409_CLI_MERGE_H

/*
 * Runs it; argv[0] is "merge". Returns the process's exit status: 0 when nothing clashes, the
 * number of clashes (127 at most) when something does, 255 when it could not be done.
 */
int cli_merge(int argc, char **argv);

#endif
