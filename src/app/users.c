#include "users.h"

#include <ipc/role.h>

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_OCTETS 64
#define PATH_ROOM (CONFIG_PATH_MAX + 32)

static enum result find_user(const char *prefix, enum ipc_role role, struct user *ret,
                             struct err *err)
{
    char name[NAME_MAX_OCTETS];
    snprintf(name, sizeof name, "%s-%s", prefix, ipc_role_name(role));
    const struct passwd *user = getpwnam(name);
    if (user == NULL || user->pw_uid == 0)
        return err_set(err, E_CONFIG,
                       "users: there is no user \"%s\" that is not root; make it by sysusers.d, or "
                       "leave `users` out",
                       name);
    *ret = (struct user){user->pw_uid, user->pw_gid};
    return OK;
}

enum result users_find(const struct config *config, struct users *ret, struct err *err)
{
    struct users users = {.are_set = config->users[0] != '\0'};
    if (users.are_set && geteuid() != 0)
        return err_set(err, E_CONFIG,
                       "users: seen \"%s\" and a start as uid %u; only root gives each process a "
                       "user of its own",
                       config->users, (unsigned)geteuid());
    for (int role = IPC_NOBODY + 1; users.are_set && role <= IPC_SUPERVISOR; role++)
        TRY(find_user(config->users, (enum ipc_role)role, &users.of[role], err));
    *ret = users;
    return OK;
}

enum result users_become(const struct users *users, enum ipc_role role, struct err *err)
{
    const struct user *user = &users->of[role];
    if (!users->are_set)
        return OK;
    umask(0027);
    if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0)
        return err_set(err, E_SANDBOX, "becoming user %u: %s", (unsigned)user->uid,
                       strerror(errno));
    if (setuid(0) == 0 || setgid(0) == 0)
        return err_set(err, E_SANDBOX, "user %u can become root again", (unsigned)user->uid);
    return OK;
}

/* ---- who owns what ------------------------------------------------------------------------- */

/* nftw(3) hands nothing over. */
static struct ownership {
    struct user owner;
    mode_t folder; /* mode of folders, 0: as it is */
} giving;

static int give(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
    (void)stat;
    (void)ftw;
    if (lchown(path, giving.owner.uid, giving.owner.gid) != 0)
        return -1;
    return flag == FTW_D && giving.folder != 0 ? chmod(path, giving.folder) : 0;
}

static enum result give_tree(const char *path, struct user owner, mode_t folder, struct err *err)
{
    giving = (struct ownership){owner, folder};
    if (nftw(path, give, 8, FTW_PHYS) == 0)
        return OK;
    return err_set(err, E_IO, "%s: owner %u: %s", path, (unsigned)owner.uid, strerror(errno));
}

enum result users_own(const struct config *config, struct err *err)
{
    char signer[PATH_ROOM], store[PATH_ROOM], ca[PATH_ROOM];
    struct users users = {0};
    TRY(users_find(config, &users, err));
    if (!users.are_set)
        return OK;
    const struct user *of = users.of;
    snprintf(signer, sizeof signer, "%s/" ROLE_FOLDER_SIGNER, config->data);
    snprintf(store, sizeof store, "%s/" ROLE_FOLDER_STORE, config->data);
    snprintf(ca, sizeof ca, "%s/ca", config->data);
    const struct user read_by_reader = {of[IPC_CORE].uid, of[IPC_READER].gid};
    TRY(give_tree(signer, of[IPC_SIGNER], 0700, err));
    TRY(give_tree(store, read_by_reader, 02750, err));
    TRY(give_tree(config->public_files, of[IPC_CORE], 0755, err));
    TRY(give_tree(ca, of[IPC_CORE], 0755, err));
    if (config->passphrase_file[0] == '\0')
        return OK;
    return give_tree(config->passphrase_file, of[IPC_SIGNER], 0, err);
}
