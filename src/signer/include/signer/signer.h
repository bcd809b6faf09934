/* The process that holds the keys. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include <base/config.h>
#include <ipc/role.h>

/* Keys, profiles and journal are below config->data/ROLE_FOLDER_SIGNER. All files are opened before
 * the sandbox, in which the folder stays readable and writable for the journal alone. */
struct signer_setup {
    const struct config *config;
    int core_fd;       /* IPC_SIGNER - IPC_CORE */
    int supervisor_fd; /* IPC_SIGNER - IPC_SUPERVISOR */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int signer_run(const struct signer_setup *setup);

#endif
