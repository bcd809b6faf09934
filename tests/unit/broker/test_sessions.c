/* Names of sessions, and sessions that are taken over; the rest takes a broker: test_79. */
#include <broker/sessions.h>
#include <broker/takeovers.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_name_is_its_products_and_devices(void **state)
{
    (void)state;
    const struct boundary_identity id = {.device = "SN-1", .product = "meter"};
    assert_true(session_name_fits("meter/SN-1", &id, ""));
    assert_true(session_name_fits("meter/SN-1/app", &id, ""));
    assert_false(session_name_fits("meter/SN-10", &id, ""));
    assert_false(session_name_fits("meter/SN-", &id, ""));
    assert_false(session_name_fits("meter/", &id, ""));
    assert_false(session_name_fits("meter", &id, ""));
    assert_false(session_name_fits("meters/SN-1", &id, ""));
    assert_false(session_name_fits("", &id, ""));
}

static void a_bare_serial_number_is_a_name_at_the_broker_of_one_product(void **state)
{
    (void)state;
    const struct boundary_identity id = {.device = "SN-1", .product = "meter"};
    assert_false(session_name_fits("SN-1", &id, ""));
    assert_false(session_name_fits("SN-1", &id, "pump"));
    assert_true(session_name_fits("SN-1", &id, "meter"));
    assert_true(session_name_fits("SN-1/app", &id, "meter"));
    assert_false(session_name_fits("SN-12", &id, "meter"));
}

static void no_device_has_a_name_of_anothers(void **state)
{
    (void)state;
    const struct boundary_identity a = {.device = "A", .product = "meter"};
    const struct boundary_identity below = {.device = "A/1", .product = "meter"};
    const struct boundary_identity like = {.device = "meter", .product = "meter"};
    assert_true(session_name_fits("meter/A/1", &a, ""));
    assert_false(session_name_fits("meter/A/1", &below, ""));
    assert_true(session_name_fits("meter/A%2F1", &below, ""));
    assert_true(session_name_fits("meter/A%2F1/app", &below, ""));
    assert_true(session_name_fits("A%2F1", &below, "meter"));
    assert_false(session_name_fits("meter/A%2F1", &a, ""));
    assert_false(session_name_fits("meter/A%2f1", &below, ""));
    assert_false(session_name_fits("meter/A", &like, "meter"));
    assert_false(session_name_fits("meter", &like, "meter"));
    assert_true(session_name_fits("meter/meter", &like, "meter"));
}

static void three_within_a_minute_are_a_fight(void **state)
{
    (void)state;
    struct takeovers takeovers = {0};
    assert_false(takeovers_add(&takeovers, true, 1000));
    assert_false(takeovers_add(&takeovers, true, 31000));
    assert_true(takeovers_add(&takeovers, true, 61000));
    assert_false(takeovers_add(&takeovers, true, 61001)); /* told once, then counted anew */
    assert_false(takeovers_add(&takeovers, true, 61002));
    assert_true(takeovers_add(&takeovers, true, 61003));
}

static void a_minute_and_a_millisecond_is_none(void **state)
{
    (void)state;
    struct takeovers takeovers = {0};
    assert_false(takeovers_add(&takeovers, true, 1000));
    assert_false(takeovers_add(&takeovers, true, 31000));
    assert_false(takeovers_add(&takeovers, true, 61001));
    assert_true(takeovers_add(&takeovers, true, 91000)); /* 31000 to 91000 */
}

static void who_never_sent_only_lost_his_network(void **state)
{
    (void)state;
    struct takeovers takeovers = {0};
    assert_false(takeovers_add(&takeovers, true, 1000));
    assert_false(takeovers_add(&takeovers, true, 2000));
    assert_false(takeovers_add(&takeovers, false, 3000));
    assert_false(takeovers_add(&takeovers, true, 4000));
    assert_false(takeovers_add(&takeovers, true, 5000));
    assert_true(takeovers_add(&takeovers, true, 6000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_its_products_and_devices),
        cmocka_unit_test(a_bare_serial_number_is_a_name_at_the_broker_of_one_product),
        cmocka_unit_test(no_device_has_a_name_of_anothers),
        cmocka_unit_test(three_within_a_minute_are_a_fight),
        cmocka_unit_test(a_minute_and_a_millisecond_is_none),
        cmocka_unit_test(who_never_sent_only_lost_his_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
