/* Going on from an older copy: what was open is void, what the signer and the lists know is done
 * again, and nothing is let go by it. */
#include "fixture.h"

#include <registry/about.h>
#include <service/verb.h>

#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/record.h>
#include <service/epoch.h>
#include <service/stand.h>
#include <wire/approval.h>
#include <wire/x509_crl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool end_listed(struct fixture *f, const uint8_t serial[16], int reason)
{
    bool did = false;
    begin(f);
    const struct epoch_listed listed = {bytes_of(serial, 16), reason, false};
    assert_ok(epoch_revoke(&f->service, &listed, f->now_s, &did, &f->err));
    commit(f);
    return did;
}

static enum epoch_stood stand(struct fixture *f, const char *serial_number, int to)
{
    enum epoch_stood stood = STOOD_AS_IT_WAS;
    const struct msg_device_stand word = {.product = bytes_text("meter"),
                                          .serial_number = text_bytes(serial_number),
                                          .state = (uint8_t)to,
                                          .quarantine = to == STATE_QUARANTINED ? 2 : 0};
    begin(f);
    assert_ok(epoch_stand(&f->service, &word, f->now_s, &stood, &f->err));
    commit(f);
    return stood;
}

/* ---- revoked -----------------------------------------------------------------------------------
 */

static void what_stands_on_a_list_is_revoked_once(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    assert_true(end_listed(f, got.serial, X509_REASON_KEY_COMPROMISE));
    struct certificate row = certificate_row(f, got.serial);
    assert_int_equal(row.state, CERT_REVOKED);
    assert_int_equal(row.reason, X509_REASON_KEY_COMPROMISE);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_false(end_listed(f, got.serial, X509_REASON_KEY_COMPROMISE));
    static const uint8_t unknown[16] = {1};
    assert_false(end_listed(f, unknown, X509_REASON_UNSPECIFIED));
}

static void a_device_that_was_renewed_since_may_prove_itself_anew(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    assert_true(end_listed(f, got.serial, X509_REASON_SUPERSEDED));
    assert_int_equal(device_row(f, 1).state, STATE_ENROLLED);
    struct msg_enrol ask = ask_csr(&key);
    struct got again = enrol(f, &ask);
    expect_code(&again, E_NONE);
}

static void a_device_with_another_live_certificate_stays_active(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got got = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    struct got renewed = enrol(f, &ask);
    expect_code(&renewed, E_NONE);
    assert_true(end_listed(f, got.serial, X509_REASON_SUPERSEDED));
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_int_equal(certificate_row(f, renewed.serial).state, CERT_PENDING);
}

static void without_a_journal_the_reason_on_the_list_keeps_a_device_down(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int reason;
        enum device_state after;
    } cases[] = {
        {X509_REASON_CESSATION, STATE_QUARANTINED},
        {X509_REASON_PRIVILEGE_WITHDRAWN, STATE_QUARANTINED},
        {X509_REASON_KEY_COMPROMISE, STATE_ACTIVE},
        {X509_REASON_SUPERSEDED, STATE_ENROLLED},
    };
    for (unsigned i = 0; i < LENGTH_OF(cases); i++) {
        struct asker key = asker(i + 1);
        struct got got = active_device(f, i + 1, &key);
        const struct epoch_listed listed = {bytes_of(got.serial, 16), cases[i].reason, true};
        bool did = false;
        begin(f);
        assert_ok(epoch_revoke(&f->service, &listed, f->now_s, &did, &f->err));
        commit(f);
        assert_true(did);
        assert_int_equal(device_row(f, i + 1).state, cases[i].after);
    }
}

/* ---- where devices stood -----------------------------------------------------------------------
 */

