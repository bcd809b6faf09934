/* Boundaries at a real front: who is one, what a poll is given and when, and what core hears. */
#include "lab.h"
#include "told.h"

#include <base/clock.h>
#include <base/file.h>
#include <crypto/hash.h>
#include <wire/boundary_report.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BOUNDARY 7

static struct lab lab;
static struct lab_holder gate, stranger, device;

static void know(const struct lab_holder *const *holders, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct msg_boundary_known known = {.id = BOUNDARY + i, .name = bytes_text("gate")};
        sha256(key_spki(holders[i]->key), known.spki);
        lab_core_says(&lab, IPC_BOUNDARY_KNOWN, &known);
    }
    lab_core_says(&lab, IPC_BOUNDARIES_END, &(struct msg_boundaries_end){n});
}

static void know_gate(void)
{
    const struct lab_holder *const all[] = {&gate};
    know(all, 1);
}

static void tell(struct bytes delta)
{
    lab_core_says(&lab, IPC_FEED_DELTA, &(struct msg_feed_delta){delta});
}

static void write_public(const char *name, struct bytes octets)
{
    char path[160];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/%s", lab.folder, name);
    assert_int_equal(file_write(path, 0644, octets, &err), OK);
}

static void publish(uint64_t generation)
{
    write_public("status/catalogue.cose", told_catalogue(generation));
    lab_core_says(&lab, IPC_FEED_CATALOGUE, &(struct msg_feed_catalogue){generation});
}

static int set_up(void **state)
{
    char path[160];
    (void)state;
    lab = (struct lab){0};
    lab_start(&lab, &lab_limits);
    snprintf(path, sizeof path, "%s/status", lab.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/boundary", lab.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    const struct lab_wish wish = {.common_name = "gate"};
    gate = lab_holder(&lab.operations, &wish);
    stranger = lab_holder(&lab.operations, &wish);
    device = lab_holder(&lab.ldevid, &(struct lab_wish){.serial_number = "SN-1"});
    publish(10);
    know_gate();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_holder_free(&gate);
    lab_holder_free(&stranger);
    lab_holder_free(&device);
    return lab_stop(&lab);
}

static void begin(struct lab_client *client, const struct lab_holder *holder)
{
    assert_true(lab_connect_tls(&lab, holder, NULL, client));
}

static void poll_for(struct lab_client *client, const char *enforced)
{
    char head[256];
    snprintf(head, sizeof head, "GET /boundary/feed/%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
             enforced);
    assert_true(lab_send_text(client, head));
}

static struct lab_reply ask(const struct lab_holder *holder, const char *enforced)
{
    struct lab_client client;
    begin(&client, holder);
    poll_for(&client, enforced);
    struct lab_reply reply = lab_receive(&client, false, 0);
    lab_close(&client);
    return reply;
}

static bool waits(const struct lab_client *client, int ms)
{
    struct pollfd wait = {client->fd, POLLIN, 0};
    return poll(&wait, 1, ms) == 0;
}

/* What came, in one line: "catalogue 10, delta 10-11, watch". */
static const char *said(const struct lab_reply *reply)
{
    static char line[512];
    struct bytes rest = bytes_of(reply->body, reply->body_n);
    struct told_item item;
    line[0] = '\0';
    while (told_next(&rest, &item)) {
        size_t n = strlen(line);
        const char *comma = n > 0 ? ", " : "";
        if (strstr(item.type, "catalogue") != NULL)
            snprintf(line + n, sizeof line - n, "%scatalogue %d", comma, (int)item.to);
        else if (strstr(item.type, "delta") != NULL)
            snprintf(line + n, sizeof line - n, "%sdelta %d-%d", comma, (int)item.from,
                     (int)item.to);
        else
            snprintf(line + n, sizeof line - n, "%s%s", comma, item.type);
    }
    return line;
}

static void who_is_no_boundary_is_told_nothing(void **state)
{
    (void)state;
    const struct lab_holder *const holders[] = {NULL, &device, &stranger};
    for (size_t i = 0; i < 3; i++) {
        struct lab_reply reply = ask(holders[i], "0/0");
        assert_int_equal(reply.status, i == 0 ? 401 : 403);
        assert_null(memchr(reply.body, 0xd2, reply.body_n)); /* no COSE_Sign1 */
    }
    assert_int_equal(lab.seen->acks, 0);
}

static void a_poll_that_says_not_what_it_enforces_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "x/1", "-1/1", "01/1", "1/00", "1/1?", "1.0/1", "1/99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(ask(&gate, wrong[i]).status, 400);
    assert_int_equal(lab.seen->acks, 0);
}

