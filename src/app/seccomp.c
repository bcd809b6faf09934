#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define FRONT (1U << IPC_FRONT)
#define DESK (1U << IPC_DESK)
#define READER (1U << IPC_READER)
#define CORE (1U << IPC_CORE)
#define SIGNER (1U << IPC_SIGNER)
#define LOADER (1U << IPC_LOADER)
#define COURIER (1U << IPC_COURIER)
#define SUPERVISOR (1U << IPC_SUPERVISOR)

#define LISTENERS (FRONT | DESK)
#define DATABASE (READER | CORE)
#define DURABLE (CORE | SIGNER)
#define BULK (DESK | CORE | SIGNER | LOADER)
#define ALL (LISTENERS | DATABASE | SIGNER | LOADER | COURIER | SUPERVISOR)

#define WHOLE (~UINT64_C(0)) /* as a mask: the argument is exactly the value */

/* `call` passes in `roles`, when the masked bits of one argument have the value. */
struct call_row {
    int call;
    unsigned roles;
    unsigned argument;
    uint64_t mask, value;
};

/* No row: killed. In no row at all: listen, fork, execve, ptrace, process_vm_readv, kill, setuid
 * and its kin, mount, open (the C library calls openat); socket, connect, bind and ioctl in the
 * courier's only. */
