#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <agent/schedule.h>
#include <cmocka.h>

#define LIFE_S (90 * 86400)

static struct x509_cert cert_of(uint32_t serial, uint8_t space[4])
{
    for (int i = 0; i < 4; i++)
        space[i] = (uint8_t)(serial >> (8 * i));
    return (struct x509_cert){
        .serial = bytes_of(space, 4),
        .not_before_s = 1000000,
        .not_after_s = 1000000 + LIFE_S,
    };
}

static void a_certificate_without_end_is_never_due(void **state)
{
    (void)state;
    uint8_t space[4];
    struct x509_cert cert = cert_of(1, space);
    cert.not_after_s = DER_TIME_NO_EXPIRY;
    assert_true(schedule_due_s(&cert, 0) == INT64_MAX);
}

static void due_lies_between_60_and_80_percent_and_spreads(void **state)
{
    (void)state;
    int in_tenth[10] = {0};
    for (uint32_t serial = 0; serial < 5000; serial++) {
        uint8_t space[4];
        struct x509_cert cert = cert_of(serial, space);
        int64_t at_s = schedule_due_s(&cert, 0) - cert.not_before_s;
        assert_in_range(at_s, LIFE_S / 100 * 60, LIFE_S / 100 * 80);
        in_tenth[(at_s - LIFE_S / 100 * 60) * 10 / (LIFE_S / 100 * 20 + 1)]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(in_tenth[i], 400, 600);
}

static void a_restart_does_not_draw_again(void **state)
{
    (void)state;
    uint8_t space[4], other[4];
    struct x509_cert a = cert_of(77, space), b = cert_of(77, other);
    assert_true(schedule_due_s(&a, 0) == schedule_due_s(&b, 0));
}

static void even_a_life_of_a_minute_has_an_instant(void **state)
{
    (void)state;
    uint8_t space[4];
    struct x509_cert cert = cert_of(5, space);
    cert.not_after_s = cert.not_before_s + 60;
    assert_in_range(schedule_due_s(&cert, 0), cert.not_before_s, cert.not_after_s);
}

static void what_the_server_advised_goes_before_our_own_draw(void **state)
{
    (void)state;
    uint8_t space[4];
    struct x509_cert cert = cert_of(5, space);
    int64_t own_s = schedule_due_s(&cert, 0);
    assert_true(schedule_due_s(&cert, cert.not_before_s + 7) == cert.not_before_s + 7);
    assert_true(schedule_due_s(&cert, cert.not_after_s) == cert.not_after_s);
    assert_true(schedule_due_s(&cert, cert.not_after_s + 1) == own_s); /* it would never renew */
    assert_true(schedule_due_s(&cert, cert.not_before_s - 1) == own_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_without_end_is_never_due),
        cmocka_unit_test(due_lies_between_60_and_80_percent_and_spreads),
        cmocka_unit_test(a_restart_does_not_draw_again),
        cmocka_unit_test(even_a_life_of_a_minute_has_an_instant),
        cmocka_unit_test(what_the_server_advised_goes_before_our_own_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
