#include <app/supervisor.h>

#include "reload.h"

#include <app/notify.h>
#include <app/sandbox.h>
#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 4                              /* of stopping, see struct role_row */
#define TURN_MS (SUPERVISOR_STOP_MS / TURNS) /* so long the next turn waits for the one before */

struct supervisor {
    struct children children;
    struct reloads reloads;
    int signal_fd;
    bool is_ready, is_over, must_reload;
    int status; /* to exit with */
    int64_t started_us;
};

static enum result open_signals(int *ret_fd, struct err *err)
{
    static const int watched[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < LENGTH_OF(watched); i++)
        sigaddset(&set, watched[i]);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return err_set(err, E_IO, "signalfd: %s", strerror(errno));
    *ret_fd = fd;
    return OK;
}

/* ---- one death stops all -----------------------------------------------------------------------
 */

static void log_death(const struct child *child, int status)
{
    char how[48];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "signal %d (%s)", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(status));
    log_event(LEVEL_ERROR, "process-died", {"of", child->name}, {"how", how},
              {"meaning", WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
                              ? "a system call that its sandbox does not have"
                              : NULL});
}

/* Collects the dead and logs those who died of something, whose first status is the server's. Was
 * there any? */
static bool bury(struct supervisor *s, bool is_expected)
{
    struct child *child;
    int status = 0;
    bool any = false;
    for (; (child = children_reap(&s->children, &status)) != NULL; any = true) {
        if (status == 0 && is_expected)
            continue;
        log_death(child, status);
        int code = WIFEXITED(status) && status != 0 ? WEXITSTATUS(status) : EXIT_FAILURE;
        s->status = s->status == 0 ? code : s->status;
    }
    return any;
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        if (info.ssi_signo == SIGHUP) {
            s->must_reload = true;
            continue;
        }
        log_event(LEVEL_INFO, "stopping", {"signal", sigabbrev_np((int)info.ssi_signo)});
        s->is_over = true;
    }
    s->is_over = bury(s, false) || s->is_over; /* none ends before it is told to */
}

/* ---- start
 * --------------------------------------------------------------------------------------- */

static void say_ready(struct supervisor *s)
{
    int64_t took_ms = (clock_monotonic_us() - s->started_us) / 1000;
    s->is_ready = true;
    log_event(LEVEL_INFO, "ready", {"ms", log_number(took_ms).text},
              {"processes", log_number((int64_t)s->children.n + 1).text});
    notify_systemd("READY=1");
}

/* Everything is started, so that this process needs no more than to wait. */
static enum result enter_sandbox(const struct config *config, struct err *err)
{
    struct sandbox sandbox = {.role = IPC_SUPERVISOR, .config = config};
    return sandbox_enter(&sandbox, err);
}

static enum result on_message(struct supervisor *s, struct child *child, struct err *err)
{
    struct ipc_message message;
    TRY(child_listen(child, &message, err));
    if (message.type != IPC_NONE)
        return reload_hear(&s->reloads, child, &message, err);
    TRY(children_start(&s->children, err));
    if (s->is_ready || !children_are_ready(&s->children))
        return OK;
    say_ready(s);
    TRY(users_become(&s->children.users, IPC_SUPERVISOR, err));
    return enter_sandbox(s->children.config, err);
}

/* ---- waiting
 * ------------------------------------------------------------------------------------- */

/* Waits for signals and messages, and acts on them. */
static enum result wait_once(struct supervisor *s, struct err *err)
{
    struct pollfd fds[1 + CHILDREN_MAX] = {{s->signal_fd, POLLIN, 0}};
    for (size_t i = 0; i < s->children.n; i++) /* poll(2) skips those of -1 */
        fds[1 + i] = (struct pollfd){s->children.all[i].up.fd, POLLIN, 0};
    int n = poll(fds, 1 + s->children.n, reload_wait_ms(&s->reloads));
    if (n < 0)
        return errno == EINTR ? OK : err_set(err, E_IO, "poll: %s", strerror(errno));
    for (size_t i = 0; i < s->children.n; i++)
        if (fds[1 + i].revents != 0)
            TRY(on_message(s, &s->children.all[i], err));
    if (fds[0].revents != 0)
        on_signal(s);
    if (s->is_over)
        return OK;
    TRY(reload_expire(&s->reloads, err));
    if (!s->must_reload || !s->is_ready) /* what is starting reloads once it is ready */
        return OK;
    s->must_reload = false;
    return reload_begin(&s->reloads, err);
}