static const struct call_row calls[] = {
    /* memory, never executable */
    {SCMP_SYS(brk), ALL},
    {SCMP_SYS(mmap), ALL, 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), ALL, 2, PROT_EXEC, 0},
    {SCMP_SYS(munmap), ALL},
    {SCMP_SYS(mremap), ALL},
    {SCMP_SYS(madvise), ALL},
    {SCMP_SYS(mlock), ALL},
    {SCMP_SYS(munlock), ALL},
    {SCMP_SYS(sysinfo), ALL}, /* qsort(3) asks how much memory there is */

    /* time, waiting, randomness, one's own number */
    {SCMP_SYS(clock_gettime), ALL},
    {SCMP_SYS(clock_nanosleep), ALL},
    {SCMP_SYS(gettimeofday), ALL},
    {SCMP_SYS(getrandom), ALL},
    {SCMP_SYS(getpid), ALL},
    {SCMP_SYS(gettid), ALL},
    {SCMP_SYS(futex), ALL},
    {SCMP_SYS(poll), ALL},
    {SCMP_SYS(ppoll), ALL},
    {SCMP_SYS(epoll_create1), ALL},
    {SCMP_SYS(epoll_ctl), ALL},
    {SCMP_SYS(epoll_wait), ALL},
    {SCMP_SYS(epoll_pwait), ALL},
    {SCMP_SYS(timerfd_create), ALL},
    {SCMP_SYS(timerfd_settime), ALL},
    {SCMP_SYS(eventfd2), ALL},
    {SCMP_SYS(restart_syscall), ALL},
    {SCMP_SYS(rt_sigaction), ALL},
    {SCMP_SYS(rt_sigprocmask), ALL},
    {SCMP_SYS(rt_sigreturn), ALL},
    {SCMP_SYS(sigaltstack), ALL}, /* AddressSanitizer asks before what does not return */
    {SCMP_SYS(exit), ALL},
    {SCMP_SYS(exit_group), ALL},

    /* what is open; of fcntl nothing that locks or sends signals */
    {SCMP_SYS(read), ALL},
    {SCMP_SYS(pread64), ALL},
    {SCMP_SYS(write), ALL},
    {SCMP_SYS(writev), ALL},
    {SCMP_SYS(close), ALL},
    {SCMP_SYS(lseek), ALL},
    {SCMP_SYS(fstat), ALL},
    {SCMP_SYS(newfstatat), LISTENERS | SIGNER | SUPERVISOR, 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
    {SCMP_SYS(recvmsg), ALL},
    {SCMP_SYS(recvfrom), ALL},
    {SCMP_SYS(sendto), ALL & ~COURIER, 4, WHOLE, 0}, /* no address: send(2) */
    {SCMP_SYS(sendmsg), ALL},
    {SCMP_SYS(fcntl), ALL, 1, WHOLE, F_GETFD},
    {SCMP_SYS(fcntl), ALL, 1, WHOLE, F_SETFD},
    {SCMP_SYS(fcntl), ALL, 1, WHOLE, F_GETFL},
    {SCMP_SYS(fcntl), ALL, 1, WHOLE, F_SETFL},

    /* connections that others opened, and public files: Landlock confines openat2 */
    {SCMP_SYS(accept4), LISTENERS},
    {SCMP_SYS(recvmmsg), LISTENERS},
    {SCMP_SYS(sendmmsg), LISTENERS},
    {SCMP_SYS(sendfile), LISTENERS},
    {SCMP_SYS(shutdown), LISTENERS},
    {SCMP_SYS(setsockopt), LISTENERS},
    {SCMP_SYS(getsockopt), LISTENERS},
    {SCMP_SYS(getsockname), LISTENERS},
    {SCMP_SYS(getpeername), LISTENERS},
    {SCMP_SYS(openat2), LISTENERS},

    /* connections of its own; names: UDP, and netlink, which says what addresses this machine has
     */
    {SCMP_SYS(socket), COURIER, 0, WHOLE, AF_INET},
    {SCMP_SYS(socket), COURIER, 0, WHOLE, AF_INET6},
    {SCMP_SYS(socket), COURIER, 0, WHOLE, AF_NETLINK},
    {SCMP_SYS(socketpair), COURIER},
    {SCMP_SYS(connect), COURIER},
    {SCMP_SYS(bind), COURIER},
    {SCMP_SYS(sendto), COURIER},
    {SCMP_SYS(sendmmsg), COURIER},
    {SCMP_SYS(shutdown), COURIER},
    {SCMP_SYS(setsockopt), COURIER},
    {SCMP_SYS(getsockopt), COURIER},
    {SCMP_SYS(getsockname), COURIER},
    {SCMP_SYS(getpeername), COURIER},
    {SCMP_SYS(ioctl), COURIER, 1, WHOLE, FIONREAD},
    {SCMP_SYS(openat), COURIER, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {SCMP_SYS(newfstatat), COURIER},
    {SCMP_SYS(stat), COURIER},
    {SCMP_SYS(uname), COURIER},

    /* sealed memfds */
    {SCMP_SYS(memfd_create), BULK},
    {SCMP_SYS(fcntl), BULK, 1, WHOLE, F_ADD_SEALS},
    {SCMP_SYS(fcntl), ALL, 1, WHOLE, F_GET_SEALS}, /* a configuration comes in one */

    /* SQLite */
    {SCMP_SYS(openat), READER, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {SCMP_SYS(fcntl), DATABASE, 1, WHOLE, F_SETLK},
    {SCMP_SYS(fcntl), DATABASE, 1, WHOLE, F_GETLK},
    {SCMP_SYS(newfstatat), DATABASE},
    {SCMP_SYS(stat), DATABASE},
    {SCMP_SYS(lstat), DATABASE},
    {SCMP_SYS(access), DATABASE},
    {SCMP_SYS(faccessat), DATABASE},
    {SCMP_SYS(faccessat2), DATABASE},
    {SCMP_SYS(readlink), DATABASE},
    {SCMP_SYS(readlinkat), DATABASE},
    {SCMP_SYS(getcwd), DATABASE},
    {SCMP_SYS(geteuid), DATABASE},

    /* files that last: database, journal, public objects */
    {SCMP_SYS(pwrite64), DURABLE},
    {SCMP_SYS(fsync), DURABLE},
    {SCMP_SYS(fdatasync), DURABLE},
    {SCMP_SYS(ftruncate), DURABLE},
    {SCMP_SYS(fallocate), DURABLE},
    {SCMP_SYS(fstatfs), DURABLE}, /* is there room? */
    {SCMP_SYS(openat), CORE},
    {SCMP_SYS(fchmodat), CORE},
    {SCMP_SYS(fstatfs), CORE}, /* is the disk full? */
    {SCMP_SYS(fchmod), CORE},
    {SCMP_SYS(fchmodat), CORE},
    {SCMP_SYS(fchown), CORE},
    {SCMP_SYS(mkdir), CORE},
    {SCMP_SYS(mkdirat), CORE},
    {SCMP_SYS(link), CORE},
    {SCMP_SYS(linkat), CORE},
    {SCMP_SYS(rename), CORE},
    {SCMP_SYS(renameat), CORE},
    {SCMP_SYS(renameat2), CORE},
    {SCMP_SYS(unlink), CORE},
    {SCMP_SYS(unlinkat), CORE},

    /* children, which it stops by hanging up */
    {SCMP_SYS(wait4), SUPERVISOR | LOADER},

    /* the child that parses the configuration, below whose folder Landlock lets it read */
    {SCMP_SYS(clone), LOADER},
    {SCMP_SYS(set_robust_list), LOADER}, /* the C library, in a new process */
    {SCMP_SYS(openat), LOADER, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {SCMP_SYS(newfstatat), LOADER},
    {SCMP_SYS(lstat), LOADER},
    {SCMP_SYS(readlink), LOADER},
    {SCMP_SYS(readlinkat), LOADER},
    {SCMP_SYS(getcwd), LOADER},
};

static int add_row(scmp_filter_ctx filter, const struct call_row *row)
{
    struct scmp_arg_cmp check = {row->argument, SCMP_CMP_MASKED_EQ, row->mask, row->value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->call, row->mask != 0, &check);
}

static int fill(scmp_filter_ctx filter, enum ipc_role role)
{
    int bad = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (bad == 0)
        bad = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (bad == 0)
        bad = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* binary tree: 60 calls */
    for (size_t i = 0; bad == 0 && i < LENGTH_OF(calls); i++)
        if ((calls[i].roles & 1U << role) != 0)
            bad = add_row(filter, &calls[i]);
    return bad == 0 ? seccomp_load(filter) : bad;
}

enum result seccomp_enter(enum ipc_role role, struct err *err)
{
    if ((ALL & 1U << role) == 0)
        return err_set(err, E_SANDBOX, "seccomp: %s has no row", ipc_role_name(role));
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return err_set(err, E_SANDBOX, "seccomp: no memory for a filter");
    int bad = fill(filter, role);
    seccomp_release(filter);
    if (bad != 0)
        return err_set(err, E_SANDBOX, "seccomp: %s (sandbox.seccomp: no refuses it by name)",
                       strerror(-bad));
    return OK;
}
