/* The process that answers questions from a read-only database. */
#ifndef READER_READER_H
#define READER_READER_H

#include <base/config.h>
#include <ipc/role.h>

/* The database is below config->data/ROLE_FOLDER_STORE, which is read-only in the sandbox; it is
 * there, at the current schema, when the reader starts: the reader is started after core's ready.
 */
struct reader_setup {
    const struct config *config;
    int desk_fd;       /* IPC_READER - IPC_DESK */
    int supervisor_fd; /* IPC_READER - IPC_SUPERVISOR */
    struct role_sandbox sandbox;
};

/* Runs the life of ipc/role.h; the exit status. */
int reader_run(const struct reader_setup *setup);

#endif
