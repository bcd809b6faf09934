/* The operators' listener: the front's code with the operators' route table. One process. */
#ifndef HTTP_DESK_H
#define HTTP_DESK_H

#include <base/config.h>
#include <ipc/role.h>

/* All descriptors are open before the desk starts, non-blocking and close-on-exec. */
struct desk_setup {
    const struct config *config;
    int listen_fd_tls;   /* operator port: API, metrics, readiness */
    int listen_fd_local; /* unix socket: bootstrap of the first operator */
    int core_fd;         /* IPC_DESK - IPC_CORE */
    int reader_fd;       /* IPC_DESK - IPC_READER */
    int supervisor_fd;   /* IPC_DESK - IPC_SUPERVISOR */
    int public_dir_fd;   /* read-only */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int desk_run(const struct desk_setup *setup);

#endif
