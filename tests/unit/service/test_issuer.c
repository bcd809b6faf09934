/* One issuer follows another: who may become one, who still needs the old one, and what its end
 * means for what is under way. */
#include "acts.h"

#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <pki/authority.h>
#include <registry/about.h>
#include <service/issuer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NEW 7

static enum result add(struct fixture *f, uint32_t number, enum pki_issuer_kind kind,
                       struct bytes certificate)
{
    return add_issuer(f, "", number, kind, certificate);
}

/* Number 7 follows the LDevID issuer. */
static void follow(struct fixture *f)
{
    follow_issuer(f, "", NEW, "the new one");
}

static enum result retire(struct fixture *f, uint32_t number)
{
    struct msg_issuer_retire ask = {.number = number};
    struct msg_verb_answer answer = {0};
    assert_ok(store_begin(f->store, &f->err));
    enum result result =
        verb_issuer_retire(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    commit(f);
    assert_ok(service_load_issuers(&f->service, &f->err));
    return result;
}

static int state_of(struct fixture *f, uint32_t number)
{
    struct issuer_is is = {0};
    assert_ok(store_issuer_is(f->store, number, &is, &f->err));
    return is.state;
}

/* ---- who may become one -----------------------------------------------------------------------
 */

static void without_its_key_at_the_signer_none_is_added(void **state)
{
    struct fixture *f = *state;
    struct made_issuer made;
    make_issuer(f, "the new one", PKI_ISSUER_LDEVID, NEW, &made);
    assert_int_equal(add(f, NEW, PKI_ISSUER_LDEVID, made.der), R_CONFLICT);
    assert_int_equal(f->err.code, E_ISSUER_KEY);
    f->service.held_spki[NEW][0] = 1; /* another key of that number */
    assert_int_equal(add(f, NEW, PKI_ISSUER_LDEVID, made.der), R_CONFLICT);
    assert_int_equal(state_of(f, PKI_ISSUER_LDEVID), ISSUER_CURRENT);
}

static void a_number_name_or_key_that_is_taken_is_refused(void **state)
{
    struct fixture *f = *state;
    struct made_issuer good, same_name, same_key;
    make_issuer(f, "the new one", PKI_ISSUER_LDEVID, NEW, &good);
    make_issuer(f, issuer_name(PKI_ISSUER_LDEVID), PKI_ISSUER_LDEVID, NEW, &same_name);
    make_issuer(f, "another", PKI_ISSUER_LDEVID, PKI_ISSUER_OPERATIONS, &same_key);
    memcpy(f->service.held_spki[NEW], good.spki, 32);
    const uint32_t numbers[] = {0, PKI_ISSUER_ROOT, PKI_ISSUER_LDEVID, PKI_ISSUERS};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        assert_int_equal(add(f, numbers[i], PKI_ISSUER_LDEVID, good.der), R_CONFLICT);
        assert_int_equal(f->err.code, E_ISSUER_NUMBER);
    }
    assert_int_equal(add(f, NEW, PKI_ISSUER_LDEVID, same_name.der), R_INVALID);
    assert_int_equal(add(f, NEW, PKI_ISSUER_LDEVID, same_key.der), R_INVALID);
    assert_int_equal(add(f, NEW, PKI_ISSUER_NONE, good.der), R_INVALID);
    assert_int_equal(add(f, NEW, PKI_ISSUER_COUNT, good.der), R_INVALID);
    assert_int_equal(add(f, NEW, PKI_ISSUER_ROOT, good.der), R_INVALID);
    assert_ok(add(f, NEW, PKI_ISSUER_LDEVID, good.der));
    assert_int_equal(add(f, NEW, PKI_ISSUER_LDEVID, good.der), R_CONFLICT);
}

static void it_issues_from_then_on_and_after_a_start(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), other = asker(2);
    follow(f);
    assert_int_equal(state_of(f, PKI_ISSUER_LDEVID), ISSUER_RETIRING);
    struct got got = enrolled_device(f, 1, &key);
    assert_int_equal(certificate_row(f, got.serial).issuer, NEW);
    fixture_close(f);
    fixture_open(f);
    got = enrolled_device(f, 2, &other);
    assert_int_equal(certificate_row(f, got.serial).issuer, NEW);
}

/* ---- an owner's own ---------------------------------------------------------------------------
 */

static void an_owners_issues_for_his_devices_alone(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    follow_issuer(f, "zenith", NEW, "somebody else's");
    struct got got = enrolled_device(f, 1, &one);
    assert_int_equal(certificate_row(f, got.serial).issuer, PKI_ISSUER_LDEVID);
    follow_issuer(f, "acme", NEW + 1, "acme's");
    assert_int_equal(state_of(f, PKI_ISSUER_LDEVID), ISSUER_CURRENT);
    assert_int_equal(state_of(f, NEW), ISSUER_CURRENT);
    fixture_close(f);
    fixture_open(f);
    got = enrolled_device(f, 2, &two);
    assert_int_equal(certificate_row(f, got.serial).issuer, NEW + 1);
}

