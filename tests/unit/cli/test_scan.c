/* What a scan is told to look at. */
#include <cli/scan.h>

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scan_targets targets;
static struct err err;

static int setup(void **state)
{
    (void)state;
    targets = (struct scan_targets){0};
    return scan_ports(&targets, "443,8883", &err) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    scan_targets_free(&targets);
    return 0;
}

static enum result add(const char *text)
{
    return scan_add(&targets, text_bytes(text), &err);
}

static void expect_place(size_t index, const char *wanted)
{
    char place[SCAN_PLACE_MAX];
    assert_true(index < targets.n);
    scan_place(&targets.list[index], place);
    assert_string_equal(place, wanted);
}

static void what_is_no_target_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         ":1",        "host:",      "host:0", "host:65536",   "host:1x",     "ho st:1",
        "-x",       "[::1",      "[::1]x",     "[::1]:", "[host]:1",     "[1.2.3.4]:1", "a/24",
        "1.2.3.4/", "1.2.3.4/x", "1.2.3.4/33", "::/129", "1.2.3.4/24:1", "host\n",
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        assert_true(add(bad[i]) != OK);
        assert_int_equal(err.code, E_TARGET);
    }
    assert_int_equal(targets.n, 0);
    assert_true(add("10.0.0.0/15") != OK && err.code == E_TOO_LARGE);
    assert_true(add("2001:db8::/64") != OK && err.code == E_TOO_LARGE);
}

static void ports_are_1_to_65535(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  "0",     "443,",
                                      "x", "65536", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_true(scan_ports(&targets, bad[i], &err) != OK && err.code == E_USAGE);
}

static void names_and_addresses_have_one_form(void **state)
{
    (void)state;
    assert_int_equal(add("Gate-1.Example:8443"), OK);
    assert_int_equal(add("[2001:DB8:0::0007]:1"), OK);
    assert_int_equal(add("2001:db8::7"), OK);
    assert_int_equal(add("10.0.0.1"), OK);
    assert_int_equal(targets.n, 6);
    expect_place(0, "gate-1.example:8443");
    expect_place(1, "[2001:db8::7]:1");
    expect_place(2, "[2001:db8::7]:443");
    expect_place(3, "[2001:db8::7]:8883");
    expect_place(5, "10.0.0.1:8883");
}

static void a_network_is_all_its_addresses(void **state)
{
    (void)state;
    assert_int_equal(add("10.0.0.255/31"), OK);
    assert_int_equal(add("2001:db8::ffff/127"), OK);
    assert_int_equal(targets.n, 8);
    expect_place(0, "10.0.0.254:443");
    expect_place(3, "10.0.0.255:8883");
    expect_place(4, "[2001:db8::fffe]:443");
    expect_place(6, "[2001:db8::ffff]:443");
    assert_int_equal(scan_ports(&targets, "1", &err), OK);
    assert_true(add("10.1.0.0/16") != OK &&
                err.code == E_TOO_LARGE); /* with the eight that are there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_target_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(ports_are_1_to_65535, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_addresses_have_one_form, setup, teardown),
        cmocka_unit_test_setup_teardown(a_network_is_all_its_addresses, setup, teardown),
    };
    return cmocka_run_group_tests_name("cli/scan", tests, NULL, NULL);
}
