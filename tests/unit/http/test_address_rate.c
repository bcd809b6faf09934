#include "address_rate.h"

#include <base/address.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct bucket_rule rule = {.per_s = 1, .burst = 3};
static struct address_rate *rate;

static int start(void **state)
{
    (void)state;
    rate = address_rate_new(7);
    return rate == NULL;
}

static int stop(void **state)
{
    (void)state;
    address_rate_free(rate);
    return 0;
}

/* How many of four at once are let through; the fourth never is. */
static int taken_from(const char *text)
{
    struct address address;
    uint32_t retry_after_s = 0;
    int taken = 0;
    assert_int_equal(address_parse(text, &address, NULL), OK);
    for (int i = 0; i < 4; i++)
        taken += address_rate_take(rate, rule, (const struct sockaddr *)&address.sa, 1000,
                                   bytes_text("who"), &retry_after_s);
    assert_in_range(retry_after_s, 1, BUCKET_WAIT_MOST_S);
    return taken;
}

static void each_address_has_its_own(void **state)
{
    (void)state;
    assert_int_equal(taken_from("192.0.2.1:1000"), 3);
    assert_int_equal(taken_from("192.0.2.1:2000"), 0);
    assert_int_equal(taken_from("192.0.2.2:1000"), 3);
}

static void an_ipv6_client_is_its_64(void **state)
{
    (void)state;
    assert_int_equal(taken_from("[2001:db8:0:1::1]:1"), 3);
    assert_int_equal(taken_from("[2001:db8:0:1:ffff::9]:1"), 0);
    assert_int_equal(taken_from("[2001:db8:0:2::1]:1"), 3);
}

static void an_ipv4_client_is_the_same_on_an_ipv6_socket(void **state)
{
    (void)state;
    assert_int_equal(taken_from("192.0.2.9:1"), 3);
    assert_int_equal(taken_from("[::ffff:192.0.2.9]:1"), 0);
    assert_int_equal(taken_from("[::ffff:192.0.2.10]:1"), 3);
}

static void many_addresses_do_not_free_the_one_that_goes_on_asking(void **state)
{
    (void)state;
    struct sockaddr_in greedy = {.sin_family = AF_INET}, other = greedy;
    uint32_t wait_s = 0;
    int taken = 0;
    greedy.sin_addr.s_addr = htonl(0xc0000201);
    for (uint32_t i = 0; i < 100000; i++) {
        int64_t now_ms = 1000 + i / 1000;
        other.sin_addr.s_addr = htonl(0x0a000000 + i);
        (void)address_rate_take(rate, rule, (const void *)&other, now_ms, bytes_text("who"),
                                &wait_s);
        if (i % 50 == 0)
            taken += address_rate_take(rate, rule, (const void *)&greedy, now_ms, bytes_text("who"),
                                       &wait_s);
    }
    assert_int_equal(taken, 3);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    const struct bucket_rule none = {0, 1};
    uint32_t wait_s = 0;
    for (int i = 0; i < 1000; i++)
        assert_true(address_rate_take(rate, none, NULL, 0, bytes_text("who"), &wait_s));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(each_address_has_its_own),
        STORY(an_ipv6_client_is_its_64),
        STORY(an_ipv4_client_is_the_same_on_an_ipv6_socket),
        STORY(many_addresses_do_not_free_the_one_that_goes_on_asking),
        STORY(no_rate_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
