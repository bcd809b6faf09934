#include <base/rand.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void below_nothing_is_zero(void **state)
{
    (void)state;
    assert_int_equal(rand_below(0), 0);
    assert_int_equal(rand_below(1), 0);
}

static void no_bytes_touch_nothing(void **state)
{
    (void)state;
    uint8_t byte = 0x5a;
    rand_bytes(&byte, 0);
    assert_int_equal(byte, 0x5a);
}

static void bytes_fill_to_the_last_one(void **state)
{
    (void)state;
    uint8_t seen[600] = {0};
    for (int round = 0; round < 8; round++) { /* a byte stays zero 8 times once in 2^64 */
        uint8_t drawn[sizeof seen];
        rand_bytes(drawn, sizeof drawn);
        for (size_t i = 0; i < sizeof seen; i++)
            seen[i] |= drawn[i];
    }
    for (size_t i = 0; i < sizeof seen; i++)
        assert_int_not_equal(seen[i], 0);
}

static void below_reaches_every_value_and_none_beyond(void **state)
{
    (void)state;
    unsigned count[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t value = rand_below(7);
        assert_true(value < 7);
        count[value]++;
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(count[i], 700, 1300); /* 1,000 +- 10 standard deviations */
}

static void below_takes_the_largest_bound(void **state)
{
    (void)state;
    assert_true(rand_below(UINT64_MAX) < UINT64_MAX);
    assert_true(rand_below(UINT64_C(1) << 63) < UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_nothing_is_zero),
        cmocka_unit_test(no_bytes_touch_nothing),
        cmocka_unit_test(bytes_fill_to_the_last_one),
        cmocka_unit_test(below_reaches_every_value_and_none_beyond),
        cmocka_unit_test(below_takes_the_largest_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
