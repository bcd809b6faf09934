/* Each act runs in a child of its own that first enters the real sandbox of a role. */
#include <app/sandbox.h>
#include <ipc/role.h>

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KILLED (-SIGSYS)
#define DONE 0

static struct config config;
static int public_fd = -1, outside_fd = -1;
static char key_path[CONFIG_PATH_MAX + 32], database_path[CONFIG_PATH_MAX + 32];
static char config_path[CONFIG_PATH_MAX + 32];
static pid_t parent;

/* ---- acts: DONE or errno -----------------------------------------------------------------------
 */

static int outcome(long result)
{
    return result < 0 ? errno : DONE;
}

static int open_key(void)
{
    return outcome(open(key_path, O_RDONLY | O_CLOEXEC));
}

static int open_key_by_openat2(void)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return outcome(syscall(SYS_openat2, AT_FDCWD, key_path, &how, sizeof how));
}

static int open_database(void)
{
    return outcome(open(database_path, O_RDONLY | O_CLOEXEC));
}

static int open_database_by_openat2(void)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return outcome(syscall(SYS_openat2, AT_FDCWD, database_path, &how, sizeof how));
}

static int write_database(void)
{
    return outcome(open(database_path, O_RDWR | O_CLOEXEC));
}

static int truncate_database(void)
{
    return outcome(truncate(database_path, 0));
}

static int open_public(const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    return outcome(syscall(SYS_openat2, public_fd, name, &how, sizeof how));
}

static int open_public_file(void)
{
    return open_public("ca.crl");
}

static int climb_out_of_public_beneath(void)
{
    return open_public("../store/troth.db");
}

static int climb_out_of_public(void)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return outcome(syscall(SYS_openat2, public_fd, "../store/troth.db", &how, sizeof how));
}

static int write_public_file(void)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/new", config.public_files);
    struct err err;
    return file_write(path, 0644, bytes_text("x"), &err) == OK ? DONE : EACCES;
}

static int write_own_files(void)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/new", config.public_files);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    return outcome(fd);
}

static int move_between_public_folders(void)
{
    char folder[CONFIG_PATH_MAX + 32], from[CONFIG_PATH_MAX + 32], to[CONFIG_PATH_MAX + 64];
    snprintf(folder, sizeof folder, "%s/tile", config.public_files);
    snprintf(from, sizeof from, "%s/new", config.public_files);
    snprintf(to, sizeof to, "%s/moved", folder);
    if (write_public_file() != DONE || (mkdir(folder, 0755) != 0 && errno != EEXIST))
        return errno;
    return outcome(rename(from, to));
}

static int lock_outside(void)
{
    struct flock lock = {.l_type = F_RDLCK};
    return outcome(fcntl(outside_fd, F_SETLK, &lock));
}

static int signal_by_fcntl(void)
{
    return outcome(fcntl(public_fd, F_SETOWN, parent));
}

static int make_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int trace_parent(void)
{
    return outcome(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}

static int read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&parent, 1};
    return outcome(process_vm_readv(parent, &here, 1, &there, 1, 0));
}

static int open_parents_memory(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", parent);
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return outcome(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
}

static int kill_parent(void)
{
    return outcome(kill(parent, SIGCONT));
}

static int run_program(void)
{
    char path[] = "/bin/true", *argv[] = {path, NULL};
    return outcome(execve(path, argv, NULL));
}

static int make_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return outcome(child);
}

static int make_thread(void)
{
    return outcome(syscall(SYS_clone, 0, NULL, NULL, NULL, 0));
}

static int map_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : DONE;
}

static int make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int become_root(void)
{
    return outcome(setuid(0));
}

static int connect_somewhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int bind_somewhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(bind(fd, (struct sockaddr *)&to, sizeof to));
}

static int raise_limit(void)
{
    return outcome(setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1}));
}

static int open_config(void)
{
    return outcome(open(config_path, O_RDONLY | O_CLOEXEC));
}

static int open_config_to_write(void)
{
    return outcome(open(config_path, O_WRONLY | O_CLOEXEC));
}

/* The child has no more than its parent. */
static int open_key_in_a_child(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(open_key());
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return EINVAL;
    return WEXITSTATUS(status);
}

