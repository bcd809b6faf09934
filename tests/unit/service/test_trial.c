/* A policy on trial: what it would do is counted by judging, is what it does, and writes nothing.
 */
#include "fixture.h"

#include <base/text.h>
#include <registry/trial.h>
#include <service/policy.h>
#include <service/sweep.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define METER 1
#define MANY 400

static struct policy_part part_of(struct fixture *f, const char *word, const char *value)
{
    struct policy_part part = {0};
    if (strncmp(word, "TD-", 3) == 0)
        assert_ok(policy_name_effect(&part, text_bytes(word), text_bytes(value), &f->err));
    else
        assert_ok(policy_name_setting(&part, text_bytes(word), text_bytes(value), &f->err));
    return part;
}

static void set(struct fixture *f, const char *product, const struct policy_part *part)
{
    uint8_t space[LIMIT_POLICY_BYTES];
    struct buf b = buf_over(space, sizeof space);
    struct msg_verb_answer answer = {0};
    bool is_done = false;
    policy_body_write(part, &b);
    const struct msg_policy_set ask = {.product = text_bytes(product), .policy = buf_bytes(&b)};
    begin(f);
    assert_ok(verb_policy_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    while (!is_done)
        assert_ok(finding_sweep_step(&f->service, 512, f->now_s, &is_done, &f->err));
    commit(f);
}

static struct trial begin_trial(struct fixture *f, int64_t product, const struct policy_part *part)
{
    struct trial trial;
    assert_ok(trial_begin(f->store, product, part, &trial, &f->err));
    return trial;
}

static void run(struct fixture *f, struct trial *trial, size_t most)
{
    bool is_done = false;
    for (int steps = 0; !is_done; steps++) {
        int64_t before = trial->judged;
        assert_ok(trial_step(f->store, trial, most, f->now_s, &is_done, &f->err));
        assert_true(trial->judged - before <= (int64_t)most);
        assert_in_range(steps, 0, 1000);
    }
}

static struct trial try(struct fixture *f, int64_t product, const struct policy_part *part)
{
    int64_t before = entries(f);
    struct trial trial = begin_trial(f, product, part);
    run(f, &trial, 2);
    assert_int_equal(entries(f), before);
    return trial;
}

static void some_devices(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct asker key = asker(i);
        active_device(f, i, &key);
    }
}

static int64_t count_with(struct fixture *f, unsigned n, int check)
{
    int64_t with = 0;
    for (unsigned i = 0; i < n; i++)
        with += has_finding(f, i, check);
    return with;
}

static void what_it_counts_is_what_the_sweep_then_does(void **state)
{
    struct fixture *f = *state;
    const struct policy_part strict = part_of(f, "max-validity", "30d"), nothing = {0};
    some_devices(f, 5);
    import_device(f, 5, NULL, false); /* without a certificate */
    struct trial trial = try(f, 0, &strict);
    assert_int_equal(trial.devices, 6);
    assert_int_equal(trial.judged, 6);
    assert_int_equal(trial.touched, 5);
    assert_int_equal(trial.opens[CHECK_TOO_LONG], 5);
    assert_int_equal(trial.closes[CHECK_TOO_LONG], 0);
    trial_free(&trial);
    assert_int_equal(count_with(f, 6, CHECK_TOO_LONG), 0);
    set(f, "", &strict);
    assert_int_equal(count_with(f, 6, CHECK_TOO_LONG), 5);

    trial = try(f, 0, &strict);
    assert_int_equal(trial.touched, 0);
    trial_free(&trial);
    trial = try(f, 0, &nothing);
    assert_int_equal(trial.closes[CHECK_TOO_LONG], 5);
    trial_free(&trial);
    set(f, "", &nothing);
    assert_int_equal(count_with(f, 6, CHECK_TOO_LONG), 0);
}

