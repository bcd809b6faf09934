/* The system calls that each role's loop may make; any other kills the process at once (SIGSYS).
 * Private to app. */
#ifndef APP_SECCOMP_H
#define APP_SECCOMP_H

#include <base/err.h>
#include <ipc/ipc.h>

/* Puts the filter of `role` over all threads. E_SANDBOX when the kernel or the library refuses, or
 * the role has no row. Call it with no_new_privs set. */
MUST_USE enum result seccomp_enter(enum ipc_role role, struct err *err);

#endif
