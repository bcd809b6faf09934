/* Starting, stopping, and one death that stops all. */
#include "supervisor_lab.h"

#include <base/file.h>

#include <errno.h>
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

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
    expect_log("process=core event=alive fds=6");
    expect_log("process=signer event=alive fds=2");
    expect_log("process=courier event=alive fds=2");
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
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < LENGTH_OF(signals); i++) {
        start_server();
        expect_log("event=ready");
        int64_t began = now_ms();
        kill(server.pid, signals[i]);
        expect_end(0);
        assert_true(now_ms() - began < 1000);
        assert_int_equal(count_in_log("event=told-to-end"), 7);
        assert_true(comes_before("told-to-end me=front", "told-to-end me=reader"));
        assert_true(comes_before("told-to-end me=desk", "told-to-end me=reader"));
        assert_true(comes_before("told-to-end me=reader", "told-to-end me=core"));
        assert_true(comes_before("told-to-end me=core", "told-to-end me=signer"));
    }
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
