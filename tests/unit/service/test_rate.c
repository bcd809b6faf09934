/* The rate of a product: stories in virtual time, through enrolment itself. */
#include "fixture.h"

#include <service/rate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void limit(struct fixture *f, uint32_t per_s, uint32_t burst)
{
    f->service.limits.product_per_s = per_s;
    f->service.limits.product_burst = burst;
}

/* A device of the product with `left_s` of 90 days left; 0 = it has no certificate. */
static struct subject subject(int64_t product, int64_t now_s, int64_t left_s)
{
    struct subject subject = {.product.id = product, .live_n = left_s != 0};
    subject.live[0].not_after_s = now_s + left_s;
    subject.live[0].not_before_s = now_s + left_s - 90 * DAY_S;
    return subject;
}

static int taken(struct fixture *f, int64_t product, int64_t left_s, uint32_t *ret_wait_s)
{
    int n = 0;
    struct subject who = subject(product, f->now_s, left_s);
    while (rate_take(&f->service, &who, bytes_text("device"), f->now_s, ret_wait_s, &f->err) == OK)
        n++;
    assert_int_equal(f->err.code, E_BUSY);
    return n;
}

static void a_refusal_of_load_costs_nobody_anything(void **state)
{
    struct fixture *f = *state;
    struct asker keys[4];
    struct got got = {0};
    limit(f, 1, 4); /* half of it is for whose certificate ends soon */
    for (unsigned i = 0; i < 4; i++) {
        keys[i] = asker(i);
        import_device(f, i, &keys[i], false);
    }
    for (unsigned i = 0; i < 4; i++) {
        int64_t before = entries(f);
        struct msg_enrol ask = ask_csr(&keys[i]);
        got = enrol(f, &ask);
        expect_code(&got, i < 2 ? E_NONE : E_BUSY);
        if (i >= 2)
            assert_int_equal(entries(f), before); /* no timeline, no signer's check */
    }
    assert_int_equal(f->job.next, ENROL_ANSWER);
    assert_in_range(f->job.retry_after_s, 1, 10);
    struct msg_enrol again = ask_csr(&keys[0]);
    got = enrol(f, &again);
    assert_true(got.repeated); /* an answer that is there already is no load */
    f->service.now_ms += 2000;
    struct msg_enrol ask = ask_csr(&keys[3]);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void a_product_has_its_own(void **state)
{
    struct fixture *f = *state;
    uint32_t wait_s = 0;
    limit(f, 10, 100);
    assert_int_equal(taken(f, 1, 60 * DAY_S, &wait_s), 50);
    assert_int_equal(taken(f, 2, 60 * DAY_S, &wait_s), 50);
}

static void the_nearer_the_end_the_more_is_there(void **state)
{
    struct fixture *f = *state;
    uint32_t wait_s = 0;
    const int64_t left[] = {60 * DAY_S, 10 * DAY_S, DAY_S, 3600, 600, -1};
    int all = 0;
    limit(f, 10, 1000);
    for (size_t i = 0; i < LENGTH_OF(left); i++) {
        int n = taken(f, 1, left[i], &wait_s);
        assert_true(n > 0);
        all += n;
    }
    assert_int_equal(all, 1000); /* who has expired, and renews under grace, finds the last of it */
    f->service.now_ms += 100000;
    assert_int_equal(taken(f, 1, 0, &wait_s), 500); /* a first enrolment has nothing to lose */
}

static void nobody_is_told_to_wait_until_it_is_too_late(void **state)
{
    struct fixture *f = *state;
    uint32_t wait_s = 0, most_s = 0;
    limit(f, 1, 10);
    for (int i = 0; i < 5000; i++) { /* owed to so many, the time is an hour */
        (void)taken(f, 1, 60 * DAY_S, &wait_s);
        f->service.now_ms++;
        most_s = wait_s > most_s ? wait_s : most_s;
    }
    assert_true(most_s > 1800);
    for (int i = 0; i < 100; i++) {
        (void)taken(f, 1, 320, &wait_s);
        f->service.now_ms++;
        assert_in_range(wait_s, 1, 1 + 320 / 16);
    }
}

static void a_life_of_a_minute_has_a_place_too(void **state)
{
    struct fixture *f = *state;
    uint32_t wait_s = 0;
    limit(f, 1, 10);
    struct subject who = {.product.id = 1, .live_n = 1};
    who.live[0].not_before_s = f->now_s - 55;
    who.live[0].not_after_s = f->now_s + 5;
    int n = 0;
    while (rate_take(&f->service, &who, bytes_text("d"), f->now_s, &wait_s, &f->err) == OK)
        n++;
    assert_int_equal(n, 10);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_refusal_of_load_costs_nobody_anything),
        STORY(a_product_has_its_own),
        STORY(the_nearer_the_end_the_more_is_there),
        STORY(nobody_is_told_to_wait_until_it_is_too_late),
        STORY(a_life_of_a_minute_has_a_place_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
