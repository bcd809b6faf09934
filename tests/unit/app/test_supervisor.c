/* The real supervisor over roles of this file: each is told by `plans` how it behaves, and says on
 * the log what it sees. The supervisor runs in a child of the test. */
#include <app/supervisor.h>

#include <base/file.h>
#include <base/log.h>
#include <core/core.h>
#include <http/desk.h>
#include <http/front.h>
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
#define LOG_MAX 65536

enum behaviour { LIVES = 0, EXITS_7, CRASHES, NEVER_READY, NEVER_ENDS, FORBIDDEN_CALL, DIES_LATE };

static struct config config;
static enum behaviour plans[IPC_SUPERVISOR + 1];

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

static void wait_for_end(int supervisor_fd)
{
    struct pollfd end = {supervisor_fd, POLLIN, 0};
    while (poll(&end, 1, -1) < 0 || !role_must_end(supervisor_fd))
        continue;
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
    wait_for_end(supervisor_fd);
    log_event(LEVEL_INFO, "told-to-end", {"me", ipc_role_name(me)});
    while (plans[me] == NEVER_ENDS)
        (void)poll(NULL, 0, 1000);
    return plans[me] == DIES_LATE ? 6 : 0;
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
        !is_open(setup->signer_fd))
        return 23;
    return live(IPC_CORE, setup->supervisor_fd, &setup->sandbox);
}

int signer_run(const struct signer_setup *setup)
{
    return is_open(setup->core_fd) ? live(IPC_SIGNER, setup->supervisor_fd, &setup->sandbox) : 24;
}

/* ---- one server
 * ------------------------------------------------------------------------------------ */

struct server {
    pid_t pid;
    int log_fd;
    char log[LOG_MAX];
    size_t n;
};

static struct server server;

static void start_server(void)
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
        _exit(supervisor_run(&config));
    }
    close(ends[1]);
}

static int64_t now_ms(void)
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

static void expect_log(const char *text)
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

static void expect_end(int status)
{
    int got = wait_server();
    if (got != status)
        fprintf(stderr, "%s", server.log);
    assert_int_equal(got, status);
}

static bool comes_before(const char *first, const char *second)
{
    const char *a = strstr(server.log, first), *b = strstr(server.log, second);
    return a != NULL && b != NULL && a < b;
}

static int count_in_log(const char *text)
{
    int count = 0;
    for (const char *at = server.log; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* ---- tests
 * ----------------------------------------------------------------------------------------- */

static void a_port_in_use_ends_it_before_anything_starts(void **state)
{
    (void)state;
    struct address was = config.listen.plain;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in *to = (struct sockaddr_in *)&config.listen.plain.sa;
    assert_int_equal(bind(fd, (struct sockaddr *)to, sizeof *to), 0);
    assert_int_equal(listen(fd, 1), 0);
    socklen_t n = sizeof *to;
    assert_int_equal(getsockname(fd, (struct sockaddr *)to, &n), 0);
    start_server();
    expect_end(1);
    expect_log("listen.plain 127.0.0.1:0: Address already in use");
    assert_int_equal(count_in_log("event=alive"), 0);
    close(fd);
    config.listen.plain = was;
}

static void a_death_at_the_start_stops_all_with_its_status(void **state)
{
    (void)state;
    plans[IPC_SIGNER] = EXITS_7;
    start_server();
    expect_end(7);
    expect_log("event=process-died of=signer how=\"exit status 7\"");
    assert_int_equal(count_in_log("event=ready"), 0);
}

static void a_killed_process_stops_all(void **state)
{
    (void)state;
    static const enum ipc_role roles[] = {IPC_FRONT, IPC_DESK, IPC_READER, IPC_CORE, IPC_SIGNER};
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        memset(plans, 0, sizeof plans);
        plans[roles[i]] = CRASHES;
        start_server();
        expect_end(1);
        expect_log("how=\"signal 9 (KILL)\"");
    }
}

static void a_forbidden_system_call_is_named(void **state)
{
    (void)state;
    plans[IPC_DESK] = FORBIDDEN_CALL;
    start_server();
    expect_end(1);
    expect_log("of=desk how=\"signal 31 (SYS)\" meaning=\"a system call");
}

static void a_process_that_ends_badly_when_stopped_is_not_hidden(void **state)
{
    (void)state;
    plans[IPC_CORE] = DIES_LATE;
    start_server();
    expect_log("event=ready");
    kill(server.pid, SIGTERM);
    expect_end(6);
    expect_log("of=core how=\"exit status 6\"");
}

static void a_process_that_does_not_end_is_killed_in_time(void **state)
{
    (void)state;
    plans[IPC_CORE] = plans[IPC_FRONT] = NEVER_ENDS;
    start_server();
    expect_log("event=ready");
    int64_t began = now_ms();
    kill(server.pid, SIGTERM);
    expect_end(0);
    assert_true(now_ms() - began < SUPERVISOR_STOP_MS + 500);
    expect_log("event=killed of=core");
    expect_log("told-to-end me=signer");
}

static void children_die_with_a_killed_supervisor(void **state)
{
    (void)state;
    plans[IPC_CORE] = plans[IPC_FRONT] = NEVER_ENDS;
    start_server();
    expect_log("event=ready");
    (void)poll(NULL, 0, 50); /* the supervisor goes into its sandbox after that line */
    kill(server.pid, SIGKILL);
    expect_end(-SIGKILL);
}

static void the_reader_waits_for_core(void **state)
{
    (void)state;
    plans[IPC_CORE] = NEVER_READY;
    start_server();
    expect_log("process=desk event=alive"); /* the last of those that wait for nobody */
    kill(server.pid, SIGTERM);
    expect_end(0);
    assert_int_equal(count_in_log("process=reader"), 0);
    assert_int_equal(count_in_log("event=ready"), 0);
}

static void the_local_socket_is_private_and_replaces_a_dead_one(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        start_server();
        expect_log("event=ready");
        struct stat st;
        assert_int_equal(stat(config.listen.local, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0600);
        kill(server.pid, SIGTERM);
        expect_end(0);
    }
}

static void each_process_has_its_own_descriptors_and_no_other(void **state)
{
    (void)state;
    start_server();
    expect_log("event=ready");
    expect_log("process=front.0 event=alive fds=5");
    expect_log("process=front.1 event=alive fds=5");
    expect_log("process=desk event=alive fds=6");
    expect_log("process=reader event=alive fds=2");
    expect_log("process=core event=alive fds=5");
    expect_log("process=signer event=alive fds=2");
    kill(server.pid, SIGTERM);
    expect_end(0);
}

static void systemd_is_told_when_all_are_ready(void **state)
{
    (void)state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%.80s/notify", config.data);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
    start_server();
    expect_log("event=ready");
    char text[32] = {0};
    assert_int_equal(recv(fd, text, sizeof text - 1, 0), 7);
    assert_string_equal(text, "READY=1");
    kill(server.pid, SIGTERM);
    expect_end(0);
    unsetenv("NOTIFY_SOCKET");
    close(fd);
    (void)unlink(at.sun_path);
}

static void it_stops_fronts_first_and_the_signer_last(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < LENGTH_OF(signals); i++) {
        start_server();
        expect_log("event=ready");
        int64_t began = now_ms();
        kill(server.pid, signals[i]);
        expect_end(0);
        assert_true(now_ms() - began < 1000);
        assert_int_equal(count_in_log("event=told-to-end"), 6);
        assert_true(comes_before("told-to-end me=front", "told-to-end me=reader"));
        assert_true(comes_before("told-to-end me=desk", "told-to-end me=reader"));
        assert_true(comes_before("told-to-end me=reader", "told-to-end me=core"));
        assert_true(comes_before("told-to-end me=core", "told-to-end me=signer"));
    }
}

