/* Grace: an expired, newest, unsuperseded certificate of an active device renews within its
 * product's policy, with a new key, and stands in the ledger (design 2 and 5), in virtual time. */
#include "fixture.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define GRACE_S (30 * DAY_S)
#define LIFE_S (90 * DAY_S)

static enum result set_grace(struct fixture *f, const char *product, int64_t grace_s,
                             struct msg_verb_answer *answer)
{
    struct msg_product_set ask = {.product = text_bytes(product), .grace_s = grace_s};
    begin(f);
    enum result result = verb_product_set(&f->service, &f->admin, &ask, f->now_s, answer, &f->err);
    commit(f);
    return result;
}

static void give_grace(struct fixture *f)
{
    struct msg_verb_answer answer = {0};
    assert_int_equal(set_grace(f, "meter", GRACE_S, &answer), OK);
    assert_int_equal(answer.changed, 1);
}

static enum result keep_last(void *context, const struct entry *entry, struct err *err)
{
    (void)err;
    *(int *)context = entry->event;
    return OK;
}

/* The kind of the entry with this number. */
static int event_at(struct fixture *f, int64_t seq)
{
    int event = 0;
    assert_ok(store_entries(f->store, (uint64_t)seq, 1, keep_last, &event, &f->err));
    return event;
}

static void nothing_expired_renews_unless_policy_says_so(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    f->now_s += LIFE_S + 1;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_EXPIRED);
    assert_true(f->job.is_proven);
}

static void grace_ends_with_its_last_second(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    give_grace(f);
    struct got first = active_device(f, 1, &old);
    int64_t end_s = certificate_row(f, first.serial).not_after_s;
    f->now_s = end_s + GRACE_S + 1;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_EXPIRED);
    f->now_s = end_s + GRACE_S;
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void a_key_that_the_device_had_renews_nothing_expired(void **state)
{
    struct fixture *f = *state;
    struct asker older = asker(1), old = asker(2);
    give_grace(f);
    struct got first = active_device(f, 1, &older);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &older, &old);
    struct got second = enrol(f, &ask);
    use(f, second.serial);
    f->now_s += LIFE_S + DAY_S;
    ask = ask_renew(f, second.serial, &old, &old);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NEW_KEY);
    ask = ask_renew(f, second.serial, &old, &older);
    got = enrol(f, &ask);
    expect_code(&got, E_NEW_KEY);
}

static void a_replaced_certificate_has_no_grace(void **state)
{
    struct fixture *f = *state;
    struct asker older = asker(1), old = asker(2), new = asker(3);
    give_grace(f);
    struct got first = active_device(f, 1, &older);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &older, &old);
    struct got second = enrol(f, &ask);
    use(f, second.serial);
    f->now_s += 21 * DAY_S; /* the first has expired */
    ask = ask_renew(f, first.serial, &older, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_SUPERSEDED);
    assert_true(has_finding(f, 1, 2));
}

static void a_clock_in_doubt_stops_grace(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    give_grace(f);
    struct got first = active_device(f, 1, &old);
    f->now_s += LIFE_S + 1;
    f->service.clock.wall_s -= 2 * DAY_S; /* as if the clock had jumped since it was believed */
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_CLOCK);
}

static void td09_is_open_until_the_new_one_is_used(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    give_grace(f);
    struct got first = active_device(f, 1, &old);
    f->now_s += LIFE_S + DAY_S;
    int64_t before = entries(f);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got second = enrol(f, &ask);
    expect_code(&second, E_NONE);
    assert_int_equal(event_at(f, before), EVENT_GRACE_RENEWED);
    assert_true(has_finding(f, 1, 9));
    use(f, second.serial);
    assert_false(has_finding(f, 1, 9));
    assert_int_equal(certificate_row(f, first.serial).state, CERT_SUPERSEDED);
    assert_int_equal(certificate_row(f, second.serial).state, CERT_CURRENT);

    f->now_s += 60 * DAY_S; /* and from then on it is a device like any other */
    before = entries(f);
    struct asker third = asker(3);
    ask = ask_renew(f, second.serial, &new, &third);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(event_at(f, before), EVENT_CERTIFICATE_ISSUED);
}

static void power_lost_under_grace_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), lost = asker(2), new = asker(3);
    give_grace(f);
    struct got first = active_device(f, 1, &old);
    f->now_s += LIFE_S + DAY_S;
    use(f, first.serial);
    assert_true(has_finding(f, 1, 9));
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &lost);
    struct got second = enrol(f, &ask);
    expect_code(&second, E_NONE);
    struct got again = enrol(f, &ask);
    expect_code(&again, E_NONE);
    assert_true(again.repeated);
    assert_memory_equal(again.serial, second.serial, 16);
    ask = ask_renew(f, first.serial, &old, &new);
    struct got third = enrol(f, &ask);
    expect_code(&third, E_NONE);
    assert_int_equal(certificate_row(f, second.serial).state, CERT_VOIDED);
    use(f, third.serial);
    assert_false(has_finding(f, 1, 9));
    assert_false(has_finding(f, 1, 2));
}

