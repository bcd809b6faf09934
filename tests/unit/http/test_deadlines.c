/* Whoever drips, stalls or holds on is cut when the time of that part is over; others are not. */
#include "lab.h"

#include <base/clock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SLACK_MS 400 /* of the wheel and of a busy machine */

static struct lab lab;

static const struct config_limits short_limits = {
    .connections = 8,
    .idle_s = 2,
    .handshake_ms = 600,
    .header_ms = 500,
    .body_ms = 700,
    .request_ms = 900,
};

static int start(void **state)
{
    (void)state;
    lab_start(&lab, &short_limits);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return lab_stop(&lab);
}

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* Sends `text` once, then one octet every 50 ms, until the server ends the connection. */
static int64_t drip(struct lab_client *client, const char *text)
{
    int64_t begin_ms = now_ms();
    lab_send_text(client, text);
    while (now_ms() - begin_ms < 5000) {
        if (lab_wait_end(client, 50) >= 0)
            return now_ms() - begin_ms;
        lab_send(client, "a", 1);
    }
    return -1;
}

static void assert_around(int64_t ms, int64_t wanted_ms)
{
    if (ms < wanted_ms - 100 || ms > wanted_ms + SLACK_MS)
        print_message("ended after %lld ms, wanted %lld\n", (long long)ms, (long long)wanted_ms);
    assert_in_range(ms, wanted_ms - 100, wanted_ms + SLACK_MS);
}

static void a_dripped_request_line_is_cut(void **state)
{
    (void)state;
    struct lab_client client;
    lab_connect_plain(&lab, &client);
    assert_around(drip(&client, "GET /"), 500);
    lab_close(&client);
}

static void a_dripped_header_is_cut(void **state)
{
    (void)state;
    struct lab_client client;
    lab_connect_plain(&lab, &client);
    assert_around(drip(&client, "GET /livez HTTP/1.1\r\nHost: "), 500);
    lab_close(&client);
}

static void a_dripped_header_is_cut_over_tls(void **state)
{
    (void)state;
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    assert_around(drip(&client, "GET /livez HTTP/1.1\r\nHost: "), 500);
    lab_close(&client);
}

static void a_dripped_body_is_cut(void **state)
{
    (void)state;
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    assert_around(drip(&client, "POST /.well-known/est/ok/simpleenroll HTTP/1.1\r\nHost: a\r\n"
                                "Content-Type: application/pkcs10\r\nContent-Length: 999\r\n\r\n"),
                  700);
    lab_close(&client);
}

static void a_handshake_that_does_not_come_is_cut(void **state)
{
    (void)state;
    struct lab_client client;
    struct lab as_plain = lab;
    as_plain.port_plain = lab.port_tls;
    lab_connect_plain(&as_plain, &client);
    assert_around(lab_wait_end(&client, 3000), 600);
    lab_close(&client);
}

static void a_dripped_handshake_is_cut(void **state)
{
    (void)state;
    struct lab_client client;
    struct lab as_plain = lab;
    as_plain.port_plain = lab.port_tls;
    lab_connect_plain(&as_plain, &client);
    /* The head of a TLS record that says it is long. */
    lab_send(&client, "\x16\x03\x01\x40\x00", 5);
    assert_around(drip(&client, ""), 600);
    lab_close(&client);
}

/* Clock ticks of CPU time that the front has used. */
static long front_ticks(void)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)lab.front);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(line, 1, sizeof line - 1, file) > 0);
    fclose(file);
    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
           &system);
    return (long)(user + system);
}

static void a_handshake_that_waits_costs_no_time(void **state)
{
    (void)state;
    struct lab_client client;
    struct lab as_plain = lab;
    as_plain.port_plain = lab.port_tls;
    lab_connect_plain(&as_plain, &client);
    lab_send(&client, "\x16\x03\x01\x40\x00", 5);
    usleep(50000);
    long before = front_ticks();
    usleep(400000);
    assert_true(front_ticks() - before < sysconf(_SC_CLK_TCK) / 10);
    lab_close(&client);
}

static void an_idle_connection_is_kept_for_its_time_and_no_longer(void **state)
{
    (void)state;
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    for (int i = 0; i < 2; i++) {
        usleep(1200000);
        lab_send_text(&client, "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(lab_receive(&client, false, 0).status, 200);
    }
    assert_around(lab_wait_end(&client, 4000), 2000);
    lab_close(&client);
}

static void a_request_that_core_never_answers_gets_503(void **state)
{
    (void)state;
    struct lab_client client;
    struct key *key = NULL;
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    char *csr = lab_request(key, "SN-1");
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    int64_t begin_ms = now_ms();
    struct lab_reply reply = lab_enrol(&client, "never", "simpleenroll", "", csr);
    assert_around(now_ms() - begin_ms, 900);
    assert_int_equal(reply.status, 503);
    assert_non_null(lab_header(&reply, "Retry-After"));
    /* The connection is as good as before. */
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", "", csr).status, 200);
    lab_close(&client);
    key_freep(&key);
    free(csr);
}

static void the_slots_of_the_cut_are_free_again(void **state)
{
    (void)state;
    struct lab_client clients[8];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++)
            lab_connect_plain(&lab, &clients[i]);
        for (int i = 0; i < 8; i++) {
            assert_true(lab_wait_end(&clients[i], 3000) >= 0);
            lab_close(&clients[i]);
        }
    }
    struct lab_reply reply = lab_ask(&lab, false, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(reply.status, 200);
}

static void a_reader_who_does_not_read_holds_nobody_up(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/checkpoint", lab.folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 2000000; i++)
        fputs("0123456789", file);
    fclose(file);
    struct lab_client client;
    lab_connect_plain(&lab, &client);
    lab_send_text(&client, "GET /checkpoint HTTP/1.0\r\n\r\n");
    /* 20 MB on a slow line may take 1,250 s; this line takes nothing. */
    struct lab_reply reply = lab_ask(&lab, false, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(reply.status, 200);
    lab_close(&client);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dripped_request_line_is_cut),
        cmocka_unit_test(a_dripped_header_is_cut),
        cmocka_unit_test(a_dripped_header_is_cut_over_tls),
        cmocka_unit_test(a_dripped_body_is_cut),
        cmocka_unit_test(a_handshake_that_does_not_come_is_cut),
        cmocka_unit_test(a_dripped_handshake_is_cut),
        cmocka_unit_test(a_handshake_that_waits_costs_no_time),
        cmocka_unit_test(an_idle_connection_is_kept_for_its_time_and_no_longer),
        cmocka_unit_test(a_request_that_core_never_answers_gets_503),
        cmocka_unit_test(the_slots_of_the_cut_are_free_again),
        cmocka_unit_test(a_reader_who_does_not_read_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
