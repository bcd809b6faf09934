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

/* Opens keys, certificates and the log's name as a start does, and nothing else: E_KEY,
 * E_CERTIFICATE (also when the two do not belong together), E_IO. crypto_start() was called. */
MUST_USE enum result signer_check(const struct config *config, struct err *err);

/* The journal of a new installation, at `path`. E_CONFLICT, E_IO. */
MUST_USE enum result signer_begin_journal(const char *path, struct err *err);

/* Was anything ever written to it after that? False when there is none. */
bool signer_has_used_journal(const char *path);

/* Runs the life of ipc/role.h; the exit status. */
int signer_run(const struct signer_setup *setup);

#endif
