#include "acts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT(x) ((long)(x))

static void add(struct acts *to, const char *what, const char *whose, struct act act)
{
    if (to->n == ACTS_MAX)
        abort();
    snprintf(act.name, sizeof act.name, "%s%s%s", what, *whose != '\0' ? " " : "", whose);
    to->all[to->n++] = act;
}

/* ---- files
 * --------------------------------------------------------------------------------------- */

static const struct open_how reads = {.flags = O_RDONLY | O_CLOEXEC};
static const struct open_how writes = {.flags = O_WRONLY | O_CLOEXEC};
static const struct open_how creates = {.flags = O_WRONLY | O_CREAT | O_CLOEXEC, .mode = 0644};
static const struct open_how beneath = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};

static struct act open_by(int folder, const char *path, const struct open_how *how)
{
    return (struct act){"", SYS_openat2, {folder, AT(path), AT(how), sizeof *how}};
}

static void add_file(struct acts *to, const struct config *config, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", config->data, name) < 0)
        abort();
    add(to, "openat", name, (struct act){"", SYS_openat, {AT_FDCWD, AT(path), O_RDONLY}});
    add(to, "openat2", name, open_by(AT_FDCWD, path, &reads));
    add(to, "openat2 to write", name, open_by(AT_FDCWD, path, &writes));
    add(to, "truncate", name, (struct act){"", SYS_truncate, {AT(path), 0}});
    add(to, "unlink", name, (struct act){"", SYS_unlink, {AT(path)}});
}

static void add_public(struct acts *to, const struct front_setup *setup)
{
    int folder = setup->public_dir_fd;
    static struct flock lock = {.l_type = F_WRLCK};
    add(to, "climb", "", open_by(folder, "../data/store/troth.db", &reads));
    add(to, "climb beneath", "", open_by(folder, "../data/store/troth.db", &beneath));
    add(to, "open /etc/passwd", "", open_by(folder, "/etc/passwd", &reads));
    add(to, "read public file", "", open_by(folder, "checkpoint-keys", &beneath));
    add(to, "write public file", "", open_by(folder, "checkpoint-keys", &writes));
    add(to, "make public file", "", open_by(folder, "mine", &creates));
    add(to, "lock", "", (struct act){"", SYS_fcntl, {folder, F_SETLK, AT(&lock)}});
    add(to, "ftruncate", "", (struct act){"", SYS_ftruncate, {folder, 0}});
    add(to, "chmod", "", (struct act){"", SYS_fchmod, {folder, 0777}});
}

/* ---- processes
 * ----------------------------------------------------------------------------------- */

/* The child of our parent that is called `name`, or 0. */
static pid_t sibling(const char *name)
{
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        char path[300], comm[32];
        pid_t parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *stat = isdigit((unsigned char)entry->d_name[0]) ? fopen(path, "re") : NULL;
        if (stat == NULL)
            continue;
        if (fscanf(stat, "%*d (%31[^)]) %*c %d", comm, &parent) == 2 && parent == getppid() &&
            strcmp(comm, name) == 0)
            found = (pid_t)strtol(entry->d_name, NULL, 10);
        fclose(stat);
    }
    if (processes != NULL)
        closedir(processes);
    return found;
}

static void add_process(struct acts *to, const char *name, pid_t pid)
{
    static char byte;
    static const struct iovec here = {&byte, 1}, there = {&byte, 1};
    char *memory = NULL;
    if (pid <= 0 || asprintf(&memory, "/proc/%d/mem", pid) < 0)
        abort();
    add(to, "ptrace", name, (struct act){"", SYS_ptrace, {PTRACE_ATTACH, pid}});
    add(to, "process_vm_readv", name,
        (struct act){"", SYS_process_vm_readv, {pid, AT(&here), 1, AT(&there), 1}});
    add(to, "open memory", name, open_by(AT_FDCWD, memory, &reads));
    add(to, "kill", name, (struct act){"", SYS_kill, {pid, SIGKILL}});
    add(to, "tgkill", name, (struct act){"", SYS_tgkill, {pid, pid, SIGKILL}});
    add(to, "pidfd_open", name, (struct act){"", SYS_pidfd_open, {pid}});
    add(to, "signal by fcntl", name, (struct act){"", SYS_fcntl, {0, F_SETOWN, pid}});
}

