/* A sign of life for whoever waits: one line on standard error that is rewritten. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* Shows how much was sent and received; only when standard error is a terminal and only from the
 * second second on. `context` is not used: the line is the process's. */
void progress_show(void *context, uint64_t sent, uint64_t received);

/* The same for what is counted: "37 of 254 targets looked at". */
void progress_count(const char *what, size_t done, size_t all);

/* Removes the line, if there is one: before anything else is written. */
void progress_clear(void);

#endif
