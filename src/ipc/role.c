#include <ipc/role.h>

#include <base/file.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const enum ipc_type ready_types[] = {
    [IPC_FRONT] = IPC_FRONT_READY,     [IPC_DESK] = IPC_DESK_READY,
    [IPC_READER] = IPC_READER_READY,   [IPC_CORE] = IPC_CORE_READY,
    [IPC_SIGNER] = IPC_SIGNER_READY,   [IPC_LOADER] = IPC_LOADER_READY,
    [IPC_COURIER] = IPC_COURIER_READY,
};

enum result role_enter_sandbox(const struct role_sandbox *sandbox, struct err *err)
{
    return sandbox->enter(sandbox->context, err);
}

/* All *_ready messages have the same one field. */
enum result role_send_ready(enum ipc_role me, int supervisor_fd, const struct role_sandbox *sandbox,
                            const char *lacks, struct err *err)
{
    enum ipc_type type = (size_t)me < LENGTH_OF(ready_types) ? ready_types[me] : IPC_NONE;
    char text[LIMIT_TEXT + 1];
    const char *between = *sandbox->missing != '\0' && *lacks != '\0' ? "; " : "";
    snprintf(text, sizeof text, "%s%s%s", sandbox->missing, between, lacks);
    struct msg_core_ready ready = {bytes_of(text, strlen(text))};

    struct ipc_channel channel = {.fd = -1};
    TRY(ipc_open(&channel, me, IPC_SUPERVISOR, supervisor_fd, err));
    enum result result = ipc_send(&channel, type, &ready, -1, err);
    channel.fd = -1; /* the caller's */
    ipc_close(&channel);
    return result == R_UNREACHABLE ? OK : result;
}