/* Switched off between an answer and its first use: what it got has expired unused, and is its
 * newest. */
static void a_certificate_that_expired_before_its_first_use_renews(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), unused = asker(2), lost = asker(3), new = asker(4);
    give_grace(f);
    struct got first = active_device(f, 1, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &unused);
    struct got second = enrol(f, &ask);
    f->now_s += LIFE_S + DAY_S;
    use(f, second.serial);
    assert_int_equal(certificate_row(f, second.serial).state, CERT_CURRENT);
    assert_true(has_finding(f, 1, 9));
    ask = ask_renew(f, second.serial, &unused, &lost);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    use(f, second.serial); /* the answer was lost: no fork */
    ask = ask_renew(f, second.serial, &unused, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    use(f, got.serial);
    assert_false(has_finding(f, 1, 9));
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
}

/* ---- every operation x credential x state, with a certificate that is in grace ----------------
 */

static const enum device_verb ways[STATE_COUNT] = {
    [STATE_QUARANTINED] = VERB_QUARANTINE,
    [STATE_LOST] = VERB_LOST,
    [STATE_RETIRED] = VERB_RETIRE,
};

/* Only what an expired certificate opens is looked at: enrolment by other proofs is
 * test_walk.c's. */
static void try_cell(enum operation operation, enum credential credential, enum device_state at)
{
    void *context = NULL;
    fixture_set_up(&context);
    struct fixture *f = context;
    struct asker old = asker(1), new = asker(2);
    give_grace(f);
    struct got first =
        at == STATE_ENROLLED ? enrolled_device(f, 1, &old) : active_device(f, 1, &old);
    if (ways[at] != VERB_NONE)
        assert_int_equal(set_device(f, 1, ways[at]), OK);
    f->now_s += LIFE_S + DAY_S;
    use(f, first.serial);
    assert_int_equal(device_row(f, 1).state, at);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    ask.operation = (uint8_t)operation;
    ask.credential = (uint8_t)credential;
    struct got got = enrol(f, &ask);
    bool may =
        operation == OPERATION_REENROL && credential == CREDENTIAL_LDEVID && at == STATE_ACTIVE;
    if ((got.code == E_NONE) != may)
        fail_msg("operation %d credential %d state %s: %u %s", operation, credential,
                 device_state_word(at), got.code, got.why);
    fixture_tear_down(&context);
}

static void an_expired_certificate_opens_nothing_but_renewal(void **context)
{
    (void)context;
    static const enum credential shown[] = {CREDENTIAL_NONE,   CREDENTIAL_CLAIM,
                                            CREDENTIAL_TOKEN,  CREDENTIAL_IDEVID,
                                            CREDENTIAL_LDEVID, CREDENTIAL_OPERATOR};
    for (int at = STATE_ENROLLED; at < STATE_COUNT; at++)
        for (int operation = 0; operation < OPERATION_COUNT; operation++)
            for (size_t i = 0; i < LENGTH_OF(shown); i++)
                try_cell((enum operation)operation, shown[i], (enum device_state)at);
}

/* ---- the policy ------------------------------------------------------------------------------ */

static void a_policy_out_of_range_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    int64_t before = entries(f);
    assert_int_equal(set_grace(f, "meter", (int64_t)LIMIT_GRACE_S + 1, &answer), R_INVALID);
    assert_int_equal(set_grace(f, "nobody", GRACE_S, &answer), R_NOT_FOUND);
    f->admin.row.role = ROLE_OPERATOR;
    assert_int_equal(set_grace(f, "meter", GRACE_S, &answer), R_UNAUTHORISED);
    assert_int_equal(entries(f), before);
}

static void a_policy_that_is_there_is_not_recorded_twice(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    give_grace(f);
    int64_t before = entries(f);
    assert_int_equal(set_grace(f, "meter", GRACE_S, &answer), OK);
    assert_int_equal(set_grace(f, "meter", -1, &answer), OK);
    assert_int_equal(answer.unchanged, 1);
    assert_int_equal(entries(f), before);
    answer = (struct msg_verb_answer){0};
    assert_int_equal(set_grace(f, "meter", 0, &answer), OK);
    assert_int_equal(answer.changed, 1);
    assert_int_equal(event_at(f, before), EVENT_PRODUCT_CHANGED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(nothing_expired_renews_unless_policy_says_so),
        STORY(grace_ends_with_its_last_second),
        STORY(a_key_that_the_device_had_renews_nothing_expired),
        STORY(a_replaced_certificate_has_no_grace),
        STORY(a_clock_in_doubt_stops_grace),
        cmocka_unit_test(an_expired_certificate_opens_nothing_but_renewal),
        STORY(a_policy_out_of_range_changes_nothing),
        STORY(a_policy_that_is_there_is_not_recorded_twice),
        STORY(td09_is_open_until_the_new_one_is_used),
        STORY(power_lost_under_grace_costs_nothing),
        STORY(a_certificate_that_expired_before_its_first_use_renews),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
