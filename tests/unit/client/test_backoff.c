#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <client/backoff.h>
#include <cmocka.h>

static const struct backoff pace = {.first_ms = 100, .most_ms = 1000};

static void never_waits_longer_than_its_bound(void **state)
{
    (void)state;
    static const struct {
        unsigned attempt;
        uint32_t bound_ms;
    } table[] = {{0, 100}, {1, 200}, {3, 800}, {4, 1000}, {31, 1000}, {32, 1000}, {4000, 1000}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (int draw = 0; draw < 500; draw++)
            assert_in_range(backoff_wait_ms(&pace, table[i].attempt, 0), 0, table[i].bound_ms);
}

static void spreads_over_the_whole_range(void **state)
{
    (void)state;
    int low = 0, high = 0;
    for (int draw = 0; draw < 2000; draw++) {
        uint32_t wait_ms = backoff_wait_ms(&pace, 4, 0);
        low += wait_ms < 250;
        high += wait_ms > 750;
    }
    assert_in_range(low, 300, 700);
    assert_in_range(high, 300, 700);
}

static void never_comes_back_before_the_server_said(void **state)
{
    (void)state;
    for (int draw = 0; draw < 500; draw++)
        assert_in_range(backoff_wait_ms(&pace, 0, 8), 8000, 10000);
    assert_int_equal(backoff_wait_ms(&pace, 0, UINT32_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_waits_longer_than_its_bound),
        cmocka_unit_test(spreads_over_the_whole_range),
        cmocka_unit_test(never_comes_back_before_the_server_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
