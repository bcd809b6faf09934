#include <wire/der.h>
#include <wire/spread.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LIFE_S INT64_C(7776000) /* 90 days */

/* A serial number as the server makes them: ten octets differ. */
static struct bytes serial_of(uint32_t n, uint8_t space[16])
{
    memset(space, 0x11, 16);
    for (int i = 0; i < 4; i++)
        space[3 + i] = (uint8_t)(n >> (8 * i));
    return bytes_of(space, 16);
}

static void the_same_octets_draw_the_same(void **state)
{
    (void)state;
    assert_int_equal(spread_below(bytes_text("abc"), 1000000),
                     spread_below(bytes_text("abc"), 1000000));
    assert_true(spread_below(bytes_text("abc"), 1000000) !=
                spread_below(bytes_text("abd"), 1000000));
    assert_int_equal(spread_below(bytes_text("abc"), 0), 0);
    assert_int_equal(spread_below(bytes_text("abc"), 1), 0);
}

static void neighbours_spread_evenly(void **state)
{
    (void)state;
    int in_part[100] = {0};
    uint8_t space[16];
    for (uint32_t n = 0; n < 100000; n++)
        in_part[spread_below(serial_of(n, space), 100)]++;
    for (int i = 0; i < 100; i++)
        assert_in_range(in_part[i], 850, 1150);
}

static void a_renewal_lies_between_60_and_80_percent(void **state)
{
    (void)state;
    uint8_t space[16];
    for (uint32_t n = 0; n < 5000; n++) {
        int64_t at_s = spread_renewal_s(serial_of(n, space), 1000, 1000 + LIFE_S);
        assert_in_range(at_s, 1000 + LIFE_S / 100 * 60, 1000 + LIFE_S / 100 * 80 - 1);
    }
}

static void short_and_endless_lives_have_an_instant_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(spread_renewal_s(bytes_text("s"), 1000, 1060), 1000);
    assert_true(spread_renewal_s(bytes_text("s"), 1000, DER_TIME_NO_EXPIRY) == INT64_MAX);
    int64_t late_s = spread_renewal_s(bytes_text("s"), 0, DER_TIME_NO_EXPIRY - 1);
    assert_in_range(late_s, DER_TIME_NO_EXPIRY / 100 * 60 - 100, DER_TIME_NO_EXPIRY / 100 * 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octets_draw_the_same),
        cmocka_unit_test(neighbours_spread_evenly),
        cmocka_unit_test(a_renewal_lies_between_60_and_80_percent),
        cmocka_unit_test(short_and_endless_lives_have_an_instant_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
