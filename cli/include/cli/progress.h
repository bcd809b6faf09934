/* A sign of life for whoever waits: one line on standard error that is rewritten. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

/* Shows how much was sent and received; only when standard error is a terminal and only from the
 * second second on. `context` is not used: the line is the process's. */
void progress_show(void *context, uint64_t sent, uint64_t received);

/* Removes the line, if there is one: before anything else is written. */
void progress_clear(void);

#endif
