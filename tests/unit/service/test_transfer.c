/* A device on its way to another owner: what both sides' signatures mean for what is under way at
 * the signer, for the keys that it may have, and for what was issued when one of them calls it off.
 */
#include "acts.h"

#include <base/text.h>
#include <crypto/csr.h>
#include <pki/grant.h>
#include <registry/about.h>
#include <service/scan.h>
#include <service/transfer.h>
#include <wire/approval.h>
#include <wire/receipt.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- two sides --------------------------------------------------------------------------------
 */

struct sides {
    struct person seller, buyer;
};

static struct sides two_sides(struct fixture *f)
{
    struct sides sides = {0};
    add_person(f, ROLE_OPERATOR, "acme", &sides.seller); /* whose the fixture's devices are */
    add_person(f, ROLE_OPERATOR, "zenith", &sides.buyer);
    return sides;
}

static void free_sides(struct sides *sides)
{
    key_freep(&sides->seller.key);
    key_freep(&sides->buyer.key);
}

static int64_t released(struct fixture *f, struct sides *sides, const char *serial)
{
    struct msg_transfer_release ask = {.product = bytes_text("meter"),
                                       .serial_number = text_bytes(serial),
                                       .to_owner = bytes_text("zenith")};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(
        verb_transfer_release(&f->service, &sides->seller.who, &ask, f->now_s, &answer, &f->err));
    commit(f);
    assert_ok(sign_step(f, &sides->seller, answer.object, TRANSFER_RELEASED));
    return answer.object;
}

static int64_t accepted(struct fixture *f, struct sides *sides, const char *serial)
{
    int64_t id = released(f, sides, serial);
    assert_ok(sign_step(f, &sides->buyer, id, TRANSFER_ACCEPTED));
    return id;
}

static uint32_t abort_it(struct fixture *f, const struct person *by, int64_t id)
{
    struct msg_transfer_abort ask = {.transfer = id};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_transfer_abort(&f->service, &by->who, &ask, f->now_s, &answer, &f->err));
    commit(f);
    return answer.certificates;
}

static int state_of(struct fixture *f, int64_t id)
{
    struct transfer_row row;
    assert_ok(store_transfer(f->store, id, &row, &f->err));
    return row.state;
}

/* ---- what is at the signer ---------------------------------------------------------------------
 */

static void decide(struct fixture *f, const struct msg_enrol *ask)
{
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    begin(f);
    assert_ok(enrol_decide(&f->service, ask, f->now_s, &f->job, &f->err));
    commit(f);
    assert_int_equal(f->job.next, ENROL_SIGN);
}

static bool is_live_after_commit(struct fixture *f)
{
    bool is_live = true;
    begin(f);
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_text("certificate"), f->now_s, &is_live, &f->err));
    commit(f);
    return is_live;
}