static void add_new_processes(struct acts *to)
{
    static char program[] = "/bin/true", *argv[] = {program, NULL};
    add(to, "execve", "", (struct act){"", SYS_execve, {AT(program), AT(argv)}});
    add(to, "execveat", "", (struct act){"", SYS_execveat, {AT_FDCWD, AT(program), AT(argv)}});
    add(to, "fork", "", (struct act){"", SYS_fork, {0}});
    add(to, "clone", "", (struct act){"", SYS_clone, {SIGCHLD}});
    add(to, "clone3", "", (struct act){"", SYS_clone3, {0}});
    add(to, "unshare", "", (struct act){"", SYS_unshare, {CLONE_NEWUSER}});
}

/* ---- the kernel
 * ---------------------------------------------------------------------------------- */

static void add_network(struct acts *to, const struct front_setup *setup)
{
    static struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    long at = AT(&address), n = sizeof address;
    add(to, "socket", "", (struct act){"", SYS_socket, {AF_INET, SOCK_STREAM}});
    add(to, "socketpair", "", (struct act){"", SYS_socketpair, {AF_UNIX, SOCK_STREAM}});
    add(to, "connect", "", (struct act){"", SYS_connect, {setup->listen_fd_tls, at, n}});
    add(to, "bind", "", (struct act){"", SYS_bind, {setup->listen_fd_tls, at, n}});
    add(to, "listen", "", (struct act){"", SYS_listen, {setup->core_fd, 1}});
    add(to, "sendto", "", (struct act){"", SYS_sendto, {setup->core_fd, at, 1, 0, at, n}});
}

static void add_memory(struct acts *to)
{
    static uint8_t page[4096] __attribute__((aligned(4096)));
    long exec = PROT_READ | PROT_EXEC, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    add(to, "mmap executable", "", (struct act){"", SYS_mmap, {0, 4096, exec, anonymous, -1}});
    add(to, "mprotect executable", "", (struct act){"", SYS_mprotect, {AT(page), 4096, exec}});
    add(to, "pkey_mprotect", "", (struct act){"", SYS_pkey_mprotect, {AT(page), 4096, exec, -1}});
    add(to, "memfd_create", "", (struct act){"", SYS_memfd_create, {AT("x")}});
}

static void add_rights(struct acts *to)
{
    add(to, "setuid", "", (struct act){"", SYS_setuid, {0}});
    add(to, "setgroups", "", (struct act){"", SYS_setgroups, {0}});
    add(to, "capset", "", (struct act){"", SYS_capset, {0}});
    add(to, "chroot", "", (struct act){"", SYS_chroot, {AT("/")}});
    add(to, "mount", "", (struct act){"", SYS_mount, {0}});
    add(to, "dumpable again", "", (struct act){"", SYS_prctl, {PR_SET_DUMPABLE, 1}});
    add(to, "seccomp", "", (struct act){"", SYS_seccomp, {0}});
    add(to, "limits", "", (struct act){"", SYS_prlimit64, {0}});
    add(to, "io_uring_setup", "", (struct act){"", SYS_io_uring_setup, {8}});
    add(to, "bpf", "", (struct act){"", SYS_bpf, {0}});
    add(to, "perf_event_open", "", (struct act){"", SYS_perf_event_open, {0}});
    add(to, "keyctl", "", (struct act){"", SYS_keyctl, {0}});
    add(to, "userfaultfd", "", (struct act){"", SYS_userfaultfd, {0}});
}

void acts_plan(const struct front_setup *setup, struct acts *ret)
{
    static const char *const files[] = {"signer/ldevid.pem", "signer/journal", "store/troth.db",
                                        "store/troth.db-wal", "store/troth.db-shm"};
    ret->n = 0;
    for (size_t i = 0; i < LENGTH_OF(files); i++)
        add_file(ret, setup->config, files[i]);
    add_public(ret, setup);
    add_process(ret, "supervisor", getppid());
    add_process(ret, "core", sibling("core"));
    add_process(ret, "signer", sibling("signer"));
    add_new_processes(ret);
    add_network(ret, setup);
    add_memory(ret);
    add_rights(ret);
}
