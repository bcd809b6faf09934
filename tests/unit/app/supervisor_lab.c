#include "supervisor_lab.h"

#include <base/file.h>
#include <base/log.h>
#include <core/core.h>
#include <courier/courier.h>
#include <http/desk.h>
#include <http/front.h>
#include <ipc/reload.h>
#include <reader/reader.h>
#include <signer/signer.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 5000

struct config config;
char config_path[CONFIG_PATH_MAX + 16];
enum behaviour plans[IPC_SUPERVISOR + 1];

/* ---- the roles
 * ------------------------------------------------------------------------------------ */

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 3; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

struct role {
    enum ipc_role me;
    struct reload reload;
};

static void say(const struct role *role, const char *what, const struct config *about)
{
    log_event(LEVEL_INFO, what, {"me", ipc_role_name(role->me)},
              {"idle", log_number(about->limits.idle_s).text});
}

static enum result prepare(void *owner, const struct config *next, struct err *err)
{
    struct role *role = owner;
    say(role, "prepares", next);
    if (plans[role->me] == DIES_PREPARING)
        _exit(5);
    if (plans[role->me] == REFUSES)
        return err_set(err, E_CONFLICT, "not with me");
    if (plans[role->me] == ANSWERS_TWICE)
        (void)!reload_prepared(&role->reload, &(struct err){0}, err);
    bool is_silent = plans[role->me] == ANSWERS_LATER || plans[role->me] == ANSWERS_NEVER;
    return is_silent ? R_WAIT : OK;
}

static void commit(void *owner, const struct config *now)
{
    struct role *role = owner;
    if (plans[role->me] == DIES_COMMITTING)
        _exit(5);
    say(role, "commits", now);
}

static void abandon(void *owner)
{
    struct role *role = owner;
    say(role, "abandons", role->reload.config);
}

static void finish(void *owner)
{
    struct role *role = owner;
    say(role, "finishes", role->reload.config);
}

static const struct reload_hooks hooks = {prepare, commit, abandon, finish};

/* Whoever answers later does so in the next turn of his loop. */
static int wait_for_end(enum ipc_role me, int supervisor_fd)
{
    static const struct err fine;
    struct role role = {.me = me};
    struct err err = {0};
    bool is_over = false;
    enum result result = reload_open(&role.reload, me, supervisor_fd, &config, &err);
    reload_set_hooks(&role.reload, &hooks, &role);
    while (result == OK && !is_over) {
        struct pollfd end = {role.reload.up.fd, POLLIN, 0};
        (void)poll(&end, 1, -1);
        bool was_prepared = role.reload.next.n > 0;
        result = reload_take(&role.reload, &is_over, &err);
        if (result == OK && plans[me] == ANSWERS_LATER && !was_prepared && role.reload.next.n > 0)
            result = reload_prepared(&role.reload, &fine, &err);
    }
    if (result != OK)
        log_err(LEVEL_ERROR, "role", &err, NULL);
    return result == OK ? 0 : 30;
}

static int live(enum ipc_role me, int supervisor_fd, const struct role_sandbox *sandbox)
{
    struct err err = {0};
    log_event(LEVEL_INFO, "alive", {"fds", log_number(count_descriptors()).text});
    if (plans[me] == EXITS_7)
        return 7;
    if (plans[me] == CRASHES)
        raise(SIGKILL);
    if (role_enter_sandbox(sandbox, &err) != OK) {
        log_err(LEVEL_ERROR, "no-sandbox", &err, NULL);
        return 9;
    }
    if (plans[me] == FORBIDDEN_CALL)
        (void)socket(AF_INET, SOCK_STREAM, 0);
    if (plans[me] != NEVER_READY && role_send_ready(me, supervisor_fd, sandbox, "", &err) != OK)
        return 8;
    int status = wait_for_end(me, supervisor_fd);
    log_event(LEVEL_INFO, "told-to-end", {"me", ipc_role_name(me)});
    while (plans[me] == NEVER_ENDS)
        (void)poll(NULL, 0, 1000);
    return plans[me] == DIES_LATE ? 6 : status;
}

int front_run(const struct front_setup *setup)
{
    if (!is_open(setup->listen_fd_tls) || !is_open(setup->listen_fd_plain) ||
        !is_open(setup->core_fd) || !is_open(setup->public_dir_fd))
        return 20;
    return live(IPC_FRONT, setup->supervisor_fd, &setup->sandbox);
}

int desk_run(const struct desk_setup *setup)
{
    if (!is_open(setup->listen_fd_tls) || !is_open(setup->listen_fd_local) ||
        !is_open(setup->core_fd) || !is_open(setup->reader_fd) || !is_open(setup->public_dir_fd))
        return 21;
    return live(IPC_DESK, setup->supervisor_fd, &setup->sandbox);
}

