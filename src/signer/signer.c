#include <signer/signer.h>

#include <base/log.h>

#include "session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* Until the supervisor is gone, which is the ordinary end. */
static enum result loop(struct session *session, struct err *err)
{
    struct pollfd fds[] = {{.fd = session->core.fd, .events = POLLIN},
                           {.fd = session->reload.up.fd, .events = POLLIN}};
    bool is_over = false;

    for (;;) {
        if (poll(fds, LENGTH_OF(fds), -1) < 0 && errno != EINTR)
            return err_set(err, E_IO, "poll: %s", strerror(errno));
        if (fds[0].revents != 0) /* first: what core asked before it committed */
            TRY(session_turn(session, err));
        if (fds[1].revents != 0)
            TRY(reload_take(&session->reload, &is_over, err));
        if (is_over)
            return OK;
    }
}

static enum result serve(const struct signer_setup *setup, struct session *session, struct err *err)
{
    TRY(session_open(session, setup->config, setup->core_fd, err));
    TRY(reload_open(&session->reload, IPC_SIGNER, setup->supervisor_fd, setup->config, err));
    reload_set_hooks(&session->reload, &session_reload_hooks, session);
    TRY(role_enter_sandbox(&setup->sandbox, err));
    TRY(role_send_ready(IPC_SIGNER, setup->supervisor_fd, &setup->sandbox, "", err));
    return loop(session, err);
}

int signer_run(const struct signer_setup *setup)
{
    struct session session = {.core.fd = -1, .reload.up.fd = -1, .backend = &signer_backend_file};
    struct err err = {0};

    enum result result = serve(setup, &session, &err);
    if (result != OK)
        log_err(LEVEL_ERROR, "ended", &err, NULL);
    session_close(&session);
    reload_close(&session.reload);
    return result == OK ? 0 : 1;
}
