/* The checks about devices that time or a number opens: when each opens, stays, closes, and one
 * second before and after. */
#include "judged.h"

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define RENEW_AT (NB + 70 * DAY_S)
#define RENEW_BY (NB + 85 * DAY_S)
#define USUAL (30 * DAY_S) /* between two contacts */

/* Of a device that has nothing, each of them says that nobody measured it. */
static void without_a_certificate_nothing_is_measured(void **context)
{
    (void)context;
    const int numbers[] = {7, 8, 10, 11, 24, 35, 36, 38};
    const struct facts nothing = {.kind = SUBJECT_DEVICE, .state = STATE_EXPECTED};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++)
        expect_open(numbers[i], &nothing, NB, UNMEASURED);
}

static void what_is_sound_owes_nothing(void **context)
{
    (void)context;
    const struct facts facts = sound_device();
    const struct policy normal = policy_normal();
    struct standing now = standing(&facts, &normal, NB + 2 * DAY_S);
    assert_int_equal(now.n, 0);
    assert_int_equal(now.failed, 0);
    assert_int_equal(now.verdict, VERDICT_TRUSTED);
}

static void td07_opens_when_nobody_renewed_and_gives_way_to_td08(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    expect_opens(7, &facts, RENEW_AT + 3600, RENEW_AT);
    expect_closes(7, &facts, RENEW_BY);
    expect_opens(8, &facts, RENEW_BY, RENEW_BY);
    facts.renew_at_s = 0;
    expect_open(7, &facts, RENEW_AT + 3600, UNMEASURED);
}

/* A hundredth of a short life is less than an hour. */
static void td07_waits_as_long_as_a_renewal_takes(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.not_after_s = NB + 10000;
    facts.renew_at_s = NB + 7000;
    expect_opens(7, &facts, NB + 7100, NB + 7000);
    facts.renew_at_s = NB + 8400; /* and where that is past renew-by it has no time of its own */
    expect_open(7, &facts, NB + 8499, NO);
    assert_int_equal(judged(7, &facts, NB + 8499).next_s, 0);
}

static void td08_counts_what_was_let_pass_and_is_high_at_last(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    struct policy policy = policy_normal();
    policy.contact_every_s = 4 * DAY_S;
    const int64_t high_s = NB + LIFE - policy.contact_every_s + 1;
    const struct check *check = check_find(8);
    struct opinion first = check->judge(&facts, &policy, RENEW_BY);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.severity, SEVERITY_NONE);
    assert_int_equal(first.next_s, high_s);
    assert_int_equal(check->judge(&facts, &policy, RENEW_BY + 8 * DAY_S - 1).count, 2);
    assert_int_equal(check->judge(&facts, &policy, RENEW_BY + 8 * DAY_S).count, 3);
    assert_int_equal(check->judge(&facts, &policy, high_s - 1).severity, SEVERITY_NONE);
    struct opinion last = check->judge(&facts, &policy, high_s);
    assert_int_equal(last.severity, SEVERITY_HIGH);
    assert_int_equal(last.began_s, RENEW_BY);
    assert_int_equal(last.next_s, 0);
    assert_int_equal(check->judge(&facts, &policy, NB + 10 * LIFE).severity, SEVERITY_HIGH);
}

static void td08_ends_with_a_successor(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    expect_open(8, &facts, RENEW_BY, YES);
    facts.cert_state = CERT_PENDING;
    facts.not_before_s = RENEW_BY;
    facts.not_after_s = RENEW_BY + LIFE;
    expect_open(8, &facts, RENEW_BY + 1, NO);
}

