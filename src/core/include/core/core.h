/* The process that decides: policy, serials, every database write, the ledger. One per database. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <base/config.h>
#include <ipc/role.h>

/* Database below config->data/ROLE_FOLDER_STORE, public objects below config->public_files: both
 * are writable in the sandbox and nothing else is. */
struct core_setup {
    const struct config *config;
    const int *front_fds; /* config->fronts of them: IPC_CORE - IPC_FRONT */
    unsigned front_count;
    int desk_fd;       /* IPC_CORE - IPC_DESK */
    int signer_fd;     /* IPC_CORE - IPC_SIGNER */
    int courier_fd;    /* IPC_CORE - IPC_COURIER */
    int supervisor_fd; /* IPC_CORE - IPC_SUPERVISOR */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int core_run(const struct core_setup *setup);

#endif