static void who_begins_gets_the_catalogue_and_what_followed(void **state)
{
    (void)state;
    tell(told_delta(10, 11, 0, 3));
    tell(told_delta(11, 12, 0, 3));
    struct lab_reply reply = ask(&gate, "0/0");
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Content-Type"), "application/cbor-seq");
    assert_string_equal(said(&reply), "catalogue 10, delta 10-11, delta 11-12");
    reply = ask(&gate, "11/0");
    assert_string_equal(said(&reply), "delta 11-12");
    reply = ask(&gate, "9/0"); /* away for long */
    assert_string_equal(said(&reply), "catalogue 10, delta 10-11, delta 11-12");
    assert_int_equal(lab.seen->boundary, BOUNDARY);
    assert_int_equal(lab.seen->status, 9);
}

static void a_delta_is_there_at_once_at_a_poll_that_waits(void **state)
{
    (void)state;
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "10/4");
    assert_true(waits(&client, 200));
    assert_int_equal(lab.seen->acks, 1);
    assert_int_equal(lab.seen->service, 4);
    int64_t begun_us = clock_monotonic_us();
    tell(told_delta(10, 11, 0, 3));
    struct lab_reply reply = lab_receive(&client, false, 0);
    assert_true(clock_monotonic_us() - begun_us < 200000);
    assert_string_equal(said(&reply), "delta 10-11");
    poll_for(&client, "11/4"); /* on the same connection */
    assert_true(waits(&client, 100));
    tell(told_delta(11, 11, 0, 0));
    reply = lab_receive(&client, false, 0);
    assert_string_equal(said(&reply), "delta 11-11");
    assert_int_equal(lab.seen->status, 11);
    lab_close(&client);
}

static void a_gap_is_bridged_by_the_next_catalogue(void **state)
{
    (void)state;
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "10/0");
    assert_true(waits(&client, 100));
    write_public("status/catalogue.cose", told_catalogue(20)); /* core has written, not said yet */
    tell(told_delta(20, 21, 0, 3));
    struct lab_reply reply = lab_receive(&client, false, 0);
    assert_string_equal(said(&reply), "catalogue 20, delta 20-21");
    poll_for(&client, "10/0");
    reply = lab_receive(&client, false, 0);
    assert_string_equal(said(&reply), "catalogue 20, delta 20-21");
    lab_close(&client);
}

/* As after a restore of the server: what it has is older than what the boundary had. */
static void an_older_catalogue_is_no_answer(void **state)
{
    (void)state;
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "50/0");
    assert_true(waits(&client, 200));
    tell(told_delta(10, 10, 0, 0));
    struct lab_reply reply = lab_receive(&client, false, 0);
    assert_string_equal(said(&reply), "delta 10-10");
    lab_close(&client);
}

static void a_new_service_object_comes_to_its_boundary_alone(void **state)
{
    (void)state;
    const struct lab_holder *const all[] = {&gate, &stranger};
    know(all, 2);
    struct lab_client one, other;
    begin(&one, &gate);
    begin(&other, &stranger);
    poll_for(&one, "10/3");
    poll_for(&other, "10/3");
    assert_true(waits(&one, 100) && waits(&other, 100));
    write_public("boundary/7.cose", told_catalogue(99));
    tell(told_delta(10, 10, 4, 0));
    struct lab_reply reply = lab_receive(&one, false, 0);
    assert_string_equal(said(&reply), "catalogue 99");
    reply = lab_receive(&other, false, 0);
    assert_string_equal(said(&reply), "delta 10-10");
    poll_for(&one, "10/4");
    assert_true(waits(&one, 100));
    lab_close(&one);
    lab_close(&other);
}

static void a_removed_boundary_is_ended_at_once_and_gets_nothing(void **state)
{
    (void)state;
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "10/0");
    assert_true(waits(&client, 100));
    int64_t begun_us = clock_monotonic_us();
    know(NULL, 0);
    tell(told_delta(10, 11, 0, 3));
    struct lab_reply reply = lab_receive(&client, false, 0);
    assert_true(clock_monotonic_us() - begun_us < 200000);
    assert_int_equal(reply.status, 403);
    poll_for(&client, "10/0");
    assert_int_equal(lab_receive(&client, false, 0).status, 403);
    lab_close(&client);
    assert_int_equal(ask(&gate, "0/0").status, 403);
    know_gate();
    assert_int_equal(ask(&gate, "0/0").status, 200);
}

static void a_set_that_did_not_come_whole_is_none(void **state)
{
    (void)state;
    struct msg_boundary_known known = {.id = 8, .name = bytes_text("x")};
    sha256(key_spki(stranger.key), known.spki);
    lab_core_says(&lab, IPC_BOUNDARY_KNOWN, &known);
    lab_core_says(&lab, IPC_BOUNDARIES_END, &(struct msg_boundaries_end){2});
    assert_int_equal(ask(&stranger, "0/0").status, 403);
    assert_int_equal(ask(&gate, "0/0").status, 200);
}