static void the_stricter_of_two_states_counts(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    static const struct {
        enum device_state here, there;
        enum epoch_stood stood;
        enum device_state after;
    } cases[] = {
        {STATE_ACTIVE, STATE_QUARANTINED, STOOD_STRICTER, STATE_QUARANTINED},
        {STATE_QUARANTINED, STATE_ACTIVE, STOOD_KEPT, STATE_QUARANTINED},
        {STATE_QUARANTINED, STATE_LOST, STOOD_STRICTER, STATE_LOST},
        {STATE_LOST, STATE_QUARANTINED, STOOD_KEPT, STATE_LOST},
        {STATE_LOST, STATE_RETIRED, STOOD_STRICTER, STATE_RETIRED},
        {STATE_RETIRED, STATE_RETIRED, STOOD_AS_IT_WAS, STATE_RETIRED},
        {STATE_RETIRED, STATE_ENROLLED, STOOD_KEPT, STATE_RETIRED},
    };
    active_device(f, 1, &key);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_int_equal(device_row(f, 1).state, cases[i].here);
        assert_int_equal(stand(f, "SN-1", cases[i].there), cases[i].stood);
        assert_int_equal(device_row(f, 1).state, cases[i].after);
    }
}

static void who_is_lost_or_retired_has_no_certificate(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2), three = asker(3);
    struct got lost = active_device(f, 1, &one), retired = active_device(f, 2, &two),
               quarantined = active_device(f, 3, &three);
    stand(f, "SN-1", STATE_LOST);
    stand(f, "SN-2", STATE_RETIRED);
    stand(f, "SN-3", STATE_QUARANTINED);
    assert_int_equal(certificate_row(f, lost.serial).state, CERT_REVOKED);
    assert_int_equal(certificate_row(f, retired.serial).state, CERT_REVOKED);
    assert_int_equal(certificate_row(f, quarantined.serial).state, CERT_CURRENT);
}

static void a_tombstone_that_the_copy_does_not_know_is_there_again(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(stand(f, "SN-7", STATE_RETIRED), STOOD_STRICTER);
    assert_int_equal(device_row(f, 7).state, STATE_RETIRED);
    assert_int_equal(import_device(f, 7, NULL, false), IMPORT_REFUSED);
    assert_int_equal(stand(f, "SN-8", STATE_ACTIVE), STOOD_AS_IT_WAS);
}

static void a_quarantine_by_a_person_is_stricter_than_an_automatic_one(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    static const uint8_t bad[32] = {7};
    active_device(f, 1, &key);
    begin(f);
    assert_ok(finding_report(&f->service, device_row(f, 1).id,
                             &(struct evidence){.check = 1, .key = bad}, f->now_s, &f->err));
    commit(f);
    assert_int_equal(device_row(f, 1).quarantine, 1);
    assert_int_equal(stand(f, "SN-1", STATE_QUARANTINED), STOOD_STRICTER);
    assert_int_equal(device_row(f, 1).quarantine, 2);
}

static void a_hold_is_a_hold_again(void **state)
{
    struct fixture *f = *state;
    enum epoch_stood stood = STOOD_AS_IT_WAS;
    import_device(f, 1, NULL, false);
    const struct msg_device_stand word = {.product = bytes_text("meter"),
                                          .serial_number = bytes_text("SN-1"),
                                          .state = STATE_EXPECTED,
                                          .hold = 1};
    begin(f);
    assert_ok(epoch_stand(&f->service, &word, f->now_s, &stood, &f->err));
    commit(f);
    assert_int_equal(stood, STOOD_STRICTER);
    assert_true(device_row(f, 1).hold);
}

/* ---- what was open, and the beginning ----------------------------------------------------------
 */

