/* The process that starts all others and stops them all when one ends. It parses nothing. */
#ifndef APP_SUPERVISOR_H
#define APP_SUPERVISOR_H

#include <base/config.h>

#define SUPERVISOR_STOP_MS 3000 /* from SIGTERM to the end; whoever still runs then is killed */

struct supervisor_setup {
    const struct config *config;
    const char *path; /* where it came from: SIGHUP has it read again */
    bool is_lab;      /* by the command line */
};

/* Binds, starts every process, logs "ready" (and tells systemd) when all are, and returns the exit
 * status: 0 after SIGTERM or SIGINT; after the death of any process that one's status,
 * or 1. Children never outlive it. SIGHUP reloads the configuration (ipc/reload.h). Logs its own
 * failures. */
int supervisor_run(const struct supervisor_setup *setup);

#endif
