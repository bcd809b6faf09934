#include "children.h"

#include <base/log.h>
#include <ipc/role.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void children_plan(const struct supervisor_setup *setup, struct children *ret)
{
    const struct config *config = setup->config;
    ret->config = config;
    ret->path = setup->path;
    ret->is_lab = setup->is_lab;
    ret->n = 0;
    const struct role_row *row;
    for (size_t i = 0; (row = role_at(i)) != NULL; i++)
        for (unsigned index = 0; index < role_count(row, config); index++) {
            struct child *child = &ret->all[ret->n++];
            *child = (struct child){.row = row, .index = index, .up = {.fd = -1}};
            snprintf(child->name, sizeof child->name, row->role == IPC_FRONT ? "%s.%u" : "%s",
                     ipc_role_name(row->role), index);
        }
}

/* Whoever asks a process to end asks the supervisor: a terminal and systemd signal them all. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < LENGTH_OF(ignored); i++)
        signal(ignored[i], SIG_IGN);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The signal is asked for once the user is the last one: changing it forgets that. */
static _Noreturn void become(const struct child *child, const struct launch *launch,
                             const struct users *users, pid_t parent)
{
    struct err err = {0};
    log_open(child->name, STDERR_FILENO);
    if (users_become(users, child->row->role, &err) != OK) {
        log_err(LEVEL_ERROR, "not-started", &err, NULL);
        _exit(EXIT_FAILURE);
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(EXIT_FAILURE);
    prctl(PR_SET_NAME, child->name);
    ignore_signals();
    _exit(child->row->run(launch));
}

static enum result start_child(struct children *children, struct child *child, struct err *err)
{
    int pair[2];
    pid_t parent = getpid();
    TRY(ipc_pair(child->row->role, IPC_SUPERVISOR, pair, err));
    struct launch launch = {
        .config = children->config,
        .path = children->path,
        .is_lab = children->is_lab,
        .wires = &children->wires,
        .index = child->index,
        .supervisor_fd = pair[0],
    };
    pid_t pid = fork();
    if (pid == 0)
        become(child, &launch, &children->users, parent);
    int failure = errno;
    close(pair[0]);
    if (pid < 0) {
        close(pair[1]);
        return err_set(err, E_IO, "starting %s: %s", child->name, strerror(failure));
    }
    child->pid = pid;
    child->is_started = true;
    return ipc_open(&child->up, IPC_SUPERVISOR, child->row->role, pair[1], err);
}

static bool is_role_ready(const struct children *children, enum ipc_role role)
{
    for (size_t i = 0; i < children->n; i++)
        if (children->all[i].row->role == role && !children->all[i].is_ready)
            return false;
    return true;
}

enum result children_start(struct children *children, struct err *err)
{
    bool all = true;
    for (size_t i = 0; i < children->n; i++) {
        struct child *child = &children->all[i];
        if (!child->is_started && is_role_ready(children, child->row->after))
            TRY(start_child(children, child, err));
        all = all && child->is_started;
    }
    if (all)
        listeners_close(&children->wires.listen);
    return OK;
}

enum result child_listen(struct child *child, struct ipc_message *ret, struct err *err)
{
    struct ipc_message message;
    ret->type = IPC_NONE;
    enum result result = ipc_receive(&child->up, &message, err);
    if (result == R_BUSY)
        return OK;
    if (result == R_UNREACHABLE) {
        ipc_close(&child->up);
        return OK;
    }
    TRY(result);
    if (child->is_ready) {
        *ret = message;
        return OK;
    }
    /* ready is the first thing that a child says, and all are alike */
    struct bytes text = message.core_ready.text;
    child->is_ready = true;
    if (text.n > 0)
        log_event(LEVEL_WARNING, "ready-without", {"of", child->name},
                  {"missing", err_value(text).text});
    return OK;
}

bool children_are_ready(const struct children *children)
{
    for (size_t i = 0; i < children->n; i++)
        if (!children->all[i].is_ready)
            return false;
    return true;
}

struct child *children_reap(struct children *children, int *ret_status)
{
    pid_t pid = waitpid(-1, ret_status, WNOHANG);
    for (size_t i = 0; pid > 0 && i < children->n; i++)
        if (children->all[i].pid == pid) {
            children->all[i].pid = 0;
            return &children->all[i];
        }
    return NULL;
}