static void an_owners_follows_his_own_and_the_fleets_the_fleets(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    follow_issuer(f, "acme", NEW, "acme's");
    follow_issuer(f, "acme", NEW + 1, "acme's second");
    follow_issuer(f, "", NEW + 2, "the fleet's second");
    assert_int_equal(state_of(f, NEW), ISSUER_RETIRING);
    assert_int_equal(state_of(f, NEW + 1), ISSUER_CURRENT);
    assert_int_equal(state_of(f, PKI_ISSUER_LDEVID), ISSUER_RETIRING);
    struct got got = enrolled_device(f, 1, &key);
    assert_int_equal(certificate_row(f, got.serial).issuer, NEW + 1);
}

static void an_owner_has_an_issuer_of_ldevids_only(void **state)
{
    struct fixture *f = *state;
    struct made_issuer made;
    make_issuer(f, "acme's", PKI_ISSUER_OPERATIONS, NEW, &made);
    memcpy(f->service.held_spki[NEW], made.spki, 32);
    assert_int_equal(add_issuer(f, "acme", NEW, PKI_ISSUER_OPERATIONS, made.der), R_REFUSED);
    assert_int_equal(f->err.code, E_ISSUER_OWNER);
    assert_int_equal(add_issuer(f, "acme", NEW, PKI_ISSUER_ROOT, made.der), R_REFUSED);
    make_issuer(f, "acme's ldevid", PKI_ISSUER_LDEVID, NEW + 1, &made);
    memcpy(f->service.held_spki[NEW + 1], made.spki, 32);
    assert_int_equal(add_issuer(f, "ac me/", NEW + 1, PKI_ISSUER_LDEVID, made.der), R_INVALID);
}

/* His devices go on below the fleet's. */
static void an_owners_ends_without_one_that_follows(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    follow_issuer(f, "acme", NEW, "acme's");
    (void)enrolled_device(f, 1, &one);
    assert_int_equal(retire(f, NEW), R_REFUSED);
    assert_int_equal(f->err.code, E_ISSUER_NEEDED);
    assert_ok(set_device(f, 1, VERB_RETIRE));
    assert_ok(retire(f, NEW));
    struct got got = enrolled_device(f, 2, &two);
    assert_int_equal(certificate_row(f, got.serial).issuer, PKI_ISSUER_LDEVID);
}

/* ---- who needs the old one ---------------------------------------------------------------------
 */

static struct got renew(struct fixture *f, const struct got *got, const struct asker *old,
                        const struct asker *new)
{
    struct msg_enrol ask = ask_renew(f, got->serial, old, new);
    return enrol(f, &ask);
}

static void a_device_needs_it_until_it_used_what_followed(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    struct got old = active_device(f, 1, &one);
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_CONFLICT);
    assert_int_equal(f->err.code, E_ISSUER_IN_USE);
    follow(f);
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_REFUSED);
    assert_int_equal(f->err.code, E_ISSUER_NEEDED);
    f->now_s += 70 * DAY_S; /* its window is open */
    struct got new = renew(f, &old, &one, &two);
    assert_int_equal(new.code, E_NONE);
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_REFUSED); /* it may never have got it */
    use(f, new.serial);
    assert_ok(retire(f, PKI_ISSUER_LDEVID));
    assert_int_equal(state_of(f, PKI_ISSUER_LDEVID), ISSUER_ENDED);
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_CONFLICT);
}

static void who_is_revoked_or_expired_without_grace_needs_nothing(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    (void)active_device(f, 1, &one);
    (void)active_device(f, 2, &two);
    follow(f);
    assert_ok(set_device(f, 1, VERB_REVOKE));
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_REFUSED);
    f->now_s += 91 * DAY_S;
    assert_ok(retire(f, PKI_ISSUER_LDEVID));
}