static enum result run(struct supervisor *s, struct err *err)
{
    const struct listeners *listen = &s->children.wires.listen;
    TRY(users_find(s->children.config, &s->children.users, err));
    TRY(wires_make(s->children.config, &s->children.wires, err));
    log_event(LEVEL_INFO, "listening", {"device", listen_address(listen->device).text},
              {"operator", listen_address(listen->operators).text},
              {"plain", listen_address(listen->plain).text},
              {"local", s->children.config->listen.local});
    TRY(children_start(&s->children, err));
    while (!s->is_over)
        TRY(wait_once(s, err));
    return OK;
}

/* ---- stop
 * ---------------------------------------------------------------------------------------- */

static bool is_turn_over(const struct children *children, unsigned turn)
{
    for (size_t i = 0; i < children->n; i++)
        if (children->all[i].row->stops <= turn && children->all[i].pid != 0)
            return false;
    return true;
}

/* Hangs up on those whose turn it is and waits until they, and those before, are gone. */
static void stop_turn(struct supervisor *s, unsigned turn)
{
    struct children *children = &s->children;
    for (size_t i = 0; i < children->n; i++)
        if (children->all[i].row->stops == turn)
            ipc_close(&children->all[i].up);
    int64_t until_us = clock_monotonic_us() + TURN_MS * INT64_C(1000), left_us;
    while (!is_turn_over(children, turn) && (left_us = until_us - clock_monotonic_us()) > 0) {
        struct pollfd signals = {s->signal_fd, POLLIN, 0};
        struct signalfd_siginfo info;
        (void)poll(&signals, 1, (int)(left_us / 1000) + 1);
        while (read(s->signal_fd, &info, sizeof info) == sizeof info)
            continue;
        (void)bury(s, true);
    }
}

/* Whoever does not end in time is killed by the end of this process (PR_SET_PDEATHSIG). */
static void stop(struct supervisor *s)
{
    struct children *children = &s->children;
    for (unsigned turn = 1; turn <= TURNS; turn++)
        stop_turn(s, turn);
    for (size_t i = 0; i < children->n; i++)
        if (children->all[i].pid != 0)
            log_event(LEVEL_ERROR, "killed", {"of", children->all[i].name},
                      {"reason", "it did not stop in time"});
    wires_close(&children->wires);
    log_event(LEVEL_INFO, "stopped", {"status", log_number(s->status).text});
}

/* Children inherit both. Nobody attaches to one before it is in its sandbox. And none takes the
 * processor from another the moment a message arrives: what waits gets longer and is done at once
 * (64 connections: 22 % fewer syncs, 9 % less CPU for a certificate). Where the kernel refuses
 * that, they run as ever. */
static void set_manners(void)
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

int supervisor_run(const struct supervisor_setup *setup)
{
    struct supervisor s = {.signal_fd = -1, .started_us = clock_monotonic_us()};
    struct err err = {0};
    memset(&s.children.wires, 0xff, sizeof s.children.wires); /* every descriptor -1 */
    children_plan(setup, &s.children);
    reloads_open(&s.reloads, &s.children);
    set_manners();
    enum result result = open_signals(&s.signal_fd, &err);
    if (result == OK)
        result = run(&s, &err);
    if (result != OK) {
        log_err(LEVEL_ERROR, "failed", &err, NULL);
        s.status = error_find(err.code)->exit_status;
    }
    stop(&s);
    reloads_close(&s.reloads);
    fd_closep(&s.signal_fd);
    return s.status;
}