/* What every loop does. */
static int work(void)
{
    int fds[2];
    struct msg_front_ready message = {bytes_text("x")};
    uint8_t wire[64];
    size_t n = 0;
    char *grown = malloc(1 << 20);
    if (grown == NULL || ipc_encode(IPC_FRONT_READY, &message, wire, sizeof wire, &n, NULL) != OK)
        return EINVAL;
    memset(grown, 1, 1 << 20);
    free(grown);
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    char text[64];
    if (strftime(text, sizeof text, "%Y-%m-%d %Z %z", &parts) == 0)
        return EINVAL;
    tzset();
    fds[0] = public_fd;
    struct stat st;
    return outcome(fstat(fds[0], &st));
}

/* ---- one run
 * ------------------------------------------------------------------------------------- */

/* Its own exit codes, above every errno in use here. */
enum { NO_SANDBOX = 200, DIED_OTHERWISE = 201 };

static int run_act(enum ipc_role role, int (*act)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sandbox sandbox = {.role = role, .config = &config, .config_path = config_path};
        struct err err = {0};
        if (sandbox_enter(&sandbox, &err) != OK) {
            fprintf(stderr, "# %s\n", err.text);
            _exit(NO_SANDBOX);
        }
        _exit(act());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return WTERMSIG(status) == SIGSYS ? KILLED : DIED_OTHERWISE;
}

struct act_row {
    const char *name;
    enum ipc_role role;
    int (*act)(void);
    int wanted;
};

static void check_rows(const struct act_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int got = run_act(rows[i].role, rows[i].act);
        if (got != rows[i].wanted)
            fail_msg("%s, %s: %d, wanted %d", ipc_role_name(rows[i].role), rows[i].name, got,
                     rows[i].wanted);
    }
}

#define ROW(role, act, wanted)                                                                     \
    {                                                                                              \
#act, role, act, wanted                                                                    \
    }

static void a_front_is_killed_for_what_no_front_does(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const struct act_row rows[] = {
        ROW(IPC_FRONT, open_key, KILLED),        ROW(IPC_FRONT, open_database, KILLED),
        ROW(IPC_FRONT, write_database, KILLED),  ROW(IPC_FRONT, truncate_database, KILLED),
        ROW(IPC_FRONT, lock_outside, KILLED),    ROW(IPC_FRONT, signal_by_fcntl, KILLED),
        ROW(IPC_FRONT, make_socket, KILLED),     ROW(IPC_FRONT, trace_parent, KILLED),
        ROW(IPC_FRONT, read_parent, KILLED),     ROW(IPC_FRONT, kill_parent, KILLED),
        ROW(IPC_FRONT, run_program, KILLED),     ROW(IPC_FRONT, make_child, KILLED),
        ROW(IPC_FRONT, make_thread, KILLED),     ROW(IPC_FRONT, map_executable, KILLED),
        ROW(IPC_FRONT, make_executable, KILLED), ROW(IPC_FRONT, become_root, KILLED),
        ROW(IPC_FRONT, write_own_files, KILLED), ROW(IPC_FRONT, raise_limit, KILLED),
    };
    check_rows(rows, LENGTH_OF(rows));
}

static void a_front_opens_public_files_and_no_others(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const struct act_row rows[] = {
        ROW(IPC_FRONT, open_key_by_openat2, EACCES),
        ROW(IPC_FRONT, open_database_by_openat2, EACCES),
        ROW(IPC_FRONT, open_parents_memory, EACCES),
        ROW(IPC_FRONT, climb_out_of_public, EACCES),
        ROW(IPC_FRONT, climb_out_of_public_beneath, EXDEV),
        ROW(IPC_FRONT, open_public_file, DONE),
    };
    check_rows(rows, LENGTH_OF(rows));
}

static void every_role_is_killed_for_network_programs_and_other_processes(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const enum ipc_role roles[] = {IPC_FRONT, IPC_DESK,   IPC_READER,
                                          IPC_CORE,  IPC_SIGNER, IPC_SUPERVISOR};
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        const struct act_row rows[] = {
            ROW(roles[i], make_socket, KILLED), ROW(roles[i], run_program, KILLED),
            ROW(roles[i], make_child, KILLED),  ROW(roles[i], trace_parent, KILLED),
            ROW(roles[i], read_parent, KILLED), ROW(roles[i], map_executable, KILLED),
        };
        check_rows(rows, LENGTH_OF(rows));
    }
}

