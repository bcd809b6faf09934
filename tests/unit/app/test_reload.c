/* A reload as the supervisor drives it: prepared in all, then committed in all, or nothing. */
#include "supervisor_lab.h"

#include <base/file.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void start_and_reload(const char *text)
{
    assert_int_equal(put_config(PLAIN), OK);
    start_server();
    expect_log("event=ready");
    assert_int_equal(put_config(text), OK);
    kill(server.pid, SIGHUP);
}

static void stop_server(int status)
{
    kill(server.pid, SIGTERM);
    expect_end(status);
    assert_int_equal(put_config(PLAIN), OK);
}

static void a_file_that_does_not_parse_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "fronts: [\n",
        PLAIN "nonsense: 1\n",
        PLAIN "fronts: 3\n",
        PLAIN "---\n" PLAIN,
        PLAIN "log: {format: xml}\n",
        "limits: {idle_s: 0}\n",
        "server: {names: ['*.example']}\n",
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        start_and_reload(bad[i]);
        expect_log("event=reload-refused code=E1003");
        stop_server(0);
        assert_int_equal(count_in_log("event=prepares"), 0);
        assert_int_equal(count_in_log("event=commits"), 0);
    }
}

static void a_file_that_is_gone_changes_nothing(void **state)
{
    (void)state;
    start_server();
    expect_log("event=ready");
    assert_int_equal(unlink(config_path), 0);
    kill(server.pid, SIGHUP);
    expect_log("event=reload-refused code=E4001");
    stop_server(0);
}

static void a_setting_that_needs_a_restart_is_named(void **state)
{
    (void)state;
    start_and_reload("data: .\npublic: public\nlimits: {connections: 51, idle_s: 7}\n"
                     "listen: {device: '127.0.0.1:0', operator: '127.0.0.1:0', plain: "
                     "'127.0.0.1:0'}\n");
    expect_log("event=reload-refused code=E1020 error=RELOAD text=\"limits.connections: running "
               "with 50, the file wants 51\"");
    stop_server(0);
    assert_int_equal(count_in_log("event=prepares"), 0);
}

static void who_refuses_to_prepare_keeps_all_as_they_were(void **state)
{
    (void)state;
    static const enum ipc_role roles[] = {IPC_FRONT, IPC_DESK,   IPC_READER,
                                          IPC_CORE,  IPC_SIGNER, IPC_COURIER};
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        memset(plans, 0, sizeof plans);
        plans[roles[i]] = REFUSES;
        start_and_reload(CHANGED);
        expect_log("event=reload-refused code=E4002");
        expect_log("not with me");
        expect_count("event=abandons", 7); /* each is told */
        stop_server(0);
        assert_int_equal(count_in_log("event=commits"), 0);
        assert_int_equal(count_in_log("event=abandons"), 7);
    }
}

static void all_prepare_before_one_commits(void **state)
{
    (void)state;
    plans[IPC_DESK] = plans[IPC_SIGNER] = ANSWERS_LATER;
    start_and_reload(CHANGED);
    expect_log("event=reloaded");
    expect_count("event=finishes", 7);
    stop_server(0);
    assert_int_equal(count_in_log("event=prepares"), 7);
    assert_int_equal(count_in_log("event=commits"), 7);
    assert_int_equal(count_in_log("event=finishes"), 7);
    assert_int_equal(count_in_log("idle=7"), 21);
    assert_true(comes_before("event=prepares me=signer", "event=prepares me=core"));
    assert_true(comes_before("event=prepares me=core", "event=prepares me=front"));
    const char *last = NULL, *first = strstr(server.log, "event=commits");
    for (const char *at = server.log; (at = strstr(at, "event=prepares")) != NULL; at++)
        last = at;
    assert_true(last < first);
}

static void a_second_reload_begins_from_the_first(void **state)
{
    (void)state;
    start_and_reload(CHANGED);
    expect_log("event=reloaded round=1");
    assert_int_equal(put_config(PLAIN), OK);
    kill(server.pid, SIGHUP);
    expect_log("event=reloaded round=2");
    stop_server(0);
    assert_int_equal(count_in_log("event=commits"), 14);
}

static void a_signal_during_a_reload_is_another_one(void **state)
{
    (void)state;
    start_and_reload(CHANGED);
    expect_log("event=reload round=1");
    kill(server.pid, SIGHUP);
    expect_log("event=reloaded round=2");
    stop_server(0);
}

static void nobody_answers_for_another(void **state)
{
    (void)state;
    plans[IPC_FRONT] = ANSWERS_TWICE;
    plans[IPC_READER] = ANSWERS_NEVER;
    start_and_reload(CHANGED);
    expect_count("event=prepares", 6);
    (void)poll(NULL, 0, 100);
    stop_server(0);
    assert_int_equal(count_in_log("event=commits"), 0);
}

static void who_dies_on_the_way_ends_the_server(void **state)
{
    (void)state;
    static const enum behaviour ways[] = {DIES_PREPARING, DIES_COMMITTING};
    for (size_t i = 0; i < LENGTH_OF(ways); i++) {
        memset(plans, 0, sizeof plans);
        plans[IPC_READER] = ways[i];
        start_and_reload(CHANGED);
        expect_end(5);
        expect_log("event=process-died of=reader");
        assert_int_equal(count_in_log("event=reloaded"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_that_does_not_parse_changes_nothing, forget_plans),
        cmocka_unit_test_setup(a_file_that_is_gone_changes_nothing, forget_plans),
        cmocka_unit_test_setup(a_setting_that_needs_a_restart_is_named, forget_plans),
        cmocka_unit_test_setup(who_refuses_to_prepare_keeps_all_as_they_were, forget_plans),
        cmocka_unit_test_setup(nobody_answers_for_another, forget_plans),
        cmocka_unit_test_setup(who_dies_on_the_way_ends_the_server, forget_plans),
        cmocka_unit_test_setup(all_prepare_before_one_commits, forget_plans),
        cmocka_unit_test_setup(a_second_reload_begins_from_the_first, forget_plans),
        cmocka_unit_test_setup(a_signal_during_a_reload_is_another_one, forget_plans),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
