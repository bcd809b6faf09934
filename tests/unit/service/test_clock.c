#include <service/clock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)
#define YEAR (INT64_C(365) * 86400)

static struct clock_guard believed(void)
{
    struct clock_guard guard;
    clock_guard_set(&guard, NOW, 100, NOW - 10);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
    return guard;
}

static void a_jump_is_doubted_and_time_goes_on_without_it(void **context)
{
    (void)context;
    const int64_t jumps[] = {YEAR, -YEAR};
    for (int i = 0; i < 2; i++) {
        struct clock_guard guard = believed();
        struct err err = {0};
        assert_int_equal(clock_guard_look(&guard, NOW + 7 + jumps[i], 107, NOW - 10), NOW + 7);
        assert_int_equal(clock_guard_check(&guard, &err), R_REFUSED);
        assert_int_equal(err.code, E_CLOCK);
        assert_int_equal(clock_guard_look(&guard, NOW + 9, 109, NOW + 7), NOW + 9);
        assert_int_equal(clock_guard_check(&guard, NULL), OK);
    }
}

static void a_day_off_is_allowed_and_no_more(void **context)
{
    (void)context;
    struct clock_guard guard = believed();
    clock_guard_look(&guard, NOW + CLOCK_JUMP_S, 100, NOW);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
    clock_guard_look(&guard, NOW + CLOCK_JUMP_S + 1, 100, NOW);
    assert_int_equal(clock_guard_check(&guard, NULL), R_REFUSED);
}

static void entries_never_go_back(void **context)
{
    (void)context;
    struct clock_guard guard = believed();
    assert_int_equal(clock_guard_look(&guard, NOW, 100, NOW + CLOCK_BEHIND_S),
                     NOW + CLOCK_BEHIND_S);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
    assert_int_equal(clock_guard_look(&guard, NOW, 100, NOW + CLOCK_BEHIND_S + 1),
                     NOW + CLOCK_BEHIND_S + 1);
    assert_int_equal(clock_guard_check(&guard, NULL), R_REFUSED);
}

static void a_long_silence_before_the_start_is_doubted(void **context)
{
    (void)context;
    struct clock_guard guard;
    clock_guard_set(&guard, NOW, 0, NOW - CLOCK_SILENCE_S);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
    clock_guard_set(&guard, NOW, 0, NOW - CLOCK_SILENCE_S - 1);
    assert_int_equal(clock_guard_check(&guard, NULL), R_REFUSED);
    clock_guard_set(&guard, NOW, 0, 0); /* an empty ledger has no silence */
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
}

static void a_person_ends_the_doubt(void **context)
{
    (void)context;
    struct clock_guard guard = believed();
    clock_guard_look(&guard, NOW + YEAR, 101, NOW);
    clock_guard_accept(&guard);
    assert_int_equal(clock_guard_look(&guard, NOW + YEAR + 1, 102, NOW), NOW + YEAR + 1);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
}

static void an_accepted_clock_that_is_behind_may_catch_up_once(void **context)
{
    (void)context;
    struct clock_guard guard = believed();
    clock_guard_look(&guard, NOW, 100, NOW + 1000);
    clock_guard_accept(&guard);
    assert_int_equal(clock_guard_look(&guard, NOW + 1, 101, NOW + 1000), NOW + 1000);
    assert_int_equal(clock_guard_check(&guard, NULL), OK);
    clock_guard_look(&guard, NOW + 1001, 1101, NOW + 1000);
    clock_guard_look(&guard, NOW + 1002, 1102, NOW + 2000);
    assert_int_equal(clock_guard_check(&guard, NULL), R_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_is_doubted_and_time_goes_on_without_it),
        cmocka_unit_test(a_day_off_is_allowed_and_no_more),
        cmocka_unit_test(entries_never_go_back),
        cmocka_unit_test(a_long_silence_before_the_start_is_doubted),
        cmocka_unit_test(a_person_ends_the_doubt),
        cmocka_unit_test(an_accepted_clock_that_is_behind_may_catch_up_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
