/* The device listener: TLS, HTTP and syntax for strangers. One process of `config->fronts`. */
#ifndef HTTP_FRONT_H
#define HTTP_FRONT_H

#include <base/config.h>
#include <ipc/role.h>

/* All descriptors are open before the front starts, non-blocking and close-on-exec; they end with
 * the process. The listening sockets are shared by all fronts. */
struct front_setup {
    const struct config *config;
    unsigned index;      /* 0 .. config->fronts - 1 */
    int listen_fd_tls;   /* device port: EST */
    int listen_fd_plain; /* plain port: public files */
    int core_fd;         /* IPC_FRONT - IPC_CORE */
    int supervisor_fd;   /* IPC_FRONT - IPC_SUPERVISOR */
    int public_dir_fd;   /* the only folder below which it may open files, by openat2(2) */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int front_run(const struct front_setup *setup);

#endif