static void a_nearer_policy_stands_above_the_one_on_trial(void **state)
{
    struct fixture *f = *state;
    const struct policy_part strict = part_of(f, "max-validity", "30d");
    const struct policy_part lax = part_of(f, "max-validity", "400d");
    some_devices(f, 2);
    set(f, "meter", &lax);
    struct trial trial = try(f, 0, &strict);
    assert_int_equal(trial.judged, 2);
    assert_int_equal(trial.touched, 0);
    trial_free(&trial);
    trial = try(f, METER, &strict);
    assert_int_equal(trial.opens[CHECK_TOO_LONG], 2);
    trial_free(&trial);
}

static void refusals_and_quarantines_are_counted_and_the_brake_with_them(void **state)
{
    struct fixture *f = *state;
    char text[LIMIT_POLICY_JUDGED + 1] = "";
    struct buf words = buf_over(text, LIMIT_POLICY_JUDGED);
    const struct policy_part strict = part_of(f, "max-validity", "30d");
    struct policy_part acts = part_of(f, "TD-11", "refuse");
    some_devices(f, 12);
    set(f, "", &strict);
    assert_ok(set_device(f, 0, VERB_RETIRE)); /* nothing is refused it that it could have */
    struct trial trial = try(f, METER, &acts);
    assert_int_equal(trial.refused, 11);
    assert_int_equal(trial.quarantined, 0);
    assert_int_equal(trial.touched, 11);
    trial_free(&trial);

    acts = part_of(f, "TD-11", "quarantine");
    trial = try(f, METER, &acts);
    assert_int_equal(trial.refused, 0);
    assert_int_equal(trial.quarantined, 11);
    assert_int_equal(trial_held(&trial), 1);
    trial_put_words(&trial, &words);
    assert_string_equal(text, "12 of 12 devices judged, 11 change; 0 refused, 11 quarantined at "
                              "once, of which the brake holds 1");
    trial_free(&trial);
    assert_ok(set_device(f, 1, VERB_QUARANTINE)); /* it is already */
    trial = try(f, METER, &acts);
    assert_int_equal(trial.quarantined, 10);
    assert_int_equal(trial_held(&trial), 0);
    trial_free(&trial);

    set(f, "meter", &acts); /* as counted; and 0 by name is retired */
    for (unsigned n = 1; n < 12; n++)
        assert_int_equal(device_row(f, n).state, STATE_QUARANTINED);
}

/* Two that the brake held are active, with a finding that quarantines. */
static void what_the_policy_in_force_does_is_no_change(void **state)
{
    struct fixture *f = *state;
    const struct policy_part strict = part_of(f, "max-validity", "30d");
    const struct policy_part quarantines = part_of(f, "TD-11", "quarantine");
    const struct policy_part refuses = part_of(f, "TD-11", "refuse");
    some_devices(f, 12);
    set(f, "meter", &quarantines);
    set(f, "", &strict);
    assert_int_equal(count_with(f, 12, CHECK_TOO_LONG), 12);
    struct trial trial = try(f, METER, &quarantines);
    assert_int_equal(trial.quarantined, 0);
    assert_int_equal(trial.touched, 0);
    trial_free(&trial);
    set(f, "meter", &refuses);
    trial = try(f, METER, &refuses);
    assert_int_equal(trial.refused, 0);
    trial_free(&trial);
}

static void put_certificate(struct fixture *f, int64_t device)
{
    uint8_t serial[16] = {1}, hash[32] = {0};
    struct change c = change_of(TABLE_CERTIFICATE, device);
    serial[11] = 99; /* design 5: its class, and then its number */
    serial[14] = (uint8_t)(device >> 8);
    serial[15] = (uint8_t)device;
    memcpy(hash, &device, sizeof device);
    change_int(&c, COL_CERTIFICATE_DEVICE, device);
    change_int(&c, COL_CERTIFICATE_ISSUER, PKI_ISSUER_LDEVID);
    change_blob(&c, COL_CERTIFICATE_SERIAL, bytes_of(serial, sizeof serial));
    change_blob(&c, COL_CERTIFICATE_SPKI, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_PROFILE, PROFILE_LDEVID);
    change_int(&c, COL_CERTIFICATE_NOT_BEFORE, f->now_s);
    change_int(&c, COL_CERTIFICATE_NOT_AFTER, f->now_s + 90 * DAY_S);
    change_int(&c, COL_CERTIFICATE_CLASS, 99);
    change_int(&c, COL_CERTIFICATE_NUMBER, device);
    change_blob(&c, COL_CERTIFICATE_CREDENTIAL, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_STATE, CERT_CURRENT);
    change_int(&c, COL_CERTIFICATE_PROVEN_AT, f->now_s);
    assert_ok(store_apply(f->store, &c, &f->err));
}