static void a_role_opens_its_own_folder_and_no_other(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const struct act_row rows[] = {
        ROW(IPC_CORE, open_key, EACCES),         ROW(IPC_CORE, write_database, DONE),
        ROW(IPC_CORE, write_public_file, DONE),  ROW(IPC_CORE, move_between_public_folders, DONE),
        ROW(IPC_READER, open_key, EACCES),       ROW(IPC_READER, open_database, DONE),
        ROW(IPC_READER, write_database, KILLED), ROW(IPC_SIGNER, open_database, KILLED),
        ROW(IPC_DESK, open_database, KILLED),    ROW(IPC_DESK, open_key_by_openat2, EACCES),
        ROW(IPC_SUPERVISOR, open_key, KILLED),
    };
    check_rows(rows, LENGTH_OF(rows));
}

static int ask_for_a_name(void)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int bad = getaddrinfo("localhost", "1", &hints, &found);
    if (bad == 0)
        freeaddrinfo(found);
    return bad == 0 ? DONE : EINVAL;
}

static int listen_somewhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return outcome(listen(fd, 1));
}

static int make_local_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int open_password_file(void)
{
    return outcome(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

/* It connects, and nothing connects to it; of files it sees what names are looked up by. */
static void the_courier_connects_and_has_no_files(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    __nss_configure_lookup("hosts", "files dns"); /* as it does before it enters */
    static const struct act_row rows[] = {
        ROW(IPC_COURIER, connect_somewhere, ECONNREFUSED),
        ROW(IPC_COURIER, ask_for_a_name, DONE),
        ROW(IPC_COURIER, bind_somewhere, EACCES),
        ROW(IPC_COURIER, listen_somewhere, KILLED),
        ROW(IPC_COURIER, make_local_socket, KILLED),
        ROW(IPC_COURIER, open_key, EACCES),
        ROW(IPC_COURIER, open_database, EACCES),
        ROW(IPC_COURIER, write_database, KILLED),
        ROW(IPC_COURIER, open_password_file, EACCES),
        ROW(IPC_COURIER, write_own_files, KILLED),
        ROW(IPC_COURIER, trace_parent, KILLED),
        ROW(IPC_COURIER, run_program, KILLED),
        ROW(IPC_COURIER, make_child, KILLED),
        ROW(IPC_COURIER, map_executable, KILLED),
        ROW(IPC_COURIER, become_root, KILLED),
        ROW(IPC_COURIER, work, DONE),
    };
    check_rows(rows, LENGTH_OF(rows));
}

/* It alone may make processes, and they may read what lies beside the configuration. */
static void the_loader_reads_the_configuration_and_nothing_else(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const struct act_row rows[] = {
        ROW(IPC_LOADER, open_config, DONE),
        ROW(IPC_LOADER, open_config_to_write, KILLED),
        ROW(IPC_LOADER, open_key, EACCES),
        ROW(IPC_LOADER, open_key_in_a_child, EACCES),
        ROW(IPC_LOADER, open_database, EACCES),
        ROW(IPC_LOADER, write_database, KILLED),
        ROW(IPC_LOADER, open_parents_memory, KILLED),
        ROW(IPC_LOADER, make_socket, KILLED),
        ROW(IPC_LOADER, run_program, KILLED),
        ROW(IPC_LOADER, trace_parent, KILLED),
        ROW(IPC_LOADER, kill_parent, KILLED),
        ROW(IPC_LOADER, map_executable, KILLED),
        ROW(IPC_LOADER, become_root, KILLED),
        ROW(IPC_LOADER, work, DONE),
    };
    check_rows(rows, LENGTH_OF(rows));
}

static void landlock_alone_refuses_files_network_and_signals(void **state)
{
    (void)state;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U); /* 1: tell the version */
    if (abi < 6) {
        print_message("this kernel's Landlock has ABI %ld, the test wants 6\n", abi);
        skip();
    }
    config.sandbox_seccomp = false;
    config.sandbox_landlock = true;
    static const struct act_row rows[] = {
        ROW(IPC_FRONT, open_key, EACCES),          ROW(IPC_FRONT, open_database, EACCES),
        ROW(IPC_FRONT, truncate_database, EACCES), ROW(IPC_FRONT, write_own_files, EACCES),
        ROW(IPC_FRONT, run_program, EACCES),       ROW(IPC_FRONT, kill_parent, EPERM),
        ROW(IPC_FRONT, connect_somewhere, EACCES), ROW(IPC_FRONT, bind_somewhere, EACCES),
        ROW(IPC_FRONT, trace_parent, EPERM),       ROW(IPC_READER, write_database, EACCES),
        ROW(IPC_SIGNER, open_database, EACCES),    ROW(IPC_SIGNER, open_key, DONE),
    };
    check_rows(rows, LENGTH_OF(rows));
}

static void what_every_loop_does_passes_in_every_role(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    static const enum ipc_role roles[] = {IPC_FRONT, IPC_DESK,   IPC_READER,
                                          IPC_CORE,  IPC_SIGNER, IPC_SUPERVISOR};
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        const struct act_row row = ROW(roles[i], work, DONE);
        check_rows(&row, 1);
    }
}

