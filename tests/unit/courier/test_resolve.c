/* Whom a name may not mean, and what an address in the configuration means. */
#include "resolve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool allows(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return resolve_allows((const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return resolve_allows((const struct sockaddr *)&v6);
}

static void a_name_never_means_this_machine_its_link_or_many(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0.0.0.0",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        if (allows(bad[i]))
            fail_msg("%s is allowed", bad[i]);
}

static void others_are_allowed_those_of_a_plant_too(void **state)
{
    (void)state;
    static const char *const good[] = {"192.0.2.1",  "10.0.0.1",         "192.168.1.1",
                                       "172.16.0.1", "2001:db8::1",      "fd00::1",
                                       "126.0.0.1",  "::ffff:192.0.2.1", "223.255.255.255"};
    for (size_t i = 0; i < LENGTH_OF(good); i++)
        if (!allows(good[i]))
            fail_msg("%s is not allowed", good[i]);
}

static void an_address_of_the_configuration_is_meant(void **state)
{
    (void)state;
    struct url url;
    struct resolved resolved;
    struct err err = {0};
    resolve_prepare();
    assert_int_equal(url_parse("http://127.0.0.1:81/x", &url, &err), OK);
    assert_int_equal(resolve(&url, &resolved, &err), OK);
    assert_int_equal(resolved.n, 1);
    assert_string_equal(resolved.all[0].text, "127.0.0.1:81");
    assert_int_equal(url_parse("https://[2001:db8::1]/x", &url, &err), OK);
    assert_int_equal(resolve(&url, &resolved, &err), OK);
    assert_string_equal(resolved.all[0].text, "[2001:db8::1]:443");
}

static void a_name_that_means_this_machine_is_refused(void **state)
{
    (void)state;
    struct url url;
    struct resolved resolved;
    struct err err = {0};
    resolve_prepare();
    assert_int_equal(url_parse("https://localhost/x", &url, &err), OK);
    assert_int_equal(resolve(&url, &resolved, &err), R_UNREACHABLE);
    assert_non_null(strstr(err.text, "means this machine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_never_means_this_machine_its_link_or_many),
        cmocka_unit_test(others_are_allowed_those_of_a_plant_too),
        cmocka_unit_test(an_address_of_the_configuration_is_meant),
        cmocka_unit_test(a_name_that_means_this_machine_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
