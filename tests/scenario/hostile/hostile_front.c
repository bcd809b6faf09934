/* The device front of a test build: index 0 is the real one, index 1 was taken over. It holds what
 * a front holds, goes into the real sandbox, and tries what must not succeed.
 *
 * Every act runs in a child that enters the sandbox first, so that a killed one does not end the
 * rest; the log says what became of each. With TROTH_HOSTILE_SEND=FILE it sends core the messages
 * of FILE instead (each after a u32 length, big endian), and the log has core's answers. */
#include "acts.h"

#include <base/file.h>
#include <base/log.h>
#include <ipc/reload.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_MAX (16 << 20)
#define NO_SANDBOX 200

int __real_front_run(const struct front_setup *setup);
int __wrap_front_run(const struct front_setup *setup);

/* ---- acts --------------------------------------------------------------------------------------
 */

static void report(const char *name, int status)
{
    const char *outcome = "done";
    if (WIFSIGNALED(status))
        outcome = WTERMSIG(status) == SIGSYS ? "killed" : "crashed";
    else if (WEXITSTATUS(status) == NO_SANDBOX)
        outcome = "no sandbox";
    else if (WEXITSTATUS(status) != 0)
        outcome = strerrorname_np(WEXITSTATUS(status));
    log_event(LEVEL_INFO, "act", {"name", name}, {"outcome", outcome});
}

static void try_act(const struct front_setup *setup, const struct act *act)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        if (role_enter_sandbox(&setup->sandbox, &err) != OK)
            _exit(NO_SANDBOX);
        long got =
            syscall(act->call, act->a[0], act->a[1], act->a[2], act->a[3], act->a[4], act->a[5]);
        _exit(got < 0 ? errno : 0);
    }
    if (child > 0 && waitpid(child, &status, 0) == child)
        report(act->name, status);
}

/* ---- messages
 * ------------------------------------------------------------------------------------ */

/* Past our own sending half, which would refuse. */
static bool send_all(int core_fd, struct bytes file)
{
    struct reader in = reader_of(file);
    while (in.left > 0) {
        struct bytes message = reader_bytes(&in, reader_u32be(&in));
        if (!reader_ok(&in) || send(core_fd, message.p, message.n, MSG_NOSIGNAL) < 0)
            return false;
    }
    return true;
}

static void log_answers(struct ipc_channel *core)
{
    struct ipc_message message;
    struct err err;
    while (ipc_receive(core, &message, &err) == OK)
        if (message.type == IPC_ENROL_ANSWER)
            log_event(LEVEL_INFO, "answer",
                      {"id", log_number((int64_t)message.enrol_answer.id).text},
                      {"code", log_number(message.enrol_answer.code).text});
}

/* ---- life
 * ---------------------------------------------------------------------------------------- */

/* Core has sent everything that a front is given: it runs, and so does the signer. */
static void wait_for_core(struct ipc_channel *core)
{
    struct pollfd in = {core->fd, POLLIN, 0};
    struct ipc_message message = {.type = IPC_NONE};
    struct err err;
    while (message.type != IPC_TRUST_END) {
        (void)poll(&in, 1, -1);
        enum result result = ipc_receive(core, &message, &err);
        if (result != OK && result != R_BUSY) {
            log_err(LEVEL_ERROR, "no-core", &err, NULL);
            _exit(EXIT_FAILURE);
        }
    }
}

static int live(const struct front_setup *setup, struct ipc_channel *core, struct bytes messages)
{
    struct err err = {0};
    struct pollfd in[] = {{setup->supervisor_fd, POLLIN, 0}, {core->fd, POLLIN, 0}};
    struct reload reload;
    bool is_over = false;
    if (reload_open(&reload, IPC_FRONT, setup->supervisor_fd, setup->config, &err) != OK)
        return EXIT_FAILURE;
    if (role_enter_sandbox(&setup->sandbox, &err) != OK ||
        role_send_ready(IPC_FRONT, setup->supervisor_fd, &setup->sandbox, "", &err) != OK)
        return EXIT_FAILURE;
    if (!send_all(core->fd, messages))
        log_event(LEVEL_ERROR, "not-sent", {"reason", strerror(errno)});
    log_event(LEVEL_INFO, "acts-done", {"sent", log_number((int64_t)messages.n).text});
    for (;;) {
        (void)poll(in, LENGTH_OF(in), -1);
        log_answers(core);
        if (in[0].revents != 0 && (reload_take(&reload, &is_over, &err) != OK || is_over))
            return 0;
    }
}

int __wrap_front_run(const struct front_setup *setup)
{
    CLEANUP(blob_free) struct blob messages = {0};
    struct ipc_channel core;
    struct err err = {0};
    struct acts acts;
    const char *path = getenv("TROTH_HOSTILE_SEND");
    if (setup->index == 0)
        return __real_front_run(setup);
    if (ipc_open(&core, IPC_FRONT, IPC_CORE, setup->core_fd, &err) != OK ||
        (path != NULL && file_read(path, FILE_MAX, &messages, &err) != OK))
        return EXIT_FAILURE;
    wait_for_core(&core);
    acts_plan(setup, &acts);
    for (size_t i = 0; path == NULL && i < acts.n; i++)
        try_act(setup, &acts.all[i]);
    return live(setup, &core, blob_bytes(&messages));
}
