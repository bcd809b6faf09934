/* The commands of `troth`. One table drives parsing, --help, the man page and completion. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <base/command.h>

extern const struct program troth_program;

/* Runs argv[0..] and returns the exit status (design section 6); failures are told on stderr. */
int troth_run(char **argv);

#endif