static void a_missing_folder_is_refused(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = true;
    char was = config.public_files[1];
    config.public_files[1] = '!';
    const struct act_row row = ROW(IPC_FRONT, work, NO_SANDBOX);
    check_rows(&row, 1);
    config.public_files[1] = was;
}

/* In a child, because limits cannot be raised again. */
static int say_what_is_missing(void)
{
    struct sandbox sandbox = {.role = IPC_FRONT, .config = &config};
    struct err err;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){90, 90});
    if (sandbox_enter(&sandbox, &err) != OK)
        return NO_SANDBOX;
    return strcmp(sandbox.missing, "open files: 90 of 228; Landlock is refused in the "
                                   "configuration; seccomp is refused in the configuration");
}

static void what_is_refused_by_name_is_said(void **state)
{
    (void)state;
    config.sandbox_seccomp = config.sandbox_landlock = false;
    config.limits.connections = 100;
    const struct act_row row = ROW(IPC_FRONT, say_what_is_missing, 0);
    check_rows(&row, 1);
}

/* ---- the place: DATA/{store/troth.db,signer/key.pem}, PUBLIC/ca.crl
 * --------------------------------- */

static void put_file(char *ret_path, size_t size, const char *folder, const char *name)
{
    char path[CONFIG_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/%s", config.data, folder);
    assert_int_equal(folder_ensure(path, 0700, NULL), OK);
    snprintf(ret_path, size, "%s/%s/%s", config.data, folder, name);
    assert_int_equal(file_write(ret_path, 0600, bytes_text("secret"), NULL), OK);
}

static int make_place(void **state)
{
    (void)state;
    char public_path[CONFIG_PATH_MAX + 32];
    snprintf(config.data, sizeof config.data, "/tmp/troth-sandbox-XXXXXX");
    assert_non_null(mkdtemp(config.data));
    put_file(key_path, sizeof key_path, ROLE_FOLDER_SIGNER, "key.pem");
    put_file(database_path, sizeof database_path, ROLE_FOLDER_STORE, "troth.db");
    put_file(public_path, sizeof public_path, "public", "ca.crl");
    put_file(config_path, sizeof config_path, "etc", "troth.yaml");
    snprintf(config.public_files, sizeof config.public_files, "%.400s/public", config.data);
    public_fd = open(config.public_files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    outside_fd = open(database_path, O_RDWR | O_CLOEXEC);
    parent = getpid();
    return public_fd >= 0 && outside_fd >= 0 ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    static const char *const names[] = {"etc/troth.yaml",
                                        "etc",
                                        "signer/key.pem",
                                        "store/troth.db",
                                        "public/ca.crl",
                                        "public/new",
                                        "public/tile/moved",
                                        "public/tile",
                                        "signer",
                                        "store",
                                        "public",
                                        ""};
    char path[CONFIG_PATH_MAX + 32];
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", config.data, names[i]);
        (void)remove(path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_front_is_killed_for_what_no_front_does),
        cmocka_unit_test(a_front_opens_public_files_and_no_others),
        cmocka_unit_test(every_role_is_killed_for_network_programs_and_other_processes),
        cmocka_unit_test(a_role_opens_its_own_folder_and_no_other),
        cmocka_unit_test(the_loader_reads_the_configuration_and_nothing_else),
        cmocka_unit_test(the_courier_connects_and_has_no_files),
        cmocka_unit_test(landlock_alone_refuses_files_network_and_signals),
        cmocka_unit_test(what_every_loop_does_passes_in_every_role),
        cmocka_unit_test(a_missing_folder_is_refused),
        cmocka_unit_test(what_is_refused_by_name_is_said),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
