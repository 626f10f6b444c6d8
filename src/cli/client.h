/*
 * pg409 get, set, edit, put and delete: a client that reads again, merges again and then sends.
 * docs/client.md
 */
#ifndef PG409_CLI_CLIENT_H
#define PG409_CLI_CLIENT_H

/* Each gives its exit status, an enum client_exit. argv[0] is the command's name. */
int cli_get(int argc, char **argv);
int cli_set(int argc, char **argv);
int cli_edit(int argc, char **argv);
int cli_put(int argc, char **argv);
int cli_delete(int argc, char **argv);

#endif