static void td43_opens_when_a_device_did_not_come_over_in_time(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    struct policy policy = policy_normal();
    const int64_t accepted_s = NB + 3 * DAY_S, due_s = accepted_s + 7 * DAY_S;
    expect_open(43, &facts, due_s, UNMEASURED);
    facts.transfer_accepted.known = NO; /* nobody signed anything */
    expect_open(43, &facts, due_s, NO);
    facts.transfer_accepted = (struct since){YES, accepted_s};
    expect_open(43, &facts, accepted_s, NO);
    expect_opens(43, &facts, due_s, due_s);
    assert_int_equal(judged(43, &facts, accepted_s).next_s, due_s);
    assert_int_equal(judged(43, &facts, due_s).next_s, 0);
    expect_open(43, &facts, due_s + 400 * DAY_S, YES); /* it stays, from the same instant */
    assert_int_equal(judged(43, &facts, due_s + 400 * DAY_S).began_s, due_s);
    policy.transfer_within_s = 60;
    assert_int_equal(check_find(43)->judge(&facts, &policy, accepted_s + 59).open, NO);
    assert_int_equal(check_find(43)->judge(&facts, &policy, accepted_s + 60).open, YES);
    facts.transfer_accepted.known = NO; /* done, or aborted */
    expect_open(43, &facts, due_s + 1, NO);
}

static void td43_is_open_at_once_when_it_moved_and_left_something(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.transfer_unfinished = (struct since){YES, NB + DAY_S};
    expect_open(43, &facts, NB + DAY_S, YES);
    assert_int_equal(judged(43, &facts, NB + 9 * DAY_S).began_s, NB + DAY_S);
    assert_int_equal(judged(43, &facts, NB + DAY_S).next_s, 0);
    facts.transfer_accepted =
        (struct since){YES, NB + 2 * DAY_S}; /* and already goes on to the next */
    assert_int_equal(judged(43, &facts, NB + 30 * DAY_S).began_s, NB + DAY_S);
    facts.transfer_unfinished.known = NO;
    expect_open(43, &facts, NB + 9 * DAY_S - 1, NO);
    expect_open(43, &facts, NB + 9 * DAY_S, YES);
}

static void td43_is_open_while_another_ca_s_certificate_of_before_is_good(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.transfer_accepted.known = NO;
    facts.moved_s = NB + DAY_S;
    expect_open(43, &facts, NB + 2 * DAY_S, NO);
    facts.left_until_s = NB + 5 * DAY_S;
    expect_open(43, &facts, NB + DAY_S, YES);
    assert_int_equal(judged(43, &facts, NB + 2 * DAY_S).began_s, NB + DAY_S);
    assert_int_equal(judged(43, &facts, NB + 2 * DAY_S).next_s, NB + 5 * DAY_S + 1);
    expect_closes(43, &facts, NB + 5 * DAY_S + 1);
}

static void td10_opens_on_an_old_certificate_and_on_an_old_key(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.not_after_s = NB + 20 * LIFE;
    expect_opens(10, &facts, NB + 365 * DAY_S, NB + 365 * DAY_S);
    facts.key_since_s = NB - 100 * DAY_S;
    expect_opens(10, &facts, NB + 265 * DAY_S, NB + 265 * DAY_S);
    facts.key_since_s = 0;
    expect_opens(10, &facts, NB + 365 * DAY_S, NB + 365 * DAY_S);
}

static void td10_opens_on_a_key_that_was_kept_over_more_renewals(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.key_renewals = 3;
    expect_open(10, &facts, NB, NO);
    facts.key_renewals = 4;
    expect_open(10, &facts, NB, YES);
    assert_int_equal(judged(10, &facts, NB + 9).began_s, NB);
    facts.key_renewals = 0;
    facts.key_since_s = NB;
    expect_open(10, &facts, NB + 9, NO);
}

static void td11_opens_on_what_is_valid_too_long(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.not_after_s = NB + 825 * DAY_S;
    expect_open(11, &facts, NB, NO);
    facts.not_after_s++;
    expect_open(11, &facts, NB, YES);
    assert_int_equal(judged(11, &facts, NB + 5).began_s, NB);
    facts.not_after_s = POLICY_INSTANT_MOST; /* no expiry */
    expect_open(11, &facts, NB, YES);
    facts.not_before_s = 0; /* of a foreign one whose beginning nobody told */
    expect_open(11, &facts, NB, YES);
    facts.not_after_s = NB + LIFE;
    expect_open(11, &facts, NB, UNMEASURED);
}

