/* What one item of a boundary's report may cost: itself, and nothing else of the turn; and when a
 * report is answered. */
#include "core.h"
#include "fixture.h"

#include <base/clock.h>
#include <store/sessions.h>
#include <wire/boundary_report.h>

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define BOUNDARY 1
#define DEVICES 3
#define REQUEST 77 /* the front's number of it */
#define BROKEN 2   /* nothing of this one can be kept */

struct reporting {
    struct fixture *f;
    struct core core;
    struct core_boundary boundary;
    struct ipc_channel of_core, of_front; /* the two ends of one */
    struct got got[DEVICES + 1];          /* by device */
};

/* Makes the database refuse what is written last of the first use of device BROKEN: its session,
 * rows and an entry of the log are there already. */
static void break_it(const struct fixture *f)
{
    static const char sql[] = "CREATE TRIGGER broken BEFORE INSERT ON seen WHEN NEW.device = 2"
                              " BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/troth.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct reporting *reporting_of(struct fixture *f)
{
    struct reporting *r = calloc(1, sizeof *r);
    assert_non_null(r);
    for (unsigned n = 1; n <= DEVICES; n++) {
        struct asker key = asker(n);
        r->got[n] = enrolled_device(f, n, &key);
    }
    int fds[2];
    r->f = f;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    assert_int_equal(ipc_open(&r->of_core, IPC_CORE, IPC_FRONT, fds[0], &f->err), OK);
    assert_int_equal(ipc_open(&r->of_front, IPC_FRONT, IPC_CORE, fds[1], &f->err), OK);
    r->boundary.id = BOUNDARY;
    r->core = (struct core){
        .config = &f->config,
        .store = f->store,
        .service = f->service,
        .ballast = -1,
        .now_s = f->now_s,
        .boundaries = {.all = &r->boundary, .n = 1, .max = 1, .is_read = true},
        .exit_status = -1,
    };
    return r;
}

static void reporting_free(struct reporting *r)
{
    r->f->service = r->core.service;
    ipc_close(&r->of_core);
    ipc_close(&r->of_front);
    free(r);
}

static struct bytes report_of(const struct reporting *r, struct buf *list, struct buf *report)
{
    int64_t now_ms = r->f->now_s * 1000;
    struct boundary_report head = {
        .status_generation = 1, .service_generation = 1, .at_ms = now_ms};
    cbor_write_array(list, DEVICES);
    for (int n = 1; n <= DEVICES; n++) {
        const struct boundary_report_item item = {
            .kind = BOUNDARY_REPORT_OPENED,
            .issuer = (uint32_t)certificate_row(r->f, r->got[n].serial).issuer,
            .serial = bytes_of(r->got[n].serial, sizeof r->got[n].serial),
            .service = bytes_text("telemetry"),
            .at_ms = now_ms,
            .count = 1,
        };
        boundary_report_put(list, &item);
    }
    head.items = buf_bytes(list);
    boundary_report_write(report, &head);
    assert_true(buf_ok(report));
    return buf_bytes(report);
}

/* One report of a session of each device. */
static void report_all(struct reporting *r)
{
    static uint8_t list_space[BOUNDARY_REPORT_MAX], report_space[BOUNDARY_REPORT_MAX];
    struct buf list = buf_over(list_space, sizeof list_space);
    struct buf report = buf_over(report_space, sizeof report_space);
    const struct msg_boundary_report message = {
        .id = REQUEST, .boundary = BOUNDARY, .report = report_of(r, &list, &report)};
    core_boundary_report(&r->core, &r->of_core, &message);
}

static void check_not_answered(struct reporting *r)
{
    struct ipc_message message;
    assert_int_equal(ipc_receive(&r->of_front, &message, &r->f->err), R_BUSY);
}

static void check_answer(struct reporting *r, enum code code)
{
    struct ipc_message message;
    assert_int_equal(ipc_receive(&r->of_front, &message, &r->f->err), OK);
    assert_int_equal(message.type, IPC_BOUNDARY_REPORTED);
    assert_int_equal(message.boundary_reported.id, REQUEST);
    assert_int_equal(message.boundary_reported.code, code);
}

static bool has_session(struct reporting *r, unsigned n)
{
    struct session_row row = {0};
    int64_t certificate = certificate_row(r->f, r->got[n].serial).id;
    enum result result = store_session(r->f->store, BOUNDARY, certificate, &row, &r->f->err);
    assert_true(result == OK || result == R_NOT_FOUND);
    return result == OK;
}

static void check(struct reporting *r, unsigned n, bool is_kept)
{
    enum device_state wanted = is_kept ? STATE_ACTIVE : STATE_ENROLLED;
    assert_int_equal(device_row(r->f, n).state, wanted);
    assert_int_equal(has_session(r, n), is_kept);
}

static void an_item_that_cannot_be_kept_fails_alone(void **state)
{
    struct reporting *r = reporting_of(*state);
    int64_t value = 0;
    break_it(r->f);
    assert_int_equal(turn_begin(&r->core, &r->f->err), OK);
    assert_int_equal(store_put_meta(r->f->store, "somebody", 7, &r->f->err), OK);
    report_all(r);
    turn_end(&r->core);

    for (unsigned n = 1; n <= DEVICES; n++)
        check(r, n, n != BROKEN);
    assert_int_equal(store_meta(r->f->store, "somebody", &value, &r->f->err), OK);
    assert_int_equal(value, 7);
    assert_int_equal(r->core.exit_status, -1);
    reporting_free(r);
}

static void the_log_goes_on_from_what_was_kept(void **state)
{
    struct fixture *f = *state;
    struct reporting *r = reporting_of(f);
    uint8_t kept[32], read_again[32];
    uint64_t size = ledger_size(f->service.ledger);
    break_it(f);
    report_all(r);
    turn_end(&r->core);
    assert_true(ledger_size(f->service.ledger) > size);
    ledger_root(f->service.ledger, kept);
    reporting_free(r);

    fixture_close(f);
    fixture_open(f);
    ledger_root(f->service.ledger, read_again);
    assert_memory_equal(kept, read_again, 32);
}

static void a_report_is_answered_when_its_turn_is_on_the_disk(void **state)
{
    struct reporting *r = reporting_of(*state);
    report_all(r);
    check_not_answered(r);
    turn_end(&r->core);
    check_answer(r, E_NONE);
    turn_end(&r->core);
    check_not_answered(r);
    check(r, 1, true);
    reporting_free(r);
}

static void a_report_whose_turn_fails_is_to_come_again(void **state)
{
    struct reporting *r = reporting_of(*state);
    struct err why = {0};
    report_all(r);
    (void)err_set(&why, E_IO, "the disk is full");
    turn_fail(&r->core, &why);
    check_answer(r, E_BUSY);
    check(r, 1, false);
    report_all(r);
    turn_end(&r->core);
    check_answer(r, E_NONE);
    check(r, 1, true);
    reporting_free(r);
}

static void a_boundary_that_ended_is_refused(void **state)
{
    struct reporting *r = reporting_of(*state);
    r->core.boundaries.n = 0;
    report_all(r);
    check_answer(r, E_BOUNDARY);
    turn_end(&r->core);
    check_not_answered(r);
    reporting_free(r);
}

static void more_reports_than_a_turn_has_places_are_answered_too(void **state)
{
    struct reporting *r = reporting_of(*state);
    for (int i = 0; i < CORE_REPORTS_A_TURN; i++)
        report_all(r);
    check_not_answered(r);
    report_all(r);
    turn_end(&r->core);
    for (int i = 0; i <= CORE_REPORTS_A_TURN; i++)
        check_answer(r, E_NONE);
    check_not_answered(r);
    reporting_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_item_that_cannot_be_kept_fails_alone),
        TEST(the_log_goes_on_from_what_was_kept),
        TEST(a_report_is_answered_when_its_turn_is_on_the_disk),
        TEST(a_report_whose_turn_fails_is_to_come_again),
        TEST(a_boundary_that_ended_is_refused),
        TEST(more_reports_than_a_turn_has_places_are_answered_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
