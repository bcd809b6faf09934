/* Renewal by the rules of design section 5, each as a story in virtual time. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_renewal_is_pending_until_it_was_used(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got second = enrol(f, &ask);
    expect_code(&second, E_NONE);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_CURRENT);
    assert_int_equal(certificate_row(f, second.serial).state, CERT_PENDING);
    use(f, second.serial);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_SUPERSEDED);
    assert_int_equal(certificate_row(f, second.serial).state, CERT_CURRENT);
}

static void a_device_that_lost_power_asks_with_another_key(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), lost = asker(2), new = asker(3);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &lost);
    struct got voided = enrol(f, &ask);
    ask = ask_renew(f, first.serial, &old, &new);
    struct got second = enrol(f, &ask);
    expect_code(&second, E_NONE);
    assert_int_equal(certificate_row(f, voided.serial).state, CERT_VOIDED);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_false(has_finding(f, 1, 2));
}

static void voiding_has_an_end(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct got got = {0};
    for (unsigned i = 0; i < ENROL_VOIDS_A_DAY + 1; i++) {
        struct asker key = asker(100 + i);
        struct msg_enrol ask = ask_renew(f, first.serial, &old, &key);
        got = enrol(f, &ask);
        expect_code(&got, E_NONE);
    }
    struct asker key = asker(200);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &key);
    got = enrol(f, &ask);
    expect_code(&got, E_BUDGET);
}

static void use_of_a_voided_certificate_is_a_fork(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), lost = asker(2), new = asker(3);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &lost);
    struct got voided = enrol(f, &ask);
    ask = ask_renew(f, first.serial, &old, &new);
    enrol(f, &ask);
    use(f, voided.serial);
    assert_true(has_finding(f, 1, 2));
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
}

static void the_old_certificate_is_a_fork_a_minute_after_the_new_one_was_used(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got second = enrol(f, &ask);
    use(f, second.serial);

    f->now_s += FORK_AFTER_S;
    use(f, first.serial);
    assert_false(has_finding(f, 1, 2));
    f->now_s += 1;
    ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_SUPERSEDED);
    assert_true(has_finding(f, 1, 2));
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
}

static void names_of_a_renewal_may_not_change(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    ask.names_equal = 0;
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NAMES_DIFFER);
}

static void renewals_outside_their_window_have_a_budget(void **state)
{
    struct fixture *f = *state;
    struct got got = {0};
    for (unsigned i = 0; i < 12; i++) {
        struct asker old = asker(2 * i), new = asker(2 * i + 1);
        struct got first = active_device(f, i, &old);
        struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
        got = enrol(f, &ask);
        expect_code(&got, i < 10 ? E_NONE : E_BUDGET);
    }
    fixture_close(f); /* a restart does not give the budget back */
    fixture_open(f);
    struct asker old = asker(98), new = asker(99);
    struct got first = active_device(f, 50, &old);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_BUDGET);
    f->now_s += 3600;
    ask = ask_renew(f, first.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_renewal_is_pending_until_it_was_used),
        STORY(a_device_that_lost_power_asks_with_another_key),
        STORY(voiding_has_an_end),
        STORY(use_of_a_voided_certificate_is_a_fork),
        STORY(the_old_certificate_is_a_fork_a_minute_after_the_new_one_was_used),
        STORY(names_of_a_renewal_may_not_change),
        STORY(renewals_outside_their_window_have_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
