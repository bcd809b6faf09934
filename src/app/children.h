/* The supervisor's processes, one by one: started, heard, waited for. Private to app. */
#ifndef APP_CHILDREN_H
#define APP_CHILDREN_H

#include "users.h"
#include "wiring.h"

#include <app/supervisor.h>

#include <sys/types.h>

#define CHILDREN_MAX (CONFIG_FRONTS_MAX + 6)

struct child {
    const struct role_row *row;
    unsigned index;
    char name[16]; /* in logs and in ps: "front.1" */
    pid_t pid;     /* 0: not started, or over */
    bool is_started, is_ready;
    bool is_awaited;       /* its answer to a step of a reload */
    struct ipc_channel up; /* fd -1: closed, so that the child ends */
};

struct children {
    const struct config *config; /* in force */
    const char *path;            /* of its file */
    bool is_lab;
    struct users users;
    struct wires wires;
    struct child all[CHILDREN_MAX];
    size_t n;
};

/* One row for each process to be; none is started. */
void children_plan(const struct supervisor_setup *setup, struct children *ret);

/* Starts those whose predecessor is ready. The listening sockets are closed here when all are
 * started. The pairs between processes are not: a peer sees no hang-up when another dies or is
 * stopped, and needs no rule for it; what that means for all is decided in supervisor.c. E_IO. */
MUST_USE enum result children_start(struct children *children, struct err *err);

/* Takes what `child` sent: its ready message, or (then ret->type is not IPC_NONE) what it says of a
 * reload; a descriptor in it is the caller's. OK too when there is nothing, or it has hung up (then
 * SIGCHLD tells more). R_INVALID for anything else than what it may say. */
MUST_USE enum result child_listen(struct child *child, struct ipc_message *ret, struct err *err);

bool children_are_ready(const struct children *children);

/* One that died and was not collected before, or NULL; `ret_status` is as waitpid(2) has it. */
struct child *children_reap(struct children *children, int *ret_status);

#endif
