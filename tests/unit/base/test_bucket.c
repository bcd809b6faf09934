#include <base/bucket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct bucket_rule rule = {.per_s = 100, .burst = 50};

static void what_is_above_rate_and_burst_is_refused(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    int taken = 0;
    for (int64_t ms = 1000000; ms < 1010000; ms++)
        taken += bucket_take(&bucket, rule, 0, ms) + bucket_take(&bucket, rule, 0, ms);
    assert_in_range(taken, 50 + 999, 50 + 1001);
}

static void what_is_kept_for_others_is_theirs(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    int taken = 0;
    while (bucket_take(&bucket, rule, 20, 5))
        taken++;
    assert_int_equal(taken, 30);
    while (bucket_take(&bucket, rule, 0, 5))
        taken++;
    assert_int_equal(taken, 50);
}

static void a_clock_that_goes_back_or_far_ahead_gives_no_more_than_the_burst(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    for (int i = 0; i < 50; i++)
        assert_true(bucket_take(&bucket, rule, 0, 1000));
    assert_false(bucket_take(&bucket, rule, 0, 1000));
    assert_false(bucket_take(&bucket, rule, 0, 500));
    int taken = 0;
    while (bucket_take(&bucket, rule, 0, INT64_MAX / 4))
        taken++;
    assert_int_equal(taken, 50);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    const struct bucket_rule none = {0};
    for (int i = 0; i < 100000; i++)
        assert_true(bucket_take(&bucket, none, 7, 0));
}

static uint32_t wait_of(const struct bucket *bucket, uint32_t who)
{
    return bucket_wait_s(bucket, rule, bytes_of(&who, sizeof who));
}

static void the_refused_come_back_at_half_the_rate_each_at_his_own_instant(void **state)
{
    (void)state;
    struct bucket bucket = {.at_ms = 7000, .owed = 10000};
    int in_tenth[10] = {0};
    for (uint32_t who = 0; who < 10000; who++) {
        uint32_t wait_s = wait_of(&bucket, who);
        assert_in_range(wait_s, 1, 200);
        assert_int_equal(wait_s, wait_of(&bucket, who));
        in_tenth[(wait_s - 1) / 20]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(in_tenth[i], 850, 1150);
}

static void who_drew_a_short_wait_draws_anew(void **state)
{
    (void)state;
    struct bucket now = {.at_ms = 7000, .owed = 10000}, later = {.at_ms = 8000, .owed = 10000};
    int again = 0;
    for (uint32_t who = 0; who < 10000; who++)
        again += wait_of(&now, who) <= 10 && wait_of(&later, who) <= 10;
    assert_in_range(again, 1, 60); /* a twentieth of a twentieth: 25 */
}

static void few_or_very_many_owed_wait_within_limits(void **state)
{
    (void)state;
    struct bucket few = {.owed = 1}, many = {.owed = UINT32_MAX};
    uint32_t most = 0;
    for (uint32_t who = 0; who < 1000; who++) {
        assert_in_range(wait_of(&few, who), 1, BUCKET_WAIT_LEAST_S);
        most = wait_of(&many, who) > most ? wait_of(&many, who) : most;
    }
    assert_in_range(most, BUCKET_WAIT_MOST_S / 2, BUCKET_WAIT_MOST_S);
    assert_false(bucket_take(&many, (struct bucket_rule){1, 1}, 1, 0));
    assert_int_equal(many.owed, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_above_rate_and_burst_is_refused),
        cmocka_unit_test(what_is_kept_for_others_is_theirs),
        cmocka_unit_test(a_clock_that_goes_back_or_far_ahead_gives_no_more_than_the_burst),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(the_refused_come_back_at_half_the_rate_each_at_his_own_instant),
        cmocka_unit_test(who_drew_a_short_wait_draws_anew),
        cmocka_unit_test(few_or_very_many_owed_wait_within_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