static void under_grace_a_device_needs_it_still(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct msg_product_set ask = {
        .product = bytes_text("meter"), .grace_s = 30 * DAY_S, .claims_an_hour = -1};
    struct msg_verb_answer answer = {0};
    (void)active_device(f, 1, &one);
    follow(f);
    begin(f);
    assert_ok(verb_product_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    f->now_s += 91 * DAY_S;
    assert_int_equal(retire(f, PKI_ISSUER_LDEVID), R_REFUSED);
    f->now_s += 30 * DAY_S;
    assert_ok(retire(f, PKI_ISSUER_LDEVID));
}

/* ---- its end -----------------------------------------------------------------------------------
 */

static void force(struct fixture *f, uint32_t number)
{
    struct msg_issuer_force ask = {.number = number};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_int_equal(verb_issuer_force(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err),
                     R_REFUSED);
    assert_int_equal(f->err.code, E_ISSUER_FORCE);
    /* Two people said so: their approval is another test's (tests/scenario/test_36_rollover.py). */
    struct act *act = service_act(&f->service, EVENT_ISSUER_FORCED, f->now_s, f->admin.actor, 0);
    change_int(act_change(act, TABLE_ISSUER, number), COL_ISSUER_STATE, ISSUER_ENDED);
    assert_ok(service_record(&f->service, NULL, &f->err));
    commit(f);
    assert_ok(service_load_issuers(&f->service, &f->err));
}

static void what_it_issued_opens_nothing_and_the_first_proof_helps(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2), three = asker(3);
    struct got old = active_device(f, 1, &one);
    follow(f);
    force(f, PKI_ISSUER_LDEVID);
    struct got got = renew(f, &old, &one, &two);
    expect_code(&got, E_PROOF);
    int64_t before = entries(f);
    use(f, old.serial);
    assert_int_equal(entries(f), before);
    struct msg_enrol ask = ask_registered_tls(&one, &three);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(certificate_row(f, got.serial).issuer, NEW);
}

static void what_the_signer_worked_on_meanwhile_is_an_orphan(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    bool is_live = true;
    import_device(f, 1, &key, false);
    struct msg_enrol ask = ask_csr(&key);
    begin(f);
    assert_ok(enrol_decide(&f->service, &ask, f->now_s, &f->job, &f->err));
    commit(f);
    assert_int_equal(f->job.grant.issuer, PKI_ISSUER_LDEVID);
    follow(f);
    assert_ok(retire(f, PKI_ISSUER_LDEVID));
    begin(f);
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_text("certificate"), f->now_s, &is_live, &f->err));
    commit(f);
    assert_false(is_live);
}

/* The pair that got it gets another one, not the same. */
static void its_answer_is_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got old = enrolled_device(f, 1, &key);
    struct msg_enrol ask = ask_csr(&key);
    struct got again = enrol(f, &ask);
    assert_true(again.repeated);
    follow(f);
    force(f, PKI_ISSUER_LDEVID);
    again = enrol(f, &ask);
    expect_code(&again, E_NONE);
    assert_false(again.repeated);
    assert_memory_not_equal(again.serial, old.serial, 16);
}

/* ---- what is owed about it --------------------------------------------------------------------
 */

static void an_end_is_owed_until_nothing_below_it_is_live(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    active_device(f, 1, &one);
    follow(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN));
    force(f, PKI_ISSUER_LDEVID);
    change_issuers(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN).severity,
                     SEVERITY_CRITICAL);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN).began_at_s, f->now_s);
    f->now_s += 900;
    settle_due(f);
    assert_true(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN));
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    f->now_s += 900;
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN));
}

static void an_end_that_nobody_needs_owes_nothing(void **state)
{
    struct fixture *f = *state;
    follow(f);
    assert_ok(retire(f, PKI_ISSUER_LDEVID));
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_BROKEN));
}

static void one_that_ends_soon_is_owed_until_the_last_device_has_moved(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    int64_t cliff_s = f->service.issuers[PKI_ISSUER_LDEVID].not_after_s - 365 * DAY_S;
    change_issuers(f);
    f->now_s = cliff_s - 1;
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_CLIFF));
    f->now_s = cliff_s;
    settle_due(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_CLIFF).began_at_s, cliff_s);

    struct got old = active_device(f, 1, &one);
    follow(f);
    assert_true(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_CLIFF));
    assert_false(issuer_owes(f, NEW, CHECK_ISSUER_CLIFF));
    f->now_s += 70 * DAY_S;
    struct got got = renew(f, &old, &one, &two);
    expect_code(&got, E_NONE);
    use(f, got.serial);
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_ISSUER_CLIFF));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_end_is_owed_until_nothing_below_it_is_live),
        TEST(an_end_that_nobody_needs_owes_nothing),
        TEST(one_that_ends_soon_is_owed_until_the_last_device_has_moved),
        TEST(without_its_key_at_the_signer_none_is_added),
        TEST(a_number_name_or_key_that_is_taken_is_refused),
        TEST(it_issues_from_then_on_and_after_a_start),
        TEST(an_owners_issues_for_his_devices_alone),
        TEST(an_owners_follows_his_own_and_the_fleets_the_fleets),
        TEST(an_owner_has_an_issuer_of_ldevids_only),
        TEST(an_owners_ends_without_one_that_follows),
        TEST(a_device_needs_it_until_it_used_what_followed),
        TEST(who_is_revoked_or_expired_without_grace_needs_nothing),
        TEST(under_grace_a_device_needs_it_still),
        TEST(what_it_issued_opens_nothing_and_the_first_proof_helps),
        TEST(what_the_signer_worked_on_meanwhile_is_an_orphan),
        TEST(its_answer_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
