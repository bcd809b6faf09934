/* A reload of the configuration: prepared in every process, then committed in all, or nothing.
 *
 *   prepare   the role looks at the next configuration and says whether it could go on with it;
 * what may fail happens here. The former stays in force, and both are known. commit    every role
 * prepared: the next is in force from now on. This cannot fail. abandon   instead: the next is
 * forgotten. finish    every role committed: the former is forgotten.
 *
 * The supervisor drives (app/reload.h); this is the role's side, which calls the role's hooks. */
#ifndef IPC_RELOAD_H
#define IPC_RELOAD_H

#include <base/config.h>
#include <ipc/ipc.h>

enum reload_step { RELOAD_NONE = 0, RELOAD_PREPARE, RELOAD_COMMIT, RELOAD_ABANDON, RELOAD_FINISH };

/* Each may be NULL: nothing to do. `prepare` returns R_WAIT when its answer comes later, by
 * reload_prepared(). A configuration is valid until `abandon` or, of the former, `finish`. */
struct reload_hooks {
    enum result (*prepare)(void *owner, const struct config *next, struct err *err);
    void (*commit)(void *owner, const struct config *now);
    void (*abandon)(void *owner);
    void (*finish)(void *owner);
};

struct reload {
    struct ipc_channel up; /* to the supervisor */
    const struct reload_hooks *hooks;
    void *owner;
    const struct config *config; /* in force */
    uint32_t round;
    struct bytes now, next, former; /* mapped: struct config_handed */
};

/* `config` is the one that the process began with. Takes `supervisor_fd` over. */
MUST_USE enum result reload_open(struct reload *reload, enum ipc_role me, int supervisor_fd,
                                 const struct config *config, struct err *err);
/* What a role does beyond what all do (the log's style). */
void reload_set_hooks(struct reload *reload, const struct reload_hooks *hooks, void *owner);
void reload_close(struct reload *reload);

/* The supervisor's descriptor can be read: takes what it says. *ret_is_over: it hung up, so that
 * the loop must end. A failure ends the process. */
MUST_USE enum result reload_take(struct reload *reload, bool *ret_is_over, struct err *err);

/* After `prepare` returned R_WAIT: E_NONE in `why`, or why not. */
MUST_USE enum result reload_prepared(struct reload *reload, const struct err *why, struct err *err);

/* The supervisor's side: the message for a role, IPC_NONE for one that does not reload. */
enum ipc_type reload_type(enum ipc_role role);

#endif
