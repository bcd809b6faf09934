#include "landlock.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* struct landlock_ruleset_attr of ABI 6; older kernels are handed its beginning. */
struct ruleset {
    uint64_t access_fs, access_net, scoped;
};

struct path_beneath {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

/* What each ABI added. */
struct abi_row {
    long abi;
    size_t size; /* bytes of struct ruleset that the kernel takes */
    struct ruleset adds;
};

static const struct abi_row abis[] = {
    {1, 8, {.access_fs = (UINT64_C(1) << 13) - 1}},
    {2, 8, {.access_fs = LANDLOCK_REFER}},
    {3, 8, {.access_fs = LANDLOCK_TRUNCATE}},
    {4, 16, {.access_net = NET_BIND_TCP | NET_CONNECT_TCP}},
    {5, 16, {.access_fs = UINT64_C(1) << 15}}, /* ioctl on devices */
    {6, 24, {.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}},
};

static size_t everything_that(long abi, struct ruleset *ret)
{
    size_t size = 0;
    *ret = (struct ruleset){0};
    for (size_t i = 0; i < LENGTH_OF(abis) && abis[i].abi <= abi; i++) {
        size = abis[i].size;
        ret->access_fs |= abis[i].adds.access_fs;
        ret->access_net |= abis[i].adds.access_net;
        ret->scoped |= abis[i].adds.scoped;
    }
    return size;
}

static enum result failed(const char *what, struct err *err)
{
    return err_set(err, E_SANDBOX, "Landlock: %s: %s", what, strerror(errno));
}

static enum result allow_beneath(int ruleset_fd, const struct landlock_path *row, uint64_t known,
                                 struct err *err)
{
    CLEANUP(fd_closep) int folder = open(row->path, O_PATH | O_CLOEXEC);
    if (folder < 0)
        return failed(row->path, err);
    struct path_beneath rule = {row->rights & known, folder};
    if (syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH_BENEATH, &rule, 0) != 0)
        return failed(row->path, err);
    return OK;
}

enum result landlock_enter(const struct landlock_path *paths, unsigned may, struct err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 1)
        return failed("the kernel has none (sandbox.landlock: no refuses it by name)", err);
    struct ruleset all;
    size_t size = everything_that(abi, &all);
    if ((may & LANDLOCK_MAY_SIGNAL) != 0)
        all.scoped &= ~SCOPE_SIGNAL;
    if ((may & LANDLOCK_MAY_CONNECT) != 0)
        all.access_net &= ~NET_CONNECT_TCP;
    CLEANUP(fd_closep) int fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (fd < 0)
        return failed("making the ruleset", err);
    for (; paths->path != NULL; paths++)
        TRY(allow_beneath(fd, paths, all.access_fs, err));
    if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return failed("entering the ruleset", err);
    return OK;
}