static void put_many(struct fixture *f)
{
    begin(f);
    for (int64_t i = 1; i <= MANY; i++) {
        char serial_number[16];
        snprintf(serial_number, sizeof serial_number, "M-%d", (int)i);
        struct change d = change_of(TABLE_DEVICE, i);
        change_int(&d, COL_DEVICE_PRODUCT, METER);
        change_text(&d, COL_DEVICE_SERIAL_NUMBER, text_bytes(serial_number));
        change_text(&d, COL_DEVICE_OWNER, bytes_text("acme"));
        change_int(&d, COL_DEVICE_STATE, STATE_ACTIVE);
        change_int(&d, COL_DEVICE_VERSION, 1);
        assert_ok(store_apply(f->store, &d, &f->err));
        if (i <= MANY / 2)
            put_certificate(f, i);
    }
    commit(f);
}

/* The first half of the rows differs from the second: of a fair sample of a quarter half is. */
static void of_more_a_random_sample_is_judged_and_said_so(void **state)
{
    struct fixture *f = *state;
    const struct policy_part strict = part_of(f, "max-validity", "30d");
    const int64_t wanted = MANY / 4, times = 40;
    int64_t of_first_half = 0;
    put_many(f);
    for (int64_t i = 0; i < times; i++) {
        char text[LIMIT_POLICY_JUDGED + 1] = "";
        struct buf words = buf_over(text, LIMIT_POLICY_JUDGED);
        struct trial trial = begin_trial(f, METER, &strict);
        assert_int_equal(trial.wanted, MANY);
        trial.wanted = wanted;
        run(f, &trial, 7);
        assert_int_equal(trial.judged, wanted);
        of_first_half += trial.opens[CHECK_TOO_LONG];
        trial_put_words(&trial, &words);
        assert_non_null(strstr(text, "100 of 400 devices judged, chosen at random, "));
        trial_free(&trial);
    }
    int64_t expected = wanted * times / 2; /* 2000; one standard deviation is 27 */
    assert_in_range(of_first_half, expected - 190, expected + 190);
}

static void what_a_desk_says_of_it_counts_for_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t space[LIMIT_POLICY_BYTES];
    struct buf b = buf_over(space, sizeof space);
    struct trial trial;
    const struct policy_part strict = part_of(f, "max-validity", "30d");
    some_devices(f, 1);
    policy_body_write(&strict, &b);
    struct msg_policy_set ask = {.policy = buf_bytes(&b), .judged = bytes_text("nothing changes")};
    assert_ok(policy_try(&f->service, &ask, &trial, &f->err));
    run(f, &trial, 100);
    policy_tried(&f->service, &trial);
    trial_free(&trial);
    assert_ok(policy_complete(&f->service, &ask, &f->err));
    static const char said[] = "1 of 1 devices judged, 1 change; TD-11 opens on 1, closes on 0; ";
    assert_memory_equal(ask.judged.p, said, sizeof said - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_it_counts_is_what_the_sweep_then_does),
        TEST(a_nearer_policy_stands_above_the_one_on_trial),
        TEST(refusals_and_quarantines_are_counted_and_the_brake_with_them),
        TEST(what_the_policy_in_force_does_is_no_change),
        TEST(of_more_a_random_sample_is_judged_and_said_so),
        TEST(what_a_desk_says_of_it_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