/* It was decided for the old owner, and would count as the new one's. */
static void what_is_signed_during_the_acceptance_is_an_orphan(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    int64_t id = released(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    decide(f, &ask);
    struct enrolment under_way = f->job;
    assert_ok(sign_step(f, &sides.buyer, id, TRANSFER_ACCEPTED));
    f->job = under_way;
    assert_false(is_live_after_commit(f));
    assert_int_equal(state_of(f, id), TRANSFER_ACCEPTED);
    free_sides(&sides);
}

static void what_is_signed_during_the_abort_is_an_orphan(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    int64_t id = accepted(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    decide(f, &ask);
    assert_int_equal(abort_it(f, &sides.seller, id), 0);
    assert_false(is_live_after_commit(f));
    assert_string_equal(device_row(f, 1).owner, "acme");
    free_sides(&sides);
}

/* ---- its keys ----------------------------------------------------------------------------------
 */

static void a_key_of_before_is_refused_and_a_new_one_moves_the_device(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    int64_t id = accepted(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &one);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_TRANSFER_KEY);
    ask = ask_renew(f, old.serial, &one, &two);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_string_equal(device_row(f, 1).owner, "acme");
    assert_int_equal(certificate_row(f, old.serial).state, CERT_CURRENT);
    use(f, got.serial);
    assert_string_equal(device_row(f, 1).owner, "zenith");
    assert_int_equal(state_of(f, id), TRANSFER_DONE);
    assert_int_equal(certificate_row(f, old.serial).state, CERT_SUPERSEDED);
    free_sides(&sides);
}

/* Two people said that it rekeys: it is early, and not a front's claim. */
static void its_window_is_open_whatever_the_hours_budget(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker keys[13], fresh[13];
    struct got old[13], got = {0};
    for (unsigned i = 0; i < 13; i++) {
        keys[i] = asker(10 + i);
        fresh[i] = asker(50 + i);
        old[i] = active_device(f, i, &keys[i]);
    }
    (void)accepted(f, &sides, "SN-0");
    for (unsigned i = 1; i < 13 && got.code != E_BUDGET; i++) {
        struct msg_enrol ask = ask_renew(f, old[i].serial, &keys[i], &fresh[i]);
        got = enrol(f, &ask);
    }
    expect_code(&got, E_BUDGET);
    struct msg_enrol ask = ask_renew(f, old[0].serial, &keys[0], &fresh[0]);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    free_sides(&sides);
}

/* ---- its end -----------------------------------------------------------------------------------
 */

static void an_abort_revokes_what_was_issued_and_is_no_fork(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    int64_t id = accepted(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    struct got new = enrol(f, &ask);
    assert_int_equal(abort_it(f, &sides.buyer, id), 1);
    struct certificate row = certificate_row(f, new.serial);
    assert_int_equal(row.state, CERT_REVOKED);
    f->now_s += 100;
    use(f, new.serial);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_false(has_finding(f, 1, 2));
    assert_string_equal(device_row(f, 1).owner, "acme");
    assert_int_equal(certificate_row(f, old.serial).state, CERT_CURRENT);
    free_sides(&sides);
}

/* Issued before both had signed: it is the old owner's, whoever calls off what. */
static void an_abort_leaves_what_was_issued_before(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    struct got before = enrol(f, &ask);
    int64_t id = accepted(f, &sides, "SN-1");
    assert_int_equal(abort_it(f, &sides.seller, id), 0);
    assert_int_equal(certificate_row(f, before.serial).state, CERT_PENDING);
    free_sides(&sides);
}

static void the_end_has_a_receipt_of_both_certificates(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    int64_t accepted_s = f->now_s + 5;
    f->now_s = accepted_s;
    int64_t id = accepted(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    struct got new = enrol(f, &ask);
    f->now_s += 60;
    use(f, new.serial);
    uint8_t space[RECEIPT_MAX];
    struct buf room = buf_over(space, sizeof space);
    struct cell cell = {0};
    struct receipt receipt;
    const char *why = NULL;
    assert_ok(store_cell(f->store, COL_TRANSFER_RECEIPT, id, &room, &cell, &f->err));
    assert_true(receipt_read(cell.bytes, &receipt, &why));
    assert_int_equal(receipt.released.operator_row, sides.seller.who.row.id);
    assert_int_equal(receipt.accepted.operator_row, sides.buyer.who.row.id);
    assert_int_equal(receipt.accepted.at_s, accepted_s);
    assert_int_equal(receipt.done_s, accepted_s + 60);
    assert_true(bytes_equal(receipt.before.serial, bytes_of(old.serial, 16)));
    assert_true(bytes_equal(receipt.after.serial, bytes_of(new.serial, 16)));
    assert_true(bytes_equal(receipt.released.key, key_spki(sides.seller.key)));
    free_sides(&sides);
}

/* An expired certificate over the device's key, that a TLS server of it presents. */
static void scan_expired(struct fixture *f, const struct asker *key)
{
    const uint8_t der[] = {0x30, 3, 2, 1, 1}, serial = 1;
    struct scan_answer answer = {0};
    const struct msg_scan_line line = {.line = 1,
                                       .place = bytes_text("10.0.0.1:443"),
                                       .host = bytes_text("10.0.0.1"),
                                       .outcome = SCAN_SEEN,
                                       .serial = bytes_of(&serial, 1),
                                       .subject = bytes_text("/CN=x"),
                                       .not_before_s = f->now_s - 2 * DAY_S,
                                       .not_after_s = f->now_s - DAY_S,
                                       .spki = bytes_of(key->spki, key->spki_n),
                                       .signature = SIGNATURE_SOUND,
                                       .root_issued = NO,
                                       .issuer_name = {7},
                                       .chain = bytes_of(der, sizeof der)};
    begin(f);
    assert_ok(scan_line(&f->service, &f->admin, &line, f->now_s, &answer, &f->err));
    commit(f);
    assert_int_equal(answer.became, SCAN_BECAME_NEW);
}

/* Open, and whose it is. */
static void assert_owed_by(struct fixture *f, const char *owner)
{
    static struct about about;
    const struct subject_key key = {SUBJECT_FOREIGN, 1};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    const struct finding *open = about_finding(&about, CHECK_EXPIRED_IN_USE);
    assert_non_null(open);
    assert_string_equal(open->owner, owner);
}

static void what_others_issued_for_it_is_owed_by_the_next_owner(void **state)
{
    struct fixture *f = *state;
    struct sides sides = two_sides(f);
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    scan_expired(f, &one);
    assert_owed_by(f, "acme");
    accepted(f, &sides, "SN-1");
    struct msg_enrol ask = ask_renew(f, old.serial, &one, &two);
    struct got new = enrol(f, &ask);
    assert_owed_by(f, "acme");
    f->now_s += 60;
    use(f, new.serial);
    assert_owed_by(f, "zenith");
    free_sides(&sides);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_signed_during_the_acceptance_is_an_orphan),
        TEST(what_is_signed_during_the_abort_is_an_orphan),
        TEST(a_key_of_before_is_refused_and_a_new_one_moves_the_device),
        TEST(its_window_is_open_whatever_the_hours_budget),
        TEST(an_abort_revokes_what_was_issued_and_is_no_fork),
        TEST(an_abort_leaves_what_was_issued_before),
        TEST(the_end_has_a_receipt_of_both_certificates),
        TEST(what_others_issued_for_it_is_owed_by_the_next_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
