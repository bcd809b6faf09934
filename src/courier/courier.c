/* The courier's life: one attempt after the other, several under way; it remembers nothing that
 * core does not know. */
#include <courier/courier.h>

#include "attempt.h"

#include <base/log.h>
#include <ipc/reload.h>

#include <errno.h>
#include <string.h>

#define WAIT_MS 1000

struct courier {
    struct ipc_channel core;
    struct reload reload;
    struct attempts attempts;
};

static enum result take_all(struct courier *courier, struct err *err)
{
    for (;;) {
        struct ipc_message message;
        enum result result = ipc_receive(&courier->core, &message, err);
        if (result == R_BUSY || result == R_UNREACHABLE)
            return OK; /* whoever ended, the supervisor says what follows */
        TRY(result);
        TRY(attempt_begin(&courier->attempts, &message.send_webhook, err));
    }
}

static enum result loop(struct courier *courier, struct err *err)
{
    bool is_over = false;
    while (!is_over) {
        struct pollfd fds[] = {{.fd = courier->core.fd, .events = POLLIN},
                               {.fd = courier->reload.up.fd, .events = POLLIN}};
        TRY(posts_wait(courier->attempts.posts, fds, LENGTH_OF(fds), WAIT_MS, err));
        if (fds[0].revents != 0)
            TRY(take_all(courier, err));
        if (fds[1].revents != 0)
            TRY(reload_take(&courier->reload, &is_over, err));
        TRY(attempt_finish(&courier->attempts, err));
    }
    return OK;
}

static void commit(void *owner, const struct config *now)
{
    struct courier *courier = owner;
    attempts_configure(&courier->attempts, now);
}

static const struct reload_hooks reload_hooks = {NULL, commit, NULL, NULL};

static enum result serve(const struct courier_setup *setup, struct courier *courier,
                         struct err *err)
{
    resolve_prepare();
    TRY(posts_open(&courier->attempts.posts, err));
    TRY(ipc_open(&courier->core, IPC_COURIER, IPC_CORE, setup->core_fd, err));
    TRY(reload_open(&courier->reload, IPC_COURIER, setup->supervisor_fd, setup->config, err));
    reload_set_hooks(&courier->reload, &reload_hooks, courier);
    courier->attempts.core = &courier->core;
    attempts_configure(&courier->attempts, setup->config);
    TRY(role_enter_sandbox(&setup->sandbox, err));
    TRY(role_send_ready(IPC_COURIER, setup->supervisor_fd, &setup->sandbox, "", err));
    return loop(courier, err);
}

int courier_run(const struct courier_setup *setup)
{
    struct courier courier = {.core.fd = -1, .reload.up.fd = -1};
    struct err err = {0};

    enum result result = serve(setup, &courier, &err);
    if (result != OK)
        log_err(LEVEL_ERROR, "ended", &err, NULL);
    posts_close(courier.attempts.posts);
    ipc_close(&courier.core);
    reload_close(&courier.reload);
    return result == OK ? 0 : 1;
}