/* ---- the place
 * ------------------------------------------------------------------------------------- */

static const char *const folders[] = {"store", "signer", "public"};

static struct address loopback(void)
{
    struct address address = {.n = sizeof(struct sockaddr_in), .text = "127.0.0.1:0"};
    struct sockaddr_in *to = (struct sockaddr_in *)&address.sa;
    to->sin_family = AF_INET;
    to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int make_place(void **state)
{
    (void)state;
    char path[CONFIG_PATH_MAX + 16];
    config.fronts = 2;
    config.limits.connections = 50;
    config.sandbox_landlock = config.sandbox_seccomp = true;
    config.listen.device = config.listen.operators = config.listen.plain = loopback();
    snprintf(config.data, sizeof config.data, "/tmp/troth-supervisor-XXXXXX");
    if (mkdtemp(config.data) == NULL)
        return -1;
    snprintf(config.public_files, sizeof config.public_files, "%.400s/public", config.data);
    snprintf(config.listen.local, sizeof config.listen.local, "%.80s/local.sock", config.data);
    for (size_t i = 0; i < LENGTH_OF(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", config.data, folders[i]);
        if (folder_ensure(path, 0700, NULL) != OK)
            return -1;
    }
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    char path[CONFIG_PATH_MAX + 16];
    for (size_t i = 0; i < LENGTH_OF(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", config.data, folders[i]);
        (void)rmdir(path);
    }
    (void)unlink(config.listen.local);
    (void)rmdir(config.data);
    return 0;
}

static int forget_plans(void **state)
{
    (void)state;
    memset(plans, 0, sizeof plans);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_port_in_use_ends_it_before_anything_starts, forget_plans),
        cmocka_unit_test_setup(a_death_at_the_start_stops_all_with_its_status, forget_plans),
        cmocka_unit_test_setup(a_killed_process_stops_all, forget_plans),
        cmocka_unit_test_setup(a_forbidden_system_call_is_named, forget_plans),
        cmocka_unit_test_setup(a_process_that_ends_badly_when_stopped_is_not_hidden, forget_plans),
        cmocka_unit_test_setup(a_process_that_does_not_end_is_killed_in_time, forget_plans),
        cmocka_unit_test_setup(children_die_with_a_killed_supervisor, forget_plans),
        cmocka_unit_test_setup(the_reader_waits_for_core, forget_plans),
        cmocka_unit_test_setup(the_local_socket_is_private_and_replaces_a_dead_one, forget_plans),
        cmocka_unit_test_setup(each_process_has_its_own_descriptors_and_no_other, forget_plans),
        cmocka_unit_test_setup(systemd_is_told_when_all_are_ready, forget_plans),
        cmocka_unit_test_setup(it_stops_fronts_first_and_the_signer_last, forget_plans),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