int reader_run(const struct reader_setup *setup)
{
    return is_open(setup->desk_fd) ? live(IPC_READER, setup->supervisor_fd, &setup->sandbox) : 22;
}

int core_run(const struct core_setup *setup)
{
    for (unsigned i = 0; i < setup->front_count; i++)
        if (!is_open(setup->front_fds[i]))
            return 23;
    if (setup->front_count != config.fronts || !is_open(setup->desk_fd) ||
        !is_open(setup->signer_fd) || !is_open(setup->courier_fd))
        return 23;
    return live(IPC_CORE, setup->supervisor_fd, &setup->sandbox);
}

int signer_run(const struct signer_setup *setup)
{
    return is_open(setup->core_fd) ? live(IPC_SIGNER, setup->supervisor_fd, &setup->sandbox) : 24;
}

int courier_run(const struct courier_setup *setup)
{
    return is_open(setup->core_fd) ? live(IPC_COURIER, setup->supervisor_fd, &setup->sandbox) : 25;
}

/* ---- one server
 * ------------------------------------------------------------------------------------ */

struct server server;

void start_server(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    server = (struct server){.log_fd = ends[0]};
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        log_open("trothd", STDERR_FILENO);
        struct supervisor_setup setup = {&config, config_path, false};
        _exit(supervisor_run(&setup));
    }
    close(ends[1]);
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads the log until `text` is in it, or (NULL) until every process has closed it. */
static bool read_log(const char *text)
{
    int64_t until = now_ms() + WAIT_MS;
    while (text == NULL || strstr(server.log, text) == NULL) {
        struct pollfd in = {server.log_fd, POLLIN, 0};
        if (now_ms() > until || poll(&in, 1, 100) < 0)
            return false;
        if (in.revents == 0)
            continue;
        ssize_t n = read(server.log_fd, server.log + server.n, LOG_MAX - 1 - server.n);
        if (n <= 0)
            return text == NULL;
        server.n += (size_t)n;
    }
    return true;
}

void expect_log(const char *text)
{
    if (!read_log(text))
        fail_msg("no '%s' in:\n%s", text, server.log);
}

/* The exit status, after every process of the server has ended. */
static int wait_server(void)
{
    int status = 0;
    assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
    if (!read_log(NULL))
        fail_msg("a process outlives the server:\n%s", server.log);
    close(server.log_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void expect_end(int status)
{
    int got = wait_server();
    if (got != status)
        fprintf(stderr, "%s", server.log);
    assert_int_equal(got, status);
}

void expect_count(const char *text, int n)
{
    int64_t until = now_ms() + WAIT_MS;
    while (count_in_log(text) < n) {
        struct pollfd in = {server.log_fd, POLLIN, 0};
        if (now_ms() > until || poll(&in, 1, 100) < 0)
            fail_msg("%d of %d '%s' in:\n%s", count_in_log(text), n, text, server.log);
        ssize_t got = in.revents == 0
                          ? 0
                          : read(server.log_fd, server.log + server.n, LOG_MAX - 1 - server.n);
        server.n += got > 0 ? (size_t)got : 0;
    }
}

bool comes_before(const char *first, const char *second)
{
    const char *a = strstr(server.log, first), *b = strstr(server.log, second);
    return a != NULL && b != NULL && a < b;
}

int count_in_log(const char *text)
{
    int count = 0;
    for (const char *at = server.log; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* ---- the place
 * ------------------------------------------------------------------------------------- */

static const char *const folders[] = {"store", "signer", "public"};

enum result put_config(const char *text)
{
    return file_write(config_path, 0600, bytes_of(text, strlen(text)), NULL);
}

int make_place(void **state)
{
    (void)state;
    char path[CONFIG_PATH_MAX + 16];
    static char folder[] = "/tmp/troth-supervisor-XXXXXX";
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(config_path, sizeof config_path, "%s/troth.yaml", folder);
    if (put_config(PLAIN) != OK || config_read(config_path, &config, NULL) != OK)
        return -1;
    for (size_t i = 0; i < LENGTH_OF(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", config.data, folders[i]);
        if (folder_ensure(path, 0700, NULL) != OK)
            return -1;
    }
    return 0;
}

int remove_place(void **state)
{
    (void)state;
    char path[CONFIG_PATH_MAX + 16];
    for (size_t i = 0; i < LENGTH_OF(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", config.data, folders[i]);
        (void)rmdir(path);
    }
    (void)unlink(config.listen.local);
    (void)unlink(config_path);
    (void)rmdir(config.data);
    return 0;
}

int forget_plans(void **state)
{
    (void)state;
    memset(plans, 0, sizeof plans);
    return 0;
}
