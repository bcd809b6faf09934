/* With a policy whose effect refuses, an open finding refuses enrolment and renewal of its device,
 * by name and after proof; a request that ends its condition passes. The policy is this binary's:
 * every default but that one (--wrap=policy_normal). */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct policy __real_policy_normal(void);
struct policy __wrap_policy_normal(void);

static enum effect effect; /* of TD-06 */

struct policy __wrap_policy_normal(void)
{
    struct policy policy = __real_policy_normal();
    policy.effect[CHECK_PROOF_TOO_WEAK] = (uint8_t)effect;
    return policy;
}

/* Active by its registered key, of a product that wants an IDevID by now. */
static struct got weak_device(struct fixture *f, const struct asker *key)
{
    struct got got = active_device(f, 1, key);
    struct change change = change_of(TABLE_PRODUCT, 1);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, PROOF_IDEVID);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    assert_ok(finding_settle(&f->service, device_row(f, 1).id, f->now_s, &f->err));
    commit(f);
    assert_true(has_finding(f, 1, CHECK_PROOF_TOO_WEAK));
    f->now_s += 70 * DAY_S;
    return got;
}

static void without_that_effect_it_renews(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_NONE;
    struct got got = weak_device(f, &old);
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void a_renewal_is_refused_by_name_and_after_proof(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    struct got got = weak_device(f, &old);
    int64_t before = entries(f);
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
    assert_non_null(strstr(got.why, "TD-06 \"proof-too-weak\""));
    assert_true(f->job.is_proven);
    assert_int_equal(entries(f), before + 1); /* its timeline says so */
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
}

static void an_enrolment_is_refused_too(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    weak_device(f, &old);
    struct msg_enrol ask = ask_registered_tls(&old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
}

static void a_repeat_is_refused_too(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_NONE;
    struct got first = weak_device(f, &old);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    effect = EFFECT_REFUSE;
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
}

static void a_proof_that_is_demanded_passes(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    weak_device(f, &old);
    struct change change = change_of(TABLE_PRODUCT, 1);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, PROOF_REGISTERED);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
    struct msg_enrol ask = ask_registered_tls(&old, &new); /* the finding is open still */
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_false(has_finding(f, 1, CHECK_PROOF_TOO_WEAK));
}

/* Its first certificate is of the year after next, says the row: TD-06 cannot judge that. */
static void a_check_that_fails_keeps_refusing_what_it_refused(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct certificate first = {0};
    effect = EFFECT_REFUSE;
    struct got got = weak_device(f, &old);
    assert_ok(store_certificate_serial(f->store, bytes_of(got.serial, 16), &first, &f->err));
    struct change change = change_of(TABLE_CERTIFICATE, first.id);
    change_int(&change, COL_CERTIFICATE_NOT_BEFORE, f->now_s + 500 * DAY_S);
    change_int(&change, COL_CERTIFICATE_NOT_AFTER, f->now_s + 600 * DAY_S);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    assert_ok(finding_settle(&f->service, device_row(f, 1).id, f->now_s, &f->err));
    commit(f);
    assert_true(has_finding(f, 1, CHECK_PROOF_TOO_WEAK)); /* nothing closed it */
    struct msg_enrol ask = ask_registered_tls(&old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
    assert_non_null(strstr(got.why, "TD-06"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(without_that_effect_it_renews),
        STORY(a_renewal_is_refused_by_name_and_after_proof),
        STORY(an_enrolment_is_refused_too),
        STORY(a_repeat_is_refused_too),
        STORY(a_proof_that_is_demanded_passes),
        STORY(a_check_that_fails_keeps_refusing_what_it_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
