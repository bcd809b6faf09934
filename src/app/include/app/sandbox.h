/* What a process may still do after it has opened everything: one row a role.
 *
 * In this order: rlimits, not dumpable, no new privileges, Landlock, seccomp. A right that only one
 * of the last two can refuse is refused by that one; the configuration may refuse either by name
 * (for a kernel that lacks it), which is then said in /readyz. */
#ifndef APP_SANDBOX_H
#define APP_SANDBOX_H

#include <base/config.h>
#include <ipc/ipc.h>

struct sandbox {
    enum ipc_role role;
    const struct config *config;
    const char *config_path;  /* the loader's; NULL for others */
    char missing[LIMIT_TEXT]; /* what is refused by name or less than wanted; "" for nothing */
};

/* Fit for struct role_sandbox: `context` is a struct sandbox. E_SANDBOX for a part that is not
 * refused by name and not there; the caller exits then, because other parts are in force already.
 */
MUST_USE enum result sandbox_enter(void *context, struct err *err);

#endif