static void what_is_to_be_watched_is_said_once(void **state)
{
    (void)state;
    const uint8_t serial[16] = {1, 2, 3};
    struct msg_boundary_watch watch = {BOUNDARY, 2, bytes_of(serial, sizeof serial)};
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "10/0");
    assert_true(waits(&client, 100));
    lab_core_says(&lab, IPC_BOUNDARY_WATCH, &watch);
    struct lab_reply reply = lab_receive(&client, false, 0);
    assert_string_equal(said(&reply), "watch");
    assert_memory_equal(reply.body, "\x82\x01\x81\x82\x02\x50\x01\x02\x03", 9);
    watch.boundary = 8; /* another one */
    lab_core_says(&lab, IPC_BOUNDARY_WATCH, &watch);
    poll_for(&client, "10/0");
    assert_true(waits(&client, 200));
    lab_close(&client);
}

static void the_oldest_of_too_many_polls_is_ended(void **state)
{
    (void)state;
    struct lab_client clients[5];
    for (int i = 0; i < 5; i++) {
        begin(&clients[i], &gate);
        poll_for(&clients[i], "10/0");
        assert_true(i == 4 || waits(&clients[i], 50));
    }
    assert_int_equal(lab_receive(&clients[0], false, 0).status, 503);
    tell(told_delta(10, 11, 0, 3));
    for (int i = 0; i < 5; i++) {
        if (i > 0)
            assert_int_equal(lab_receive(&clients[i], false, 0).status, 200);
        lab_close(&clients[i]);
    }
}

static void a_poll_outlives_the_time_of_a_request(void **state)
{
    (void)state;
    struct lab_client client;
    begin(&client, &gate);
    poll_for(&client, "10/0");
    assert_true(waits(&client, (int)lab_limits.request_ms + 1000));
    tell(told_delta(10, 10, 0, 0));
    assert_int_equal(lab_receive(&client, false, 0).status, 200);
    lab_close(&client);
}

static int report(const struct lab_holder *holder, struct bytes body)
{
    char head[256];
    struct lab_client client;
    snprintf(head, sizeof head,
             "POST /boundary/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n",
             BOUNDARY_REPORT_TYPE, body.n);
    begin(&client, holder);
    lab_send_text(&client, head);
    lab_send(&client, body.p, body.n);
    struct lab_reply reply = lab_receive(&client, false, 0);
    lab_close(&client);
    return reply.status;
}

static void reports_reach_core_when_they_are_such(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct buf b = buf_over(octets, sizeof octets);
    boundary_report_write(&b, &(struct boundary_report){.status_generation = 10,
                                                        .service_generation = 1,
                                                        .at_ms = 1,
                                                        .items = bytes_text("\x80")});
    assert_int_equal(report(&gate, bytes_text("nonsense")), 400);
    assert_int_equal(report(&stranger, buf_bytes(&b)), 403);
    assert_int_equal(lab.seen->reports, 0);
    assert_int_equal(report(&gate, buf_bytes(&b)), 204);
    assert_int_equal(lab.seen->reports, 1);
}

static void what_core_did_not_keep_is_not_called_taken(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct buf b = buf_over(octets, sizeof octets);
    boundary_report_write(&b, &(struct boundary_report){.at_ms = 1, .items = bytes_text("\x80")});
    assert_int_equal(report(&gate, buf_bytes(&b)), 503);
    assert_int_equal(lab.seen->reports, 1);
}

/* Who reads slowly is cut by his own deadline, and keeps nobody waiting. */
static void a_slow_reader_keeps_nobody(void **state)
{
    (void)state;
    struct lab_client slow, quick;
    for (uint64_t to = 11; to < 60; to++)
        tell(told_delta(to - 1, to, 0, 30000));
    begin(&slow, &gate);
    poll_for(&slow, "0/0"); /* 1 MB, of which it reads nothing */
    begin(&quick, &gate);
    poll_for(&quick, "59/0");
    assert_true(waits(&quick, 100));
    int64_t begun_us = clock_monotonic_us();
    tell(told_delta(59, 60, 0, 3));
    struct lab_reply reply = lab_receive(&quick, false, 0);
    assert_true(clock_monotonic_us() - begun_us < 200000);
    assert_string_equal(said(&reply), "delta 59-60");
    lab_close(&slow);
    lab_close(&quick);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(who_is_no_boundary_is_told_nothing),
        CASE(a_poll_that_says_not_what_it_enforces_is_refused),
        CASE(who_begins_gets_the_catalogue_and_what_followed),
        CASE(a_delta_is_there_at_once_at_a_poll_that_waits),
        CASE(a_gap_is_bridged_by_the_next_catalogue),
        CASE(an_older_catalogue_is_no_answer),
        CASE(a_new_service_object_comes_to_its_boundary_alone),
        CASE(a_removed_boundary_is_ended_at_once_and_gets_nothing),
        CASE(a_set_that_did_not_come_whole_is_none),
        CASE(what_is_to_be_watched_is_said_once),
        CASE(the_oldest_of_too_many_polls_is_ended),
        CASE(a_poll_outlives_the_time_of_a_request),
        CASE(reports_reach_core_when_they_are_such),
        CASE(what_core_did_not_keep_is_not_called_taken),
        CASE(a_slow_reader_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
