#include <base/clock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void wall_clock_agrees_with_the_system(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL), seconds = clock_now_s(),
            micros = clock_now_us() / 1000000;
    assert_in_range(seconds - before, 0, 5);
    assert_in_range(micros - seconds, 0, 5);
}

static void monotonic_clock_goes_only_forward(void **state)
{
    (void)state;
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
}

static void both_count_microseconds(void **state)
{
    (void)state;
    int64_t wall = clock_now_us(), monotonic = clock_monotonic_us();
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    assert_in_range(clock_monotonic_us() - monotonic, 20000, 5000000);
    assert_in_range(clock_now_us() - wall, 19000, 5000000);
}

static void cpu_time_counts_work_and_not_sleep(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 50000000};
    int64_t before = clock_cpu_us();
    nanosleep(&pause, NULL);
    int64_t slept = clock_cpu_us() - before;
    for (volatile unsigned i = 0; i < 30000000; i++) {
    }
    assert_true(slept < 25000);
    assert_true(clock_cpu_us() - before > slept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_agrees_with_the_system),
        cmocka_unit_test(monotonic_clock_goes_only_forward),
        cmocka_unit_test(both_count_microseconds),
        cmocka_unit_test(cpu_time_counts_work_and_not_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