static void td35_opens_after_three_usual_intervals(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.not_after_s = NB + 20 * LIFE;
    expect_opens(35, &facts, facts.heard_at_s + 3 * USUAL, facts.heard_at_s + 3 * USUAL);
    facts.heard_at_s += 3 * USUAL; /* it is heard */
    expect_open(35, &facts, facts.heard_at_s, NO);
    facts.cert_state = CERT_REVOKED;
    expect_open(35, &facts, facts.heard_at_s + 9 * USUAL, NO);
}

static void td36_opens_on_who_is_in_use_and_nobody_s(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.no_owner = (struct since){YES, NB};
    for (int s = STATE_NONE; s < STATE_COUNT; s++) {
        facts.state = (enum device_state)s;
        bool in_use = s == STATE_ENROLLED || s == STATE_ACTIVE || s == STATE_QUARANTINED;
        expect_open(36, &facts, NB + 5, in_use ? YES : NO);
    }
    facts.state = STATE_ACTIVE;
    assert_int_equal(judged(36, &facts, NB + 5).began_s, NB);
    facts.no_owner.known = NO;
    expect_open(36, &facts, NB + 5, NO);
}

static void td36_opens_at_the_end_of_support(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    struct policy policy = policy_normal();
    const struct check *check = check_find(36);
    policy.end_of_support_s = NB + 50;
    struct opinion before = check->judge(&facts, &policy, NB + 49);
    assert_int_equal(before.open, NO);
    assert_int_equal(before.next_s, NB + 50);
    struct opinion then = check->judge(&facts, &policy, NB + 50);
    assert_int_equal(then.open, YES);
    assert_int_equal(then.began_s, NB + 50);
    policy.end_of_support_s = NB - 50; /* it came into use later */
    assert_int_equal(check->judge(&facts, &policy, NB + 50).began_s, NB);
    policy.end_of_support_s = 0;
    assert_int_equal(check->judge(&facts, &policy, NB + 50).open, NO);
}

static void td24_and_td38_follow_what_was_seen(void **context)
{
    (void)context;
    struct facts facts = sound_device();
    facts.root_issued_leaf = facts.used_by_person = (struct since){.known = NO};
    expect_open(24, &facts, NB, NO);
    expect_open(38, &facts, NB, NO);
    facts.root_issued_leaf = facts.used_by_person = (struct since){YES, NB + 3};
    assert_int_equal(judged(24, &facts, NB + 9).began_s, NB + 3);
    assert_int_equal(judged(38, &facts, NB + 9).began_s, NB + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_certificate_nothing_is_measured),
        cmocka_unit_test(what_is_sound_owes_nothing),
        cmocka_unit_test(td07_opens_when_nobody_renewed_and_gives_way_to_td08),
        cmocka_unit_test(td07_waits_as_long_as_a_renewal_takes),
        cmocka_unit_test(td08_counts_what_was_let_pass_and_is_high_at_last),
        cmocka_unit_test(td08_ends_with_a_successor),
        cmocka_unit_test(td43_opens_when_a_device_did_not_come_over_in_time),
        cmocka_unit_test(td43_is_open_at_once_when_it_moved_and_left_something),
        cmocka_unit_test(td43_is_open_while_another_ca_s_certificate_of_before_is_good),
        cmocka_unit_test(td10_opens_on_an_old_certificate_and_on_an_old_key),
        cmocka_unit_test(td10_opens_on_a_key_that_was_kept_over_more_renewals),
        cmocka_unit_test(td11_opens_on_what_is_valid_too_long),
        cmocka_unit_test(td35_opens_after_three_usual_intervals),
        cmocka_unit_test(td36_opens_on_who_is_in_use_and_nobody_s),
        cmocka_unit_test(td36_opens_at_the_end_of_support),
        cmocka_unit_test(td24_and_td38_follow_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
