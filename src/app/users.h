/* A user for each process (design 3): named PREFIX-ROLE by the configuration's `users`. Private to
 * app. */
#ifndef APP_USERS_H
#define APP_USERS_H

#include <base/config.h>
#include <ipc/ipc.h>

#include <sys/types.h>

struct user {
    uid_t uid;
    gid_t gid; /* its primary group, and its only one */
};

struct users {
    bool are_set; /* false: every process stays who it is */
    struct user of[IPC_SUPERVISOR + 1];
};

/* Looks them up. Without `users` nobody changes. E_CONFIG for one that the system does not know,
 * and for who is not root. */
MUST_USE enum result users_find(const struct config *config, struct users *ret, struct err *err);

/* Becomes the role's user for good, with no other group and no way back; its files are 0640 at
 * most. The signal at the parent's death has to be asked for again afterwards. E_SANDBOX. */
MUST_USE enum result users_become(const struct users *users, enum ipc_role role, struct err *err);

/* Gives each folder to whoever needs it: signer's its own, 0700; store core's, 2750 with the
 * reader's group; public core's. As root, after init. E_IO. */
MUST_USE enum result users_own(const struct config *config, struct err *err);

#endif
