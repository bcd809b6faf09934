#include "loader.h"

#include <app/load.h>
#include <app/sandbox.h>
#include <base/file.h>
#include <base/log.h>
#include <base/text.h>
#include <ipc/role.h>

#include <errno.h>
#include <poll.h>

/* A file that does not parse is an answer as well: it stands in the memfd. */
static enum result answer(struct ipc_channel *up, const struct launch *launch,
                          const struct msg_load *ask, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct err why = {0};
    enum result result = load_file(launch->path, launch->is_lab, &fd, &why);
    if (result != OK)
        log_err(LEVEL_ERROR, "not-loaded", &why, NULL);
    struct msg_loaded loaded = {
        .round = ask->round, .code = why.code, .text = text_bytes(why.text)};
    return ipc_send(up, IPC_LOADED, &loaded, fd, err);
}

static enum result serve(struct ipc_channel *up, const struct launch *launch, struct err *err)
{
    for (;;) {
        struct ipc_message message;
        struct pollfd in = {up->fd, POLLIN, 0};
        if (poll(&in, 1, -1) < 0 && errno != EINTR)
            return err_set(err, E_IO, "poll: %s", strerror(errno));
        enum result result = ipc_receive(up, &message, err);
        if (result == R_UNREACHABLE)
            return OK;
        if (result == R_BUSY)
            continue;
        TRY(result);
        TRY(answer(up, launch, &message.load, err));
    }
}

static enum result live(const struct launch *launch, struct err *err)
{
    struct sandbox sandbox = {
        .role = IPC_LOADER, .config = launch->config, .config_path = launch->path};
    const struct role_sandbox mine = {sandbox_enter, &sandbox, sandbox.missing};
    CLEANUP(ipc_close) struct ipc_channel up = {.fd = -1};
    TRY(ipc_open(&up, IPC_LOADER, IPC_SUPERVISOR, launch->supervisor_fd, err));
    TRY(role_enter_sandbox(&mine, err));
    TRY(role_send_ready(IPC_LOADER, launch->supervisor_fd, &mine, "", err));
    return serve(&up, launch, err);
}

int loader_run(const struct launch *launch)
{
    struct err err = {0};
    if (live(launch, &err) == OK)
        return 0;
    log_err(LEVEL_ERROR, "ended", &err, NULL);
    return error_find(err.code)->exit_status;
}
