/* The process that sends: what core hands over, signed already, to the receivers that the
 * configuration names. It has no key, no database and no socket that anybody could connect to; it
 * is idle without `webhooks`. */
#ifndef COURIER_COURIER_H
#define COURIER_COURIER_H

#include <base/config.h>
#include <ipc/role.h>

struct courier_setup {
    const struct config *config;
    int core_fd;       /* IPC_COURIER - IPC_CORE */
    int supervisor_fd; /* IPC_COURIER - IPC_SUPERVISOR */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int courier_run(const struct courier_setup *setup);

#endif
