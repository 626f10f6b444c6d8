/*
 * pg409 probe: a staged race of two writers against any form or JSON resource, and what servers on
 * the way do to it (docs/probe.md).
 */
#ifndef PG409_CLI_PROBE_H
#define PG409_CLI_PROBE_H

/* The command; argv[0] is its name. The exit status: see --help. */
int cli_probe(int argc, char **argv);

#endif