static void tokens_and_permits_are_void(void **state)
{
    struct fixture *f = *state;
    struct epoch_closed closed;
    struct msg_verb_answer answer = {0};
    for (unsigned n = 1; n <= 130; n++) /* more than fit one entry */
        import_device(f, n, NULL, false);
    begin(f);
    for (unsigned n = 1; n <= 130; n++) {
        char serial[16];
        snprintf(serial, sizeof serial, "SN-%u", n);
        struct msg_token_add ask = {
            .product = bytes_text("meter"), .serial_number = text_bytes(serial), .ttl_s = DAY_S};
        assert_ok(verb_token_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    }
    commit(f);
    begin(f);
    assert_ok(epoch_close_doors(&f->service, f->now_s, &closed, &f->err));
    commit(f);
    assert_int_equal(closed.tokens, 130);
    int64_t left[1];
    size_t n = 0;
    assert_ok(store_open_doors(f->store, TABLE_TOKEN, left, 1, &n, &f->err));
    assert_int_equal(n, 0);
}

static void numbers_leap_when_the_journal_is_lost(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    struct epoch_floors floors;
    active_device(f, 1, &one);
    begin(f);
    assert_ok(epoch_leap(&f->service, f->now_s, &floors, &f->err));
    commit(f);
    assert_true(floors.serial >= 2 * EPOCH_LEAP);
    assert_int_equal(floors.serial % SERIAL_PART_SIZE,
                     0); /* whose CRL the first certificate asks for */
    assert_true(floors.crl >= (uint64_t)f->now_s * 1000000);
    fixture_close(f);
    fixture_open(f);
    import_device(f, 2, &two, false);
    struct msg_enrol ask = ask_csr(&two);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(certificate_row(f, got.serial).number, floors.serial);
}

static struct bytes request(void)
{
    static uint8_t space[256];
    struct buf body = buf_over(space, sizeof space);
    const struct approval approval = {.kind = bytes_text("restore"),
                                      .expires_s = START_S + DAY_S,
                                      .parameters = bytes_text("\x80"),
                                      .changes = bytes_text("\x80"),
                                      .counts = bytes_text("\x80")};
    approval_write(&body, &approval);
    return buf_bytes(&body);
}

static void an_epoch_names_what_is_lost(void **state)
{
    struct fixture *f = *state;
    struct epoch_start start = {.body = request(), .lost_size = 99, .lost_root = {7}, .journal = 5};
    uint8_t room[64];
    struct buf space = buf_over(room, sizeof room);
    struct cell cell;
    int64_t before = entries(f);
    begin(f);
    assert_ok(epoch_begin(&f->service, &start, f->now_s, &f->err));
    commit(f);
    assert_ok(store_cell(f->store, COL_EPOCH_SIZE, 1, &space, &cell, &f->err));
    assert_int_equal(cell.number, before);
    assert_ok(store_cell(f->store, COL_EPOCH_LOST_SIZE, 1, &space, &cell, &f->err));
    assert_int_equal(cell.number, 99);
    assert_ok(store_cell(f->store, COL_EPOCH_LOST_ROOT, 1, &space, &cell, &f->err));
    assert_int_equal(cell.bytes.p[0], 7);
    assert_ok(store_cell(f->store, COL_APPROVAL_STATE, 1, &space, &cell, &f->err));
    assert_int_equal(cell.number, APPROVAL_EXECUTED);
}

static void add_approver(struct fixture *f, int64_t id, uint8_t key)
{
    uint8_t spki[32];
    memset(spki, key, sizeof spki);
    struct act *act = service_act(&f->service, EVENT_DEVICE_IMPORTED, f->now_s, f->admin.actor, 0);
    struct change *c = act_change(act, TABLE_OPERATOR, id);
    change_blob(c, COL_OPERATOR_SPKI, bytes_of(spki, sizeof spki));
    change_int(c, COL_OPERATOR_STATE, 1);
    change_int(c, COL_OPERATOR_APPROVER, 1);
    begin(f);
    assert_ok(service_record(&f->service, NULL, &f->err));
    commit(f);
}

/* Whoever holds a later checkpoint sees a fork: a person says that it is known. */
static void what_was_lost_is_owed_until_a_person_answers(void **state)
{
    struct fixture *f = *state;
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    struct epoch_start start = {.body = request(), .lost_size = 99, .lost_root = {7}, .journal = 5};
    struct about about = {0};
    begin(f);
    assert_ok(epoch_begin(&f->service, &start, f->now_s, &f->err));
    assert_ok(finding_settle_about(&f->service, whole, f->now_s, &f->err));
    commit(f);
    assert_ok(about_read(f->store, whole, f->now_s, &about, &f->err));
    const struct finding *gap = about_finding(&about, CHECK_LEDGER_GAP);
    assert_non_null(gap);

    struct msg_finding_close ask = {.finding = gap->id, .note = bytes_text("the disk of May")};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_finding_close(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    assert_ok(finding_settle_about(&f->service, whole, f->now_s, &f->err));
    commit(f);
    assert_ok(about_read(f->store, whole, f->now_s, &about, &f->err));
    assert_null(about_finding(&about, CHECK_LEDGER_GAP));
}

static void who_is_none_by_the_signers_list_approves_no_more(void **state)
{
    struct fixture *f = *state;
    uint8_t known[1][32];
    struct epoch_start start = {
        .body = request(), .approvers = (const uint8_t(*)[32])known, .approvers_n = 1};
    struct operator_row row = {0};
    memset(known[0], 1, sizeof known[0]);
    add_approver(f, 51, 1);
    add_approver(f, 52, 2);
    begin(f);
    assert_ok(epoch_begin(&f->service, &start, f->now_s, &f->err));
    commit(f);
    assert_ok(store_operator_row(f->store, 51, &row, &f->err));
    assert_true(row.is_approver);
    assert_ok(store_operator_row(f->store, 52, &row, &f->err));
    assert_false(row.is_approver);
}

/* ---- what the signer is told -------------------------------------------------------------------
 */

/* How many devices it has yet to hear of, after it heard. */
static size_t told(struct fixture *f)
{
    CLEANUP(record_close) struct record_reader reader = {0};
    struct ipc_message message;
    int fd = -1;
    int64_t last = 0;
    size_t n = 0;
    assert_ok(stand_collect(&f->service, &fd, &last, &f->err));
    if (last == 0)
        return 0;
    assert_ok(record_open(fd, STAND_BYTES_MAX, &reader, &f->err));
    close(fd);
    while (record_next(&reader, IPC_DEVICE_STAND, &message, &f->err) == OK &&
           message.type != IPC_NONE)
        n++;
    begin(f);
    assert_ok(store_drop_untold(f->store, last, ledger_size(f->service.ledger), &f->err));
    commit(f);
    return n;
}

static void the_signer_hears_of_what_keeps_down_and_lets_go(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    active_device(f, 1, &one);
    active_device(f, 2, &two);
    assert_int_equal(told(f), 0); /* an ordinary life is of no interest */
    static const enum device_verb verbs[] = {VERB_QUARANTINE, VERB_READMIT, VERB_LOST, VERB_FOUND,
                                             VERB_RETIRE};
    for (size_t i = 0; i < LENGTH_OF(verbs); i++) {
        assert_int_equal(set_device(f, 1, verbs[i]), OK);
        assert_int_equal(told(f), 1);
    }
    assert_int_equal(set_device(f, 2, VERB_REVOKE), OK);
    assert_int_equal(told(f), 0); /* the list has it */
    import_device(f, 3, NULL, true);
    assert_int_equal(told(f), 1);
    assert_int_equal(set_device(f, 3, VERB_ADMIT), OK);
    assert_int_equal(told(f), 1);
}

static void what_changed_while_the_signer_heard_is_told_again(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    int fd = -1;
    int64_t last = 0;
    active_device(f, 1, &one);
    set_device(f, 1, VERB_QUARANTINE);
    assert_ok(stand_collect(&f->service, &fd, &last, &f->err));
    close(fd);
    uint64_t size = ledger_size(f->service.ledger);
    set_device(f, 1, VERB_READMIT);
    begin(f);
    assert_ok(store_drop_untold(f->store, last, size, &f->err));
    commit(f);
    assert_int_equal(told(f), 1);
    assert_int_equal(told(f), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_stands_on_a_list_is_revoked_once),
        TEST(a_device_that_was_renewed_since_may_prove_itself_anew),
        TEST(a_device_with_another_live_certificate_stays_active),
        TEST(without_a_journal_the_reason_on_the_list_keeps_a_device_down),
        TEST(the_stricter_of_two_states_counts),
        TEST(who_is_lost_or_retired_has_no_certificate),
        TEST(a_tombstone_that_the_copy_does_not_know_is_there_again),
        TEST(a_quarantine_by_a_person_is_stricter_than_an_automatic_one),
        TEST(a_hold_is_a_hold_again),
        TEST(tokens_and_permits_are_void),
        TEST(numbers_leap_when_the_journal_is_lost),
        TEST(an_epoch_names_what_is_lost),
        TEST(what_was_lost_is_owed_until_a_person_answers),
        TEST(who_is_none_by_the_signers_list_approves_no_more),
        TEST(the_signer_hears_of_what_keeps_down_and_lets_go),
        TEST(what_changed_while_the_signer_heard_is_told_again),
    };
    return cmocka_run_group_tests_name("service/epoch", tests, NULL, NULL);
}
