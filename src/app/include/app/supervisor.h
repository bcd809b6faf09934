/* The process that starts all others and stops them all when one ends. It parses nothing. */
#ifndef APP_SUPERVISOR_H
#define APP_SUPERVISOR_H

#include <base/config.h>

#define SUPERVISOR_STOP_MS 3000 /* from SIGTERM to the end; whoever still runs then is killed */

/* Binds, starts every process, logs "ready" (and tells systemd) when all are, and returns the exit
 * status: 0 after SIGTERM, SIGINT or SIGHUP; after the death of any process that one's status,
 * or 1. Children never outlive it. Logs its own failures. */
int supervisor_run(const struct config *config);

#endif
