/*
 * pg409 doctor: looks at a database for what will make trouble, and names the cure.
 */
#ifndef PG409_CLI_DOCTOR_H
#define PG409_CLI_DOCTOR_H

/*
 * Runs it; argv[0] is "doctor". Returns the process's exit status: 0 when nothing was found, 1 when
 * something was, 2 when the database cannot be asked, 255 when the command is not understood.
 */
int cli_doctor(int argc, char **argv);

#endif
